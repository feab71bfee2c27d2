/** Conditions that no message can ever meet: a rule that waits for one never acts, and nobody is told. */
import { globsOverlap } from "../glob-overlap.ts";
import { METHODS } from "../../mcp/methods.ts";
import type { ClientMatch, Condition, Policy, ServerMatch } from "../language.ts";
import { serverKinds, trustEmpty } from "./conditions.ts";
import { anyOverlap, listOf } from "./patterns.ts";

/** Why nothing can match, and where in the condition it stands. */
export interface Impossible {
  readonly at: readonly string[];
  readonly why: string;
}

export function impossible(condition: Condition, policy: Policy): Impossible | null {
  return (condition.server && impossibleServer(condition.server, policy)) ?? (condition.client && impossibleClient(condition.client)) ?? impossibleTransport(condition) ?? impossibleSubject(condition);
}

export function impossibleServer(match: ServerMatch, policy?: Policy): Impossible | null {
  if (serverKinds(match).length === 0) return { at: ["server"], why: "a server is either remote (it has a url) or local (it has a command), and this asks for both" };
  if (match.trust && trustEmpty(match.trust)) return { at: ["server", "trust"], why: `no score is below ${match.trust.below} and at least ${match.trust.atLeast}` };
  if (policy && match.sanctioned === true && !policy.admission.servers.some(({ sanctioned }) => sanctioned === true)) return { at: ["server", "sanctioned"], why: "no server entry of this policy is marked sanctioned: true" };
  if (policy && match.id !== undefined && match.sanctioned !== undefined) {
    const named = listOf(match.id);
    const entries = policy.admission.servers.filter(({ id }) => named.includes(id));
    if (entries.length > 0 && entries.every((entry) => (entry.sanctioned ?? false) !== match.sanctioned)) return { at: ["server", "sanctioned"], why: `${named.join(", ")} ${match.sanctioned ? "is not" : "is"} marked sanctioned` };
  }
  return null;
}

export function impossibleClient({ id, point, webApp }: ClientMatch): Impossible | null {
  if (id !== undefined && point !== undefined) {
    // A page's client is a web app; a pipe's is a program.
    const kinds = [...new Set(listOf(point).map((each) => (each === "page" ? "app:*" : "client:*")))];
    if (!anyOverlap(id, kinds)) return { at: ["client"], why: `${listOf(id).join(", ")} never speaks at ${listOf(point).join(", ")}: web apps ("app:…") speak at page, programs ("client:…") at stdio and http` };
  }
  if (webApp !== undefined && point !== undefined && !listOf(point).includes("page")) return { at: ["client"], why: "a web app speaks at page only" };
  if (webApp !== undefined && id !== undefined && !anyOverlap(id, "app:*")) return { at: ["client"], why: `${listOf(id).join(", ")} is no web app` };
  return null;
}

function impossibleTransport({ transport, client, server }: Condition): Impossible | null {
  if (transport === undefined) return null;
  const pipe = anyOverlap(transport, "stdio");
  const other = ["streamable-http", "sse", "websocket", "message-port"].some((each) => listOf(transport).some((pattern) => globsOverlap(pattern, each)));
  const points = client?.point === undefined ? null : listOf(client.point);
  if (points && !(pipe && points.includes("stdio")) && !(other && points.some((each) => each !== "stdio"))) return { at: ["transport"], why: `${listOf(transport).join(", ")} is not spoken at ${points.join(", ")}` };
  if (server && !other && serverKinds(server).length === 1 && serverKinds(server)[0] === "remote") return { at: ["transport"], why: "a remote server is not reached over stdio" };
  return null;
}

/** A message names one thing: a tool, a prompt or a resource, as its method says. */
function impossibleSubject({ tool, prompt, resource, method }: Condition): Impossible | null {
  const asked = [tool !== undefined && "tool", prompt !== undefined && "prompt", resource !== undefined && "resource"].filter((each) => each !== false);
  if (asked.length > 1) return { at: [asked[1]!], why: `a message is about one ${asked.join(" or one ")}, never about both` };
  const [subject] = asked;
  if (subject === undefined || method === undefined) return null;
  const able = Object.keys(METHODS).filter((name) => METHODS[name]?.subject?.kind === subject);
  if (anyOverlap(method, able)) return null;
  // A vendor's own method names nothing that we can read.
  return { at: ["method"], why: `${listOf(method).join(", ")} is not about a ${subject}; ${able.slice(0, 3).join(", ")} ${able.length === 1 ? "is" : "are"}` };
}
