/** Which session of the gate judges which HTTP exchange, where several clients may come to one address and count their requests alike. */
import { randomUUID } from "node:crypto";
import type { Transport } from "../../../shared/mcp/channel.ts";
import type { ClientIdentity, ServerIdentity } from "../../../shared/mcp/identity.ts";
import type { Gate, Gatekeeper } from "../gatekeeper.ts";

export interface Lease {
  readonly gate: Gate;
  /** This exchange opened a session, or an address for messages: what names it belongs to this gate from now on. */
  bind(name: string, transport: Transport): void;
  release(): void;
}

export interface GatePool {
  /** @param name what ties the exchange to others: a session id, or the address of the old transport. @param id raw id of its request: two that are under way at once never share a session of the gate. */
  take(name: string | null, id: string | null, begins: boolean): Lease;
  has(name: string): boolean;
  end(name: string, reason: string): void;
  close(reason: string): void;
}

interface Held {
  readonly gate: Gate;
  readonly seen: { transport: Transport };
  readonly busy: Set<string>;
}

/** More than one person's apps open; beyond it the oldest session is closed for us, and begins anew if it is used again. */
const MAX_NAMED = 256;

export function gatePool(keeper: Gatekeeper, client: ClientIdentity, server: ServerIdentity): GatePool {
  const named = new Map<string, Held>();
  const free: Held[] = [];

  function open(): Held {
    // Known for sure only when the server has answered.
    const seen: { transport: Transport } = { transport: "streamable-http" };
    const channel = {
      id: randomUUID(),
      point: "http" as const,
      get transport() {
        return seen.transport;
      },
      client,
      server,
    };
    return { gate: keeper.admit(channel), seen, busy: new Set() };
  }

  function keep(name: string, held: Held): void {
    named.set(name, held);
    if (named.size <= MAX_NAMED) return;
    const [oldest, one] = named.entries().next().value!;
    named.delete(oldest);
    one.gate.close("too many sessions at once");
  }

  function choose(name: string | null, key: string, begins: boolean): Held {
    if (name !== null) {
      const known = named.get(name);
      if (known) return known;
      const fresh = open();
      keep(name, fresh);
      return fresh;
    }
    const idle = begins ? undefined : free.find((each) => !each.busy.has(key));
    if (idle) return idle;
    const fresh = open();
    free.push(fresh);
    return fresh;
  }

  return {
    take(name, id, begins) {
      const key = id ?? "";
      const held = choose(name, key, begins);
      held.busy.add(key);
      return {
        gate: held.gate,
        bind(newName, transport) {
          if (free.includes(held)) free.splice(free.indexOf(held), 1);
          held.seen.transport = transport;
          keep(newName, held);
        },
        release: () => void held.busy.delete(key),
      };
    },
    has: (name) => named.has(name),
    end(name, reason) {
      const held = named.get(name);
      named.delete(name);
      held?.gate.close(reason);
    },
    close(reason) {
      for (const { gate } of [...named.values(), ...free]) gate.close(reason);
      named.clear();
      free.length = 0;
    },
  };
}
