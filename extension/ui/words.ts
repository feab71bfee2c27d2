/** Small words that several views share: names of servers, methods, points and moments, in plain language. Pure. */
import type { Point, Transport } from "../../shared/mcp/channel.ts";
import { addressOf, type ServerIdentity } from "../../shared/mcp/identity.ts";
import { configuredPlaces, type ServerEntry } from "../../shared/inventory/entry.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import type { RiskLevel } from "../../shared/policy/language.ts";

/** Longest name that is shown; the address stands beside it anyway. */
const NAME = 80;

/** A name for people. What a server calls itself is only used where nobody configured a name for it. */
export function serverName(identity: ServerIdentity, entry?: ServerEntry | undefined): string {
  const configured = entry && configuredPlaces(entry)[0]?.name;
  const self = entry?.self?.title ?? entry?.self?.name;
  return plainText(configured || self || addressName(identity), NAME) || "Unnamed server";
}

function addressName(identity: ServerIdentity): string {
  if (identity.kind === "local") return identity.package?.name ?? identity.command;
  return identity.url.replace(/^https?:\/\//, "");
}

/** URL or command, safe to show. */
export function serverAddress(identity: ServerIdentity): string {
  return plainText(addressOf(identity), 600);
}

const METHODS: Readonly<Record<string, string>> = {
  initialize: "the first handshake",
  "server/discover": "the first handshake",
  "tools/list": "the list of tools",
  "tools/call": "a tool call",
  "prompts/list": "the list of prompts",
  "prompts/get": "a prompt",
  "resources/list": "the list of resources",
  "resources/read": "a resource",
  "resources/templates/list": "the list of resources",
  "completion/complete": "a completion",
  "sampling/createMessage": "a question to the AI model",
  "elicitation/create": "a question to you",
  "roots/list": "the list of folders",
};

export function methodWords(method: string | null): string {
  if (method === null) return "a message";
  return METHODS[method] ?? plainText(method, NAME);
}

export const RISK_WORDS: Readonly<Record<RiskLevel, string>> = { low: "Low risk", moderate: "Moderate risk", elevated: "Elevated risk", high: "High risk", critical: "Critical risk" };

export const POINT_WORDS: Readonly<Record<Point, string>> = { page: "in the browser", stdio: "on this computer", http: "over the network" };

export const TRANSPORT_WORDS: Readonly<Record<Transport, string>> = {
  stdio: "Standard input and output",
  "streamable-http": "Streamable HTTP",
  sse: "HTTP with event stream (old)",
  websocket: "WebSocket",
  "message-port": "Message port",
};

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** `14:05`, in the person's own way of writing. */
export function clock(time: number): string {
  return new Date(time).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

/** `today, 14:05`, `yesterday, 14:05`, `1 Aug 2026`. */
export function moment(time: number, now: number): string {
  const day = new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - day) / 86_400_000);
  if (days === 0) return `today, ${clock(time)}`;
  if (days === 1) return `yesterday, ${clock(time)}`;
  return new Date(time).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}
