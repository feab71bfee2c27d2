/** `sluice policy refresh`: read the policy again now, and say what is in force and why. */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { writeWhole } from "../../install/write-file.ts";
import { hostPaths } from "../../home.ts";
import { readPolicy } from "../../policy/read.ts";
import { readRelease, type Release } from "../../policy/release.ts";
import { openPolicy } from "../../policy/store.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { trustedKey } from "./publish.ts";
import { inForce, tellInForce } from "./show.ts";
import { writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy refresh [--from FOLDER --trust PUB [--to FILE]] [--json]

Reads the policy of this computer again, now, and says what is in force, where it came from, and what was refused and
why. Running hosts and guards follow the same files by themselves within seconds; this does not wait for them.

  --from FOLDER   first take the newest release that "sluice policy publish" wrote there: its signature is checked, and
                  nothing lower than what FILE holds is taken
  --trust PUB     the public key that must have signed it; may be given several times
  --to FILE       where it goes; default the personal policy file (read only while the computer has no machine policy)

What this form does not protect against: an old release that is handed out again to a computer that has not seen a newer
one, and one that is never replaced any more. "sluice policy publish --help" says more.

Exit codes: 0 what was read is in force, 1 something was refused, 2 wrong usage or a file that cannot be read,
3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { from: { type: "string" }, trust: { type: "string", multiple: true, default: [] }, to: { type: "string" }, json: { type: "boolean", default: false } } });
    const paths = hostPaths(io.env);
    let taken: Release | null = null;
    if (values.from === undefined) {
      if (values.trust.length > 0 || values.to !== undefined) throw new Failure("--trust and --to belong to --from", { code: 2, fix: "sluice policy refresh --from FOLDER --trust policy-2026.pub" });
    } else {
      if (values.trust.length === 0) throw new Failure("say which key must have signed it", { code: 2, fix: "--trust policy-2026.pub" });
      taken = await take(values.from, values.trust, values.to ?? paths.policyFile);
    }
    const store = await openPolicy({ paths });
    store.close();
    const { policy, source } = store.current();
    const rejected = store.rejected();
    if (values.json) writeJson(io, { taken: taken && { id: taken.policy.id, revision: taken.policy.revision, sha256: taken.sha256, keyid: taken.keyid }, ...inForce(store), policy: { id: policy.id, revision: policy.revision, mode: policy.mode } });
    else {
      if (taken) io.stdout.write(`Taken: ${taken.policy.id}, revision ${taken.policy.revision}, signed with ${taken.keyid.slice(0, 16)}…\n`);
      tellInForce(store, io);
      if (taken && values.to === undefined && source === "machine") io.stdout.write("The machine's policy stays in force: while there is one, the personal file is not read.\n");
    }
    return rejected === null ? 0 : 1;
  },
};
export default verb;

async function take(folder: string, trust: readonly string[], target: string): Promise<Release> {
  const keys = await Promise.all(trust.map(trustedKey));
  const read = await readRelease(folder, keys);
  if (!read.ok) throw new Failure(`the release in ${printable(folder)} was refused: ${printable(read.why, 300)}`, { code: 1, fix: "what is in force stays; ask whoever publishes" });
  if (!read.value) throw new Failure(`${printable(folder)} holds no release`, { code: 2, fix: 'a folder that "sluice policy publish" wrote has a release.json' });
  const { policy, text } = read.value;
  const before = await policyAt(target);
  if (before === "other") throw new Failure(`${printable(target)} holds something else, and it is not overwritten`, { code: 1, fix: "move it away first, or name another file with --to" });
  if (before && before.id !== policy.id) throw new Failure(`${printable(target)} holds the policy "${before.id}", and this is "${policy.id}"`, { code: 1, fix: "move it away first, or name another file with --to" });
  if (before && before.revision > policy.revision) throw new Failure(`the release is revision ${policy.revision}, and ${printable(target)} holds ${before.revision} already: going back is refused`, { code: 1, fix: "ask whoever publishes; an older release is handed out" });
  // JSON is YAML, so the personal file keeps its name.
  writeWhole(target, `${text}\n`, 0o600);
  return read.value;
}

async function policyAt(file: string): Promise<{ readonly id: string; readonly revision: number } | "other" | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Failure(`${printable(file)} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`, { code: 2 });
  }
  const read = await readPolicy(text, file);
  return read.ok ? read.value : "other";
}
