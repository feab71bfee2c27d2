/** `sluice guard --listen HOST:PORT --url URL`: a local address for one remote server, for clients that take nothing but addresses. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { ClientIdentity } from "../../../shared/mcp/identity.ts";
import { openGatekeeper, type GatekeeperOptions } from "../gatekeeper.ts";
import { gatePool } from "./gate-pool.ts";
import { inTurn } from "./in-turn.ts";
import { announce } from "./listeners.ts";
import { passOn } from "./reverse.ts";
import { isLoopback, withoutSecrets, type Target, type Unusable } from "./target.ts";
import { openWire, type Wire } from "./wire.ts";

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface ListenGuardOptions extends GatekeeperOptions, Place {
  readonly target: Target;
  readonly client: ClientIdentity;
}

const EXAMPLE = "--listen 127.0.0.1:4311";

/** `HOST:PORT` or `PORT`. This machine only: who can reach it uses the server with its headers. */
export function readListen(text: string): Result<Place, Unusable> {
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:[\]]*):)?(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[2]);
  if (!match || port > 65_535) return fail({ message: "--listen takes an address of this machine and a port", fix: EXAMPLE });
  const host = (match[1] || "127.0.0.1").replace(/^\[|\]$/g, "");
  if (!isLoopback(host)) return fail({ message: "--listen takes addresses of this machine only: everybody who reaches the port could use the server", fix: EXAMPLE });
  return ok({ host, port });
}

/** Runs until it is told to end. @returns the exit code: 0, or 3 where it could not listen. */
export async function runListenGuard(options: ListenGuardOptions): Promise<number> {
  const { target, host, port } = options;
  process.stderr.on("error", () => {});
  const { promise: told, resolve: tell } = Promise.withResolvers<string>();
  // For good, not once: the journal lets a signal kill that nobody listens to.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => tell(`ended by ${signal}`));
  const keeper = await openGatekeeper(options);
  const wire = openWire();
  const pool = gatePool(keeper, options.client, target.server);
  const say = (text: string): void => keeper.sayOnce(withoutSecrets(text, target));
  const gap = (text: string): void => keeper.gap(withoutSecrets(text, target));
  const server = createServer({ keepAliveTimeout: 30_000 }, inTurn((request, response) => passOn({ target, wire, pool, say, gap }, request, response)));
  let code = 0;
  try {
    server.listen(port, host);
    await once(server, "listening");
    for (const warning of target.warnings) keeper.say(warning);
    const { port: taken } = server.address() as AddressInfo;
    const name = host.includes(":") ? `[${host}]` : host;
    keeper.say(`listening on http://${name}:${taken}${target.url.pathname} for ${target.server.url}`);
    void offersSignIn(target, wire).then((offers) => offers && say(`${target.url.host} offers OAuth sign-in. That cannot be carried by another address: apps that need it must connect to ${target.url.host} by themselves. Tokens given by --header or by the app work.`));
    const withdraw = announce(options.paths.state, { pid: process.pid, host, port: taken, target: target.server.url });
    const reason = await told;
    withdraw();
    pool.close(reason);
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "error";
    keeper.say(why === "EADDRINUSE" ? `port ${port} is taken by another program\n  fix: choose another one, ${EXAMPLE} for one` : why === "EACCES" ? `this user may not listen on port ${port}\n  fix: choose one above 1023, ${EXAMPLE} for one` : `could not listen on ${host}:${port} (${why})`);
    code = 3;
  }
  wire.close();
  await keeper.close();
  return code;
}

/** The document by which a server says where to sign in (RFC 9728). */
async function offersSignIn(target: Target, wire: Wire): Promise<boolean> {
  const path = target.url.pathname === "/" ? "" : target.url.pathname;
  try {
    const url = new URL(`/.well-known/oauth-protected-resource${path}`, target.url);
    const answer = await wire.ask({ method: "GET", url, headers: { accept: "application/json" }, body: null, signal: AbortSignal.timeout(5000) });
    answer.discard();
    return answer.status === 200 && /json/i.test(answer.type);
  } catch {
    return false;
  }
}
