/** From one entry of a configuration file, in any client's shape, to a server that we understand. Values of variables and headers end here: only their names go on. */
import { remoteServer, type ClientIdentity, type LocalServerIdentity, type ServerIdentity } from "../../shared/mcp/identity.ts";
import type { Transport } from "../../shared/mcp/channel.ts";
import { launchedServer, unwrapGuard, unwrapShim, type Launch } from "../../shared/mcp/launch.ts";
import { maskArguments } from "../../shared/mcp/mask-arguments.ts";
import { looksOpaque, MASK, maskKnownForms, namesSecret } from "../../shared/mcp/opaque.ts";
import { scan } from "../../shared/inspect/data/scan.ts";
import { bridgeNote, environmentNote, headerNote, NOTE } from "../../shared/inventory/notes.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import type { Scope } from "./catalog.ts";

export interface DiscoveredServer {
  readonly client: ClientIdentity;
  readonly scope: Scope;
  /** Full path. */
  readonly path: string;
  /** For people and records: the home folder as `~`. */
  readonly file: string;
  /** Project folder that the entry is for, when the file holds entries of several. */
  readonly project?: string;
  readonly name: string;
  readonly transport: Transport;
  readonly identity: ServerIdentity;
  readonly guarded: boolean;
  readonly enabled: boolean;
  readonly envNames: readonly string[];
  readonly headerNames: readonly string[];
  readonly notes: readonly string[];
}

/** Where an entry was found. */
export type EntryPlace = Pick<DiscoveredServer, "client" | "scope" | "path" | "file" | "project" | "name">;

export type Normalised =
  | { readonly kind: "server"; readonly server: DiscoveredServer }
  /** Built into the client, or filled in by a plugin: nothing is started or called from here. */
  | { readonly kind: "built-in" }
  | { readonly kind: "unclear"; readonly message: string; readonly fix: string };

type Entry = Readonly<Record<string, unknown>>;

/** Reads one entry. Nothing is run, looked up or expanded. */
export function normalise(entry: unknown, place: EntryPlace): Normalised {
  if (!isRecord(entry)) return { kind: "unclear", message: "is not a set of keys", fix: "Give the entry a command or a url." };
  const env = pairs(entry["env"], entry["envs"], entry["environment"]);
  const headers = pairs(entry["headers"], entry["http_headers"], entry["requestInit"] && isRecord(entry["requestInit"]) ? entry["requestInit"]["headers"] : undefined);
  const envNames = names([...env.map(([name]) => name), ...strings(entry["env_keys"]), ...strings(entry["env_vars"])]);
  const headerNames = names([...headers.map(([name]) => name), ...keys(entry["env_http_headers"]), ...(typeof entry["bearer_token_env_var"] === "string" || isRecord(entry["auth"]) || isRecord(entry["oauth"]) ? ["Authorization"] : [])]);
  const notes = new Set<string>([...envNames.map(environmentNote), ...headerNames.map(headerNote)]);
  if (env.some(([name, value]) => isLiteralSecret(name, value))) notes.add(NOTE.secretInEnvironment);
  if (headers.some(([name, value]) => isLiteralSecret(name, value))) notes.add(NOTE.secretInHeader);
  noteEnvironment(env, notes);
  if (hasItems(entry["autoApprove"]) || hasItems(entry["alwaysAllow"]) || entry["trust"] === true || entry["default_tools_approval_mode"] === "approve") notes.add(NOTE.autoApproved);
  if (place.scope === "project") notes.add(NOTE.projectFile);
  const enabled = entry["disabled"] !== true && entry["enabled"] !== false;
  if (!enabled) notes.add(NOTE.turnedOff);

  const target = targetOf(entry, notes);
  if (!("identity" in target)) return target;
  return { kind: "server", server: { ...place, name: plainText(place.name, 120), ...target, enabled, envNames, headerNames, notes: [...notes] } };
}

/** Records refuse longer ones. */
const MAX_URL_CHARS = 4000;

type Target = Pick<DiscoveredServer, "identity" | "transport" | "guarded">;

function targetOf(entry: Entry, notes: Set<string>): Target | Exclude<Normalised, { kind: "server" }> {
  const launch = launchOf(entry);
  if (launch) {
    const unwrapped = unwrapGuard(launch);
    if (unwrapped.kind === "guarded-url") return remoteTarget(unwrapped.url, entry, notes, true);
    return { identity: localIdentity(unwrapped.launch, notes), transport: "stdio", guarded: unwrapped.kind === "guarded" };
  }
  const url = ["url", "httpUrl", "serverUrl", "uri"].map((key) => entry[key]).find((value) => typeof value === "string" && value !== "");
  if (typeof url === "string") return remoteTarget(url, entry, notes, false);
  const type = typeof entry["type"] === "string" ? entry["type"] : "";
  if (/^(builtin|platform|frontend|inline_python|sdk)$/.test(type) || entry["source"] === "extension" || isRecord(entry["settings"]) || typeof entry["enabled"] === "boolean") return { kind: "built-in" };
  return { kind: "unclear", message: "has neither a command nor a URL", fix: "Add a command or a url, or remove the entry." };
}

/** `command` may be a word, a list, a line, or a set with a path; some clients say `cmd`. */
function launchOf(entry: Entry): Launch | undefined {
  let command = entry["command"] ?? entry["cmd"];
  let args = strings(entry["args"]);
  if (isRecord(command)) {
    args = args.length > 0 ? args : strings(command["args"]);
    command = command["path"] ?? command["command"];
  }
  if (Array.isArray(command)) {
    const [first, ...rest] = strings(command);
    return first === undefined ? undefined : { command: first, args: [...rest, ...args] };
  }
  if (typeof command !== "string" || command.trim() === "") return undefined;
  // A whole line as command: split it, unless the blank stands inside a path (`C:\Program Files\…`).
  const [head = "", ...tail] = command.trim().split(/\s+/);
  return args.length === 0 && tail.length > 0 && !/[/\\]/.test(head) ? { command: head, args: tail } : { command: command.trim(), args };
}

function localIdentity(launch: Launch, notes: Set<string>): LocalServerIdentity {
  const { args } = unwrapShim(launch);
  const identity = launchedServer(launch.command, launch.args);
  const shown = identity.args.map(maskFound);
  const original = args.join("\u0000");
  const isMasked = [...identity.args, ...shown].some((arg) => arg.includes(MASK));
  if (isMasked && hasLiteral(args, maskArguments(args), shown)) notes.add(NOTE.secretInArguments);
  if (/(curl|wget|iwr|invoke-webrequest)\b[^|]*\|\s*(sudo\s+)?(ba|z|da)?sh\b|\b(iex|invoke-expression)\b|\b(ba|z)?sh\s+<\(\s*(curl|wget)/i.test(original)) notes.add(NOTE.downloadAndRun);
  const behind = identity.package?.name === "mcp-remote" ? identity.args.find((arg) => /^https?:\/\//.test(arg)) : undefined;
  const bridged = behind === undefined ? undefined : remoteServer(behind);
  if (bridged) notes.add(bridgeNote(bridged.url));
  // The id comes from structure alone, so that it is the guard's id too and outlives new detectors; what is shown is masked twice.
  return { ...identity, args: shown };
}

/** Was something masked that is a value and not only a reference to a variable? */
function hasLiteral(args: readonly string[], masked: readonly string[], shown: readonly string[]): boolean {
  return args.some((arg, index) => {
    if (masked[index] === arg && shown[index] === arg) return false;
    const value = arg.replace(/^-{0,2}[A-Za-z][\w.-]*[=:]\s*/, "").replace(/^(bearer|basic)\s+/i, "");
    return value !== "" && !isReference(value);
  });
}

/** Second look, with every detector of this build. */
function maskFound(arg: string): string {
  const { matches } = scan(arg);
  let out = "";
  let at = 0;
  for (const match of matches) {
    if (!/^(secret|pii|pci)\./.test(match.class) || match.start < at) continue;
    out += arg.slice(at, match.start) + MASK;
    at = match.end;
  }
  return out + arg.slice(at);
}

function remoteTarget(url: string, entry: Entry, notes: Set<string>, guarded: boolean): Target | Exclude<Normalised, { kind: "server" }> {
  const identity = remoteServer(url);
  if (!identity || identity.url.length > MAX_URL_CHARS) return { kind: "unclear", message: "has an address that is no web address", fix: "Give a URL that begins with https://." };
  if (urlHoldsSecret(url, identity.url)) notes.add(NOTE.secretInUrl);
  const type = String(entry["type"] ?? entry["transport"] ?? "").toLowerCase();
  const isSse = type === "sse" || (type === "" && entry["httpUrl"] === undefined && /\/sse\/?$/.test(new URL(identity.url).pathname));
  const transport: Transport = /^wss?:/i.test(url) ? "websocket" : isSse ? "sse" : "streamable-http";
  return { identity, transport, guarded };
}

function urlHoldsSecret(url: string, shown: string): boolean {
  const parsed = new URL(url);
  if (/\/masked-[0-9a-f]{8}/.test(shown) || (parsed.password !== "" && !isReference(decodeURIComponent(parsed.password)))) return true;
  for (const part of parsed.search.slice(1).split("&")) {
    const [name = "", value = ""] = part.split("=");
    if (value !== "" && !isReference(value) && (namesSecret(name) || looksOpaque(value) || maskKnownForms(value) !== value)) return true;
  }
  return false;
}

function isLiteralSecret(name: string, value: unknown): boolean {
  if (typeof value !== "string" || value === "" || isReference(value.replace(/^(bearer|basic|token)\s+/i, ""))) return false;
  return namesSecret(name) || looksOpaque(value) || maskKnownForms(value) !== value || scan(value, { key: name }).matches.some((match) => match.class.startsWith("secret."));
}

/** `${TOKEN}`, `$TOKEN`, `%TOKEN%`, `{env:TOKEN}`, `${input:token}`, `{{ token }}`, `<your token>`: names a value, is none. */
function isReference(value: string): boolean {
  return /^(\$\{[^}]*\}|\$[A-Za-z_]\w*|%(25)?[A-Za-z_]\w*%(25)?|\{[a-z]+:[^}]*\}|\{\{[^}]*\}\}|<[^>]*>|%7B.*%7D|\$%7B.*%7D)$/.test(value.trim());
}

const LOADER_VARIABLES = /^(LD_PRELOAD|LD_LIBRARY_PATH|DYLD_INSERT_LIBRARIES|DYLD_LIBRARY_PATH|BASH_ENV|PYTHONSTARTUP|NODE_OPTIONS)$/;

function noteEnvironment(env: readonly (readonly [string, unknown])[], notes: Set<string>): void {
  for (const [name, value] of env) {
    if (name === "NODE_TLS_REJECT_UNAUTHORIZED" && String(value) === "0") notes.add(NOTE.tlsOff);
    if (name === "PYTHONHTTPSVERIFY" && String(value) === "0") notes.add(NOTE.tlsOff);
    if (LOADER_VARIABLES.test(name) && (name !== "NODE_OPTIONS" || /--(require|import|loader)|(^|\s)-r\s/.test(String(value)))) notes.add(NOTE.environmentHijack);
  }
}

/** Servers in a document: `[name, entry, project?]`. */
export function entriesAt(document: unknown, at: readonly (readonly string[])[] | "generic"): { name: string; entry: unknown; project?: string }[] {
  if (at === "generic") return generic(document);
  return at.flatMap((path) => follow(document, path, undefined));
}

const MAX_ENTRIES = 500;
const GENERIC_KEYS = [["mcpServers"], ["mcp", "servers"], ["servers"], ["mcp_servers"], ["context_servers"], ["amp.mcpServers"], ["mcp"], ["extensions"]] as const;

function generic(document: unknown): { name: string; entry: unknown }[] {
  for (const path of GENERIC_KEYS) {
    const found = follow(document, path, undefined).filter(({ entry }) => looksLikeServer(entry));
    if (found.length > 0) return found;
  }
  return isRecord(document) && Object.values(document).length > 0 && Object.values(document).every(looksLikeServer) ? entries(document) : [];
}

function looksLikeServer(value: unknown): boolean {
  return isRecord(value) && ["command", "cmd", "url", "httpUrl", "serverUrl", "uri"].some((key) => value[key] !== undefined);
}

function follow(value: unknown, path: readonly string[], project: string | undefined): { name: string; entry: unknown; project?: string }[] {
  const [key, ...rest] = path;
  if (key === undefined) return entries(value).map((found) => (project === undefined ? found : { ...found, project }));
  if (!isRecord(value)) return [];
  // The only wildcards in our data are folders (Claude Code) and profile names (Codex).
  if (key === "*") return Object.entries(value).slice(0, MAX_ENTRIES).flatMap(([name, inner]) => follow(inner, rest, name));
  return Object.hasOwn(value, key) ? follow(value[key], rest, project) : [];
}

function entries(value: unknown): { name: string; entry: unknown }[] {
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry: unknown, index) => ({ name: isRecord(entry) && typeof entry["name"] === "string" ? entry["name"] : `server ${index + 1}`, entry }));
  if (!isRecord(value)) return [];
  // In opencode's older form servers stand beside the key `servers` of the newer one.
  return Object.entries(value).slice(0, MAX_ENTRIES).filter(([name, entry]) => name !== "servers" || looksLikeServer(entry) || !isRecord(entry) || !Object.values(entry).some(looksLikeServer)).map(([name, entry]) => ({ name, entry }));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string" || typeof item === "number").map(String) : [];
}

function keys(value: unknown): string[] {
  return isRecord(value) ? Object.keys(value) : [];
}

/** `{NAME: value}`, or VS Code's and others' `[{name, value}]`. */
function pairs(...sources: unknown[]): (readonly [string, unknown])[] {
  return sources.flatMap((source) => {
    if (Array.isArray(source)) return source.filter(isRecord).map((item) => [String(item["name"] ?? ""), item["value"]] as const);
    return isRecord(source) ? Object.entries(source) : [];
  });
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** A name that is none of the usual may be a value in the wrong place. */
function names(list: readonly string[]): string[] {
  const safe = list.map((name) => (/^[A-Za-z_][A-Za-z0-9_.-]{0,79}$/.test(name) && !looksOpaque(name) && maskKnownForms(name) === name ? name : "(unusual name)"));
  return [...new Set(safe)].slice(0, 50);
}
