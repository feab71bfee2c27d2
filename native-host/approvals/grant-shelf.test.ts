/** Yeses for a while on disk: who can read them, what is no grant, what ends them, how many there are. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256Hex } from "../../shared/base/digest.ts";
import type { KeptGrant } from "../../shared/gate/grants.ts";
import { anAsk } from "../../shared/messages/ask.fixture.ts";
import { openGrantShelf, type GrantShelf } from "./grant-shelf.ts";
import { openSpool } from "./spool.ts";

const HOUR = 3_600_000;
let state: string;
let time: number;
let shelf: GrantShelf;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "sluice-shelf-"));
  time = Date.now();
  shelf = openGrantShelf(state, () => time);
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const grant = (name: string, more: Partial<KeptGrant> = {}): KeptGrant => {
  const { client, server } = anAsk();
  return { id: sha256Hex(name), rule: "refunds", client, server, thing: "tool refund", policy: sha256Hex("policy"), given: time, span: HOUR, ...more };
};
const folder = (): string => join(state, "approvals");
const fileOf = ({ id }: KeptGrant): string => join(folder(), `grant-${id}.json`);

test("another process finds it, its owner alone can read it, and taken back it is gone", () => {
  const one = grant("one");
  expect(shelf.keep(one)).toBe(true);
  expect(openGrantShelf(state, () => time).find(one.id)).toEqual(one);
  if (process.platform !== "win32") expect([statSync(folder()).mode & 0o777, statSync(fileOf(one)).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(shelf.revoke(one.id)).toBe(true);
  expect(shelf.revoke(one.id)).toBe(false);
  expect(readdirSync(folder())).toEqual([]);
});

test("the one that ends first stands first; what is over goes away, and the questions beside it do not take it along", () => {
  const [long, short] = [grant("long", { span: 2 * HOUR }), grant("short")];
  shelf.keep(long);
  shelf.keep(short);
  expect(shelf.list()).toEqual([short, long]);
  time += HOUR;
  // A question that is put takes away what killed guards have left behind.
  utimesSync(fileOf(long), 0, 0);
  openSpool(state, () => time).put(anAsk({ opened: time, until: time + 1000 }));
  expect(shelf.list()).toEqual([long]);
  expect(readdirSync(folder()).filter((name) => name.startsWith("grant-"))).toHaveLength(1);
});

// threat: approval-replayed
test.skipIf(process.platform === "win32")("a file that others may write, that is damaged, or that stands in another's place is no grant", () => {
  const one = grant("one");
  shelf.keep(one);
  chmodSync(fileOf(one), 0o622);
  expect(shelf.find(one.id)).toBeUndefined();
  chmodSync(fileOf(one), 0o600);
  for (const text of ["", "{", "null", "[]", JSON.stringify(grant("two")), JSON.stringify({ ...one, span: "session" }), JSON.stringify({ ...one, policy: "" }), JSON.stringify({ ...one, given: "now" })]) {
    writeFileSync(fileOf(one), text);
    expect(shelf.find(one.id)).toBeUndefined();
  }
  expect(shelf.list()).toEqual([]);
  expect(shelf.find("../../etc/passwd")).toBeUndefined();
});

test("there are only so many, and the one that would end first gives way", () => {
  for (let i = 0; i < 205; i++) shelf.keep(grant(`${i}`, { span: HOUR + i }));
  expect(shelf.list()).toHaveLength(200);
  expect(shelf.find(sha256Hex("4"))).toBeUndefined();
  expect(shelf.find(sha256Hex("204"))).toBeDefined();
});

test("where nothing can be written it says so", () => {
  writeFileSync(join(state, "file"), "");
  expect(openGrantShelf(join(state, "file")).keep(grant("one"))).toBe(false);
});
