/** `sluice policy export`: the servers of a policy as the lists that AI clients read themselves. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { Policy } from "../../../shared/policy/language.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { exportClaudeCode, exportGemini, exportManagedMcp, exportVsCode } from "./lists/to-clients.ts";
import type { Difference, Exported, ExportOptions } from "./lists/exported.ts";
import { exportRegistry } from "./lists/to-registry.ts";
import { goodPolicy } from "./policy-text.ts";
import { counted, writeJson, type Verb } from "./verb.ts";

const KINDS = ["claude-code", "copilot", "gemini", "vscode", "managed-mcp", "registry"] as const;
type Kind = (typeof KINDS)[number];

const verb: Verb = {
  usage: `Usage: sluice policy export --to KIND FILE --out FOLDER|- [--wrapped] [--launcher COMMAND] [--json]

Writes the server entries of a policy as the list that a client reads itself, so that it refuses even where Sluice does
not stand in between. What a list cannot say is not allowed there; where that makes it looser than the policy (a denied
pattern that it cannot write), it is told in capitals on standard error, as every difference is.

  --to claude-code   managed-settings.json with allowedMcpServers and deniedMcpServers
  --to copilot       the same keys, for Copilot's managed-settings.json
  --to gemini        settings.json with mcp.allowed, mcp.excluded and the servers
  --to vscode        settings.json (chat.mcp.access) and the registry it points to
  --to managed-mcp   managed-mcp.json: these servers and no others
  --to registry      a static registry, API v0.1: each route is a folder with its index.json; serve it with
                     index.json as index file and content type application/json

  --out FOLDER       where the files go; "-" prints them (one file as it is, several as one JSON object)
  --wrapped          local servers in the form "sluice guard -- COMMAND …" instead of the plain one: then the client
                     starts them behind the guard only
  --launcher CMD     how the guard is started, default "sluice"; blanks divide words
  --namespace NAME   registry: reverse domain of whoever publishes it, such as com.example; default local.sluice
  --registry-url URL vscode: where the registry will be served

Exit codes: 0 the list says all that the policy says of servers, 1 something is left out or different (the files are
written all the same), 2 wrong usage or a policy that cannot be used, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        to: { type: "string" },
        out: { type: "string" },
        wrapped: { type: "boolean", default: false },
        launcher: { type: "string", default: "sluice" },
        namespace: { type: "string", default: "local.sluice" },
        "registry-url": { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const kind = KINDS.find((each) => each === values.to);
    if (!kind) throw new Failure(values.to === undefined ? "say for whom" : `there is no --to ${printable(values.to, 40)}`, { code: 2, fix: `--to one of: ${KINDS.join(", ")}` });
    const [file, ...more] = positionals;
    if (file === undefined || more.length) throw new Failure("name one policy file", { code: 2, fix: `sluice policy export --to ${kind} policy.yaml --out -` });
    if (values.out === undefined && !values.json) throw new Failure("say where the files go", { code: 2, fix: '--out FOLDER, or --out - to print them' });
    if (!/^[a-zA-Z0-9.-]+$/.test(values.namespace)) throw new Failure(`"${printable(values.namespace, 60)}" is no namespace`, { code: 2, fix: "write your domain backwards, such as com.example" });
    const policy = await goodPolicy(file);
    const exported = exportTo(kind, policy, { ...values, launcher: values.launcher.trim().split(/\s+/) });
    const { files, differences } = exported;
    const folder = values.out === undefined || values.out === "-" ? null : values.out;
    if (folder !== null) for (const { path, text } of files) await write(join(folder, path), text);
    if (values.json) writeJson(io, { file, to: kind, wrapped: values.wrapped, out: folder, files: files.map(({ path, text }) => ({ path, content: JSON.parse(text) as unknown })), differences });
    else if (folder === null) io.stdout.write(files.length === 1 ? files[0]!.text : `${JSON.stringify(Object.fromEntries(files.map(({ path, text }) => [path, JSON.parse(text) as unknown])), null, 2)}\n`);
    else io.stdout.write(`${counted(files.length, "file")} in ${printable(folder)}: ${files.slice(0, 5).map(({ path }) => path).join(", ")}${files.length > 5 ? ", …" : ""}\n`);
    if (differences.length > 0) io.stderr.write(`What the list does not say as the policy does:\n${differences.map((each) => `${differenceLine(each)}\n`).join("")}`);
    return differences.some(({ about }) => !RULES_ONLY.test(about)) ? 1 : 0;
  },
};
export default verb;

/** That content rules are no list of servers surprises nobody. */
const RULES_ONLY = /^\d+ content rules?$|^variables and headers$/;

interface Values {
  readonly wrapped: boolean;
  readonly launcher: readonly string[];
  readonly namespace: string;
  readonly "registry-url"?: string;
}

const CLIENTS: Readonly<Record<Kind, string | null>> = { "claude-code": "client:claude-code", copilot: "client:copilot-cli", gemini: "client:gemini-cli", vscode: "client:vscode", "managed-mcp": "client:claude-code", registry: null };

function exportTo(kind: Kind, policy: Policy, { wrapped, launcher, namespace, ...rest }: Values): Exported {
  const options: ExportOptions = { wrapped, launcher, client: CLIENTS[kind] };
  switch (kind) {
    case "claude-code":
    case "copilot":
      return exportClaudeCode(policy, options, "managed-settings.json");
    case "gemini":
      return exportGemini(policy, options);
    case "managed-mcp":
      return exportManagedMcp(policy, options);
    case "registry":
      return exportRegistry(policy, options, namespace, Date.now());
    case "vscode":
      return exportVsCode(policy, exportRegistry(policy, options, namespace, Date.now()), rest["registry-url"]);
  }
}

function differenceLine({ about, why }: Difference): string {
  return `  - ${printable(about, 200)}: ${printable(why, 400)}`;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  } catch (error) {
    throw new Failure(`${printable(file)} cannot be written (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`, { code: 2, fix: "check the folder and its permissions" });
  }
}
