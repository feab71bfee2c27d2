/** `sluice policy publish`: check, test, sign and put a policy where computers fetch it. */
import { stat } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { runRuleTests } from "../../../shared/policy/rule-tests.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import { highestRevision, readRelease, writeRelease } from "../../policy/release.ts";
import { readSigningKey, readTrustedKey, type SigningKey, type TrustedKey } from "../../policy/signing.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { checkFile, problemLine } from "./check.ts";
import { readText } from "./policy-text.ts";
import { counted, writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy publish FILE --key KEY --out FOLDER [--previous PUB]... [--strict] [--dry-run] [--json]

Checks the policy (with all that it includes), runs its examples, and only if all is well writes into FOLDER, which any
web server can hand out:

  policy-N.json         revision N in one piece, as canonical JSON; written once, never changed
  policy-N.json.sig     its signature (Ed25519)
  policy-N.json.sha256  its digest
  release.json          names the newest; written last

Refused: a revision that is not higher than every one published there, another policy's folder, a folder whose newest
release is not signed with this key.

  --key KEY        private key of "sluice policy keygen"
  --previous PUB   public key with which earlier releases of this folder were signed, when the key has changed
  --strict         warnings of "check" refuse as well
  --dry-run        do everything but write

What this form does not protect against: whoever can change the folder (or stand in the way to it) can keep handing out
an old release that was once good, and a computer that has never seen a newer one cannot tell; a stolen key is good until
every computer stops trusting it by hand; there are no roles, no expiry and no staged rollout. Keep a lowest revision in
machine policy where that matters.

Exit codes: 0 published (or would be), 1 refused, 2 wrong usage or a file that cannot be read, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { key: { type: "string" }, out: { type: "string" }, previous: { type: "string", multiple: true, default: [] }, strict: { type: "boolean", default: false }, "dry-run": { type: "boolean", default: false }, json: { type: "boolean", default: false } },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length || values.key === undefined || values.out === undefined) throw new Failure("name the policy, the key and the folder", { code: 2, fix: "sluice policy publish policy.yaml --key policy-2026.key --out site/policy" });
    const key = await signingKey(values.key);
    const trusted = [key, ...(await Promise.all(values.previous.map(trustedKey)))];
    const policy = await soundPolicy(file, values.strict, io);
    await mustBeNewer(values.out, policy, trusted);
    const note = values["dry-run"] ? null : await writeRelease(values.out, policy, key);
    if (values.json) writeJson(io, { id: policy.id, revision: policy.revision, keyid: key.keyid, published: note !== null, ...(note && { file: note.file, sha256: note.sha256 }) });
    else if (note) io.stdout.write(`${policy.id}, revision ${policy.revision}, is published in ${printable(values.out)} (SHA-256 ${note.sha256}, key ${key.keyid.slice(0, 16)}…)\n`);
    else io.stdout.write(`${policy.id}, revision ${policy.revision}, would be published; nothing was written\n`);
    return 0;
  },
};
export default verb;

const READABLE_BY_OTHERS = 0o077;

async function signingKey(file: string): Promise<SigningKey> {
  const text = await readText(file);
  if (process.platform !== "win32" && (await stat(file)).mode & READABLE_BY_OTHERS) throw new Failure(`others can read the private key ${printable(file)}`, { code: 1, fix: `chmod 600 ${printable(file)}, and make a new pair if they may have` });
  const read = readSigningKey(text);
  if (!read.ok) throw new Failure(`${printable(file)} ${read.why}`, { code: 2, fix: 'make a pair with "sluice policy keygen NAME"; --key takes NAME.key' });
  return read.value;
}

export async function trustedKey(file: string): Promise<TrustedKey> {
  const read = readTrustedKey(await readText(file));
  if (!read.ok) throw new Failure(`${printable(file)} ${read.why}`, { code: 2, fix: "name the .pub file of a key pair" });
  return read.value;
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

async function mustBeNewer(folder: string, policy: Policy, trusted: readonly TrustedKey[]): Promise<void> {
  const before = await readRelease(folder, trusted);
  if (!before.ok) throw new Failure(`the release in ${printable(folder)} is not one to follow: ${printable(before.why, 300)}`, { code: 1, fix: "if the key has changed, name the old public key with --previous; if the folder was tampered with, publish into a new one" });
  if (before.value && before.value.policy.id !== policy.id) throw new Failure(`${printable(folder)} holds the policy "${before.value.policy.id}", and this is "${policy.id}"`, { code: 1, fix: "publish into a folder of its own" });
  const highest = Math.max(before.value?.policy.revision ?? 0, await highestRevision(folder, trusted));
  if (policy.revision <= highest) throw new Failure(`revision ${policy.revision} is not higher than ${highest}, which was published before`, { code: 1, fix: `write revision: ${highest + 1}; computers refuse to go back` });
}
