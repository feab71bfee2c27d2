/** What the trust score looks at: each attribute, what it can cost, and what was seen of it. Weights are judgement, published here. */
import type { ToolClass } from "../events/record.ts";
import type { DataSourceKind } from "./data-source.ts";
import { configuredPlaces, type ServerEntry } from "./entry.ts";
import { hostReach } from "./host-reach.ts";
import { NOTE, showsCredential } from "./notes.ts";

export const CATEGORY_WEIGHTS = { provenance: 18, version: 14, transport: 14, authentication: 14, capability: 18, definitions: 10, data: 7, protocol: 5 } as const;
export type Category = keyof typeof CATEGORY_WEIGHTS;

export type Attribute =
  | { readonly category: Category; readonly observed: true; readonly lost: number; readonly text: string }
  /** Costs half of `worst`. */
  | { readonly category: Category; readonly observed: false; readonly worst: number; readonly text: string };

export interface Cap {
  readonly at: number;
  readonly text: string;
}

/** Everything that applies to this server; categories without any attribute do not apply. */
export function attributesOf(entry: ServerEntry): Attribute[] {
  return [...provenance(entry), ...version(entry), ...transport(entry), ...authenticationAttributes(entry), ...capability(entry), ...definitions(entry), ...data(entry), ...protocol(entry)];
}

function seen(category: Category, lost: number, text: string): Attribute {
  return { category, observed: true, lost, text };
}

function unknown(category: Category, worst: number, text: string): Attribute {
  return { category, observed: false, worst, text };
}

function provenance({ admission }: ServerEntry): Attribute[] {
  const sanctioned = admission?.sanctioned ?? null;
  if (sanctioned === null) return [unknown("provenance", 18, "No policy has said yet whether your organization approves this server")];
  if (sanctioned) return [seen("provenance", 0, "Your organization approves this server")];
  const listed = admission?.effect === "allow";
  return [seen("provenance", listed ? 9 : 15, listed ? "Allowed by policy, but not marked as approved" : "Your organization has not approved this server")];
}

function version({ identity }: ServerEntry): Attribute[] {
  if (identity.kind === "remote") return [];
  const found = identity.package;
  const source = identity.args.find((arg) => /^git\+|^(github|gitlab|bitbucket):|\.git(#|@|$)/.test(arg));
  if (source && !/[@#][0-9a-f]{40}$/.test(source)) return [seen("version", 11, "Runs whatever the source repository holds today")];
  if (!found) return [unknown("version", 6, "Starts a program whose version is not written down")];
  if (found.version === undefined) return [seen("version", 6, `Takes the newest version of ${found.name} every time it starts`)];
  if (found.registry === "oci" && !found.version.startsWith("sha256:")) return [seen("version", 3, `Image tag ${found.version} can be moved to other content`)];
  return [seen("version", 0, `Version is fixed: ${found.version.slice(0, 40)}`)];
}

function transport({ identity, notes }: ServerEntry): Attribute[] {
  const out: Attribute[] = [];
  if (identity.kind === "remote") {
    const reach = hostReach(identity.url);
    if (identity.url.startsWith("https:")) out.push(seen("transport", 0, "Connection is encrypted"));
    else if (reach === "loopback") out.push(seen("transport", 1, "Not encrypted, but the connection stays on this computer"));
    else if (reach === "private") out.push(seen("transport", 10, "Connection is not encrypted on the local network"));
    else out.push(seen("transport", 14, "Connection is not encrypted: anyone on the way can read and change it"));
  } else {
    const open = identity.args.some((arg, index) => /^(--?(host|bind|address|listen)(=|$))/.test(arg) && /(^|=|\/\/)(0\.0\.0\.0|\[?::\]?)(:\d+)?$/.test(arg.includes("=") ? arg : (identity.args[index + 1] ?? "")));
    out.push(open ? seen("transport", 8, "Listens for connections from other computers") : seen("transport", 0, "Runs on this computer, messages do not cross the network"));
  }
  if (notes.includes(NOTE.tlsOff)) out.push(seen("transport", 10, "Certificate checks are turned off"));
  return out;
}

/** A credential seen on the wire or in a configuration counts, even if the first request came without one. */
export function authenticationOf({ authentication, notes }: ServerEntry): "some" | "none" | "unknown" {
  if (authentication.includes("bearer") || authentication.includes("other") || notes.some(showsCredential)) return "some";
  return authentication.includes("none") ? "none" : "unknown";
}

function authenticationAttributes(entry: ServerEntry): Attribute[] {
  const { identity, notes } = entry;
  const out: Attribute[] = [];
  if (identity.kind === "remote") {
    const found = authenticationOf(entry);
    const local = hostReach(identity.url) === "loopback";
    if (found === "some") out.push(seen("authentication", 0, "The client signs in to the server"));
    else if (found === "unknown") out.push(unknown("authentication", local ? 5 : 14, "Not seen yet whether the client signs in"));
    else out.push(seen("authentication", local ? 5 : 14, local ? "Any program on this computer can use it: no sign-in" : "Answers without any sign-in"));
  }
  if (notes.includes(NOTE.secretInUrl)) out.push(seen("authentication", 6, "A secret stands in the server's URL"));
  if ([NOTE.secretInArguments, NOTE.secretInEnvironment, NOTE.secretInHeader].some((note) => notes.includes(note))) {
    out.push(seen("authentication", 5, "A secret stands in plain text in a configuration file"));
  } else if (identity.kind === "local") {
    out.push(configuredPlaces(entry).length > 0 ? seen("authentication", 0, "No secret stands in the configuration file") : unknown("authentication", 5, "Its configuration file was not seen"));
  }
  return out;
}

const CAPABILITIES: readonly { readonly kind: ToolClass; readonly worst: number; readonly text: string }[] = [
  { kind: "execute", worst: 7, text: "can run commands or programs" },
  { kind: "money", worst: 5, text: "can move money" },
  { kind: "delete", worst: 4, text: "can delete things" },
  { kind: "send", worst: 3, text: "can send or publish" },
  { kind: "write", worst: 2, text: "can change data" },
];

const PRIVATE = new Set<DataSourceKind>(["files", "code", "database", "mail", "calendar", "tickets", "crm", "messages", "cloud-storage", "documents"]);
const UNTRUSTED = new Set<DataSourceKind>(["web", "mail", "tickets", "messages", "code"]);

function capability(entry: ServerEntry): Attribute[] {
  const { toolCounts, dataSource, identity } = entry;
  const out: Attribute[] = [];
  if (entry.tools.length === 0) {
    out.push(unknown("capability", 18, "Its tools have not been seen yet"));
  } else {
    const found = CAPABILITIES.filter(({ kind }) => (toolCounts[kind] ?? 0) > 0);
    for (const { kind, worst, text } of found) {
      const names = entry.tools.filter((tool) => tool.classes.includes(kind));
      out.push(seen("capability", worst, `${names.length === 1 ? "A tool" : `${names.length} tools`} ${text}`));
    }
    if (found.length === 0) out.push(seen("capability", 0, "Its tools only read, as far as their names tell"));
    if ((toolCounts.unknown ?? 0) > 0) out.push(unknown("capability", 4, "What some tools do cannot be told from their words"));
    const isPrivate = PRIVATE.has(dataSource.kind);
    const isUntrusted = UNTRUSTED.has(dataSource.kind);
    if (isPrivate) out.push(seen("capability", 2, `Reaches private data: ${dataSource.name}`));
    if (isUntrusted) out.push(seen("capability", 2, `Brings in text that strangers wrote: ${dataSource.name}`));
    if (isPrivate && isUntrusted && (toolCounts.send ?? 0) > 0) out.push(seen("capability", 4, "Private data, strangers' text and a way out meet in one server"));
  }
  if (identity.kind === "local" && dataSource.kind === "files" && identity.args.some((arg) => /^(\/|~\/?|[A-Za-z]:[/\\]?|\$\{?HOME\}?|%USERPROFILE%)$/.test(arg))) {
    out.push(seen("capability", 5, "May reach all files, not only one folder"));
  }
  return out;
}

function definitions({ tools, dataClasses, instructions }: ServerEntry): Attribute[] {
  if (tools.length === 0) return [unknown("definitions", 4, "Its tool descriptions have not been seen yet")];
  const changed = tools.filter((tool) => tool.digests.length > 1).length;
  const out = [changed > 0 ? seen("definitions", 4, changed === 1 ? "A tool changed its description since it was first seen" : `${changed} tools changed their descriptions since they were first seen`) : seen("definitions", 0, "Tool descriptions have not changed")];
  if (instructions && instructions.digests.length > 1) out.push(seen("definitions", 3, "It changed its instructions to the AI model since it was first seen"));
  if (dataClasses.some((item) => item.class.startsWith("threat."))) out.push(seen("definitions", 5, "Suspicious text was found in what it sends"));
  return out;
}

function data({ dataClasses, counts, places }: ServerEntry): Attribute[] {
  if (counts.requests + counts.responses === 0) return [unknown("data", 7, places.length > 0 ? "Configured, but no traffic seen yet" : "No traffic seen yet")];
  const has = (...families: string[]) => dataClasses.some((item) => families.some((family) => item.class.startsWith(`${family}.`)));
  const out: Attribute[] = [];
  if (has("secret")) out.push(seen("data", 5, "Secrets were seen in its traffic"));
  if (has("pii", "pci", "phi")) out.push(seen("data", 2, "Personal or payment data was seen in its traffic"));
  return out.length > 0 ? out : [seen("data", 0, "No sensitive data seen in its traffic")];
}

const PROTOCOL_COST: readonly (readonly [from: string, lost: number])[] = [["2026-07-28", 0], ["2025-11-25", 1], ["2025-06-18", 2], ["2025-03-26", 3]];

function protocol({ protocolVersions }: ServerEntry): Attribute[] {
  const newest = protocolVersions.filter((text) => /^\d{4}-\d{2}-\d{2}$/.test(text)).sort().at(-1);
  if (newest === undefined) return [unknown("protocol", 4, "Its protocol version has not been seen yet")];
  const lost = PROTOCOL_COST.find(([from]) => newest >= from)?.[1] ?? 4;
  return [seen("protocol", lost, lost === 0 ? `Speaks a current protocol version (${newest})` : `Speaks protocol version ${newest}, which lacks later safeguards`)];
}

/** Conditions that no good mark elsewhere makes up for. */
export function capsOf(entry: ServerEntry): Cap[] {
  const { identity, notes, toolCounts } = entry;
  const caps: Cap[] = [];
  if (notes.includes(NOTE.downloadAndRun)) caps.push({ at: 10, text: "Its start command downloads a script and runs it" });
  if (identity.kind === "local") {
    const runsContainer = identity.command === "docker" || identity.command === "podman";
    if (runsContainer && identity.args.some((arg) => arg === "--privileged" || arg.includes("docker.sock"))) caps.push({ at: 45, text: "Its container may control the whole computer" });
    return caps;
  }
  const exposed = hostReach(identity.url) !== "loopback";
  const found = authenticationOf(entry);
  if (exposed && found === "none" && ((toolCounts.execute ?? 0) > 0 || (toolCounts.delete ?? 0) > 0)) caps.push({ at: 35, text: "Anyone can run or delete things through it: no sign-in" });
  if (exposed && found === "some" && identity.url.startsWith("http:")) caps.push({ at: 35, text: "The sign-in travels unencrypted" });
  return caps;
}
