/** What a session of the gate needs, and what it offers to the adapter around it. */
import type { EventRecord, Recorder } from "../events/record.ts";
import { Substitutes } from "../inspect/data/substitutes.ts";
import type { Channel, Direction } from "../mcp/channel.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import type { Facts } from "../policy/decision.ts";
import type { RateCounter } from "../policy/rate-counter.ts";
import type { Grants } from "./grants.ts";
import type { Effect, Input } from "./step.ts";

/** What a session needs from the place it runs in. */
export interface SessionSetup {
  readonly channel: Channel;
  readonly by: Recorder;
  /** The policy in force now; asked for every message, so that a new one counts at once. */
  policy(): CompiledPolicy;
  /** Key of the fingerprints. */
  readonly key: Uint8Array;
  /** Unix milliseconds. */
  now(): number;
  /** So many random bytes. */
  random(bytes: number): Uint8Array;
  who?(): Facts["who"];
  trust?(): Facts["trust"];
  /** Addresses of this computer, the same list until they change. */
  addresses?(): Facts["addresses"];
  /** Shared by sessions whose calls are counted together. Default: this session's own. */
  readonly rates?: RateCounter;
  /** What a person has allowed for longer than one call; several sessions may share it. Default: this session's own. */
  readonly grants?: Grants;
  /** Stand-ins for redacted values; sessions of one client share them, so that what one server's answer held can go to another. Default: this session's own. */
  readonly substitutes?: Substitutes;
}

export interface Session {
  readonly channel: Channel;
  step(input: Input): Effect[];
  /**
   * Judges a message by its bytes, without reading it in full: the same effects as those of a `message` step, sooner.
   * @param parts its bytes, in order. @param bytes how many.
   * @returns null where it has to be read in full; nothing has changed then. `PASSED` alone where its record comes later.
   */
  skim(direction: Direction, parts: readonly Uint8Array[], bytes: number, waits: boolean): readonly Effect[] | null;
  /** Records of what has passed by `PASSED`, oldest first. Every `step` begins with them; ask for them when there is none for a while. */
  records(): EventRecord[];
}

/** The message goes on as it is. Its record waits in the session. */
export const PASSED: readonly Effect[] = [{ kind: "forward" }];

/** Stand-ins for a client that begins now. */
export function newSubstitutes({ key, random }: Pick<SessionSetup, "key" | "random">): Substitutes {
  return new Substitutes(key, random(16).join("."));
}
