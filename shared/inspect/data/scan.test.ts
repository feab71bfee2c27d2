/** The pipeline around the detectors: decoding, overlaps, failures, budgets, hostile input. */
import process from "node:process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { asciiToBase64 } from "../../base/base64.ts";
import { DECODE_LIMITS, decodeViews } from "./decode.ts";
import type { Detector } from "./detector.ts";
import { fill, luhn } from "./detectors/samples.ts";
import { buildPrefilter } from "./prefilter.ts";
import { DETECTORS } from "./registry.ts";
import { createScanner, scan } from "./scan.ts";

const token = "ghp_" + fill("alnum", 36);
const hex = (text: string): string => [...text].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
const percent = (text: string): string => hex(text).replace(/../g, "%$&");
const wide = (text: string): string => text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0));
const tags = (text: string): string => [...text].map((char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join("");
const escaped = (text: string): string => [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
const entities = (text: string): string => [...text].map((char) => `&#${char.charCodeAt(0)};`).join("");
const utf16 = (text: string): string => asciiToBase64([...text].map((char) => char + "\0").join(""));

const DISGUISES: readonly [string, (text: string) => string][] = [
  ["zero-width characters", (text) => text.replace(/.{4}/g, "$&\u200b")],
  ["full-width letters", wide],
  ["tag characters", tags],
  ["percent encoding", percent],
  ["percent encoding twice", (text) => percent(percent(text))],
  ["unicode escapes", escaped],
  ["HTML entities", entities],
  ["base64", (text) => asciiToBase64(`k=${text}`)],
  ["base64url", (text) => asciiToBase64(`k=${text} ?~?`).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")],
  ["base64 twice", (text) => asciiToBase64(asciiToBase64(text))],
  ["base64 of UTF-16", utf16],
  ["hex", hex],
  ["look-alike letters", (text) => text.replace("p", "р")],
  ["nested JSON", (text) => JSON.stringify({ a: JSON.stringify({ b: `x\n${text}` }) })],
  ["a line break inside", (text) => `${text.slice(0, 12)}\n${text.slice(12)}`],
];

test.each(DISGUISES)("finds a token behind %s, and places it in the original text", (_, disguise) => {
  const encoded = disguise(token);
  const text = `before ${encoded} after`;
  const [match] = scan(text).matches;
  expect(match?.class).toBe("secret.github-token");
  // What is cut out must take the whole token along: nothing of it may be readable in the rest.
  const rest = text.slice(0, match!.start) + text.slice(match!.end);
  expect(scan(rest).matches).toEqual([]);
  expect(rest).not.toContain(disguise(token).slice(10, 30));
  // Nor much else: at most the wrapping of a nested document.
  expect(match!.start - "before ".length).toBeLessThanOrEqual(24);
  expect(text.length - " after".length - match!.end).toBeLessThanOrEqual(6);
  expect(rest.startsWith("before ")).toBe(true);
  expect(rest.endsWith(" after")).toBe(true);
});

test("base64 that is no text is not decoded, and images cost no budget", () => {
  const image = fill("base64", 100_000);
  const { views, complete } = decodeViews(image);
  expect(views).toHaveLength(1);
  expect(complete).toBe(true);
});

test("decoding stops at its size bound and says so", () => {
  const text = percent("abcdefgh".repeat(200));
  expect(decodeViews(text, { ...DECODE_LIMITS, maxGrowth: 0, floor: 10 }).complete).toBe(false);
  expect(decodeViews(text).complete).toBe(true);
});

test("matches are sorted and do not overlap, and the more specific class wins", () => {
  const { matches } = scan(`password = "${token}"; Authorization: Bearer ${token}`);
  expect(matches.map((match) => match.class)).toEqual(["secret.github-token", "secret.github-token"]);
  expect(matches[1]!.start).toBeGreaterThanOrEqual(matches[0]!.end);
});

test("an encoded run that holds two classes reports both, at the same place", () => {
  const run = asciiToBase64(`${token} and card ${luhn("4539", 16)}`);
  const { matches } = scan(`x ${run} y`);
  expect(matches.map((match) => match.class).sort()).toEqual(["pci.card-number", "secret.github-token"]);
  expect(new Set(matches.map((match) => `${match.start}-${match.end}`)).size).toBe(1);
});

const failing: Detector = {
  id: "failing",
  classes: ["secret.jwt"],
  anchors: ["eyj"],
  contextual: false,
  reach: 10,
  find() {
    throw new Error("broken");
  },
};

test("a detector that throws makes its classes unknown, and the others still judge", () => {
  const scanner = createScanner([failing, ...DETECTORS.filter((detector) => detector.id === "developer-tokens")]);
  const result = scanner.scan(`eyJ and ${token}`);
  expect(result.unknown).toEqual(["secret.jwt"]);
  expect(result.matches.map((match) => match.class)).toEqual(["secret.github-token"]);
  expect(scanner.scan(token).unknown).toEqual([]);
});

test("a spent budget is reported as unknown, never as clean", () => {
  let judged = 0;
  const costly: Detector = { ...failing, id: "costly", reach: 10_000, find: (_, at) => ((judged = at.length), []) };
  const { unknown } = createScanner([costly]).scan("eyj ".repeat(1000));
  expect(unknown).toEqual(["secret.jwt"]);
  expect(judged).toBeLessThan(1000);
});

test("the prefilter reports every place of every anchor, overlapping ones too", () => {
  const named = (id: string, ...anchors: string[]): Detector => ({ ...failing, id, anchors });
  const places = buildPrefilter([named("a", "pass"), named("b", "password"), named("c", "word")]).sweep("a PASSword, pass, word").places;
  expect(places.get(0)).toEqual([2, 12]);
  expect(places.get(1)).toEqual([2]);
  expect(places.get(2)).toEqual([6, 18]);
  expect(() => buildPrefilter([named("d", "ab")])).toThrow(/three/);
});

test("never throws, and every match lies inside the text", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.string({ maxLength: 30 }),
    fc.constantFrom(...DETECTORS.flatMap((detector) => detector.anchors), token, "=", "\\u00", "%", "&#", "://", "@", "\ud800", "\u200b", "[redacted secret.jwt]"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.option(fc.constantFrom("password", "phone", "authorization", "cursor", "card"), { nil: undefined }), (pieces, key) => {
      const text = pieces.join("");
      const { matches } = scan(text, key === undefined ? {} : { key });
      matches.forEach((match, i) => {
        const before = matches[i - 1];
        const twin = before?.start === match.start && before.end === match.end;
        expect(match.start).toBeGreaterThanOrEqual(twin ? before.start : (before?.end ?? 0));
        expect(match.end).toBeLessThanOrEqual(text.length);
        expect(match.end).toBeGreaterThan(match.start);
      });
    }),
    { numRuns: 400 },
  );
});

/** Shapes that make patterns slow: an anchor over and over, with what nearly completes a match. */
const HOSTILE: readonly string[] = [
  ...new Set(DETECTORS.flatMap((detector) => detector.anchors.slice(0, 1))),
  "-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----\nMII", "PuTTY-User-Key-File-3 Private-Lines: AAAA", "eyJhbGciOiJIUzI1NiJ9.", "://a:b", "password=\"", "password: ", "\"password\",\"", "secret(", "token = a.b.", "4111 1111 ", "4111111111111111", "DE89 3704 ", "a@b.", "a.", "+1 (", "phone 1-", "tel ", "%25", "%e2%80", "&#x41;", "\\u0041", "\\\\", "QUFBQUFBQUFBQUFBQUFBQUFB", "SUAAAAAAAAAAAA", "bearer AAAA", "xoxb-1-", "A\u200b", "а", "\n", "ghp_\n", "ghp_aaaa\"+\"",
];

/** Milliseconds of this process's own processor time: what other programs do on the machine does not count. */
function cost(text: string): number {
  let best = Infinity;
  for (let run = 0; run < 2; run++) {
    const started = process.cpuUsage();
    scan(text);
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

test("time grows with the size of hostile text, not with its square", () => {
  const ratio = (piece: string): number => cost(piece.repeat(Math.ceil(40_000 / piece.length))) / Math.max(cost(piece.repeat(Math.ceil(10_000 / piece.length))), 0.3);
  // Four times the text; a quadratic step would take sixteen times as long. Measured again before it counts, because machines are noisy.
  const slow = HOSTILE.filter((piece) => ratio(piece) > 11 && ratio(piece) > 11 && ratio(piece) > 11);
  expect(slow).toEqual([]);
}, 60_000);

test("attempts per detector are bounded by the length of the text", () => {
  for (const detector of DETECTORS) {
    let attempts = 0;
    const counted: Detector = { ...detector, find: (_, at) => ((attempts = Math.max(attempts, at.length)), []) };
    const text = (detector.anchors[0] ?? "1 ").repeat(20_000);
    createScanner([counted]).scan(text);
    expect(attempts * detector.reach, detector.id).toBeLessThanOrEqual(65_536 + 96 * text.length);
  }
});

// threat: encoded-secret
test.each(["[redacted pci.CARD]", "[redacted pci.4111-1111-1111-1111]", "[[sluice:pii.email:CARD]]"])("what only looks like a stand-in is looked at: %s", (text) => {
  const card = `4${"1".repeat(15)}`;
  expect(scan(`pay ${text.replace("CARD", card)} now`).matches.map((match) => match.class)).toEqual(["pci.card-number"]);
});
