/** `sluice policy simulate`: what would this policy have done with what was recorded? */
import { parseArgs } from "node:util";
import { createAsker } from "../../../shared/events/ask-again.ts";
import { sourceText } from "../../../shared/policy/explain.ts";
import { compile, type CompiledPolicy } from "../../../shared/policy/compile.ts";
import { hostPaths } from "../../home.ts";
import { openPolicy } from "../../policy/store.ts";
import type { Io } from "../command.ts";
import { printable } from "../terminal.ts";
import { goodPolicy } from "./policy-text.ts";
import { mustHaveMessages, replay, SPAN_OPTIONS, tallyText } from "./replaying.ts";
import { Tallying } from "./tally.ts";
import { counted, writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy simulate [--policy FILE] [--since 7d | --events FILE]... [--as-enforced] [--json]

Runs what was recorded through a policy and says what would have come out: by rule, server and person, with examples
("sluice policy explain ID" tells more about one), and against what really happened.

  --policy FILE   this policy; default: the one in force on this computer
  --since 7d      so far back in the journal (30m, 1h, 7d, or a date); default 7d
  --events FILE   instead of the journal: records that "sluice events --json" wrote; may be given several times,
                  one file a person ("By person" then shows the files' names)
  --as-enforced   count what the policy says, also where it or a rule only watches

Records hold names, sizes, classes and counts, never what a message said. A condition on something else (an argument's
value, a group, how fast calls came) cannot be asked again. What is counted is certain without it; what may come on top
is said as "perhaps", and so is how many decisions hang on what.

Exit codes: 0 done, 2 wrong usage, unusable policy, or nothing recorded, 3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { ...SPAN_OPTIONS, policy: { type: "string" }, "as-enforced": { type: "boolean", default: false }, json: { type: "boolean", default: false } } });
    const compiled = values.policy === undefined ? await policyInForce(io) : compile(await goodPolicy(values.policy), "local");
    const { policy, source } = compiled;
    const asker = createAsker(compiled);
    const tallying = new Tallying(values["as-enforced"] ? "effect" : "enforced");
    const replayed = await replay(values, [policy], io, (record, around, person) => {
      const { least, most, open } = asker.ask(record, around);
      tallying.add({ record, person, before: record.decision, now: least, most, open });
    });
    const tally = tallying.result();
    mustHaveMessages(tally, replayed, values);
    const { since, unread, unreadable, ms } = replayed;
    if (values.json) {
      writeJson(io, { policy: { id: policy.id, revision: policy.revision, mode: policy.mode, source: values.policy ?? source }, since: new Date(since).toISOString(), measure: values["as-enforced"] ? "effect" : "enforced", unread, unreadable, ms, ...tally });
      return 0;
    }
    io.stdout.write(`${printable(policy.title ?? policy.id)} (revision ${policy.revision}, ${values.policy === undefined ? sourceText(source) : printable(values.policy)}) on ${counted(tally.messages, "recorded message")}.\n\n`);
    io.stdout.write(tallyText(tally, { before: "as it was", now: "with this policy" }));
    if (policy.mode === "monitor" && !values["as-enforced"]) io.stdout.write("\nThis policy only watches, so it stops nothing; --as-enforced counts what it says.\n");
    if (unreadable > 0) io.stdout.write(`\n${counted(unreadable, "message")} could not be read and ${unreadable === 1 ? "was" : "were"} refused, whatever a policy says.\n`);
    if (unread > 0) io.stderr.write(`${counted(unread, "line")} could not be read as a record and ${unread === 1 ? "was" : "were"} left out.\n`);
    return 0;
  },
};
export default verb;

async function policyInForce(io: Io): Promise<CompiledPolicy> {
  const store = await openPolicy({ paths: hostPaths(io.env) });
  store.close();
  return store.current().compiled;
}
