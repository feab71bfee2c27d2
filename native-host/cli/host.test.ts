import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import type { FromHost } from "../../shared/messages/host.ts";
import { registerForProfile } from "../install/profile.ts";
import { readJournal } from "../journal/reader.ts";
import { createStamp } from "../journal/stamp.ts";
import { openJournal } from "../journal/writer.ts";
import { encodeFrame, frameDecoder } from "../messaging/framing.ts";

const ID = "abcdefghijklmnopabcdefghijklmnop";
const yaml = (revision: number, extra = "") => `version: 1\nid: test\ntitle: Test\nrevision: ${revision}\nmode: enforce\nadmission:\n  default: block\n  servers: []\nrules: []\n${extra}`;

let root: string;
let home: string;
let child: ChildProcess;
let received: FromHost[];
let waiting: Set<() => void>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sluice-host-"));
  home = join(root, "sluice");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "policy.yaml"), yaml(1), { mode: 0o600 });
  const { launcher } = registerForProfile({ userDataDir: join(root, "profile"), extensionId: ID, home, bundle: fileURLToPath(new URL("main.ts", import.meta.url)), node: process.execPath });
  // As Chromium starts it: the launcher, the caller's origin, two pipes.
  child = spawn(launcher, [`chrome-extension://${ID}/`], { stdio: ["pipe", "pipe", "inherit"], env: { PATH: process.env["PATH"], HOME: root } });
  received = [];
  waiting = new Set();
  const decoder = frameDecoder();
  child.stdout!.on("data", (chunk: Uint8Array) => {
    for (const frame of decoder.push(chunk)) {
      if (frame.kind !== "message") throw new Error(frame.why);
      received.push(frame.value as FromHost);
    }
    for (const check of waiting) check();
  });
});

afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
  rmSync(root, { recursive: true, force: true });
});

function send(value: unknown): void {
  const frame = encodeFrame(value);
  if (frame.ok) child.stdin!.write(frame.value);
}

function until<K extends FromHost["kind"]>(kind: K, fits: (message: Extract<FromHost, { kind: K }>) => boolean = () => true): Promise<Extract<FromHost, { kind: K }>> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the host ended with code ${code} while the test waited for ${kind}`)));
    const check = () => {
      const found = received.find((message): message is Extract<FromHost, { kind: K }> => message.kind === kind && fits(message as Extract<FromHost, { kind: K }>));
      if (!found) return;
      waiting.delete(check);
      resolve(found);
    };
    waiting.add(check);
    check();
  });
}

const revision = (number: number) => (message: { text: string }) => (JSON.parse(message.text) as { revision: number }).revision === number;

test("a real host process: hello, policy from the file, changes pushed, a broken file refused, records stored and forwarded, clean end", { timeout: 30_000 }, async () => {
  send({ kind: "hello", seam: 2, version: "0.1.0", browser: "chromium" });
  expect(await until("hello")).toMatchObject({ seam: 2, journal: join(home, "journal") });
  expect(await until("policy", revision(1))).toMatchObject({ source: "local", part: 0, parts: 1 });

  writeFileSync(join(home, "policy.yaml"), yaml(2));
  await until("policy", revision(2));

  writeFileSync(join(home, "policy.yaml"), yaml(3, "rulez: []\n"));
  const { errors } = await until("policy.rejected");
  expect(errors.join("\n")).toContain("rulez");

  writeFileSync(join(home, "policy.yaml"), yaml(4));
  await until("policy", revision(4));
  expect(received.filter((message) => message.kind === "policy").map((message) => (JSON.parse(message.text) as { revision: number }).revision)).toEqual([1, 2, 4]);

  const record = createStamp("extension")({ kind: "health", what: "extension.started", detail: "test" });
  send({ kind: "events", batch: 1, records: [record] });
  await until("events.stored", (message) => message.batch === 1);
  expect(await readJournal(join(home, "journal"))).toContainEqual(record);

  const guard = openJournal(join(home, "journal"), "guard");
  const seen = guard.append({ kind: "health", what: "guard.failed", detail: "from a guard" });
  await guard.close();
  await until("events", (message) => message.records.some(({ id }) => id === seen.id));

  const exit = once(child, "exit");
  child.stdin!.end();
  expect(await exit).toEqual([0, null]);
  const applied = await readJournal(join(home, "journal"), { kinds: ["policy.applied", "policy.rejected"] });
  expect(applied.map((entry) => entry.kind)).toEqual(["policy.applied", "policy.applied", "policy.rejected", "policy.applied"]);
});
