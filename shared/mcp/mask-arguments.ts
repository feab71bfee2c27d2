/** Removes secrets from a command line before anybody stores, shows or hashes it. Discovery and the guard use the same function, so both see the same server id. */
import { looksOpaque, MASK, maskKnownForms, maskPath, namesSecret } from "./opaque.ts";

const FLAG = /^--?[A-Za-z][A-Za-z0-9._-]*$/;
const ASSIGNMENT = /^(--?[A-Za-z][A-Za-z0-9._-]*|[A-Za-z_][A-Za-z0-9_.-]*)=([\s\S]*)$/;
const HEADER_FLAGS = new Set(["--header", "-H", "--headers"]);
const ENVIRONMENT_FLAGS = new Set(["-e", "--env", "--environment"]);

/** The same arguments with every value that may be a secret replaced by `•••`. Values behind `--token`, `--header` or `-e NAME=` go even when they are only a reference: the client expands it before the guard sees it. */
export function maskArguments(args: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    const previous = args[i - 1] ?? "";
    if (HEADER_FLAGS.has(previous)) out.push(maskHeader(arg));
    else if (ENVIRONMENT_FLAGS.has(previous) && ASSIGNMENT.test(arg)) out.push(arg.replace(ASSIGNMENT, `$1=${MASK}`));
    else if (FLAG.test(previous) && namesSecret(previous) && !isFlag(arg)) out.push(MASK);
    else out.push(maskArgument(arg));
  }
  return out;
}

/** A value may begin with a dash; a flag is a dash and words. */
function isFlag(arg: string): boolean {
  return (/^--[a-z]/.test(arg) || /^-[A-Za-z]$/.test(arg)) && !looksOpaque(arg.replace(/^-+/, ""));
}

function maskHeader(text: string): string {
  const end = text.search(/[:=]/);
  return end < 0 ? MASK : `${text.slice(0, end + 1)} ${MASK}`;
}

function maskArgument(arg: string): string {
  const assigned = ASSIGNMENT.exec(arg);
  // A whole command line in one argument (`sh -c "…"`) is masked word by word; the value of a flag is one thing, blanks or not.
  if (/\s/.test(arg) && !assigned?.[1]?.startsWith("-")) return maskLine(arg);
  if (assigned) {
    const name = assigned[1] ?? "";
    const value = assigned[2] ?? "";
    if (HEADER_FLAGS.has(name)) return `${name}=${maskHeader(value)}`;
    const inner = ENVIRONMENT_FLAGS.has(name) ? ASSIGNMENT.exec(value) : null;
    if (inner) return `${name}=${inner[1] ?? ""}=${MASK}`;
    if (namesSecret(name) && value !== "") return `${name}=${MASK}${tailOfConnection(value)}`;
    return `${name}=${/\s/.test(value) ? maskLine(value) : maskValue(value)}`;
  }
  return maskValue(arg);
}

/** In `password=x;Server=db` only the first part is the secret. */
function tailOfConnection(value: string): string {
  const end = value.indexOf(";");
  return end < 0 ? "" : value.slice(end).split(";").map(maskConnectionPart).join(";");
}

function maskConnectionPart(part: string): string {
  const equals = part.indexOf("=");
  if (equals < 0) return maskValue(part);
  return namesSecret(part.slice(0, equals)) ? `${part.slice(0, equals)}=${MASK}` : `${part.slice(0, equals)}=${maskValue(part.slice(equals + 1))}`;
}

function maskLine(line: string): string {
  let parts = line.match(/\s+|(?:"[^"]*"|'[^']*'|[^\s"']|["'])+/g) ?? [];
  // One word with quotes in its middle: without them it would come back here for ever.
  if (parts.length === 1) parts = line.match(/\s+|\S+/g) ?? [];
  const words = parts.filter((part) => part.trim() !== "").map(unquote);
  const masked = maskArguments(words.map((word) => word.inner));
  let next = 0;
  const joined = parts.map((part) => {
    if (part.trim() === "") return part;
    const { quote, inner } = words[next] ?? { quote: "", inner: part };
    const now = masked[next++] ?? "";
    return now === inner ? part : `${quote}${now}${quote}`;
  });
  // `password: xyz` in a longer line.
  return joined
    .join("")
    .replace(/\b(bearer|basic)(\s+)(?!•|-)[^\s"',;]+/gi, `$1$2${MASK}`)
    .replace(/\b(authorization|x-api-key|api[-_]?key|token|password|secret)(["']?\s*[:=]\s*["']?)(?!•|bearer\s|basic\s)[^\s"',;]+/gi, `$1$2${MASK}`);
}

function unquote(word: string): { quote: string; inner: string } {
  const quoted = /^(["'])([\s\S]*)\1$/.exec(word);
  return quoted ? { quote: quoted[1] ?? "", inner: quoted[2] ?? "" } : { quote: "", inner: word };
}

const URL_FORM = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)([\s\S]*)$/i;

function maskValue(value: string): string {
  if (looksOpaque(value)) return MASK;
  const url = URL_FORM.exec(value);
  if (url) {
    const [, scheme = "", authority = "", path = "", rest = ""] = url;
    const at = authority.lastIndexOf("@");
    const host = at < 0 ? authority : `${MASK}@${authority.slice(at + 1)}`;
    // A 40-digit commit behind `@` or `#` pins a source, it opens nothing.
    const pin = /^#[0-9a-f]{40}$/.test(rest);
    return `${scheme}${host}${maskPath(path)}${rest === "" || pin ? rest : `${rest[0]}${MASK}`}`;
  }
  if (value.includes(";") && value.includes("=")) return value.split(";").map(maskConnectionPart).join(";");
  return maskKnownForms(value);
}
