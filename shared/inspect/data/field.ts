/** What the name of a field (JSON key, variable, header, flag) says about its value. */

export type FieldKind = "password" | "secret" | "noise" | "other";

/** Handles and checksums of the protocol and of common tools: long, random, and not secret. Compared in lower case without separators. */
const NOISE = new Set(
  "progresstoken cursor nextcursor prevcursor pagetoken nextpagetoken continuationtoken synctoken nextsynctoken pagination etag ifnonematch ifmatch integrity digest uid uuid guid traceparent tracestate traceid spanid requestid correlationid checksum sha sha1 sha256 sha512 md5 hash commit revision nonce idempotencykey requeststate taskid subscriptionid toolcallid tooluseid".split(" "),
);

/** Last words of a name that turn it into something about the secret, not the secret. */
const ABOUT =
  /(?:^|_)(?:id|ids|name|names|type|types|kind|url|uri|path|file|files|filename|dir|length|len|size|count|num|field|fields|label|hint|policy|policies|expiry|expires|expiration|expire|ttl|limit|limits|manager|provider|service|store|storage|handler|factory|method|endpoint|version|format|pattern|regex|prompt|message|error|errors|strength|rules|rule|required|enabled|disabled|valid|validity|validation|validator|verified|reset|changed|updated|created|at|date|time|timeout|index|idx|usage|usages|used|input|output|form|box|placeholder|description|desc|title|text|class|env|var|arn|ref|refs|reference|alias|scheme|scope|scopes|header|algorithm|alg|bits|source|host|port|user|users|username|page|view|link|info|params|param|options|option|config|mode|status|state|check|match|matches|confirmation_label|hash|hashed|digest|fingerprint|encoding|event|events|code_challenge|is|has|should|can|budget|usage_count|ring|board|word|words|pair|map|set|list|array|frames|stroke|down|up|press|bindings?|binding|schema|bytes|rate|range|space|vault|server|client|base|min|max|minimum|maximum|lifetime|age|rotation|parameter|property|template|example|callback|function|fn|object|issuer|audience|subject|generator|tracker|counter|offset|position|start|end|stream|parser|symbol|auth|login|account|exception|resolver|extractor|request|response|result)$/;

const PASSWORD = /(?:(?:password|passwd|passwort|passphrase|passwords)|(?:^|_)(?:passcode|pwd|pass|psw|pswd|mot_de_passe|contrasena))(?:_?\d{1,2})?(?:_(?:confirm|confirmation|again|repeat|new|old|current|default|plain|value|str|string|text|admin|root|db))?$/;
const SECRET =
  /(?:^|_)(?:secret|secrets|token|tokens|apikey|nkey|credential|credentials|seed|auth_?key|(?:api|access|secret|private|encryption|encrypt|signing|sign|master|account|storage|shared|service|license|consumer|client|app|application|session|admin|deploy|webhook|jwt|hmac|aes|cipher|crypto|symmetric|integration|subscription|server|host|function|ssh|primary|secondary|write|read|rest)_?key|(?:token|key)_?secret|auth|cookie_?secret)(?:_?\d{1,2})?(?:_(?:value|str|string|default|base64|b64|hex|data|live|test|prod|production|dev|staging))?$/;

/** `dbPassword`, `DB-PASSWORD`, `db.password` → `db_password`. */
export function wordsOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]{2,})([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}

const memo = new Map<string, FieldKind>();

/** Memoised: the same few names stand in every row of a result. */
export function fieldKind(name: string): FieldKind {
  if (name.length > 80 || name === "") return "other";
  let kind = memo.get(name);
  if (kind === undefined) {
    kind = classify(name);
    if (memo.size > 2000) memo.clear();
    memo.set(name, kind);
  }
  return kind;
}

function classify(name: string): FieldKind {
  const words = wordsOf(name);
  if (NOISE.has(words.replaceAll("_", ""))) return "noise";
  if (PASSWORD.test(words)) return "password";
  if (/(?:^|_)(?:public|pub|csrf_?token_?name|primary_key|foreign|partition|sort|cache|next|page|sync|continuation|progress|cursor)(?:_|$)/.test(words)) return "other";
  if (ABOUT.test(words) && !/(?:secret|private|access|api|auth)_?key$/.test(words)) return "other";
  return SECRET.test(words) ? "secret" : "other";
}

/** Fields that say what the value beside them is, and fields that carry such a value: `{"name": "password", "value": "…"}`. In lower case. */
export const NAME_FIELDS = new Set(["name", "key", "field", "label", "variable", "header", "param", "parameter", "property", "attribute", "title"]);
export const VALUE_FIELDS = new Set(["value", "val", "content", "data", "default", "defaultvalue", "text", "current", "currentvalue", "raw"]);
