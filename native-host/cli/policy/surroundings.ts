/** What stands around a record: the handshake of its connection, the server's score, the person. Fed with records in their order. */
import type { EventRecord, MessageRecord } from "../../../shared/events/record.ts";
import type { Surroundings } from "../../../shared/events/replay.ts";
import { isServerRecord, observeServer, type ServerEntry } from "../../../shared/inventory/inventory.ts";
import { scoreServer } from "../../../shared/inventory/score.ts";
import { conditionsOf, gapsAsked } from "../../../shared/events/replay-gaps.ts";
import type { Facts } from "../../../shared/policy/decision.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import type { RecordedFile } from "./recorded.ts";

interface Known {
  readonly protocolVersion: string | undefined;
  readonly authentication: Surroundings["authentication"];
}

const MAX_REQUESTS = 100_000;
const UNKNOWN: Known = { protocolVersion: undefined, authentication: "unknown" };

export class SurroundingsOf {
  readonly #connections = new Map<string, Known>();
  readonly #servers = new Map<string, { entry: ServerEntry; trust: Facts["trust"] }>();
  /** Methods of requests, by exchange: what goes on with one later is judged with it. */
  readonly #requests = new Map<string, string>();
  readonly #scores: boolean;
  readonly #methods: boolean;

  /** @param policies what they ask is kept track of, and nothing else. */
  constructor(policies: readonly Policy[]) {
    this.#scores = policies.some((policy) => gapsAsked(policy).has("trust"));
    this.#methods = policies.some((policy) => conditionsOf(policy).some(({ method }) => method !== undefined));
  }

  learn(record: EventRecord): void {
    if (record.kind === "initialized") this.#connections.set(record.channel, { protocolVersion: record.protocolVersion ?? undefined, authentication: record.authentication });
    if (this.#methods && record.kind === "request" && record.exchange !== undefined && record.method !== null && record.chain === undefined) {
      if (this.#requests.size >= MAX_REQUESTS) this.#requests.clear();
      this.#requests.set(record.exchange, record.method);
    }
    if (record.kind === "session.ended") this.#connections.delete(record.channel);
    // Counters and times of single messages do not move a score.
    if (!this.#scores || !isServerRecord(record) || (this.#servers.has(record.server.id) && (record.kind === "request" || record.kind === "response" || record.kind === "notification"))) return;
    this.#servers.set(record.server.id, { entry: observeServer(this.#servers.get(record.server.id)?.entry, record), trust: undefined });
  }

  around(record: MessageRecord, from: RecordedFile): Surroundings {
    const { protocolVersion, authentication } = this.#connections.get(record.channel) ?? UNKNOWN;
    const began = record.chain === undefined ? undefined : this.#requests.get(record.chain);
    return { ...(began !== undefined && { began }), protocolVersion, authentication, trust: this.#scores ? this.#trust(record.server.id) : undefined, who: from.user === undefined ? undefined : { user: from.user } };
  }

  #trust(server: string): Facts["trust"] {
    const known = this.#servers.get(server);
    if (!known) return undefined;
    if (!known.trust) {
      const { score, level } = scoreServer(known.entry);
      known.trust = { score, level };
    }
    return known.trust;
  }
}
