/** Matching server URLs by pattern, part by part: a `*` in the host never swallows a `/`, so `https://*.acme.example/*` cannot match `https://evil.example/x.acme.example/y`. */
import { glob, type Glob } from "../base/glob.ts";
import { fail, ok, type Result } from "../base/result.ts";
import { plainPath } from "../mcp/identity.ts";
import { maskPath } from "../mcp/opaque.ts";

export interface UrlPattern {
  readonly pattern: string;
  /** The host name that it means, without port; null where it means several. */
  readonly host: string | null;
  /** @param url scheme, host and path, as `RemoteServerIdentity.url` has them. */
  matches(url: string): boolean;
}

const SCHEMES: Readonly<Record<string, readonly string[]>> = { http: ["http"], https: ["https"], "*": ["http", "https"] };
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };
const HOST = /^(\[[0-9a-f:.*]+\]|[a-z0-9.*_-]+)(?::(\d{1,5}|\*))?$/;

/** Reads a pattern: `*` for any address, or scheme (`http`, `https` or `*`), host with an optional port, and path. The path may be left out only where the host has no `*`; then it means the root alone. */
export function readUrlPattern(pattern: string): Result<UrlPattern> {
  if (pattern === "*") return ok({ pattern, host: null, matches: () => true });
  const parts = /^([a-z*]+):\/\/([^/]*)(\/.*)?$/i.exec(pattern);
  if (!parts) return fail('is not a URL pattern; write scheme, host and path, such as "https://mcp.example.com/*"');
  const schemes = SCHEMES[parts[1]!.toLowerCase()];
  if (!schemes) return fail(`has the scheme "${parts[1]}"; use http, https or *`);
  const authority = parts[2]!.toLowerCase();
  const hostAndPort = HOST.exec(authority);
  if (!hostAndPort) return fail(/[^\p{ASCII}]/u.test(authority) ? 'has a host with letters beyond ASCII; write it in its "xn--" form' : "has a host that cannot be read; write host or host:port");
  if (/[?#]/.test(parts[3] ?? "")) return fail("has a query or fragment; servers are matched by scheme, host and path only");
  if (parts[3] === undefined && authority.includes("*")) return fail('has no path; add "/*" for every path');
  const [, host = "", port] = hostAndPort;
  if (port !== undefined && port !== "*" && (port.startsWith("0") || Number(port) > 65_535)) return fail(`has the port "${port}", which no address has`);
  const path = parts[3] ?? "";
  const written = writtenAs(host, path);
  if (written) return fail(`can never match: addresses are compared in one spelling; write "${written}"`);
  return ok(urlPattern(pattern, schemes, glob(host), port, pathGlobs(asIdentified(path))));
}

/** How a host or path has to be written so that an identity can match it, where it is written otherwise. */
function writtenAs(host: string, path: string): string | null {
  if (host.endsWith(".")) return host.replace(/\.+$/, "");
  if (!host.includes("*")) {
    const plain = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : host;
    if (plain !== host) return plain;
  }
  const plain = plainPath(new URL(`http://host${path}`).pathname);
  return path !== "" && plain !== path ? plain : null;
}

/** Identities carry a segment that looks like a credential as its hash; the policy may write it as it is. */
function asIdentified(path: string): string {
  return path
    .split("/")
    .map((segment) => (segment.includes("*") ? segment : maskPath(segment)))
    .join("/");
}

/** Identities carry no trailing slash, and the root has no path at all. */
function pathGlobs(path: string): Glob[] {
  const plain = path.replace(/\/+$/, "");
  return path.endsWith("/*") ? [glob(path), glob(path.slice(0, -2))] : [glob(plain)];
}

function urlPattern(pattern: string, schemes: readonly string[], host: Glob, port: string | undefined, paths: readonly Glob[]): UrlPattern {
  return {
    pattern,
    host: host.pattern.includes("*") ? null : host.pattern,
    matches(url) {
      const parts = /^(https?):\/\/(\[[^\]]*\]|[^/:]*)(?::(\d+))?(\/.*)?$/.exec(url);
      if (!parts || !schemes.includes(parts[1]!)) return false;
      const actualPort = parts[3] ?? DEFAULT_PORTS[parts[1]!]!;
      if (port !== "*" && actualPort !== (port ?? DEFAULT_PORTS[parts[1]!])) return false;
      return host.matches(parts[2]!) && paths.some((path) => path.matches(parts[4] ?? ""));
    },
  };
}
