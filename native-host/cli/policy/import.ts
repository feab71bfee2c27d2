/** `sluice policy import`: a policy out of the allow list of an AI client, a registry, or a table of ordered rules. */
import { parseArgs } from "node:util";
import { EFFECTS, type Effect } from "../../../shared/policy/language.ts";
import type { Result } from "../../../shared/base/result.ts";
import { problemText } from "../../../shared/policy/schema-problems.ts";
import { validatePolicy } from "../../../shared/policy/schema.ts";
import { parseConfig } from "../../clients/read.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { definitionsIn, type Named } from "./lists/definitions.ts";
import { importClaudeCode } from "./lists/from-claude-code.ts";
import { importGemini, importManagedMcp, importRegistry, importVsCode } from "./lists/from-others.ts";
import { importTable } from "./lists/from-table.ts";
import { lossLine, policyOf, yamlOf, type Imported } from "./lists/imported.ts";
import { readText } from "./policy-text.ts";
import { counted, writeJson, type Verb } from "./verb.ts";
import { writeNew } from "./write-new.ts";

const KINDS = ["claude-code", "copilot", "gemini", "vscode", "managed-mcp", "registry", "table"] as const;
type Kind = (typeof KINDS)[number];

const verb: Verb = {
  usage: `Usage: sluice policy import --from KIND FILE [--servers FILE] [--id ID] [--out FILE] [--json]

Writes a policy (YAML) out of a list that somebody else wrote. What a policy cannot say stands as a comment at its head
and on standard error.

  --from claude-code   managed settings with allowedMcpServers and deniedMcpServers
  --from copilot       the same keys in Copilot's managed-settings.json
  --from gemini        Gemini CLI settings: mcp.allowed, mcp.excluded, mcpServers with includeTools and excludeTools
  --from vscode        VS Code settings: chat.mcp.access
  --from managed-mcp   managed-mcp.json: these servers and no others
  --from registry      a registry's v0.1/servers
  --from table         ordered rows, CSV or YAML, of which the first that matches decides. Columns: name, source
                       (user:, group:, device:), app, destination (address, npm:…, command: …, local, remote), tool,
                       direction, data (classes), action (allow, monitor, redact, mask, coach, approve, block), message,
                       owner. Several values in a cell: divide them by ";". Empty, "any" or "*": any.

  --servers FILE       a configuration (mcpServers) or a registry's list that says which server a name means
  --default EFFECT     table: what happens where no row matches; default allow
  --id ID              id of the policy; default "imported"
  --out FILE           write it there instead of to standard output

Exit codes: 0 everything was carried over, 1 something was not (the policy is written all the same), 2 wrong usage or a
file that cannot be read or used, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { from: { type: "string" }, servers: { type: "string" }, default: { type: "string", default: "allow" }, id: { type: "string", default: "imported" }, out: { type: "string" }, json: { type: "boolean", default: false } },
    });
    const kind = KINDS.find((each) => each === values.from);
    if (!kind) throw new Failure(values.from === undefined ? "say what the file is" : `there is no --from ${printable(values.from, 40)}`, { code: 2, fix: `--from one of: ${KINDS.join(", ")}` });
    const [file, ...more] = positionals;
    if (file === undefined || more.length) throw new Failure("name one file to import", { code: 2, fix: `sluice policy import --from ${kind} FILE` });
    const byDefault = EFFECTS.find((effect) => effect === values.default);
    if (!byDefault) throw new Failure(`there is no effect "${printable(values.default, 40)}"`, { code: 2, fix: `one of: ${EFFECTS.join(", ")}` });
    const imported = kind === "table" ? await fromTable(file, byDefault) : await fromList(kind, file, values.servers);
    const policy = policyOf(values.id, imported);
    // Whatever the list held: what comes out must be a policy.
    const checked = validatePolicy(JSON.parse(JSON.stringify(policy)));
    if (!checked.ok) throw new Failure(`${printable(file)} cannot become a policy:\n${checked.why.slice(0, 20).map((problem) => `  ${printable(problemText(problem), 400)}`).join("\n")}`, { code: 2 });
    const { losses } = imported;
    const text = yamlOf(policy, imported, file);
    if (values.out !== undefined) await writeNew(values.out, text);
    if (values.json) writeJson(io, { file, from: kind, policy, losses, notes: imported.notes, out: values.out ?? null });
    else if (values.out === undefined) io.stdout.write(text);
    tell(imported, values.out, io);
    return losses.length > 0 ? 1 : 0;
  },
};
export default verb;

function tell({ servers, rules, losses }: Imported, out: string | undefined, io: Io): void {
  if (out !== undefined) io.stderr.write(`${printable(out)}: ${counted(servers.length, "server entry", "server entries")}, ${counted(rules.length, "rule")}.\n`);
  if (losses.length > 0) io.stderr.write(`Not carried over:\n${losses.map((loss) => `${printable(lossLine(loss), 400)}${loss.looser ? " (the policy lets through more than the list did)" : ""}\n`).join("")}`);
}

async function fromTable(file: string, byDefault: Effect): Promise<Imported> {
  const read = importTable(await readText(file), !/\.(csv|tsv|txt)$/i.test(file), byDefault);
  if (read.ok) return read.value;
  throw new Failure(`${printable(file)} cannot be used:\n${read.why.map(({ line, message, fix }) => `  ${printable(`${file}:${line}:1 ${message}${fix ? `; ${fix}` : ""}`, 500)}`).join("\n")}`, { code: 2 });
}

async function fromList(kind: Exclude<Kind, "table">, file: string, serversFile: string | undefined): Promise<Imported> {
  const value = await readJson(file);
  const beside = serversFile === undefined ? undefined : await readJson(serversFile);
  const names: Named = definitionsIn(beside) ?? new Map();
  const imported = ((): Result<Imported> => {
    switch (kind) {
      case "claude-code":
        return importClaudeCode(value, names, "Claude Code servers");
      case "copilot":
        return importClaudeCode(value, names, "Copilot servers");
      case "gemini":
        return importGemini(value, names);
      case "vscode":
        return importVsCode(value, beside);
      case "managed-mcp":
        return importManagedMcp(value);
      case "registry":
        return importRegistry(value);
    }
  })();
  if (imported.ok) return imported.value;
  throw new Failure(`${printable(file)} ${imported.why}`, { code: 2 });
}

/** JSON, comments and trailing commas allowed, as clients write it. */
async function readJson(file: string): Promise<unknown> {
  const parsed = parseConfig(await readText(file), "json");
  if (parsed.ok) return parsed.value;
  const { line, message, fix } = parsed.why;
  throw new Failure(`${printable(file)}${line === undefined ? "" : `:${line}`} ${message}`, { code: 2, fix });
}
