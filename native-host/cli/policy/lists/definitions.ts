/** Definitions of servers, as clients and registries write them, as what a policy matches on. Secrets in them stay behind. */
import { isObject } from "../../../../shared/mcp/message.ts";
import { remoteServer } from "../../../../shared/mcp/identity.ts";
import { launchedServer, unwrapGuard } from "../../../../shared/mcp/launch.ts";
import type { ServerMatch } from "../../../../shared/policy/language.ts";
import { readUrlPattern } from "../../../../shared/policy/url-pattern.ts";
import { fail, ok, type Result } from "../../../../shared/base/result.ts";

export type Named = ReadonlyMap<string, unknown>;

/** `{ mcpServers: {…} }`, `{ servers: {…} }`, or the map itself; undefined when it is nothing of the kind. */
export function definitionsIn(value: unknown): Named | undefined {
  if (!isObject(value)) return undefined;
  for (const key of ["mcpServers", "servers"]) if (isObject(value[key])) return new Map(Object.entries(value[key]));
  return undefined;
}

/** The server that a definition starts or calls, and no other. */
export function matchOfDefinition(definition: unknown): Result<ServerMatch> {
  if (!isObject(definition)) return fail("is no definition of a server");
  const url = ["url", "httpUrl", "serverUrl"].map((key) => definition[key]).find((each) => typeof each === "string");
  if (typeof url === "string") return matchOfUrl(url);
  if (typeof definition["command"] !== "string") return fail("has neither a command nor a url");
  const args = Array.isArray(definition["args"]) ? definition["args"].map(String) : [];
  return matchOfCommand([definition["command"], ...args]);
}

/** One address, without patterns. */
export function matchOfUrl(url: string): Result<ServerMatch> {
  const server = remoteServer(url);
  if (!server) return fail("has an address that is not http or https");
  if (server.url.includes("*")) return fail("has a * in its address, which would be a pattern here");
  return ok({ url: server.url });
}

/** One command line, word by word; a guard in front of it does not count. */
export function matchOfCommand(words: readonly string[]): Result<ServerMatch> {
  const [command, ...args] = words;
  if (command === undefined || command === "") return fail("is an empty command");
  const unwrapped = unwrapGuard({ command, args });
  if (unwrapped.kind === "guarded-url") return matchOfUrl(unwrapped.url);
  const server = launchedServer(unwrapped.launch.command, unwrapped.launch.args);
  const line = [server.command, ...server.args];
  if (line.some((word) => word.includes("*"))) return fail("has a * in its command, which would be a pattern here");
  if (line.length > 100) return fail("has more than 100 words");
  if (line.includes("")) return fail("has an empty argument, which a policy cannot write");
  return ok({ command: line });
}

/** A pattern over addresses, as clients write it. */
export function matchOfUrlPattern(pattern: string): Result<ServerMatch> {
  const read = readUrlPattern(pattern);
  if (read.ok) return ok({ url: pattern });
  const withPath = `${pattern}/*`;
  if (pattern.includes("*") && /^[a-z*]+:\/\/[^/]+$/i.test(pattern) && readUrlPattern(withPath).ok) return ok({ url: withPath });
  return fail(`is no address pattern of a policy: it ${read.why}`);
}
