/** Checks of values that came over a border: small ones to build from, and those of what records and rows have in common. */
import { isObject } from "../mcp/message.ts";
import type { ClientIdentity, LocalServerIdentity, PackageIdentity, RemoteServerIdentity } from "../mcp/identity.ts";

/** Longest texts and lists a record may carry. Whoever makes records clips to these. */
export const RECORD_BOUNDS = {
  /** Ids, versions, masked previews, and every text under a key that this build does not know. */
  short: 256,
  /** Names that peers choose: tools, prompts, servers. */
  name: 1024,
  /** URLs, arguments, explanations, error texts. */
  text: 4096,
  list: 5000,
  /** One redaction a finding: a hostile result may hold very many. */
  redactions: 100_000,
} as const;

export type Check = (value: unknown) => boolean;
/** One check for each field of a type: a field that is added there and not here fails the type check. */
export type Fields<T> = { readonly [K in keyof T]-?: Check };

export const string = (max: number): Check => (value) => typeof value === "string" && value.length <= max;
export const short = string(RECORD_BOUNDS.short);
export const name = string(RECORD_BOUNDS.name);
export const text = string(RECORD_BOUNDS.text);
export const boolean: Check = (value) => typeof value === "boolean";
export const count: Check = (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
export const amount: Check = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
export const oneOf = (...allowed: readonly unknown[]): Check => (value) => allowed.includes(value);
export const orNull = (check: Check): Check => (value) => value === null || check(value);
export const optional = (check: Check): Check => (value) => value === undefined || check(value);
export const list = (check: Check, max: number = RECORD_BOUNDS.list): Check => (value) => Array.isArray(value) && value.length <= max && value.every(check);

/** A field of a newer version: let through when it is small and flat, so that builds of different age understand each other. */
const unknownField: Check = (value) => {
  if (Array.isArray(value)) return value.length <= 16 && value.every((item) => item === null || typeof item === "number" || typeof item === "boolean" || short(item));
  return value === null || typeof value === "number" || typeof value === "boolean" || short(value);
};

export function shape<T>(fields: Fields<T>): Check {
  const names = Object.keys(fields);
  const checks = Object.values<Check>(fields);
  const known = new Set(names);
  return (value) => {
    if (!isObject(value)) return false;
    let met = 0;
    for (let i = 0; i < names.length; i++) {
      const field = value[names[i]!];
      if (!checks[i]!(field)) return false;
      if (field !== undefined) met++;
    }
    const keys = Object.keys(value);
    // Most have nothing else, and what they have is their own.
    if (keys.length === met && isPlain(value)) return true;
    let strangers = 0;
    for (const key of keys) if (!known.has(key) && (++strangers > 16 || key.length > 64 || !unknownField(value[key]))) return false;
    return true;
  };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** All records of a channel share the objects that say where it is and what was decided: nothing changes them, so each is checked once. */
export function once(check: Check): Check {
  const passed = new WeakSet();
  return (value) => {
    if (!isObject(value)) return check(value);
    if (passed.has(value)) return true;
    if (!check(value)) return false;
    passed.add(value);
    return true;
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const isId: Check = (value) => typeof value === "string" && UUID.test(value);

export const client = once(shape<ClientIdentity>({ id: short, name, version: optional(short) }));
const packageIdentity = shape<PackageIdentity>({ registry: oneOf("npm", "pypi", "oci"), name, version: optional(short) });
const remote = shape<RemoteServerIdentity>({ kind: oneOf("remote"), id: short, url: text });
const local = shape<LocalServerIdentity>({ kind: oneOf("local"), id: short, command: name, args: list(text, 512), package: optional(packageIdentity) });
export const server = once((value) => remote(value) || local(value));
export const point = oneOf("page", "stdio", "http");
export const transport = oneOf("stdio", "streamable-http", "sse", "websocket", "message-port");
export const authentication = oneOf("none", "bearer", "other", "unknown");
export const toolClass = oneOf("read", "write", "delete", "execute", "send", "money", "unknown");
