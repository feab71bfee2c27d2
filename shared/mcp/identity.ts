/** Who a server or a client is. What a peer says of itself (`serverInfo`, `clientInfo`) is for display only (MCP 2026-07-28, "Implementation"). */
import { sha256Hex } from "../base/digest.ts";
import { maskPath } from "./opaque.ts";
import { packageOf, type PackageIdentity } from "./package.ts";

export type { PackageIdentity } from "./package.ts";

export interface RemoteServerIdentity {
  readonly kind: "remote";
  /** `srv_` and 16 hex digits, stable for scheme + host + path. */
  readonly id: string;
  /** Scheme, host and path; never user info, query or fragment. A path segment that looks like a credential stands as `masked-` and 8 hex digits. */
  readonly url: string;
}

export interface LocalServerIdentity {
  readonly kind: "local";
  /** `srv_` and 16 hex digits, stable for command + arguments (secrets masked). */
  readonly id: string;
  /** File name of the command without folder and without `.cmd`/`.exe`: `npx`. */
  readonly command: string;
  /** Arguments, secrets masked by whoever builds the identity. */
  readonly args: readonly string[];
  readonly package?: PackageIdentity;
}

export type ServerIdentity = RemoteServerIdentity | LocalServerIdentity;

/** The program that speaks to servers: a web app by origin, a desktop client by the name its configuration file gives it. */
export interface ClientIdentity {
  /** `app:<origin>` for web apps, `client:<slug>` for desktop clients (`client:cursor`), `client:unknown`. */
  readonly id: string;
  /** Name for people: origin host, or the client's product name. */
  readonly name: string;
  readonly version?: string;
}

function serverId(canonical: string): string {
  return `srv_${sha256Hex(canonical).slice(0, 16)}`;
}

/** Identity of a remote server. User info, query and fragment are dropped: they carry tokens. Returns undefined for text that is no http(s)/ws(s) URL. */
export function remoteServer(address: string): RemoteServerIdentity | undefined {
  if (!URL.canParse(address)) return undefined;
  const parsed = new URL(address);
  const scheme = { "http:": "http:", "https:": "https:", "ws:": "http:", "wss:": "https:" }[parsed.protocol];
  if (!scheme) return undefined;
  const path = parsed.pathname.length > 1 ? maskPath(plainPath(parsed.pathname).replace(/\/+$/, "")) : "";
  const port = parsed.port ? `:${parsed.port}` : "";
  // `host.` is `host`: nobody may get around a rule by one dot.
  const url = `${scheme}//${parsed.hostname.replace(/\.$/, "")}${port}${path}`;
  return { kind: "remote", id: serverId(`remote ${url}`), url };
}

/** One spelling for one path: `%6d` is `m` (RFC 3986, 6.2.2), other escapes in capitals. */
export function plainPath(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : escape.toUpperCase();
  });
}

/** Identity of a local server. @param args with secrets already masked: they are shown and hashed. */
export function localServer(command: string, args: readonly string[]): LocalServerIdentity {
  const name = commandName(command);
  const found = packageOf(name, args);
  const id = serverId(`local ${JSON.stringify([name, ...args])}`);
  return found ? { kind: "local", id, command: name, args, package: found } : { kind: "local", id, command: name, args };
}

/** `C:\\tools\\npx.cmd` → `npx`: the same server on every system. */
export function commandName(command: string): string {
  const file = command.slice(Math.max(command.lastIndexOf("/"), command.lastIndexOf("\\")) + 1);
  return file.replace(/\.(cmd|exe|bat|ps1)$/i, "");
}

/** One line for people: the URL, or the command with its arguments. */
export function addressOf(server: ServerIdentity): string {
  return server.kind === "remote" ? server.url : [server.command, ...server.args].join(" ");
}
