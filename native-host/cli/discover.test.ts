/** `sluice discover` as a person and as a script sees it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { fixturePlace, NPX, servers } from "../clients/home.fixture.ts";
import { readJournal } from "../journal/reader.ts";
import command from "./discover.ts";

async function run(argv: string[], env: Record<string, string>): Promise<{ code: number; out: string }> {
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await command.run(argv, { stdin: new PassThrough(), stdout, stderr: new PassThrough(), env });
  return { code, out: Buffer.concat(chunks).toString("utf8") };
}

const FILES = {
  "~/.cursor/mcp.json": servers({ notes: NPX, "bad\u001b[2Jname": { command: "npx", args: ["-y", "@acme/shell", "--token", "hunter2"] } }),
  "~/.gemini/settings.json": servers({ desk: { httpUrl: "https://desk.example/mcp" } }),
};

test("a table with client, server, address, version, guard and risk", async () => {
  const place = fixturePlace("linux", FILES);
  const { code, out } = await run(["--home", place.home], { SLUICE_HOME: join(place.folder, "sluice") });
  expect(code).toBe(0);
  expect(out).toMatch(/^Client +Server +Where it goes +Transport +Version +Guarded +Risk$/m);
  expect(out).toMatch(/^Cursor +notes +npx -y @acme\/notes@1\.2\.3 +stdio +1\.2\.3 +no +\w+ \(\d+\)$/m);
  expect(out).toMatch(/^Gemini CLI +desk +https:\/\/desk\.example\/mcp +streamable-http +– +no +\w+ \(\d+\)$/m);
  expect(out).toContain("literal secret in arguments (~/.cursor/mcp.json)");
  expect(out).not.toContain("hunter2");
  expect(out).not.toContain("\u001b");
});

test("a file that cannot be read: exit code 1, its place and what to do", async () => {
  const place = fixturePlace("linux", { ...FILES, "~/.codex/config.toml": "x = [\n" });
  const { code, out } = await run(["--home", place.home], { SLUICE_HOME: join(place.folder, "sluice") });
  expect(code).toBe(1);
  expect(out).toMatch(/~\/\.codex\/config\.toml:\d+ is not valid TOML\n +fix: Correct line \d+\./);
  expect(out).toContain("desk.example");
});

test("--json is JSON with everything a script needs", async () => {
  const place = fixturePlace("linux", FILES);
  const { out } = await run(["--home", place.home, "--json"], { SLUICE_HOME: join(place.folder, "sluice") });
  const parsed = JSON.parse(out) as { servers: { client: { id: string }; risk: { score: number; level: string; evidence: unknown[] } }[]; filesRead: string[]; recorded: null };
  expect(parsed.servers).toHaveLength(3);
  expect(parsed.servers[0]?.risk.evidence.length).toBeGreaterThan(3);
  expect(parsed.filesRead).toEqual(["~/.cursor/mcp.json", "~/.gemini/settings.json"]);
  expect(out).not.toContain(place.home);
  expect(out).not.toContain("hunter2");
});

test("records changes once with --record, and by itself once a journal exists", async () => {
  const place = fixturePlace("linux", FILES);
  const sluice = join(place.folder, "sluice");
  const env = { SLUICE_HOME: sluice, HOME: place.home, USERPROFILE: place.home };
  const journal = join(sluice, "journal");
  expect((await run(["--project", place.home], env)).out).not.toContain("journal");
  expect((await run(["--project", place.home, "--record"], env)).out).toContain("3 changes were written");
  expect((await run(["--project", place.home], env)).out).toContain("Nothing changed");
  const records = await readJournal(journal, { kinds: ["deployment"] });
  expect(records.map((record) => [record.kind, record.by])).toEqual([["deployment", "cli"], ["deployment", "cli"], ["deployment", "cli"]]);
});

test("a home that is not there is wrong usage", async () => {
  await expect(run(["--home", "/nonexistent/home"], {})).rejects.toMatchObject({ code: 2 });
  const place = fixturePlace("linux", {});
  mkdirSync(join(place.home, "empty"));
  expect((await run(["--home", join(place.home, "empty")], { SLUICE_HOME: place.folder })).out).toContain("No configuration");
});
