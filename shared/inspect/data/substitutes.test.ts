/** Stand-ins: alike in form, nobody's, the same for the same value, and turned back only by the session that made them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { scanJson, type JsonLeaf } from "../../base/json.ts";
import { passesMod97 } from "./detectors/iban.ts";
import { passesLuhn } from "./detectors/payment-card.ts";
import { fill, luhn } from "./detectors/samples.ts";
import { inspectJson, redactJson } from "./inspect.ts";
import { Substitutes, TOKEN } from "./substitutes.ts";

const KEY = new Uint8Array(32);
const session = (salt = "s"): Substitutes => new Substitutes(KEY, salt);
const leavesOf = (text: string): JsonLeaf[] => {
  const scanned = scanJson(text);
  if (!scanned.ok) throw new Error(scanned.why.message);
  return scanned.value;
};
const redactAll = (text: string, style: "token" | "format-preserving", stand: Substitutes): string => {
  const inspection = inspectJson(text, leavesOf(text), KEY);
  return redactJson(text, inspection, inspection.findings.map((_, finding) => ({ finding, style })), stand).text;
};
/** The classes of characters, in order. */
const form = (text: string): string => text.replace(/\d|\p{L}/gu, (char) => (/\d/.test(char) ? "0" : (char === char.toUpperCase() && char !== char.toLowerCase() ? "A" : "a").repeat(char.length)));

const card = luhn("4539", 16);

test.each([card, card.replace(/(\d{4})(?=\d)/g, "$1 "), luhn("37", 15)])("a card number %s becomes one that forms take and no bank has", (value) => {
  const alike = session().alikeOf("pci.card-number", value);
  expect(form(alike)).toBe(form(value));
  expect(alike).toMatch(/^0000/);
  expect(passesLuhn(alike.replace(/\D/g, ""))).toBe(true);
  expect(inspectJson(JSON.stringify({ card: alike }), leavesOf(JSON.stringify({ card: alike })), KEY).findings).toEqual([]);
});

test("an account, an address and a phone number become nobody's, of the same form", () => {
  const iban = session().alikeOf("pii.iban", "DE89 3704 0044 0532 0130 00");
  expect(form(iban)).toBe(form("DE89 3704 0044 0532 0130 00"));
  expect(iban).toMatch(/^XX00 /);
  expect(passesMod97(iban.replaceAll(" ", ""))).toBe(false);
  const mail = session().alikeOf("pii.email", "anna.berg@mail.firm.example");
  expect(mail).toMatch(/^[a-z]{4}\.[a-z]{4}@[a-z]+\.invalid$/);
  expect(mail).toHaveLength("anna.berg@mail.firm.example".length);
  expect(session().alikeOf("pii.phone", "+49 (30) 1234-567")).toMatch(/^\+99 \(9\d\) \d{4}-\d{3}$/);
  expect(session().alikeOf("pii.phone", "030 1234567")).toMatch(/^000 \d{7}$/);
});

test("a key becomes one that says it is none", () => {
  const token = `ghp_${fill("alnum", 36)}`;
  const alike = session().alikeOf("secret.github-token", token);
  expect(form(alike)).toBe(form(token));
  expect(alike).toMatch(/^fak_[a-z0-9]*e/i);
});

test("the same value has the same stand-in in one session, and another in the next", () => {
  const [one, other] = [session("a"), session("b")];
  for (const style of ["alikeOf", "tokenFor"] as const) {
    expect(one[style]("pii.email", "anna@firm.example")).toBe(one[style]("pii.email", "anna@firm.example"));
    expect(one[style]("pii.email", "anna@firm.example")).not.toBe(other[style]("pii.email", "anna@firm.example"));
    expect(one[style]("pii.email", "anna@firm.example")).not.toBe(one[style]("pii.email", "bert@firm.example"));
  }
});

test("whatever the value, its look-alike has its length and shares nothing long with it", () => {
  fc.assert(
    fc.property(fc.constantFrom("pci.card-number", "pii.iban", "pii.phone", "secret.generic-key", "secret.password"), fc.string({ unit: "binary", minLength: 4, maxLength: 60 }), (name, value) => {
      const alike = session().alikeOf(name, value);
      expect(alike).toHaveLength(value.length);
      expect(form(alike).replace(/[^0Aa]/g, "")).toHaveLength(form(value).replace(/[^0Aa]/g, "").length);
      // What was made here stays when it comes by again.
      const stand = session();
      expect(stand.alikeOf(name, stand.alikeOf(name, value))).toBe(stand.alikeOf(name, value));
    }),
  );
});

const person = fc.record({ name: fc.stringMatching(/^[a-z]{3,12}$/), host: fc.stringMatching(/^[a-z]{3,10}$/) }).map(({ name, host }) => [`${name}@${host}`, "com"].join("."));

test("tokens: JSON stays valid, nothing else changes, copies agree, and only the session that made them turns them back", () => {
  fc.assert(
    fc.property(fc.uniqueArray(person, { minLength: 1, maxLength: 5 }), fc.jsonValue(), (people, other) => {
      const text = JSON.stringify({ params: { arguments: { list: people, note: `mail ${people[0]!} and ${people[0]!}`, nested: JSON.stringify({ to: people[0] }) } }, n: 1.5, other: { kept: typeof other === "string" ? "plain" : null } });
      const stand = session();
      const redacted = redactAll(text, "token", stand);
      for (const each of people) expect(redacted).not.toContain(each);
      const parsed = JSON.parse(redacted) as { params: { arguments: { list: string[]; note: string; nested: string } } };
      expect(JSON.parse(parsed.params.arguments.nested)).toEqual({ to: parsed.params.arguments.list[0] });
      expect(parsed.params.arguments.note).toBe(`mail ${parsed.params.arguments.list[0]!} and ${parsed.params.arguments.list[0]!}`);
      const back = (by: Substitutes): string => redacted.replace(TOKEN, (token, name: string, id: string) => by.valueOf(name, id) ?? token);
      expect(back(stand)).toBe(text);
      expect(back(session("other"))).toBe(redacted);
      // Nothing finds anything in a token, and it is not taken for a value to redact.
      expect(redactAll(redacted, "token", session("again"))).toBe(redacted);
    }),
  );
});

test("a token in a field for passwords is no password", () => {
  const stand = session();
  const redacted = redactAll(JSON.stringify({ password: "kX9q-Zw3r", db: "postgres://u:kX9q-Zw3r@h/d" }), "token", stand);
  expect(redacted).not.toContain("kX9q");
  expect(redactAll(redacted, "token", session("again"))).toBe(redacted);
});

test("memory is bounded: beyond it a value is taken out for good", () => {
  const stand = session();
  for (let i = 0; i < 5_000; i++) stand.tokenFor("pii.email", `a${i}@b.com`);
  expect(stand.tokenFor("pii.email", "one-more@b.com")).toBeNull();
  expect(stand.tokenFor("pii.email", "a0@b.com")).not.toBeNull();
  expect(JSON.parse(redactAll(JSON.stringify({ to: "one-more@firm.com" }), "token", stand))).toEqual({ to: "[redacted pii.email]" });
  expect(session().tokenFor("secret.private-key", "x".repeat(1_000_001))).toBeNull();
});
