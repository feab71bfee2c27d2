/** Is this the value of a secret, or a placeholder, a type name, a piece of code? Decides what stands beside a password-like name. */
import { entropy } from "./detector.ts";

/** Template, mask, reference, or a word that says "put yours here". */
const STAND_IN =
  /^[<[{(%$&*@!]|#\{|\$\{|\{\{|\$\(|%[sdv](?![a-z0-9])|\*{3}|x{4}|\.{3}|_{4}|•|…|•|example|change_?-?me|placeholder|replace_?-?(?:me|this|with)|(?:^|[^a-z])(?:your|my|some|insert|enter|fake|dummy|sample|redacted|todo|fixme|undefined|hidden|removed|masked|foobar|test|testing)(?:[^a-z0-9]|$)|^(?:your|my|some|dummy|fake|sample|test)(?:pass|pwd|secret|token|api|key|app|client)|notasecret|not_?a_?real/i;
/** Says what it is instead of being it: `password`, `a secret`, `userToken`. */
const NAMES_ITSELF = /pass(?:word|wd|phrase|code)?|pwd|secret|token|api_?key|credential|login|user_?name/gi;
const COMMON_WORDS = new Set(
  "true false null none nil undefined void string str text number integer int bool boolean object array any unknown type bytes char byte varchar required optional default empty value values data input output prompt env self this return new await async function const let var file path name user username admin root key keys auth basic bearer digest oauth oauth2 jwt http https header cookie query body json xml yaml yes no on off and or not is the a an of in for with from disabled enabled hidden public private readonly never always auto manual inherit raw plain hash encrypted foo bar baz qux foobar test tests tester abc xyz asdf lorem password passwd secret token optional present missing invalid valid expired incorrect wrong error ok".split(" "),
);

export interface ValueShape {
  /** Stood in quotes. */
  readonly quoted: boolean;
  /** The name beside it is a password's: people choose poor ones, so less is asked of the value. */
  readonly password: boolean;
  /** Stood in a configuration-like place (`key=value`, `key: value` to the end of the line), not in an expression. */
  readonly setting: boolean;
}

/** Confidence 0..1 that the value is a real secret; 0 when it surely is none. */
export function judgeValue(value: string, shape: ValueShape): number {
  const length = value.length;
  if (length < 4 || length > 512) return 0;
  if (STAND_IN.test(value)) return 0;
  const lower = value.toLowerCase();
  if (COMMON_WORDS.has(lower)) return 0;
  const distinct = new Set(value).size;
  if (distinct < 3 || (length >= 8 && distinct <= length / 6 && distinct < 5)) return 0;
  const digits = count(value, /[0-9]/g), lowers = count(value, /[a-z]/g), uppers = count(value, /[A-Z]/g);
  const rest = length - digits - lowers - uppers;
  if (digits + lowers + uppers === 0) return 0;
  const plain = lower.replace(NAMES_ITSELF, "");
  if (plain !== lower && !(digits >= 4 && entropy(plain) > 2.8 && plain.length >= 12)) {
    if (!/\d|[^a-z0-9_. -]/i.test(plain) || plain.length < 4) return 0;
  }
  if (/^(?:https?|file|s3|gs|arn|urn|jdbc|data):/i.test(value) || /^(?:\.{0,2}|~|[a-z]:)[\\/][\w.@ -]+(?:[\\/]|$)/i.test(value)) return 0;
  if (!shape.quoted && looksLikeCode(value)) return 0;
  if (/\s/.test(value)) return judgePhrase(value, shape);

  const kinds = Number(digits > 0) + Number(lowers > 0) + Number(uppers > 0) + Number(rest > 0);
  if (shape.password) return judgePassword(value, kinds, shape);
  return judgeKey(value, { digits, lowers, uppers, rest, kinds }, shape);
}

function judgePassword(value: string, kinds: number, shape: ValueShape): number {
  if (/^\$(?:2[abxy]|1|5|6|argon2\w*|pbkdf2[\w-]*)\$/.test(value)) return 0; // a hash
  if (/^\d+$/.test(value)) return value.length >= 4 ? 0.62 : 0;
  if (/^v?\d+(?:\.\d+)+$/.test(value)) return 0;
  if (kinds >= 3) return 0.85;
  if (kinds === 2 && value.length >= 6) return 0.75;
  return shape.quoted || shape.setting || looksRandom(value) ? 0.65 : 0.4;
}

interface Counts {
  readonly digits: number;
  readonly lowers: number;
  readonly uppers: number;
  readonly rest: number;
  readonly kinds: number;
}

function judgeKey(value: string, { digits, lowers, uppers, rest, kinds }: Counts, shape: ValueShape): number {
  const length = value.length;
  if (length < 8) return shape.setting && digits > 0 && lowers + uppers > 0 ? 0.4 : 0;
  // Words joined by separators are names (`my-service-account`), whatever their length.
  if (digits === 0 && /^[a-z]+(?:[-_./: ][a-z]+)*$/i.test(value) && rest > 0) return 0;
  if (digits === length) return length >= 16 ? 0.4 : 0.3;
  const bits = entropy(value);
  const random = looksRandom(value);
  if (digits === 0 && kinds === 1) return (bits >= 3.3 && length >= 16) || (random && (shape.setting || shape.quoted)) ? 0.62 : 0.35;
  if (digits === 0) return (bits >= 3.5 && length >= 16) || (random && length >= 10) ? 0.65 : 0.4;
  if (length >= 32 && bits >= 3) return 0.85;
  if (length >= 16 && bits >= 2.8) return 0.8;
  return bits >= 2.5 ? 0.65 : 0.45;
}

/** Several words: pass phrases are rare, sentences about passwords are not. */
function judgePhrase(value: string, shape: ValueShape): number {
  if (!shape.password || !shape.quoted) return 0;
  const words = value.trim().split(/\s+/);
  return words.length <= 2 && /\d/.test(value) && value.length >= 8 ? 0.6 : 0.35;
}

/** Four consonants in a row: few words have them, most random strings do. */
function looksRandom(value: string): boolean {
  return /[bcdfghjklmnpqrstvwxyz]{4}/i.test(value.replace(/ngth|ngsh|tchs|rthd|ghts|chth|schr|ngst/gi, ""));
}

/** `config.secret`, `getPassword()`, `args[0]`, `$VAR`, `a->b`, `Type<T>`. */
function looksLikeCode(value: string): boolean {
  if (/[()[\]{}<>|`"']|->|::|=>|\?\.|&&|\$[a-z{(]/i.test(value)) return true;
  if (/^[a-z_]\w*(?:\.[a-z_]\w*)+$/i.test(value)) return true;
  return (/^(?:[a-z]+|[A-Z][a-z]+)(?:[A-Z]+[a-z]+)+$/.test(value) && !looksRandom(value.replace(/[A-Z]{2,}/g, ""))) || /^[a-z]+(?:_[a-z]+)+$/.test(value) || /^[A-Z]+(?:_[A-Z]+)+$/.test(value);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

export function isStandIn(value: string): boolean {
  return STAND_IN.test(value) || COMMON_WORDS.has(value.toLowerCase());
}
