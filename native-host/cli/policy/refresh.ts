/** `sluice policy refresh`: look for a newer policy now, and say what is in force and why. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { writeWhole } from "../../install/write-file.ts";
import { hostPaths } from "../../home.ts";
import { parseBootstrap, type Bootstrap } from "../../policy/bundle/bootstrap.ts";
import { deviceOf, findBundle } from "../../policy/bundle/managed-bundle.ts";
import type { Outcome } from "../../policy/bundle/update.ts";
import { machineLocations } from "../../policy/machine.ts";
import { readPolicy } from "../../policy/read.ts";
import { openPolicy } from "../../policy/store.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { inForce, tellInForce } from "./show.ts";
import { writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy refresh [--from ADDRESS --root SHA256 [--channel stable] [--to FILE]] [--json]

Where the computer takes signed bundles (bootstrap.json): asks their source now instead of at the next regular look, and
says what came of it. Then reads the policy of this computer again and says what is in force, where it came from, and
what was refused and why. Running hosts and guards follow by themselves within seconds; this does not wait for them.

  --from ADDRESS  for a computer without an administrator: take the newest policy from there (https://…, or a folder)
  --root SHA256   the digest of its root of trust, as "sluice policy root" prints it
  --channel NAME  which channel; default stable
  --to FILE       where the policy goes; default the personal policy file (read only while nobody manages the computer)

Exit codes: 0 what was read is in force, 1 something was refused, 2 wrong usage or a file that cannot be read,
3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { from: { type: "string" }, root: { type: "string" }, channel: { type: "string" }, to: { type: "string" }, json: { type: "boolean", default: false } } });
    const paths = hostPaths(io.env);
    let outcome: Outcome | null = null;
    if (values.from === undefined) {
      if (values.root !== undefined || values.to !== undefined || values.channel !== undefined) throw new Failure("--root, --channel and --to belong to --from", { code: 2, fix: "sluice policy refresh --from https://policy.example/acme --root SHA256" });
      const found = await findBundle(paths.state, machineLocations());
      if (found.kind === "bundle") outcome = await ask(paths.state, found.bootstrap);
    } else {
      if (values.root === undefined) throw new Failure("say which root of trust must have signed it", { code: 2, fix: '--root SHA256, as "sluice policy root" prints it' });
      const read = parseBootstrap(JSON.stringify({ bundleUrl: /^[a-z]+:\/\//i.test(values.from) ? values.from : pathToFileURL(resolve(values.from)).href, rootSha256: values.root, ...(values.channel !== undefined && { channel: values.channel }) }));
      if (!read.ok || !read.value) throw new Failure(`this source cannot be asked: ${read.ok ? "no address" : read.why}`, { code: 2 });
      outcome = await take(paths.state, read.value, values.to ?? paths.policyFile);
    }
    const store = await openPolicy({ paths });
    store.close();
    const { policy, source } = store.current();
    const rejected = store.rejected();
    const bad = outcome?.kind === "trouble";
    if (values.json) writeJson(io, { asked: outcome, ...inForce(store), policy: { id: policy.id, revision: policy.revision, mode: policy.mode } });
    else {
      if (outcome) tellOutcome(outcome, io);
      tellInForce(store, io);
      if (values.from !== undefined && values.to === undefined && source !== "local") io.stdout.write("The policy of the organization stays in force: while there is one, the personal file is not read.\n");
    }
    return rejected === null && !bad ? 0 : 1;
  },
};
export default verb;

function tellOutcome(outcome: Outcome, io: Io): void {
  switch (outcome.kind) {
    case "unchanged":
      return void io.stdout.write(`Asked: nothing newer for this computer (revision ${outcome.revision}).\n`);
    case "updated":
      return void io.stdout.write(`Taken: revision ${outcome.revision}${outcome.before === null ? "" : ` in place of ${outcome.before}`}; its signatures hold.\n`);
    case "trouble":
      return void io.stdout.write(`${outcome.trouble.code === "unreachable" ? "Not reached" : "Refused"} (${outcome.trouble.code}): ${printable(outcome.trouble.text, 500)}.${outcome.kept === null ? "" : ` Revision ${outcome.kept} stays.`}\n`);
    default:
      return outcome satisfies never;
  }
}

async function ask(state: string, bootstrap: Bootstrap): Promise<Outcome> {
  const { pollNow } = await import("../../policy/bundle/poller.ts");
  const outcome = await pollNow(state, bootstrap);
  if (!outcome) throw new Failure("another process of Sluice is asking right now", { code: 3, fix: "try again in a moment" });
  return outcome;
}

async function take(state: string, bootstrap: Bootstrap, target: string): Promise<Outcome> {
  const before = await policyAt(target);
  if (before === "other") throw new Failure(`${printable(target)} holds something else, and it is not overwritten`, { code: 1, fix: "move it away first, or name another file with --to" });
  const outcome = await ask(state, bootstrap);
  if (outcome.kind === "trouble") return outcome;
  const [{ storedPolicy }, { openVault, vaultFolder }, { canonicalJson }] = await Promise.all([import("../../policy/bundle/stored.ts"), import("../../policy/bundle/vault.ts"), import("../../../shared/policy/canonical.ts")]);
  const { policy } = await storedPolicy(bootstrap, await deviceOf(state, bootstrap), openVault(vaultFolder(state, bootstrap.rootSha256)), Date.now());
  if (before && before.id !== policy.id) throw new Failure(`${printable(target)} holds the policy "${before.id}", and this is "${policy.id}"`, { code: 1, fix: "move it away first, or name another file with --to" });
  if (before && before.revision > policy.revision) throw new Failure(`what was taken is revision ${policy.revision}, and ${printable(target)} holds ${before.revision} already: going back is refused`, { code: 1, fix: "ask whoever publishes" });
  // JSON is YAML, so the personal file keeps its name.
  writeWhole(target, `${canonicalJson(policy)}\n`, 0o600);
  return outcome;
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
