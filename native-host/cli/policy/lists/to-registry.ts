/** A static registry (API v0.1) of the servers that a policy allows: each route is a folder with its `index.json`, so that any web server can serve it. */
import type { AdmissionEntry, Policy } from "../../../../shared/policy/language.ts";
import { listOf } from "../../../../shared/policy/review/patterns.ts";
import { exactVersion, jsonFile, listedEntries, restDifferences, type Difference, type Exported, type ExportedFile, type ExportOptions } from "./exported.ts";

const SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";
const OFFICIAL = "io.modelcontextprotocol.registry/official";
const OURS = "dev.sluice/policy";
const HINTS: Readonly<Record<string, string>> = { npm: "npx", pypi: "uvx", oci: "docker" };

/** @param namespace reverse domain of whoever publishes, `com.example`. @param now Unix milliseconds, for `updatedAt`. */
export function exportRegistry(policy: Policy, options: ExportOptions, namespace: string, now: number): Exported {
  // A registry names packages, so what other lists narrow to command lines is no difference here.
  const { differences: asList } = listedEntries(policy, options);
  const differences: Difference[] = asList.filter(({ why }) => why.includes("left out"));
  const left = new Set(differences.map(({ about }) => about));
  const version = `1.0.${policy.revision}`;
  const items: { name: string; item: object }[] = [];
  for (const entry of policy.admission.servers) {
    if (entry.effect === "block" || left.has(entry.id)) continue;
    const places = placesOf(entry, differences);
    if (!places) continue;
    const name = `${namespace}/${entry.id}`;
    const server = { $schema: SCHEMA, name, title: (entry.title ?? entry.id).slice(0, 100), description: `${entry.title ?? entry.id}, allowed by ${policy.title ?? policy.id}`.slice(0, 100), version, ...places };
    const verdict = { effect: entry.effect, sanctioned: entry.sanctioned ?? false, ...(entry.owner !== undefined && { owner: entry.owner }), policy: policy.id, revision: policy.revision };
    const at = new Date(now).toISOString();
    items.push({ name, item: { server, _meta: { [OFFICIAL]: { status: "active", publishedAt: at, updatedAt: at, isLatest: true }, [OURS]: verdict } } });
  }
  const files: ExportedFile[] = [route("v0.1/servers", listing(items))];
  for (const { name, item } of items) {
    const base = `v0.1/servers/${encodeURIComponent(name)}/versions`;
    files.push(route(base, listing([{ item }])), route(`${base}/${version}`, item), route(`${base}/latest`, item));
  }
  if (options.wrapped) differences.push({ about: "--wrapped", why: "a registry names packages, not command lines; the guard is put in front when a server is installed" });
  return { files, differences: [...differences, ...restDifferences(policy)] };
}

function route(path: string, value: unknown): ExportedFile {
  return jsonFile(`${path}/index.json`, value);
}

function listing(items: readonly { item: object }[]): object {
  return { servers: items.map(({ item }) => item), metadata: { count: items.length } };
}

function placesOf({ id, match }: AdmissionEntry, differences: Difference[]): object | null {
  const { url, package: packages } = match;
  if (url !== undefined) {
    const exact = listOf(url).filter((each) => !each.includes("*"));
    if (exact.length < listOf(url).length) differences.push({ about: id, why: `${exact.length === 0 ? "is a pattern over addresses" : "some of its addresses are patterns"}, and a registry names single servers, so ${exact.length === 0 ? "it is" : "they are"} left out` });
    return exact.length === 0 ? null : { remotes: exact.map((each) => ({ type: "streamable-http", url: each })) };
  }
  if (packages !== undefined) {
    const exact = listOf(packages).filter((each) => !each.includes("*"));
    if (exact.length < listOf(packages).length) differences.push({ about: id, why: "patterns over packages are left out: a registry names single ones" });
    const pinned = exactVersion(match);
    return exact.length === 0 ? null : { packages: exact.map((each) => packageOf(each, pinned)) };
  }
  if (match.command !== undefined) differences.push({ about: id, why: "is known by its command only, and a registry names packages and addresses, so it is left out" });
  return null;
}

function packageOf(text: string, version: string | undefined): object {
  const [registry = "", identifier = ""] = text.split(/:(.*)/s);
  return { registryType: registry, identifier, ...(version !== undefined && { version }), ...(HINTS[registry] !== undefined && { runtimeHint: HINTS[registry] }), transport: { type: "stdio" } };
}
