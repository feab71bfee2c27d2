/** Where the HTTP guard connects to, and with which headers. Values of headers come from the environment and go nowhere but into requests. */
import type { AuthenticationSeen } from "../../../shared/mcp/channel.ts";
import { remoteServer, type RemoteServerIdentity } from "../../../shared/mcp/identity.ts";
import { namesSecret } from "../../../shared/mcp/opaque.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";

export interface Target {
  readonly url: URL;
  readonly server: RemoteServerIdentity;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** What must never be said: values that came from the environment or stand in a header. */
  readonly secrets: readonly string[];
  readonly authentication: AuthenticationSeen;
  /** What a person should know before the first message. */
  readonly warnings: readonly string[];
}

export interface Unusable {
  readonly message: string;
  readonly fix: string;
}

const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*:\s*(.*)$/s;
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)/g;
/** Those that the guard sets itself, or that belong to one hop. */
const OURS = /^(host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|proxy-.*|accept|accept-encoding|last-event-id|mcp-.*)$/;

/** @param headers `Name: value`, where `${NAME}` stands for a variable of the environment. Messages never repeat a value. */
export function readTarget(address: string, headers: readonly string[], env: Readonly<Record<string, string | undefined>>): Result<Target, Unusable> {
  const server = remoteServer(address);
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!server || !url || !/^https?:$/.test(url.protocol)) return fail({ message: "--url takes the server's address, which begins with https:// or http://", fix: "sluice guard --url https://mcp.example.com/mcp" });
  if (url.username !== "" || url.password !== "") return fail({ message: "the address holds a user name or password, where other programs can read it", fix: '--header "Authorization: Basic ${NAME_OF_A_VARIABLE}"' });
  url.hash = "";
  const read: Record<string, string> = {};
  const secrets = [...url.searchParams.values()].filter((value) => value.length >= 8);
  const warnings: string[] = [];
  for (const [i, text] of headers.entries()) {
    const match = HEADER.exec(text);
    if (!match) return fail({ message: `the ${ordinal(i)} --header is not of the form "Name: value"`, fix: '--header "Authorization: Bearer ${DOCS_TOKEN}"' });
    const name = match[1]!.toLowerCase();
    if (OURS.test(name)) return fail({ message: `the header ${name} is set by the guard itself`, fix: `leave --header "${name}: …" out` });
    let missing: string | undefined;
    let named = 0;
    const value = match[2]!.trim().replace(VARIABLE, (_, braced?: string, bare?: string) => {
      const variable = braced ?? bare ?? "";
      const held = env[variable]?.trim();
      named++;
      if (held === undefined || held === "") missing ??= variable;
      else secrets.push(held);
      return held ?? "";
    });
    if (missing !== undefined) return fail({ message: `the variable ${missing}, which the header ${name} asks for, is not set or empty`, fix: `set ${missing} in the environment of the app that starts the guard (in most configurations: "env")` });
    if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value)) return fail({ message: `the value of the header ${name} holds a character that no header can carry`, fix: "look for line breaks in the variable" });
    if (named === 0 && namesSecret(name)) {
      secrets.push(value, ...value.split(/\s+/));
      warnings.push(`the value of the header ${name} stands on the command line, where other programs can read it; name a variable instead: --header "${match[1]}: … \${VARIABLE}"`);
    }
    read[name] = value;
  }
  const authorization = read["authorization"];
  const authentication = authorization === undefined ? (Object.keys(read).some(namesSecret) ? "other" : "none") : /^bearer\s/i.test(authorization) ? "bearer" : "other";
  if (url.protocol === "http:" && !isLoopback(url.hostname) && authentication !== "none") warnings.push(`${url.host} is not reached over https: everybody on the way can read the headers that are sent`);
  return ok({ url, server, headers: read, secrets: secrets.filter((each) => each.length >= 4).sort((a, b) => b.length - a.length), authentication, warnings });
}

/** A name for this machine only. @param host with or without brackets, without port. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The same words without any value that was given in confidence. */
export function withoutSecrets(text: string, target: Pick<Target, "secrets">): string {
  let out = text;
  for (const secret of target.secrets) out = out.replaceAll(secret, "•••");
  return out;
}

function ordinal(index: number): string {
  return ["first", "second", "third"][index] ?? `${index + 1}th`;
}
