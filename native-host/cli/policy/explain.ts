/** `sluice policy explain EVENT`: what happened, which rule, which clause, what came near, and what would be said today. */
import { parseArgs } from "node:util";
import { createAsker } from "../../../shared/events/ask-again.ts";
import type { EventRecord, MessageRecord } from "../../../shared/events/record.ts";
import { factsOf, isMessage, type Surroundings } from "../../../shared/events/replay.ts";
import { GAP_WORDS, type Gap } from "../../../shared/events/replay-gaps.ts";
import { compile, type CompiledPolicy } from "../../../shared/policy/compile.ts";
import type { Decision, Near } from "../../../shared/policy/decision.ts";
import { explain, nearText, sourceText } from "../../../shared/policy/explain.ts";
import { hostPaths } from "../../home.ts";
import { openPolicy } from "../../policy/store.ts";
import { describeRecord } from "../event-lines.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { findEvent } from "./find-event.ts";
import { goodPolicy } from "./policy-text.ts";
import { journalFiles } from "./recorded.ts";
import { SurroundingsOf } from "./surroundings.ts";
import { writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy explain EVENT [--policy FILE] [--json]

Why something was allowed, changed or blocked: which rule spoke, which clause matched which class of data, which rules
came near, under which revision of the policy, and what the policy in force now would say of the same message.

  EVENT           the event's id, or a beginning or end of it that no other event has; every refusal names it as its
                  reference, and "sluice events --json" lists them
  --policy FILE   ask this policy instead of the one in force

What records do not tell (an argument's value, a group) counts as unknown, and the answer says so.

Exit codes: 0 found, 1 no such event, 2 wrong usage, or several events match, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: { policy: { type: "string" }, json: { type: "boolean", default: false } } });
    const [id, ...more] = positionals;
    if (id === undefined || more.length) throw new Failure("name one event", { code: 2, fix: "sluice policy explain 01a1fc89-0e48-70fe-9ff1-310733fd799c" });
    const { journal } = hostPaths(io.env);
    const { record, before } = findEvent(journal, id);
    const line = describeRecord(record);
    const then = isMessage(record) ? record.decision : null;
    const compiled = values.policy === undefined ? await inForce(io.env) : compile(await goodPolicy(values.policy), "local");
    const now = isMessage(record) ? askNow(compiled, record, surroundingsOf(record, before, journal, compiled)) : null;
    const { support } = compiled.policy;
    if (values.json) {
      writeJson(io, {
        id: record.id,
        time: new Date(record.time).toISOString(),
        kind: record.kind,
        who: line.who,
        what: line.what,
        atTheTime: then && { effect: then.effect, enforced: then.enforced, decidedBy: then.decidedBy, matched: then.matched, policy: then.policy, words: explain(then, support) },
        today: now && { effect: now.decision.effect, enforced: now.decision.enforced, decidedBy: now.decision.decidedBy, matched: now.decision.matched, near: now.near, policy: now.decision.policy, perhaps: now.open.length > 0 ? { effect: now.most.effect, enforced: now.most.enforced, decidedBy: now.most.decidedBy, because: now.open } : null, words: explain(now.decision, support) },
        ...(then ? {} : { words: [line.result, line.why].filter(Boolean) }),
      });
      return 0;
    }
    const say = (text: string): void => void io.stdout.write(`${printable(text, 1000)}\n`);
    say(`${new Date(record.time).toLocaleString("sv")}  ${line.who}: ${line.what}`);
    if (!then || !now || !isMessage(record)) {
      say([line.result, line.why].filter(Boolean).join(": "));
      return 0;
    }
    for (const sentence of explain(then, support)) say(`  ${sentence}`);
    if (record.redacted > 0) say(`  Values replaced: ${record.redacted}.`);
    for (const { class: name, count, previews } of record.findings) say(`  Found: ${name}, ${count} (${previews.join(", ")}).`);
    io.stdout.write("\n");
    say(todayText(then, now.decision, values.policy));
    for (const sentence of isSame(then, now.decision) ? [] : explain(now.decision, support)) say(`  ${sentence}`);
    if (now.near.length > 0) {
      say("Came near:");
      for (const each of now.near.slice(0, 10)) say(`  ${nearText(each)}`);
    }
    if (now.open.length > 0) {
      say(`Perhaps ${now.most.enforced}: that hangs on what the record does not tell, ${now.open.map((gap) => GAP_WORDS[gap]).join("; ")}.`);
      for (const sentence of explain(now.most).slice(1, -1)) say(`  ${sentence}`);
    }
    say(`Event ${record.id}.`);
    return 0;
  },
};
export default verb;

interface Now {
  /** For certain. */
  readonly decision: Decision;
  /** At most. */
  readonly most: Decision;
  readonly near: readonly Near[];
  readonly open: readonly Gap[];
}

function askNow(compiled: CompiledPolicy, record: MessageRecord, around: Surroundings): Now {
  const { least: decision, most, open } = createAsker(compiled).ask(record, around);
  const { id, point, transport, client, server } = { ...record, id: record.channel };
  const { near } = compiled.explainFully(factsOf(record, { id, point, transport, client, server }, around));
  return { decision, most, near, open };
}

function surroundingsOf(record: MessageRecord, before: readonly EventRecord[], journal: string, { policy }: CompiledPolicy): Surroundings {
  const surroundings = new SurroundingsOf([policy]);
  for (const each of before) surroundings.learn(each);
  surroundings.learn(record);
  return surroundings.around(record, journalFiles(journal, record.time)[0] ?? { file: "", person: "you" });
}

async function inForce(env: NodeJS.ProcessEnv): Promise<CompiledPolicy> {
  const store = await openPolicy({ paths: hostPaths(env) });
  store.close();
  return store.current().compiled;
}

function isSame(then: Decision, now: Decision): boolean {
  return then.effect === now.effect && then.enforced === now.enforced && then.decidedBy === now.decidedBy && then.policy.id === now.policy.id && then.policy.revision === now.policy.revision;
}

function todayText(then: Decision, now: Decision, file: string | undefined): string {
  const where = file === undefined ? `Today (${now.policy.id}, revision ${now.policy.revision}, ${sourceText(now.policy.source)})` : `With ${file}`;
  if (then.enforced === now.enforced && then.effect === now.effect) return `${where} this would come out the same: ${now.enforced}.`;
  return `${where} this would be ${now.enforced}${now.effect === now.enforced ? "" : ` (the policy says ${now.effect}, but only watches here)`}; then it was ${then.enforced}.`;
}
