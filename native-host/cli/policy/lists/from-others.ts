/** The lists of Gemini CLI and VS Code, `managed-mcp.json`, and a registry's list of servers. */
import { fail, ok, type Result } from "../../../../shared/base/result.ts";
import { isObject } from "../../../../shared/mcp/message.ts";
import type { AdmissionEntry, Effect, Rule, ServerMatch } from "../../../../shared/policy/language.ts";
import { definitionsIn, matchOfDefinition, matchOfUrl, matchOfUrlPattern, type Named } from "./definitions.ts";
import { idGiver, type Imported, type Loss } from "./imported.ts";

/** Gemini CLI: `mcp.allowed` and `mcp.excluded` by name, definitions beside them, `includeTools` and `excludeTools` inside. */
export function importGemini(settings: unknown, names: Named): Result<Imported> {
  if (!isObject(settings)) return fail("is no set of keys");
  const mcp = isObject(settings["mcp"]) ? settings["mcp"] : {};
  const defined: Named = new Map([...names, ...(definitionsIn(settings) ?? [])]);
  const { allowed, excluded = [] } = mcp;
  if (allowed === undefined && mcp["excluded"] === undefined && defined.size === 0) return fail("has neither mcp.allowed, mcp.excluded nor mcpServers");
  if ((allowed !== undefined && !Array.isArray(allowed)) || !Array.isArray(excluded)) return fail("has an mcp.allowed or mcp.excluded that is no list");
  const losses: Loss[] = [];
  const servers: AdmissionEntry[] = [];
  const rules: Rule[] = [];
  const newId = idGiver();
  const out = new Set(excluded.map(String));
  const listed = allowed === undefined ? [...defined.keys()] : (allowed as unknown[]).map(String);
  for (const name of [...listed.filter((each) => !out.has(each)), ...out]) {
    const effect: Effect = out.has(name) ? "block" : "allow";
    const about = effect === "block" ? `mcp.excluded (${name})` : `mcp.allowed (${name})`;
    const definition = defined.get(name);
    if (definition === undefined) {
      losses.push({ about, why: "only the name is known; name the file that defines it with --servers", looser: effect === "block" });
      continue;
    }
    const match = matchOfDefinition(definition);
    if (!match.ok) {
      losses.push({ about, why: match.why, looser: effect === "block" });
      continue;
    }
    const id = newId(name);
    const { excludeTools, includeTools, trust } = definition as Record<string, unknown>;
    const without = toolNames(excludeTools);
    servers.push({ id, match: match.value, effect, ...(effect === "allow" && without.length > 0 && { tools: [{ name: without, effect: "block" as const }] }) });
    const only = toolNames(includeTools);
    if (effect === "allow" && only.length > 0) rules.push({ id: newId(`${id}-other-tools`), title: `Only listed tools of ${name}`, when: { server: { id }, method: "tools/call" }, unless: { tool: only }, effect: "block" });
    if (trust === true) losses.push({ about: `mcpServers.${name}.trust`, why: "it spares the person the client's own questions, which a policy does not rule", looser: false });
  }
  return ok({ title: "Gemini CLI servers", byDefault: allowed === undefined ? "monitor" : "block", servers, rules, losses, notes: ["The lists were for one client; here they hold for every AI app on the computer."] });
}

/** A tool may be written with its arguments, `run(git)`: then the whole tool is meant here. */
function toolNames(value: unknown): string[] {
  return Array.isArray(value) ? [...new Set(value.map((each) => String(each).replace(/\(.*$/s, "").trim()).filter((each) => each !== ""))] : [];
}

const ACCESS: Readonly<Record<string, "all" | "registry" | "none">> = { allowed: "all", all: "all", registryOnly: "registry", registry: "registry", off: "none", none: "none" };

/** VS Code: `chat.mcp.access`, and for "registry only" the registry's own list. */
export function importVsCode(settings: unknown, registry: unknown): Result<Imported> {
  if (!isObject(settings)) return fail("is no set of keys");
  const value = settings["chat.mcp.access"] ?? settings["ChatMCP"];
  const access = typeof value === "string" && Object.hasOwn(ACCESS, value) ? ACCESS[value] : undefined;
  if (access === undefined) return fail(value === undefined ? "has no chat.mcp.access" : "has a chat.mcp.access that is none of allowed, registryOnly and off");
  const title = "VS Code servers";
  if (access === "all") return ok({ title, byDefault: "monitor", servers: [], rules: [], losses: [], notes: ["VS Code let every server be used."] });
  if (access === "none") return ok({ title, byDefault: "block", servers: [], rules: [], losses: [], notes: ["VS Code let no server be used; here that holds for every AI app on the computer."] });
  if (registry === undefined) {
    const where = settings["chat.mcp.gallery.serviceUrl"] ?? settings["McpGalleryServiceUrl"];
    return ok({ title, byDefault: "block", servers: [], rules: [], losses: [{ about: "chat.mcp.access: registryOnly", why: `the registry's servers are not in this file; save its v0.1/servers${typeof where === "string" ? ` (from ${where.slice(0, 200)})` : ""} and name it with --servers`, looser: false }], notes: [] });
  }
  const imported = importRegistry(registry);
  return imported.ok ? ok({ ...imported.value, title }) : imported;
}

/** `managed-mcp.json`: these servers and no others. */
export function importManagedMcp(value: unknown): Result<Imported> {
  const defined = definitionsIn(value);
  if (!defined) return fail("has no mcpServers");
  const newId = idGiver();
  const losses: Loss[] = [];
  const servers: AdmissionEntry[] = [];
  for (const [name, definition] of defined) {
    const match = matchOfDefinition(definition);
    if (match.ok) servers.push({ id: newId(name), title: name.slice(0, 200), match: match.value, effect: "allow" });
    else losses.push({ about: `mcpServers.${name}`, why: match.why, looser: false });
  }
  return ok({ title: "Managed servers", byDefault: "block", servers, rules: [], losses, notes: ["Variables and headers of the servers stay in managed-mcp.json: a policy holds no secrets."] });
}

const REGISTRIES: Readonly<Record<string, string>> = { npm: "npm", pypi: "pypi", oci: "oci" };

/** The answer of `GET /v0.1/servers`. */
export function importRegistry(value: unknown): Result<Imported> {
  const list = isObject(value) ? value["servers"] : undefined;
  if (!Array.isArray(list)) return fail("has no list of servers, as a registry's v0.1/servers has");
  const newId = idGiver();
  const losses: Loss[] = [];
  const servers: AdmissionEntry[] = [];
  let versions = 0;
  for (const each of list as unknown[]) {
    const server = isObject(each) && isObject(each["server"]) ? each["server"] : each;
    if (!isObject(server) || typeof server["name"] !== "string") continue;
    const { name } = server;
    if (statusOf(each) === "deleted") continue;
    if (statusOf(each) === "deprecated") losses.push({ about: name, why: "the registry calls it deprecated; it is allowed all the same", looser: false });
    for (const remote of objects(server["remotes"])) {
      const match = matchOfRemote(remote);
      if (match.ok) servers.push(entryOf(newId(shortName(name)), server, match.value));
      else losses.push({ about: name, why: match.why, looser: false });
    }
    for (const item of objects(server["packages"])) {
      const registry = REGISTRIES[String(item["registryType"])];
      if (registry === undefined || typeof item["identifier"] !== "string") losses.push({ about: name, why: `packages of kind ${String(item["registryType"]).slice(0, 20)} cannot be told from a command`, looser: false });
      else {
        servers.push(entryOf(newId(shortName(name)), server, { package: `${registry}:${packageName(registry, item["identifier"])}` }));
        if (item["version"] !== undefined) versions++;
      }
    }
  }
  if (versions > 0) losses.push({ about: "versions", why: `the registry names a version of ${versions === 1 ? "one package" : `${versions} packages`}; the policy allows every version (add "version" to an entry to pin it)`, looser: true });
  return ok({ title: "Servers of a registry", byDefault: "block", servers, rules: [], losses, notes: [] });
}

function matchOfRemote(remote: Record<string, unknown>): Result<ServerMatch> {
  if (typeof remote["url"] !== "string") return fail("a remote has no url");
  const template = remote["url"].replace(/\{[^{}]*\}/g, "*");
  return template.includes("*") ? matchOfUrlPattern(template) : matchOfUrl(template);
}

function entryOf(id: string, server: Record<string, unknown>, match: ServerMatch): AdmissionEntry {
  const title = typeof server["title"] === "string" ? server["title"] : String(server["name"]);
  return { id, title: title.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ").slice(0, 200), match, effect: "allow" };
}

function statusOf(item: unknown): unknown {
  const meta = isObject(item) ? item["_meta"] : undefined;
  const official = isObject(meta) ? meta["io.modelcontextprotocol.registry/official"] : undefined;
  return isObject(official) ? official["status"] : undefined;
}

/** An image's tag or digest is its version. */
function packageName(registry: string, identifier: string): string {
  return registry === "oci" ? identifier.replace(/@.*$/s, "").replace(/:[^/:]*$/, "") : identifier;
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function objects(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
