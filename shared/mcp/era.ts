/** Which protocol era one message speaks. Decided per message, never per connection: mixed clients exist. */
import type { Era } from "./method-facts.ts";
import { methodNamed } from "./methods.ts";
import { isObject, member, type Envelope, type JsonObject } from "./message.ts";

export type { Era } from "./method-facts.ts";

const META = "io.modelcontextprotocol/";

/** The era of a request or notification by its `_meta` (2026-07-28: `protocolVersion` is required there) or by a method only one era has. */
export function eraOfRequest(method: string, params: JsonObject): Era {
  if (member(params, "_meta", `${META}protocolVersion`) !== undefined) return "modern";
  const facts = methodNamed(method);
  return facts && facts.eras.length === 1 && facts.eras[0] === "modern" ? "modern" : "legacy";
}

export interface PeerInfo {
  readonly name: string;
  readonly version?: string;
  readonly title?: string;
}

/** What one message tells of versions and peers. Absent fields: it does not say. Self-reported: for display only. */
export interface Introduction {
  readonly protocolVersion?: string;
  readonly clientInfo?: PeerInfo;
  readonly serverInfo?: PeerInfo;
  readonly capabilities?: readonly string[];
  readonly extensions?: readonly string[];
  /** The whole text: whoever keeps it decides how much of it. */
  readonly instructions?: string;
}

const NOTHING: Introduction = {};

/** @param answered method that a response answers; null for requests. */
export function introductionOf(envelope: Envelope, answered: string | null): Introduction {
  if (envelope.kind === "request" || envelope.kind === "notification") {
    if (envelope.method === "initialize") return tidy({ protocolVersion: text(envelope.params["protocolVersion"]), clientInfo: peerInfo(envelope.params["clientInfo"]) });
    const meta = envelope.params["_meta"];
    if (meta === undefined) return NOTHING;
    return tidy({ protocolVersion: text(member(meta, `${META}protocolVersion`)), clientInfo: peerInfo(member(meta, `${META}clientInfo`)) });
  }
  if (envelope.kind !== "response" || envelope.error) return {};
  const result = envelope.result;
  const fromMeta = peerInfo(member(result, "_meta", `${META}serverInfo`));
  if (answered !== "initialize" && answered !== "server/discover") return fromMeta ? { serverInfo: fromMeta } : NOTHING;
  const capabilities = member(result, "capabilities");
  const instructions = member(result, "instructions");
  return tidy({
    protocolVersion: answered === "initialize" ? text(member(result, "protocolVersion")) : undefined,
    serverInfo: peerInfo(member(result, "serverInfo")) ?? fromMeta,
    capabilities: namesIn(capabilities),
    extensions: namesIn(member(capabilities, "extensions")),
    instructions: typeof instructions === "string" ? instructions : undefined,
  });
}

/** Longest self-reported text that is kept. */
const MAX_TEXT = 200;

const MAX_NAMES = 32;

function namesIn(value: unknown): readonly string[] | undefined {
  return isObject(value) ? Object.keys(value).slice(0, MAX_NAMES).map((name) => name.slice(0, MAX_TEXT)) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value.slice(0, MAX_TEXT) : undefined;
}

function peerInfo(value: unknown): PeerInfo | undefined {
  const name = text(member(value, "name"));
  if (name === undefined) return undefined;
  return tidy({ name, version: text(member(value, "version")), title: text(member(value, "title")) }) as PeerInfo;
}

/** Drops undefined members, so that records carry no empty fields. */
function tidy<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
