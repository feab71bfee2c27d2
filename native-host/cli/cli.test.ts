import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EventRecord, MessageRecord, Unstamped } from "../../shared/events/record.ts";
import { registerForProfile } from "../install/profile.ts";
import { openJournal } from "../journal/writer.ts";
import { parseSince } from "./since.ts";
import { printable } from "./terminal.ts";

// Real processes on a busy machine: only a hang should fail here.
vi.setConfig({ testTimeout: 60_000 });

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), "sluice-cli-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

function sluice(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", env: { PATH: process.env["PATH"], HOME: home, SLUICE_HOME: join(home, "sluice") } });
  return { status, stdout, stderr };
}

const call = (tool: string, decision: Partial<MessageRecord["decision"]>): Unstamped => ({
  kind: "request",
  channel: "c1",
  point: "page",
  transport: "streamable-http",
  client: { id: "app:https://chat.example", name: "chat.example" },
  server: { kind: "remote", id: "srv_0123456789abcdef", url: "https://desk.example/mcp" },
  direction: "to-server",
  method: "tools/call",
  tool,
  bytes: 100,
  findings: [],
  redacted: 0,
  decision: { effect: "allow", enforced: "allow", decidedBy: null, title: null, message: null, learnMore: null, severity: null, matched: [], redactions: [], policy: { id: "p", revision: 1, source: "local" }, ...decision },
});
const blocked = { effect: "block", enforced: "block", decidedBy: "no-delete", title: "Deleting is off", message: "Ask the desk team." } as const;

async function record(...records: Unstamped[]): Promise<void> {
  const journal = openJournal(join(home, "sluice", "journal"), "guard");
  for (const one of records) journal.append(one);
  await journal.close();
}

test("events: a person sees who, whom, what, decision and why; a program gets the records", async () => {
  await record(call("lookup", {}), call("delete_all", blocked));
  const people = sluice("events");
  expect(people.status).toBe(0);
  expect(people.stdout).toMatch(/chat\.example → desk\.example\/mcp +tools\/call lookup +passed\n/);
  expect(people.stdout).toMatch(/tools\/call delete_all +blocked\n.*Ask the desk team\./);
  expect(people.stdout).not.toContain("\u001b");
  const lines = sluice("events", "--json", "--blocked", "--server", "desk").stdout.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as EventRecord)).toMatchObject([{ kind: "request", tool: "delete_all" }]);
  expect(sluice("events", "--server", "other").stdout).toBe("");
  expect(sluice("events", "--kind", "health").stderr).toContain("Nothing was recorded");
});

test("events: what a server calls itself cannot steer the terminal", async () => {
  await record(call("x\u001b[2J\u202edlo\u200b\rdone", {}));
  const { stdout } = sluice("events");
  expect(stdout).toContain("x\\u{1b}[2J\\u{202e}dlo\\u{200b}\\u{d}done");
  for (const char of ["\u001b", "\u202e", "\u200b", "\r"]) expect(stdout).not.toContain(char);
  expect(printable("ordinary – text, 日本語")).toBe("ordinary – text, 日本語");
});

test("attack: JSON lines steer no terminal either, and mean the same", async () => {
  const tool = "x\u009b2J\u202edlo\u{e0041}\u007f\u2028done";
  await record(call(tool, {}));
  const { stdout } = sluice("events", "--json");
  expect(stdout.trimEnd()).not.toMatch(/[^\P{C}]|[\u2028\u2029]/u);
  expect(JSON.parse(stdout)).toMatchObject({ tool });
});

test("events --follow shows the past, then what happens, until it is interrupted", async () => {
  await record(call("earlier", {}));
  const child = spawn(process.execPath, [MAIN, "events", "--follow", "--json", "--kind", "request"], { stdio: ["ignore", "pipe", "inherit"], env: { HOME: home, SLUICE_HOME: join(home, "sluice") } });
  const exit = once(child, "exit");
  const tools: unknown[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    tools.push((JSON.parse(line) as MessageRecord).tool);
    if (tools.length === 1) await record({ kind: "health", what: "guard.failed", detail: "filtered" }, call("later", {}));
    else child.kill("SIGINT");
  }
  expect(tools).toEqual(["earlier", "later"]);
  expect(await exit).toEqual([0, null]);
});

test("since takes spans and dates, and says what it takes", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(parseSince("90m", now)).toBe(now - 5_400_000);
  expect(parseSince("7d", now)).toBe(now - 604_800_000);
  expect(parseSince("2026-11-20T00:00:00Z", now)).toBe(Date.parse("2026-11-20T00:00:00Z"));
  for (const wrong of ["", "yesterday", "5", "1y", "2026-13-45"]) expect(() => parseSince(wrong, now)).toThrow("--since does not understand");
});

test("wrong usage is one line and a fix, with exit code 2", () => {
  for (const args of [["evnets"], ["events", "--sinc", "1h"], ["events", "--since", "soon"], ["events", "--kind", "nothing"], ["install", "--browser", "lynx"], ["host", "--nonsense"]]) {
    const { status, stdout, stderr } = sluice(...args);
    expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: "" });
    expect(stderr).toMatch(/^sluice: [^\n]+\n {2}fix: [^\n]+\n$/);
  }
  expect(sluice("evnets").stderr).toContain("sluice events");
});

test("help lists every command; a command explains itself; the version is the package's", () => {
  const { status, stdout } = sluice("--help");
  expect(status).toBe(0);
  for (const name of ["guard", "host", "events", "policy", "discover", "doctor", "install", "uninstall", "version"]) expect(stdout).toMatch(new RegExp(`^ {2}${name} +[A-Z]`, "m"));
  expect(sluice("events", "--help").stdout).toContain("--follow");
  expect(sluice("--version").stdout).toMatch(/^sluice \d+\.\d+\.\d+\n/);
});

test("the host refuses callers it was not installed for, and folders that everybody can write to", () => {
  expect(sluice("host", "chrome-extension://x/")).toMatchObject({ status: 3, stdout: "", stderr: expect.stringContaining("without its launcher") as string });
  expect(sluice("chrome-extension://x/")).toMatchObject({ status: 3, stdout: "", stderr: expect.stringContaining("without its launcher") as string });
  expect(sluice("host", "--allow-origin", "chrome-extension://x/", "chrome-extension://y/").stderr).toContain("chrome-extension://y/");
  mkdirSync(join(home, "sluice"));
  chmodSync(join(home, "sluice"), 0o777);
  expect(sluice("host", "--allow-origin", "chrome-extension://x/", "chrome-extension://x/")).toMatchObject({ status: 3, stdout: "", stderr: expect.stringContaining("chmod o-w") as string });
});

test("the doctor proves a registration by talking to the host, and says what to do without one", () => {
  const profile = join(home, "profile");
  expect(sluice("doctor")).toMatchObject({ status: 1, stdout: expect.stringContaining("fix: sluice install") as string });
  const { launcher } = registerForProfile({ userDataDir: profile, extensionId: "abcdefghijklmnopabcdefghijklmnop", home: join(home, "sluice"), bundle: MAIN, node: process.execPath });
  const healthy = sluice("doctor", "--profile", profile);
  expect(healthy.stdout).toMatch(/answered in \d+ ms and sent policy \S+ revision \d+/);
  expect(healthy.status).toBe(0);
  writeFileSync(launcher, "#!/bin/sh\nexit 9\n");
  expect(sluice("doctor", "--profile", profile)).toMatchObject({ status: 1, stdout: expect.stringContaining("ended with code 9") as string });
});

test("npx sluice says how to build, runs the bundle that is there, and hands on its exit code", () => {
  const bin = join(home, "native-host", "bin", "sluice.mjs");
  mkdirSync(join(bin, ".."), { recursive: true });
  copyFileSync(fileURLToPath(new URL("../bin/sluice.mjs", import.meta.url)), bin);
  const run = () => spawnSync(process.execPath, [bin, "a b"], { encoding: "utf8" });
  expect(run()).toMatchObject({ status: 3, stderr: expect.stringContaining("npm start") as string });
  mkdirSync(join(home, ".output", "host"), { recursive: true });
  writeFileSync(join(home, ".output", "host", "sluice.mjs"), `console.log(process.argv.slice(2).join()); process.exitCode = 7;`);
  expect(run()).toMatchObject({ status: 7, stdout: "a b\n" });
});
