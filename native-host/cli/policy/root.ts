/** `sluice policy root`: the root of trust of a published folder, its first or its next one. */
import { parseArgs } from "node:util";
import { ROLES, type RoleKeys, type RoleName } from "../../policy/bundle/metadata.ts";
import { sameKeys, writeRoot } from "../../policy/bundle/publish.ts";
import type { TrustedKey } from "../../policy/signing.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { done, repositoryAt, signingKey, trustedKey, validFor } from "./repository.ts";
import { writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy root --out FOLDER --key KEY... [--root-key PUB]... [--threshold N] [--targets-key PUB]...
                          [--targets-threshold N] [--online-key PUB]... [--expires 365d] [--json]

Writes the root of trust: which keys may sign what. Run it once for a new folder, and again to change keys or before the
root expires; the next root must be signed by enough of the old root keys and enough of the new ones, so that computers
follow by themselves. Prints the digest that computers pin (rootSha256 in bootstrap.json).

  --key KEY            private keys that sign now
  --root-key PUB       keys of the root itself: keep them offline, and let several people hold them; default: those of --key
  --threshold N        how many of them must sign a root; default 1
  --targets-key PUB    keys that sign policies; default: the root keys
  --targets-threshold N  how many of them; default 1
  --online-key PUB     keys that say daily that a policy is still the newest ("sluice policy renew"); they cannot change
                       one; default: the targets keys
  --expires 365d       how long this root holds

Exit codes: 0 done, 1 refused, 2 wrong usage or a file that cannot be read, 3 something broke.`,
  async run(argv, io) {
    const many = { type: "string", multiple: true, default: [] as string[] } as const;
    const { values } = parseArgs({ args: [...argv], options: { out: { type: "string" }, key: many, "root-key": many, threshold: { type: "string" }, "targets-key": many, "targets-threshold": { type: "string" }, "online-key": many, expires: { type: "string" }, json: { type: "boolean", default: false } } });
    if (values.out === undefined || values.key.length === 0) throw new Failure("name the folder and the keys that sign", { code: 2, fix: "sluice policy root --out site --key policy-2026.key" });
    const keys = await Promise.all(values.key.map(signingKey));
    const named = { root: await publicKeys(values["root-key"]), targets: await publicKeys(values["targets-key"]), online: await publicKeys(values["online-key"]) };
    const root = roleKeys(named.root ?? keys, values.threshold, "--threshold");
    const targets = roleKeys(named.targets ?? root.keys, values["targets-threshold"], "--targets-threshold");
    const online = roleKeys(named.online ?? targets.keys, undefined, "");
    const roles: Record<RoleName, RoleKeys> = { ...sameKeys(online.keys, 1), root, targets };
    const before = await repositoryAt(values.out, keys);
    const { version, sha256 } = done(await writeRoot({ folder: values.out, keys, now: Date.now(), ...validFor(values.expires) }, before, roles));
    if (values.json) writeJson(io, { version, rootSha256: sha256, roles: Object.fromEntries(ROLES.map((role) => [role, { threshold: roles[role].threshold, keyids: roles[role].keys.map(({ keyid }) => keyid) }])) });
    else io.stdout.write(`Root ${version} is in ${printable(values.out)}: ${root.threshold} of ${root.keys.length} root keys, ${targets.threshold} of ${targets.keys.length} keys for policies\nrootSha256 ${sha256}\n${before ? "Computers that pin an earlier root follow to this one by themselves.\n" : "Put it into bootstrap.json on the computers that are to take policies from here.\n"}`);
    return 0;
  },
};
export default verb;

async function publicKeys(files: readonly string[]): Promise<TrustedKey[] | null> {
  return files.length === 0 ? null : Promise.all(files.map(trustedKey));
}

function roleKeys(keys: readonly TrustedKey[], threshold = "1", option: string): RoleKeys {
  const count = Number(threshold);
  const distinct = new Map(keys.map((key) => [key.keyid, { keyid: key.keyid, key: key.key }]));
  if (!Number.isInteger(count) || count < 1 || count > distinct.size) throw new Failure(`${option} ${threshold.slice(0, 20)} does not fit ${distinct.size} ${distinct.size === 1 ? "key" : "keys"}`, { code: 2, fix: `a number from 1 to ${distinct.size}` });
  return { keys: [...distinct.values()], threshold: count };
}
