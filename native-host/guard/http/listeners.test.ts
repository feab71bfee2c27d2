/** What `sluice discover` makes of entries that point at a listening guard, with a real guard and with the traces of a dead one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import command from "../../cli/discover.ts";
import { fixturePlace, servers } from "../../clients/home.fixture.ts";
import { MAIN } from "../guarded.fixture.ts";
import { listenerAt, type Listener } from "./listeners.ts";

vi.setConfig({ testTimeout: 60_000 });

const TARGET = "http://127.0.0.1:1/deep/mcp";
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function discovered(home: string, sluice: string): Promise<{ name: string; guarded: boolean; identity: { url: string } }[]> {
  const stdout = new PassThrough();
  await command.run(["--home", home, "--json"], { stdin: new PassThrough(), stdout, stderr: new PassThrough(), env: { SLUICE_HOME: sluice } });
  return (JSON.parse((stdout.read() as Buffer).toString("utf8")) as { servers: { name: string; guarded: boolean; identity: { url: string } }[] }).servers;
}

test("an entry that points at a running guard is shown as the server behind it, guarded, and as what it is once the guard is gone", async () => {
  const place = fixturePlace("linux", {});
  const sluice = join(place.folder, "sluice");
  const guard = spawn(process.execPath, [MAIN, "guard", "--url", TARGET, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env["PATH"], SLUICE_HOME: sluice } });
  const ended = once(guard, "exit");
  closing.push(() => (guard.kill("SIGKILL"), ended));
  let said = "";
  guard.stderr.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  const port = await vi.waitUntil(() => /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1], { timeout: 20_000 });
  mkdirSync(join(place.home, ".cursor"), { recursive: true });
  writeFileSync(join(place.home, ".cursor", "mcp.json"), servers({ ours: { url: `http://localhost:${port}/deep/mcp` }, theirs: { url: "http://localhost:9/mcp" } }));
  const [ours, theirs] = await discovered(place.home, sluice);
  expect(ours).toMatchObject({ name: "ours", guarded: true, identity: { url: TARGET } });
  expect(theirs).toMatchObject({ name: "theirs", guarded: false, identity: { url: "http://localhost:9/mcp" } });
  // Killed: what it had said of itself stays behind.
  guard.kill("SIGKILL");
  await ended;
  expect((await discovered(place.home, sluice))[0]).toMatchObject({ guarded: false, identity: { url: `http://localhost:${port}/deep/mcp` } });
});

test("a trace whose process runs, but whose port answers nobody, does not count, nor does one that cannot be read", async () => {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, "close");
  const place = fixturePlace("linux", { "~/.cursor/mcp.json": servers({ gone: { url: `http://127.0.0.1:${port}/mcp` } }) });
  const sluice = join(place.folder, "sluice");
  const folder = join(sluice, "state", "listening");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${process.pid}-${port}.json`), JSON.stringify({ pid: process.pid, host: "127.0.0.1", port, target: TARGET }));
  writeFileSync(join(folder, "1-2.json"), "{");
  expect(await discovered(place.home, sluice)).toMatchObject([{ name: "gone", guarded: false }]);
});

test.each([
  ["http://127.0.0.1:4311/mcp", true],
  ["http://localhost:4311/", true],
  ["http://127.0.0.1:4312/mcp", false],
  ["http://127.0.0.2:4311/mcp", false],
  ["https://127.0.0.1:4311/mcp", false],
  ["http://docs.example:4311/mcp", false],
  ["http://localhost.evil.example:4311/mcp", false],
])("%s leads to it: %s", (address, expected) => {
  const listener: Listener = { pid: 1, host: "127.0.0.1", port: 4311, target: TARGET };
  expect(listenerAt([listener], address)).toBe(expected ? listener : undefined);
});
