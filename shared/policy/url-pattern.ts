/** Matching server URLs by pattern, part by part: a `*` in the host never swallows a `/`, so `https://*.acme.example/*` cannot match `https://evil.example/x.acme.example/y`. */
import { glob, type Glob } from "../base/glob.ts";
import { fail, ok, type Result } from "../base/result.ts";

export interface UrlPattern {
  readonly pattern: string;
  /** @param url scheme, host and path, as `RemoteServerIdentity.url` has them. */
  matches(url: string): boolean;
}

const SCHEMES: Readonly<Record<string, readonly string[]>> = { http: ["http"], https: ["https"], "*": ["http", "https"] };
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };
const HOST = /^(\[[0-9a-f:.*]+\]|[a-z0-9.*_-]+)(?::(\d{1,5}|\*))?$/;

/** Reads a pattern: `*` for any address, or scheme (`http`, `https` or `*`), host with an optional port, and path. The path may be left out only where the host has no `*`; then it means the root alone. */
export function readUrlPattern(pattern: string): Result<UrlPattern> {
  if (pattern === "*") return ok({ pattern, matches: () => true });
  const parts = /^([a-z*]+):\/\/([^/]*)(\/.*)?$/i.exec(pattern);
  if (!parts) return fail('is not a URL pattern; write scheme, host and path, such as "https://mcp.example.com/*"');
  const schemes = SCHEMES[parts[1]!.toLowerCase()];
  if (!schemes) return fail(`has the scheme "${parts[1]}"; use http, https or *`);
  const authority = parts[2]!.toLowerCase();
  const hostAndPort = HOST.exec(authority);
  if (!hostAndPort) return fail(/[^\p{ASCII}]/u.test(authority) ? 'has a host with letters beyond ASCII; write it in its "xn--" form' : "has a host that cannot be read; write host or host:port");
  if (/[?#]/.test(parts[3] ?? "")) return fail("has a query or fragment; servers are matched by scheme, host and path only");
  if (parts[3] === undefined && authority.includes("*")) return fail('has no path; add "/*" for every path');
  return ok(urlPattern(pattern, schemes, glob(hostAndPort[1]!), hostAndPort[2], pathGlobs(parts[3] ?? "")));
}

/** Identities carry no trailing slash, and the root has no path at all. */
function pathGlobs(path: string): Glob[] {
  const plain = path.replace(/\/+$/, "");
  return path.endsWith("/*") ? [glob(path), glob(path.slice(0, -2))] : [glob(plain)];
}

function urlPattern(pattern: string, schemes: readonly string[], host: Glob, port: string | undefined, paths: readonly Glob[]): UrlPattern {
  return {
    pattern,
    matches(url) {
      const parts = /^(https?):\/\/(\[[^\]]*\]|[^/:]*)(?::(\d+))?(\/.*)?$/.exec(url);
      if (!parts || !schemes.includes(parts[1]!)) return false;
      const actualPort = parts[3] ?? DEFAULT_PORTS[parts[1]!]!;
      if (port !== "*" && actualPort !== (port ?? DEFAULT_PORTS[parts[1]!])) return false;
      return host.matches(parts[2]!) && paths.some((path) => path.matches(parts[4] ?? ""));
    },
  };
}
