/** Who a server or a client is. What a peer says of itself (`serverInfo`, `clientInfo`) is for display only (MCP 2026-07-28, "Implementation"). */
import { sha256Hex } from "../base/digest.ts";
import { maskPath } from "./opaque.ts";

/** Package behind a local command: `npx -y @scope/name@1.2.3` → npm, `@scope/name`, `1.2.3`. */
export interface PackageIdentity {
  readonly registry: "npm" | "pypi" | "oci";
  readonly name: string;
  /** Absent: the command takes whatever is newest ("unpinned"). */
  readonly version?: string;
}

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
  const path = parsed.pathname.length > 1 ? maskPath(parsed.pathname.replace(/\/+$/, "")) : "";
  const url = `${scheme}//${parsed.host}${path}`;
  return { kind: "remote", id: serverId(`remote ${url}`), url };
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

const NPM_RUNNERS = new Set(["npx", "bunx", "pnpx"]);
const PYPI_RUNNERS = new Set(["uvx", "pipx"]);
const VALUE_FLAGS = new Set(["-c", "--call", "--registry", "--cache", "--python", "--index-url", "--with"]);

/** The package that a runner command starts, read from its arguments alone (nothing is looked up). */
export function packageOf(command: string, args: readonly string[]): PackageIdentity | undefined {
  if (command === "docker" || command === "podman") return imageOf(args);
  let rest = [...args];
  let registry: "npm" | "pypi";
  if (NPM_RUNNERS.has(command)) registry = "npm";
  else if (PYPI_RUNNERS.has(command)) registry = "pypi";
  else if ((command === "npm" || command === "pnpm" || command === "yarn") && ["exec", "x", "dlx"].includes(rest[0] ?? "")) {
    registry = "npm";
    rest = rest.slice(1);
  } else if (command === "uv" && rest[0] === "tool" && rest[1] === "run") {
    registry = "pypi";
    rest = rest.slice(2);
  } else return undefined;

  let spec: string | undefined;
  for (let i = 0; i < rest.length && spec === undefined; i++) {
    const arg = rest[i]!;
    if (arg === "-p" || arg === "--package" || arg === "--from" || arg === "--spec") spec = rest[i + 1];
    else if (arg.startsWith("--package=") || arg.startsWith("--from=")) spec = arg.slice(arg.indexOf("=") + 1);
    else if (VALUE_FLAGS.has(arg)) i++;
    else if (arg === "run" && command === "pipx") continue;
    else if (!arg.startsWith("-")) spec = arg;
  }
  if (!spec) return undefined;
  const split = registry === "npm" ? spec.indexOf("@", 1) : spec.search(/==|@/);
  if (split < 0) return { registry, name: spec };
  const version = spec.slice(split).replace(/^(==|@)/, "");
  const name = spec.slice(0, split);
  return /^v?\d/.test(version) && !/[\s|*x^~<>]/.test(version) ? { registry, name, version } : { registry, name };
}

const DOCKER_VALUE_FLAGS = new Set(["-e", "--env", "-v", "--volume", "--mount", "--name", "-p", "--publish", "--network", "--net", "-w", "--workdir", "-u", "--user", "--entrypoint", "--env-file", "--add-host", "--platform", "-l", "--label", "--memory", "-m", "--cpus"]);

function imageOf(args: readonly string[]): PackageIdentity | undefined {
  if (args[0] !== "run") return undefined;
  for (let i = 1; i < args.length; i++) {
    const arg = args[i]!;
    if (DOCKER_VALUE_FLAGS.has(arg)) i++;
    else if (!arg.startsWith("-")) {
      const digest = arg.indexOf("@");
      if (digest > 0) return { registry: "oci", name: arg.slice(0, digest), version: arg.slice(digest + 1) };
      const tag = arg.lastIndexOf(":");
      if (tag <= arg.lastIndexOf("/")) return { registry: "oci", name: arg };
      const version = arg.slice(tag + 1);
      return version === "latest" ? { registry: "oci", name: arg.slice(0, tag) } : { registry: "oci", name: arg.slice(0, tag), version };
    }
  }
  return undefined;
}

/** One line for people: the URL, or the command with its arguments. */
export function addressOf(server: ServerIdentity): string {
  return server.kind === "remote" ? server.url : [server.command, ...server.args].join(" ");
}
