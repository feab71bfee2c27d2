/** `sluice policy show`: the policy in force on this computer, and where it came from. */
import { parseArgs } from "node:util";
import { sourceText } from "../../../shared/policy/explain.ts";
import { hostPaths } from "../../home.ts";
import { openPolicy, type PolicyStore } from "../../policy/store.ts";
import type { Io } from "../command.ts";
import { printable } from "../terminal.ts";
import { bundleLines } from "./bundle-words.ts";
import { writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy show [--json]

The policy in force on this computer, where it came from, and its digest. A newer one that was refused is named with its
problems.

Exit codes: 0 done, 2 wrong usage, 3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { json: { type: "boolean", default: false } } });
    const store = await openPolicy({ paths: hostPaths(io.env) });
    store.close();
    if (values.json) writeJson(io, { ...inForce(store), policy: store.current().policy });
    else {
      tellInForce(store, io);
      const { policy } = store.current();
      for (const { id, effect, title } of policy.admission.servers) io.stdout.write(`  server ${effect.padEnd(8)}${printable(id)}${title ? `  ${printable(title)}` : ""}\n`);
      for (const { id, effect, mode, title } of policy.rules) io.stdout.write(`  rule   ${effect.padEnd(8)}${printable(id)}  ${printable(title)}${mode === "monitor" ? " (on trial)" : ""}\n`);
    }
    return 0;
  },
};
export default verb;

/** For programs. */
export function inForce(store: PolicyStore): object {
  const { source, digest, bundle } = store.current();
  return { source, digest, ...(bundle && { bundle }), rejected: store.rejected() };
}

/** For people: what is in force, why, and what was refused. */
export function tellInForce(store: PolicyStore, io: Io): void {
  const { policy, source, digest, bundle } = store.current();
  const rejected = store.rejected();
  io.stdout.write(`${printable(policy.title ?? policy.id)}: ${policy.id}, revision ${policy.revision}, ${sourceText(source)}\n`);
  io.stdout.write(`${policy.mode === "enforce" ? "In force." : "Watching only: nothing is blocked or replaced."} Servers that are not listed: ${policy.admission.default}.\n`);
  io.stdout.write(`SHA-256 ${digest}\n`);
  if (bundle) for (const line of bundleLines(bundle, Date.now())) io.stdout.write(`${printable(line, 500)}\n`);
  if (rejected) io.stdout.write(`A newer policy (${rejected.source}) was refused:\n${rejected.errors.map((error) => `  ${printable(error, 500)}\n`).join("")}`);
}
