/** `allowedMcpServers` and `deniedMcpServers`, as Claude Code's managed settings have them (and Copilot's after them): entries by name, exact command or address pattern; denied wins. */
import { fail, ok, type Result } from "../../../../shared/base/result.ts";
import { isObject } from "../../../../shared/mcp/message.ts";
import type { AdmissionEntry, Effect, ServerMatch } from "../../../../shared/policy/language.ts";
import { matchOfCommand, matchOfDefinition, matchOfUrlPattern, type Named } from "./definitions.ts";
import { idGiver, type Imported, type Loss } from "./imported.ts";

/** Settings beside the lists that a policy has no word for. */
const BESIDE: Readonly<Record<string, string>> = {
  allowManagedMcpServersOnly: "a policy of Sluice is the administrator's anyway",
  managedMcpServers: "it gives servers to people, and a policy only allows or refuses them",
  allowAllClaudeAiMcps: "connectors of claude.ai are judged in the browser, by their addresses",
  disableClaudeAiConnectors: "connectors of claude.ai are judged in the browser, by their addresses",
  strictPluginOnlyCustomization: "it is about Claude Code's own plugins",
  enableAllProjectMcpServers: "it approves servers in advance; in a policy only admission does that",
  enabledMcpjsonServers: "it approves servers in advance; in a policy only admission does that",
  disabledMcpjsonServers: "it is about the names in one project's file",
};

/** @param names servers by name, for entries that know no more than a name. */
export function importClaudeCode(settings: unknown, names: Named, title: string): Result<Imported> {
  if (!isObject(settings)) return fail("is no set of keys");
  const { allowedMcpServers: allowed, deniedMcpServers: denied } = settings;
  if (allowed === undefined && denied === undefined) return fail("has neither allowedMcpServers nor deniedMcpServers");
  for (const [key, list] of [["allowedMcpServers", allowed], ["deniedMcpServers", denied]] as const) if (list !== undefined && !Array.isArray(list)) return fail(`has a ${key} that is no list`);
  const servers: AdmissionEntry[] = [];
  const losses: Loss[] = [];
  const newId = idGiver();
  const take = (list: readonly unknown[], effect: Effect, where: string): void => {
    for (const [at, each] of list.entries()) {
      const about = `${where}[${at}]${nameOf(each)}`;
      const match = matchOf(each, names);
      // What is allowed and not carried is refused now, or was never restricted; what is denied and not carried is open.
      if (!match.ok) losses.push({ about, why: match.why, looser: effect === "block" });
      else servers.push({ id: newId(idText(each, match.value)), match: match.value, effect });
    }
  };
  take((allowed as unknown[] | undefined) ?? [], "allow", "allowedMcpServers");
  take((denied as unknown[] | undefined) ?? [], "block", "deniedMcpServers");
  for (const [key, why] of Object.entries(BESIDE)) if (settings[key] !== undefined) losses.push({ about: key, why, looser: false });
  const notes = ["The lists were for one client; here they hold for every AI app on the computer.", ...(allowed === undefined ? ["There was no allowedMcpServers, so every server that is not denied may be used (and is noted)."] : [])];
  return ok({ title, byDefault: allowed === undefined ? "monitor" : "block", servers, rules: [], losses, notes });
}

function matchOf(entry: unknown, names: Named): Result<ServerMatch> {
  if (!isObject(entry)) return fail("is no set of keys");
  const kinds = ["serverName", "serverCommand", "serverUrl"].filter((key) => entry[key] !== undefined);
  if (kinds.length !== 1) return fail("needs exactly one of serverName, serverCommand and serverUrl");
  const { serverName, serverCommand, serverUrl } = entry;
  if (Array.isArray(serverCommand)) return matchOfCommand(serverCommand.map(String));
  if (typeof serverUrl === "string") return matchOfUrlPattern(serverUrl);
  if (typeof serverName !== "string") return fail("has a value of the wrong kind");
  const definition = names.get(serverName);
  if (definition === undefined) return fail("a name is whatever somebody's file calls a server, so a policy does not go by it; name the file that defines it with --servers");
  return matchOfDefinition(definition);
}

function nameOf(entry: unknown): string {
  return isObject(entry) && typeof entry["serverName"] === "string" ? ` (${entry["serverName"].slice(0, 60)})` : "";
}

function idText(entry: unknown, match: ServerMatch): string {
  if (isObject(entry) && typeof entry["serverName"] === "string") return entry["serverName"];
  if (match.url !== undefined) return String(match.url);
  return (match.command ?? []).filter((word) => !word.startsWith("-")).join("-");
}
