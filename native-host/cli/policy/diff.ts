/** `sluice policy diff`: what is different between two policies, as written and as it would have come out. */
import { parseArgs } from "node:util";
import { createAsker } from "../../../shared/events/ask-again.ts";
import type { Gap } from "../../../shared/events/replay-gaps.ts";
import { compile } from "../../../shared/policy/compile.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { changesBetween, type Change } from "./changes.ts";
import { goodPolicy } from "./policy-text.ts";
import { mustHaveMessages, replay, SPAN_OPTIONS, tallyText } from "./replaying.ts";
import { Tallying } from "./tally.ts";
import { counted, writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy diff A B [--since 7d | --events FILE]... [--as-enforced] [--json]

Compares two policies: which rules, server entries and settings differ, and, with --since or --events, which of the
recorded messages would have come out differently: old effect → new effect, by rule, server and person.

  --since 7d      ask the journal, so far back (30m, 1h, 7d, or a date)
  --events FILE   ask records that "sluice events --json" wrote; may be given several times
  --as-enforced   compare what the policies say, also where they only watch

What is counted is certain; what may come on top, because records do not tell all, is said as "perhaps".

Exit codes: 0 no difference, 1 they differ, 2 wrong usage, unusable policy, or nothing recorded, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: { ...SPAN_OPTIONS, "as-enforced": { type: "boolean", default: false }, json: { type: "boolean", default: false } } });
    const [fileA, fileB, ...more] = positionals;
    if (fileA === undefined || fileB === undefined || more.length) throw new Failure("name two policy files to compare", { code: 2, fix: "sluice policy diff old.yaml new.yaml --since 7d" });
    const [a, b] = [await goodPolicy(fileA), await goodPolicy(fileB)];
    const changes = changesBetween(a, b);
    const replays = values.since !== undefined || values.events !== undefined;
    const tallying = new Tallying(values["as-enforced"] ? "effect" : "enforced");
    let replayed = null;
    if (replays) {
      const [askA, askB] = [createAsker(compile(a, "local")), createAsker(compile(b, "local"))];
      replayed = await replay(values, [a, b], io, (record, around, person) => {
        const [before, now] = [askA.ask(record, around), askB.ask(record, around)];
        tallying.add({ record, person, before: before.least, now: now.least, most: now.most, open: both(before.open, now.open) });
      });
      mustHaveMessages(tallying.result(), replayed, values);
    }
    const tally = replayed ? tallying.result() : null;
    const differ = changes.length > 0 || (tally?.changed ?? 0) > 0;
    if (values.json) {
      writeJson(io, { a: { file: fileA, id: a.id, revision: a.revision }, b: { file: fileB, id: b.id, revision: b.revision }, changes, decisions: tally && replayed && { unread: replayed.unread, unreadable: replayed.unreadable, ms: replayed.ms, ...tally } });
      return differ ? 1 : 0;
    }
    if (changes.length === 0) io.stdout.write("As written, the two policies say the same.\n");
    for (const change of changes) io.stdout.write(`${changeLine(change)}\n`);
    if (tally) io.stdout.write(`\n${counted(tally.messages, "recorded message")}.\n${tallyText(tally, { before: printable(fileA, 40), now: printable(fileB, 40) })}`);
    return differ ? 1 : 0;
  },
};
export default verb;

const SIGNS = { added: "+", removed: "-", changed: "~" } as const;

function changeLine({ kind, what, id, details }: Change): string {
  return `${SIGNS[kind]} ${what}${id === null ? "" : ` ${printable(id)}`}${details.length ? `: ${details.map((detail) => printable(detail, 300)).join("; ")}` : ""}`;
}

function both(a: readonly Gap[], b: readonly Gap[]): readonly Gap[] {
  if (b.length === 0) return a;
  return a.length === 0 ? b : [...new Set([...a, ...b])];
}
