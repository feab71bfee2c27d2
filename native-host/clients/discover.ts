/** Finds every MCP server that the AI clients on this machine are configured to use. Reads only; runs nothing. */
import process from "node:process";
import type { Deployment, Unstamped } from "../../shared/events/record.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import { remoteServer } from "../../shared/mcp/identity.ts";
import type { HostPaths } from "../home.ts";
import { listenerAt, readListeners } from "../guard/http/listeners.ts";
import { compareDeployments, fileExists, readKnown, writeKnown } from "./changes.ts";
import { CLIENTS, patternsFor, type ClientKind, type ConfigLocation } from "./catalog.ts";
import { entriesAt, isRecord, normalise, type DiscoveredServer } from "./normalise.ts";
import { expandPattern, isLocalFolder } from "./paths.ts";
import { shownPath, thisPlace, type Place } from "./place.ts";
import { readConfig } from "./read.ts";

export type { DiscoveredServer } from "./normalise.ts";

export interface DiscoveryProblem {
  /** Home folder as `~`. */
  readonly file: string;
  readonly line?: number;
  readonly message: string;
  readonly fix: string;
}

export interface Discovery {
  readonly servers: readonly DiscoveredServer[];
  readonly problems: readonly DiscoveryProblem[];
  /** Full paths of files that were there and could be read. */
  readonly filesRead: readonly string[];
  /** Full paths of files that are there and could not be read: what they held last time still counts. */
  readonly filesFailed: readonly string[];
}

const MAX_PROJECTS = 200;

/** Looks at every place the catalogue names, for one person on one system. */
export async function discover(place: Place): Promise<Discovery> {
  const run = new Run(place);
  // User files first: they name the projects this person works in, and those have files of their own.
  for (const wanted of ["managed", "user", "plugin"] as const) await run.readScope(wanted, place);
  const projects = [...new Set([...place.projects, ...run.projects])].slice(0, MAX_PROJECTS);
  await run.readScope("project", { ...place, projects });
  return { servers: run.servers, problems: run.problems, filesRead: [...run.read], filesFailed: [...run.failed] };
}

/** Entries that point at a listening guard of ours, shown as what they are: the server behind it, guarded. */
export async function seeThroughGuards(paths: HostPaths, discovery: Discovery): Promise<Discovery> {
  const listeners = await readListeners(paths.state);
  if (listeners.length === 0) return discovery;
  const servers = discovery.servers.map((server) => {
    const listener = server.identity.kind === "remote" ? listenerAt(listeners, server.identity.url) : undefined;
    const identity = listener && remoteServer(listener.target);
    return identity ? { ...server, identity, guarded: true } : server;
  });
  return { ...discovery, servers };
}

/** What is new, different or gone since the last time, on this machine; remembers what it found. Nothing was known: everything is new. */
export async function discoverChanges(paths: HostPaths, place: Place = thisPlace(process.env, [])): Promise<readonly Unstamped<Deployment>[]> {
  return rememberChanges(paths, await seeThroughGuards(paths, await discover(place)));
}

/** The same for a discovery that was made already. */
export async function rememberChanges(paths: HostPaths, discovery: Discovery): Promise<readonly Unstamped<Deployment>[]> {
  const { deployments, known } = compareDeployments(await readKnown(paths), discovery, fileExists);
  if (deployments.length > 0) await writeKnown(paths, known);
  return deployments;
}

class Run {
  readonly servers: DiscoveredServer[] = [];
  readonly problems: DiscoveryProblem[] = [];
  readonly read = new Set<string>();
  readonly failed = new Set<string>();
  readonly projects = new Set<string>();
  private readonly place: Place;
  /** Two patterns may lead to one file. */
  private readonly done = new Set<string>();

  constructor(place: Place) {
    this.place = place;
  }

  async readScope(scope: ConfigLocation["scope"], place: Place): Promise<void> {
    for (const client of CLIENTS) {
      for (const location of client.locations) {
        if (location.scope !== scope) continue;
        for (const pattern of patternsFor(location, place.platform)) {
          for (const file of await expandPattern(pattern, place)) await this.readFile(client, location, file);
        }
      }
    }
  }

  private async readFile(client: ClientKind, location: ConfigLocation, file: string): Promise<void> {
    const key = `${client.slug} ${JSON.stringify(location.at)} ${file}`;
    if (this.done.has(key)) return;
    this.done.add(key);
    const shown = shownPath(file, this.place);
    const content = await readConfig(file, location.format);
    if (!content.ok) {
      this.failed.add(file);
      if (!this.problems.some((problem) => problem.file === shown)) this.problems.push({ file: shown, ...content.why });
      return;
    }
    if (content.value === undefined) return;
    this.read.add(file);
    if (location.scope === "user") this.collectProjects(content.value);
    const off = turnedOff(content.value);
    for (const { name, entry, project } of entriesAt(content.value, location.at)) {
      const shownName = plainText(name, 120);
      const normalised = normalise(off.has(`${project ?? ""}\n${name}`) && isRecord(entry) ? { ...entry, disabled: true } : entry, {
        client: { id: `client:${client.slug}`, name: client.name },
        scope: location.scope,
        path: file,
        file: shown,
        name: shownName,
        ...(project === undefined ? {} : { project: shownPath(plainText(project, 300), this.place) }),
      });
      if (normalised.kind === "server") this.servers.push(normalised.server);
      else if (normalised.kind === "unclear") this.problems.push({ file: shown, message: `entry “${shownName}” ${normalised.message}`, fix: normalised.fix });
    }
  }

  /** Claude Code and Codex keep their projects by path under `projects`. */
  private collectProjects(document: unknown): void {
    if (!isRecord(document) || !isRecord(document["projects"])) return;
    for (const folder of Object.keys(document["projects"])) if (isLocalFolder(folder) && this.projects.size < MAX_PROJECTS) this.projects.add(folder);
  }
}

/** Claude Code keeps switched-off servers in a list beside them. */
function turnedOff(document: unknown): Set<string> {
  const off = new Set<string>();
  if (!isRecord(document) || !isRecord(document["projects"])) return off;
  for (const [folder, settings] of Object.entries(document["projects"])) {
    const list = isRecord(settings) ? settings["disabledMcpServers"] : undefined;
    if (Array.isArray(list)) for (const name of list) off.add(`${folder}\n${String(name)}`);
  }
  return off;
}
