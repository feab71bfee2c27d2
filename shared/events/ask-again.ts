/** Asks a policy about messages that are long over. Equal messages are asked once, because a week of traffic is mostly the same few calls. */
import type { Channel } from "../mcp/channel.ts";
import { compile, type CompiledPolicy } from "../policy/compile.ts";
import type { Decision, Facts } from "../policy/decision.ts";
import type { Policy } from "../policy/language.ts";
import type { MessageRecord } from "./record.ts";
import { factsOf, isCountOpen, sameFacts, type Count, type Surroundings } from "./replay.ts";
import { gapsAsked, loosest, type Gap } from "./replay-gaps.ts";

export interface Answer {
  /** What is not known counts as the policy says: as matched for a restricting rule. */
  readonly decision: Decision;
  /** What the record does not tell and what the answer hangs on; empty: it is certain. */
  readonly open: readonly Gap[];
}

export interface Asker {
  readonly policy: Policy;
  ask(record: MessageRecord, around: Surroundings): Answer;
}

/** Distinct questions kept; a week of one person has a few hundred. */
const MAX_KEPT = 50_000;
const DAY_MS = 24 * 60 * 60 * 1000;

export function createAsker(compiled: CompiledPolicy): Asker {
  const { policy, source } = compiled;
  const asked = gapsAsked(policy);
  const channels = new Map<string, Channel>();
  const answers = new Map<string, Answer>();
  const bounds = new Map<string, CompiledPolicy>();
  // An exception ends with its day.
  const dated = (policy.exceptions ?? []).length > 0;

  function channelOf({ channel: id, point, transport, client, server }: MessageRecord, key: string): Channel {
    let channel = channels.get(key);
    if (!channel) {
      if (channels.size >= MAX_KEPT) channels.clear();
      channels.set(key, (channel = { id, point, transport, client, server }));
    }
    return channel;
  }

  /** The policy at its loosest where these are not known. */
  function boundOf(open: readonly Gap[]): CompiledPolicy {
    const key = open.join();
    let bound = bounds.get(key);
    if (!bound) bounds.set(key, (bound = compile(loosest(policy, new Set(open)), source)));
    return bound;
  }

  function decideAnew(record: MessageRecord, channel: Channel, around: Surroundings): Answer {
    const facts = (count: Count): Facts => factsOf(record, channel, around, count);
    const least = compiled.decide(facts("least"));
    const open = gapsOf(around, asked);
    const differs = (other: Decision): boolean => other.effect !== least.effect || other.enforced !== least.enforced;
    const hangsOn: Gap[] = [];
    if (open.length > 0 && differs(boundOf(open).decide(facts("least")))) {
      // Each by itself, so that the report can name what to ask about; together, where only all of them make the difference.
      const single = open.filter((gap) => differs(boundOf([gap]).decide(facts("least"))));
      hangsOn.push(...(single.length > 0 ? single : open));
    }
    let decision = least;
    if (asked.has("count") && isCountOpen(record)) {
      const most = compiled.decide(facts("most"));
      if (differs(most)) hangsOn.push("count");
      decision = most;
    }
    return { decision, open: hangsOn };
  }

  return {
    policy,
    ask(record, around) {
      const { client, server, point, transport } = record;
      const place = `${client.id}\n${server.id}\n${point} ${transport}`;
      const known = `${around.protocolVersion ?? ""} ${around.authentication} ${asked.has("trust") ? `${around.trust?.score ?? ""} ${around.trust?.level ?? ""}` : ""} ${around.who?.user ?? ""}`;
      const key = `${place}\n${known}\n${dated ? Math.floor(record.time / DAY_MS) : ""}\n${sameFacts(record)}`;
      let answer = answers.get(key);
      if (!answer) {
        if (answers.size >= MAX_KEPT) answers.clear();
        answers.set(key, (answer = decideAnew(record, channelOf(record, place), around)));
      }
      return answer;
    },
  };
}

/** What the policy asks and nobody knows of this message. */
function gapsOf({ protocolVersion, authentication, trust, who }: Surroundings, asked: ReadonlySet<Gap>): Gap[] {
  const open: Gap[] = [];
  if (who?.user === undefined) open.push("user");
  if (who?.groups === undefined) open.push("group");
  if (who?.device === undefined) open.push("device");
  if (trust === undefined) open.push("trust");
  if (protocolVersion === undefined) open.push("protocolVersion");
  if (authentication === "unknown") open.push("authentication");
  return open.filter((gap) => asked.has(gap));
}
