/** Asks a policy about messages that are long over. Equal messages are asked once, because a week of traffic is mostly the same few calls. */
import type { Channel } from "../mcp/channel.ts";
import { compile, type CompiledPolicy } from "../policy/compile.ts";
import type { Decision } from "../policy/decision.ts";
import type { Policy } from "../policy/language.ts";
import { compareEffects } from "../policy/verdict.ts";
import type { MessageRecord } from "./record.ts";
import { factsOf, hasNoArguments, isCountOpen, isNameOpen, sameFacts, type Count, type Surroundings } from "./replay.ts";
import { conditionsOf, gapsAsked, loosest, type Gap } from "./replay-gaps.ts";

export interface Answer {
  /** What comes out for certain: everything unknown turns out the looser way. */
  readonly least: Decision;
  /** What may come out: unknown means matched for a rule that restricts. The same object where nothing is open. */
  readonly most: Decision;
  /** What the record does not tell and what the answer hangs on; empty: it is certain. */
  readonly open: readonly Gap[];
}

export interface Asker {
  readonly policy: Policy;
  ask(record: MessageRecord, around: Surroundings): Answer;
}

/** Distinct questions kept; a week of one person has a few hundred. */
const MAX_KEPT = 50_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export function createAsker(compiled: CompiledPolicy): Asker {
  const { policy, source } = compiled;
  const asked = gapsAsked(policy);
  const channels = new Map<string, Channel>();
  const answers = new Map<string, Answer>();
  const bounds = new Map<string, CompiledPolicy>();
  const clock = clockOf(policy);

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
    const counts: readonly Count[] = asked.has("count") && isCountOpen(record) ? ["most", "least"] : ["least"];
    const cases = counts.map((count) => factsOf(record, channel, around, count));
    const decide = (by: CompiledPolicy): Decision[] => cases.map((facts) => by.decide(facts));
    const strict = decide(compiled);
    const gaps = gapsOf(record, around, asked);
    const most = strict.reduce((a, b) => (compareDecisions(b, a) > 0 ? b : a));
    const least = [...strict, ...(gaps.length > 0 ? decide(boundOf(gaps)) : [])].reduce((a, b) => (compareDecisions(b, a) < 0 ? b : a));
    if (!isOther(least, most)) return { least: most, most, open: [] };
    const open: Gap[] = strict.some((decision) => isOther(decision, most)) ? ["count"] : [];
    // Each by itself, so that the report can name what to ask about; together, where only all of them make the difference.
    const single = gaps.filter((gap) => decide(boundOf([gap])).some((decision, at) => isOther(decision, strict[at]!)));
    return { least, most, open: [...open, ...(single.length + open.length > 0 ? single : gaps)] };
  }

  return {
    policy,
    ask(record, around) {
      const { client, server, point, transport } = record;
      const place = `${client.id}\n${server.id}\n${point} ${transport}`;
      const known = `${around.protocolVersion ?? ""} ${around.authentication} ${asked.has("trust") ? `${around.trust?.score ?? ""} ${around.trust?.level ?? ""}` : ""} ${around.who?.user ?? ""} ${around.began ?? ""}`;
      const key = `${place}\n${known}\n${clock === 0 ? "" : Math.floor(record.time / clock)}\n${sameFacts(record)}`;
      let answer = answers.get(key);
      if (!answer) {
        if (answers.size >= MAX_KEPT) answers.clear();
        answers.set(key, (answer = decideAnew(record, channelOf(record, place), around)));
      }
      return answer;
    },
  };
}

/** By what happened, then by what policy said. */
function compareDecisions(a: Decision, b: Decision): number {
  return compareEffects(a.enforced, b.enforced) || compareEffects(a.effect, b.effect);
}

function isOther(a: Decision, b: Decision): boolean {
  return a.effect !== b.effect || a.enforced !== b.enforced;
}

/** How long one answer holds, in milliseconds: an exception ends with its day, a window opens with a minute; 0: time alone changes nothing. */
function clockOf(policy: Policy): number {
  if (conditionsOf(policy).some(({ time }) => time !== undefined)) return MINUTE_MS;
  return (policy.exceptions ?? []).length > 0 ? DAY_MS : 0;
}

/** What the policy asks and nobody knows of this message. */
function gapsOf(record: MessageRecord, { protocolVersion, authentication, trust, who }: Surroundings, asked: ReadonlySet<Gap>): Gap[] {
  if (asked.size === 0) return [];
  const open: Gap[] = ["registryName", "pin", "threat", "flow", "network", "rate"];
  if (who?.user === undefined) open.push("user");
  if (who?.groups === undefined) open.push("group");
  if (who?.device === undefined) open.push("device");
  if (trust === undefined) open.push("trust");
  if (record.server.kind === "local") open.push("sha256");
  if (!hasNoArguments(record)) open.push("arguments");
  if (isNameOpen(record)) open.push("name");
  if (protocolVersion === undefined) open.push("protocolVersion");
  if (authentication === "unknown") open.push("authentication");
  return open.filter((gap) => asked.has(gap));
}
