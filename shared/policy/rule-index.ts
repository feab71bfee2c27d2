/** Finds the few rules that a message can concern among thousands, by what they name: a tool or how it begins, a server, a client. */
import type { Facts } from "./decision.ts";
import type { Condition } from "./language.ts";
import { readUrlPattern } from "./url-pattern.ts";

const DIMENSIONS = ["tool", "entry", "package", "host", "command", "client"] as const;
type Dimension = (typeof DIMENSIONS)[number];
type Named = Pick<Condition, "tool" | "server" | "client">;

/** Stands for "any key of this dimension": what a message asks for when it does not know its own. */
const ANY = "*";

export class RuleIndex<T> {
  readonly #general: T[] = [];
  readonly #buckets = new Map<string, T[]>();

  /** @param named the part of an item's condition that must hold for it to matter. */
  constructor(items: readonly T[], named: (item: T) => Named) {
    const anchors = items.map((item) => anchorsOf(named(item)));
    const uses = new Map<string, number>();
    for (const { keys } of anchors.flat()) for (const key of keys) uses.set(key, (uses.get(key) ?? 0) + 1);
    for (const [at, item] of items.entries()) {
      const best = leastUsed(anchors[at]!, uses);
      if (!best) this.#general.push(item);
      else for (const key of [...best.keys, `${best.dimension} ${ANY}`]) this.#bucket(key).push(item);
    }
  }

  /** Items that name nothing. */
  get general(): readonly T[] {
    return this.#general;
  }

  /** Items that name what this message is about. @param entries ids of server entries that may match it. */
  named(facts: Facts, entries: readonly string[]): readonly T[] {
    if (this.#buckets.size === 0) return [];
    const found: T[][] = [];
    const look = (key: string): void => {
      const bucket = this.#buckets.get(key);
      if (bucket) found.push(bucket);
    };
    const { server, client } = facts.channel;
    if (facts.unplaced || facts.tool === undefined) look(`tool ${ANY}`);
    else if (facts.tool !== null) {
      look(`tool ${plain(facts.tool)}`);
      look(`tool ${beginning(facts.tool)}`);
    }
    for (const entry of entries) look(`entry ${plain(entry)}`);
    if (server.kind === "remote") look(`host ${hostOf(server.url)}`);
    else {
      look(`command ${plain(server.command)}`);
      if (server.package) look(`package ${plain(`${server.package.registry}:${server.package.name}`)}`);
    }
    look(client.id === "client:unknown" ? `client ${ANY}` : `client ${plain(client.id)}`);
    if (found.length < 2) return found[0] ?? [];
    // One rule may name several server entries, and a server match several.
    return [...new Set(found.flat())];
  }

  #bucket(key: string): T[] {
    let bucket = this.#buckets.get(key);
    if (!bucket) this.#buckets.set(key, (bucket = []));
    return bucket;
  }
}

interface Anchor {
  readonly dimension: Dimension;
  readonly keys: readonly string[];
}

/** A name that begins with the sign for "any" must not be taken for it. */
function plain(text: string): string {
  return `=${text}`;
}

function anchorsOf({ tool, server, client }: Named): Anchor[] {
  const anchors: Anchor[] = [];
  const add = (dimension: Dimension, patterns: string | readonly string[] | undefined, read: (pattern: string) => string | null = literal): void => {
    if (patterns === undefined) return;
    const names = (typeof patterns === "string" ? [patterns] : patterns).map(read);
    if (names.every((name) => name !== null)) anchors.push({ dimension, keys: [...new Set(names)].map((name) => `${dimension} ${name}`) });
  };
  add("tool", tool, (pattern) => literal(pattern) ?? prefixOf(pattern));
  add("entry", server?.id, plain);
  add("package", server?.package);
  add("host", server?.url, hostIn);
  add("command", server?.command?.[0]);
  add("client", client?.id);
  return anchors;
}

function literal(pattern: string): string | null {
  return pattern.includes("*") ? null : plain(pattern);
}

function hostIn(pattern: string): string | null {
  const read = readUrlPattern(pattern);
  return read.ok && read.value.host !== null ? read.value.host : null;
}

/** So many letters of a name tell most verbs apart: `delete_*`. */
const BEGINNING = 4;

function beginning(text: string): string {
  return `^${text.slice(0, BEGINNING)}`;
}

function prefixOf(pattern: string): string | null {
  return pattern.indexOf("*") >= BEGINNING ? beginning(pattern) : null;
}

/** Host name of an identity's URL, without port. */
function hostOf(url: string): string {
  const start = url.indexOf("://") + 3;
  const slash = url.indexOf("/", start);
  const authority = url.slice(start, slash < 0 ? url.length : slash);
  const port = /:\d+$/.exec(authority);
  return port ? authority.slice(0, port.index) : authority;
}

function leastUsed(anchors: readonly Anchor[], uses: ReadonlyMap<string, number>): Anchor | undefined {
  const weight = ({ keys }: Anchor): number => keys.reduce((sum, each) => sum + uses.get(each)!, 0);
  return anchors.length === 0 ? undefined : anchors.reduce((a, b) => (weight(b) < weight(a) ? b : a));
}
