/** `sluice deploy TARGET`: writes the files for one browser on one system. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { nearestWord } from "../../../shared/policy/nearest-word.ts";
import { canonicalJson } from "../../../shared/policy/canonical.ts";
import { pathFault, sourceFault, textFault, type Ask } from "../../deploy/ask.ts";
import { generate, type ExistingFile } from "../../deploy/generate.ts";
import { usualHostPlace } from "../../deploy/host-files.ts";
import { MANAGED_KEYS, managedKey, readManagedValue, type ManagedValue } from "../../deploy/managed-keys.ts";
import { TARGETS, targetNamed, type Target } from "../../deploy/target.ts";
import { callerOf } from "../../install/manifest.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { checkFile, problemLine } from "../policy/check.ts";
import { counted, writeJson, type Verb } from "../policy/verb.ts";
import { printable } from "../terminal.ts";
import { VERSION } from "../version.ts";
import { builtIds } from "./built.ts";
import { writeFolder } from "./write-folder.ts";

const verb: Verb = {
  usage: `Usage: sluice deploy TARGET --out FOLDER --update-url URL [options]
       sluice deploy firefox-SYSTEM --out FOLDER --install-url URL [options]

Writes files that install the extension, tell it its policy and let it start the host, and a README.txt with the steps.
FOLDER must be new or empty. The same request always gives the same files.

  --update-url URL       where the machines find the update manifest of the extension (not for Firefox)
  --install-url URL      where they find the signed .xpi (Firefox)
  --extension-id ID      default: the extension built in this checkout; --firefox-id ID: sluice@sluice.dev
  --set KEY=VALUE        a key of the extension, as often as needed:
${keyRows()}
  --policy FILE          a whole policy (YAML or JSON), checked as "sluice policy check" does: the extension gets it as
                         its key "policy", the host as machine policy
  --incognito closed     no private windows (default), or "mandatory": none before the person has let Sluice into them
  --user-hosts refuse    browsers start only hosts that an administrator registered (default), or "keep" as it is
  --host-dir FOLDER      where the host lies on the machines; --node FILE: Node there
  --merge FILE           what other products have set there already (policy JSON, .reg export, .plist or .mobileconfig):
                         all of it is kept, ours is added; several times where a folder holds several JSON files
  --json                 lists the files as JSON

Refused: a policy with errors, a key with a wrong value, and settings in a merged file that cannot hold together with ours.

Exit codes: 0 written, 1 refused (a contradiction, or a policy with errors), 2 wrong usage or a file that cannot be
read, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS });
    const target = chosenTarget(positionals);
    if (values.out === undefined) throw new Failure("say where to write the files", { code: 2, fix: `--out ${target.name}` });
    const policy = values.policy === undefined ? null : await checkedPolicy(values.policy, io);
    const ask = askOf(target, values, policy);
    const existing = await Promise.all(values.merge.map(readExisting));
    const made = generate(ask, existing);
    if (!made.ok) {
      throw new Failure(`nothing was written:\n${made.why.map(({ file, message, fix }) => `  ${printable(file)}: ${printable(message, 500)}\n    fix: ${printable(fix, 300)}`).join("\n")}`, { code: 1, fix: "settle this first, then run it again" });
    }
    await writeFolder(values.out, made.value.files);
    if (values.json) writeJson(io, { target: target.name, out: values.out, files: made.value.files.map(({ path }) => path), notes: made.value.notes });
    else io.stdout.write(`${counted(made.value.files.length, "file")} for ${target.name} in ${printable(values.out)}:\n${made.value.files.map(({ path }) => `  ${path}\n`).join("")}${made.value.notes.map((note) => `note: ${printable(note, 500)}\n`).join("")}Next: read ${printable(values.out)}/README.txt\n`);
    return 0;
  },
};
export default verb;

const OPTIONS = {
  out: { type: "string" },
  "update-url": { type: "string" },
  "install-url": { type: "string" },
  "extension-id": { type: "string" },
  "firefox-id": { type: "string" },
  set: { type: "string", multiple: true, default: [] as string[] },
  policy: { type: "string" },
  incognito: { type: "string", default: "closed" },
  "user-hosts": { type: "string", default: "refuse" },
  "host-dir": { type: "string" },
  node: { type: "string" },
  merge: { type: "string", multiple: true, default: [] as string[] },
  json: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>["values"];

function keyRows(): string {
  return MANAGED_KEYS.filter(({ name }) => name !== "policy").map(({ name, title, type, oneOf }) => `                           ${name.padEnd(15)}${title} (${oneOf ? oneOf.join(", ") : type === "string" ? "text" : type === "integer" ? "number" : "true, false"})`).join("\n");
}

function chosenTarget([name, ...more]: readonly string[]): Target {
  if (name === undefined || more.length > 0) throw new Failure("name one target", { code: 2, fix: "sluice deploy --help lists them" });
  const target = targetNamed(name);
  if (target) return target;
  const near = nearestWord(name, [...TARGETS.map((one) => one.name), "verify"]);
  throw new Failure(`there is no target "${printable(name, 40)}"`, { code: 2, fix: near ? `did you mean "sluice deploy ${near}"?` : "sluice deploy --help lists them" });
}

function askOf(target: Target, values: Values, policy: string | null): Ask {
  const firefox = target.kind === "browser" && target.browser === "firefox";
  const [option, other] = firefox ? (["install-url", "update-url"] as const) : (["update-url", "install-url"] as const);
  const source = values[option];
  if (values[other] !== undefined) throw new Failure(`--${other} is not for ${target.name}`, { code: 2, fix: `use --${option}` });
  if (source === undefined) throw new Failure("say where the machines get the extension from", { code: 2, fix: `--${option} https://…` });
  demand(`--${option}`, sourceFault(source));

  const ids = { chromium: values["extension-id"] ?? builtIds().chromium, firefox: values["firefox-id"] ?? builtIds().firefox };
  if (ids.chromium === null) throw new Failure("the id of the extension is not known: none is built here", { code: 2, fix: "add --extension-id ID, or run npm run build" });
  for (const [form, id] of [["chromium", ids.chromium], ["firefox", ids.firefox]] as const) {
    try {
      callerOf(form, id);
    } catch (error) {
      throw new Failure((error as Error).message, { code: 2 });
    }
  }
  const system = target.kind === "browser" ? target.system : "linux";
  const usual = usualHostPlace(system);
  const host = { folder: (values["host-dir"] ?? usual.folder).replace(/[\\/]+$/, ""), node: values.node ?? usual.node };
  demand("--host-dir", pathFault(host.folder, system === "windows"));
  demand("--node", pathFault(host.node, system === "windows"));
  return { target, ids: { chromium: ids.chromium, firefox: ids.firefox }, source, version: VERSION, managed: managedOf(values.set, policy), incognito: chosen("--incognito", values.incognito, ["closed", "mandatory"]), userHosts: chosen("--user-hosts", values["user-hosts"], ["refuse", "keep"]), host, policy };
}

function managedOf(assignments: readonly string[], policy: string | null): Record<string, ManagedValue> {
  const given = new Map<string, ManagedValue>();
  for (const assignment of assignments) {
    const [, name = assignment, text] = /^([^=]*)=(.*)$/s.exec(assignment) ?? [];
    const key = managedKey(name);
    if (!key) {
      const near = nearestWord(name, MANAGED_KEYS.map((one) => one.name));
      throw new Failure(`the extension has no key "${printable(name, 40)}"`, { code: 2, fix: near ? `did you mean ${near}?` : `keys are ${MANAGED_KEYS.map((one) => one.name).join(", ")}` });
    }
    if (name === "policy") throw new Failure("a policy is given as a file, so that it can be checked", { code: 2, fix: "use --policy FILE" });
    if (text === undefined) throw new Failure(`--set ${name} has no value`, { code: 2, fix: `--set ${name}=…` });
    if (given.has(name)) throw new Failure(`--set ${name} is given twice`, { code: 2, fix: "keep one" });
    demand(`--set ${name}`, textFault(text));
    const value = readManagedValue(key, text);
    if (!value.ok) throw new Failure(`--set ${name} ${value.why}`, { code: 2, fix: `--set ${name}=${key.oneOf?.[0] ?? "…"}` });
    given.set(name, value.value);
  }
  if (policy !== null) given.set("policy", policy);
  // In the order of the schema, whatever order they were given in.
  return Object.fromEntries(MANAGED_KEYS.flatMap(({ name }) => (given.has(name) ? [[name, given.get(name)!]] : [])));
}

async function checkedPolicy(file: string, io: Io): Promise<string> {
  const { policy, problems } = await checkFile(file, Date.now());
  for (const problem of problems) if (problem.severity !== "info") io.stderr.write(`${printable(problemLine(problem), 1000)}\n`);
  if (!policy) throw new Failure("a policy with errors is not given to machines", { code: 1, fix: `correct what stands above; "sluice policy check ${printable(file)}" shows it again` });
  return canonicalJson(policy);
}

async function readExisting(name: string): Promise<ExistingFile> {
  try {
    return { name, bytes: await readFile(name) };
  } catch (error) {
    throw new Failure(`${printable(name)} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`, { code: 2, fix: `check the path of ${printable(basename(name))}` });
  }
}

function demand(option: string, fault: string | null): void {
  if (fault !== null) throw new Failure(`${option} ${fault}`, { code: 2 });
}

function chosen<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Failure(`${option} must be ${allowed.join(" or ")}`, { code: 2, fix: `${option} ${allowed[0]!}` });
  return found;
}
