/** Does a piece of text look like a credential? Structural rules only, no detector set: server ids depend on the answer and must not change when a detector is added. */
import { sha256Hex } from "../base/digest.ts";

/** Stands for a removed value. */
export const MASK = "•••";

const KNOWN_FORMS =
  /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{16,255}|sk-(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{16,255}|[rsp]k_(?:live|test)_[A-Za-z0-9]{10,255}|xox[a-z]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,60}|ya29\.[A-Za-z0-9_-]{20,500}|eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{4,8000}(?:\.[A-Za-z0-9_-]{0,4000})?|npm_[A-Za-z0-9]{30,60}|pypi-[A-Za-z0-9_-]{30,300}|hf_[A-Za-z0-9]{20,60}|figd_[A-Za-z0-9_-]{20,100}|lin_api_[A-Za-z0-9]{20,100}|ntn_[A-Za-z0-9]{20,100}|secret_[A-Za-z0-9]{20,100}|pat[A-Za-z0-9]{14}\.[A-Za-z0-9]{20,100}|SG\.[A-Za-z0-9_-]{10,60}\.[A-Za-z0-9_-]{10,100}|dop_v1_[a-f0-9]{40,80})/g;

/** Replaces every credential of a known form inside the text. */
export function maskKnownForms(text: string): string {
  return text.replace(KNOWN_FORMS, MASK);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A long run without words: what generators of keys produce. UUIDs count as names, since tenants and projects carry them. */
export function looksOpaque(text: string): boolean {
  if (text.length < 20 || UUID.test(text)) return false;
  if (/^[0-9a-f]{32,}$/i.test(text)) return /\d/.test(text);
  if (!/^[A-Za-z0-9_\-+=~]+$/.test(text)) return false;
  // Words and version numbers change between letters and digits seldom, random text all the time.
  const changes = text.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
  if (changes >= 4 && changes * 8 >= text.length) return true;
  // Small, capital and digit in turn: words in camel case change at most every third letter or so.
  const turns = text.match(/[a-z](?=[^a-z])|[A-Z](?=[^A-Z])|\d(?=\D)/g)?.length ?? 0;
  return /\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text) && turns * 2 >= text.length;
}

/** Words that name a value nobody may read, in flags, variables, headers and URL parameters. */
export function namesSecret(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  if (/tokens|tokenizer|tokenlimit|tokencount|passthrough|bypass|secretary/.test(plain)) return false;
  return (
    /token|apikey|secret|password|passwd|passphrase|credential|bearer|privatekey|accesskey|authkey|connectionstring|authorization|cookie|signature/.test(plain) ||
    /^(x?key|auth|xauth|pat|pass|pwd|dsn|jwt|licen[cs]ekey)$/.test(plain)
  );
}

/** Some services put the credential into the path. The hash keeps two such servers apart; a value this long cannot be guessed from it. */
export function maskPath(path: string): string {
  return path
    .split("/")
    .map((segment) => (looksOpaque(segment) || maskKnownForms(segment) !== segment ? `masked-${sha256Hex(segment).slice(0, 8)}` : segment))
    .join("/");
}
