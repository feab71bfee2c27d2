/** `sluice policy publish`: check, test, sign and put a policy where computers fetch it, for all of them or for a share. */
import { parseArgs } from "node:util";
import { runRuleTests } from "../../../shared/policy/rule-tests.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import type { FailMode } from "../../policy/bundle/bootstrap.ts";
import { releasesIn, settled, withRelease, writeList, type Change } from "../../policy/bundle/publish.ts";
import { publishedPolicy } from "../../policy/bundle/published-policy.ts";
import type { Release } from "../../policy/bundle/release-note.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { checkFile, problemLine } from "./check.ts";
import { channelName, done, percent, publishedAt, signingKey, validFor } from "./repository.ts";
import { counted, writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy publish FILE --key KEY... --out FOLDER [--channel stable] [--rollout 10%] [--expires 90d]
                             [--fail-mode closed|open] [--grace 14] [--strict] [--dry-run] [--json]
       sluice policy publish --rollout 100% --key KEY... --out FOLDER [--channel stable]

Checks the policy (with all that it includes), runs its examples, and only if all is well puts it into FOLDER, which any
static web host, bucket or file share can hand out: TUF metadata (root, list of policies, snapshot, timestamp), and the
policy as canonical JSON. Make the folder's root of trust first: "sluice policy root". Without FILE, the newest policy of
the channel gets another share.

Refused: a revision that is not higher than every one published in the channel, another policy's channel, a folder whose
root names none of the keys.

  --key KEY        private keys of "sluice policy keygen"; as many as the root asks for
  --channel NAME   which computers: those whose bootstrap.json names it; default stable
  --rollout 10%    share of the channel's computers that take it now, always the same ones first; default all
  --expires 90d    how long the signed list holds. The timestamp holds seven days: run "sluice policy renew" daily
  --fail-mode M    what holds when nothing newer could be had for too long: closed (only servers that the policy allows
                   outright) or open (record only); default closed
  --grace DAYS     how long the policy holds after the list's time is over; default 14
  --strict         warnings of "check" refuse as well
  --dry-run        do everything but write

What this does not protect against: a computer that has never seen a newer policy takes the newest that is handed to it
while its signatures last; set minRevision in bootstrap.json where that matters. Whoever holds enough keys can publish.

Exit codes: 0 published (or would be), 1 refused, 2 wrong usage or a file that cannot be read, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        key: { type: "string", multiple: true, default: [] },
        out: { type: "string" },
        channel: { type: "string", default: "stable" },
        rollout: { type: "string" },
        expires: { type: "string" },
        "fail-mode": { type: "string", default: "closed" },
        grace: { type: "string", default: "14" },
        strict: { type: "boolean", default: false },
        "dry-run": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const [file, ...more] = positionals;
    if (more.length || values.key.length === 0 || values.out === undefined || (file === undefined && values.rollout === undefined)) throw new Failure("name the policy, the key and the folder", { code: 2, fix: "sluice policy publish policy.yaml --key policy-2026.key --out site/policy" });
    const channel = channelName(values.channel);
    const rollout = values.rollout === undefined ? 100 : percent(values.rollout);
    const failMode = failModeOf(values["fail-mode"]);
    const graceDays = graceOf(values.grace);
    const keys = await Promise.all(values.key.map(signingKey));
    const policy = file === undefined ? null : await soundPolicy(file, values.strict, io);
    const repository = await publishedAt(values.out, keys);
    const releases = releasesIn(repository);
    const ours = releases.filter((each) => each.channel === channel).sort((a, b) => b.revision - a.revision);
    if (policy) await mustBeNewer(values.out, policy, ours);
    const change = policy ? withRelease(releases, { policy, channel, rollout, failMode, graceDays }) : raised(releases, channel, rollout, ours[0]);
    const newest = change.releases.filter((each) => each.channel === channel).reduce((a, b) => (a.revision > b.revision ? a : b));
    if (!values["dry-run"]) done(await writeList({ folder: values.out, keys, now: Date.now(), ...validFor(values.expires) }, repository, change));
    const what = `${policy?.id ?? "the policy"}, revision ${newest.revision}`;
    const whom = `${rollout === 100 ? "all computers" : `${rollout} % of the computers`} of the channel "${channel}"`;
    if (values.json) writeJson(io, { ...(policy && { id: policy.id }), revision: newest.revision, channel, rollout, sha256: newest.sha256, published: !values["dry-run"] });
    else if (values["dry-run"]) io.stdout.write(`${what}, would be published for ${whom}; nothing was written\n`);
    else io.stdout.write(`${what}, is published in ${printable(values.out)} for ${whom} (SHA-256 ${newest.sha256})\n`);
    return 0;
  },
};
export default verb;

function failModeOf(text: string): FailMode {
  if (text !== "open" && text !== "closed") throw new Failure(`"${text.slice(0, 40)}" is no fail mode`, { code: 2, fix: "--fail-mode closed or --fail-mode open" });
  return text;
}

function graceOf(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 0 || days > 365) throw new Failure(`"${text.slice(0, 40)}" is no number of days`, { code: 2, fix: "--grace 14" });
  return days;
}

function raised(releases: readonly Release[], channel: string, rollout: number, newest: Release | undefined): Change {
  if (!newest) throw new Failure(`nothing is published in the channel "${channel}"`, { code: 1, fix: "name the policy to publish" });
  return { releases: settled(releases.map((each) => (each === newest ? { ...each, rollout } : each)), channel), texts: {} };
}

async function soundPolicy(file: string, strict: boolean, io: Io): Promise<Policy> {
  const { policy, problems } = await checkFile(file, Date.now());
  for (const problem of problems) if (problem.severity !== "info") io.stderr.write(`${printable(problemLine(problem), 1000)}\n`);
  const warnings = problems.filter(({ severity }) => severity === "warning").length;
  if (!policy) throw new Failure("a policy with errors is not published", { code: 1, fix: `correct what stands above; "sluice policy check ${printable(file)}" shows it again` });
  if (strict && warnings > 0) throw new Failure(`there ${warnings === 1 ? "is a warning" : `are ${warnings} warnings`}, and --strict is given`, { code: 1, fix: "correct what stands above" });
  const failed = runRuleTests(policy).filter(({ passed }) => !passed);
  for (const { rule, test, detail } of failed) io.stderr.write(`FAIL ${printable(rule)} #${test + 1}: ${printable(detail, 300)}\n`);
  if (failed.length > 0) throw new Failure(`${counted(failed.length, "example")} of the policy ${failed.length === 1 ? "does" : "do"} not come out as written`, { code: 1, fix: `"sluice policy test ${printable(file)}" shows them` });
  return policy;
}

async function mustBeNewer(folder: string, policy: Policy, [newest]: readonly Release[]): Promise<void> {
  if (!newest) return;
  const before = done(await publishedPolicy(folder, newest));
  if (before.id !== policy.id) throw new Failure(`this channel of ${printable(folder)} holds the policy "${before.id}", and this is "${policy.id}"`, { code: 1, fix: "publish into a channel or a folder of its own" });
  if (policy.revision <= newest.revision) throw new Failure(`revision ${policy.revision} is not higher than ${newest.revision}, which was published before`, { code: 1, fix: `write revision: ${newest.revision + 1}; computers refuse to go back` });
}
