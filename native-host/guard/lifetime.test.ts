/** Beginnings and ends of a guarded server, with real processes: codes, signals, half-closed pipes, and never an orphan. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually, isAlive, MAIN, makePlace, SERVER, type Place } from "./guarded.fixture.ts";

// Real processes on a busy machine: only a hang should fail here.
vi.setConfig({ testTimeout: 60_000 });

let place: Place;
beforeEach(() => void (place = makePlace()));
afterEach(() => place.leave());

const gone = (pid: number): Promise<boolean> => eventually(`process ${pid} ends`, () => !isAlive(pid));

test("the client closes its side: the server gets the end of its input, its last words arrive, its exit code is ours", async () => {
  const guard = place.guard(["last-words"]);
  await guard.call("anything");
  expect(await guard.end()).toBe(7);
  expect(place.reported()).toContain("eof");
  expect(guard.output().toString()).toContain("last words");
  const ends = (await place.journal()).filter((record) => record.kind === "session.ended");
  expect(ends).toMatchObject([{ reason: "client closed; server exited with code 7" }]);
});

test("input that was closed before the server was up still reaches it, and the answer comes back", async () => {
  const guard = place.guard(["last-words"]);
  guard.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "early", arguments: { a: 1 } } });
  expect(await guard.end()).toBe(7);
  expect((await guard.reply(1)).result?.content?.[0]?.text).toBe('{"a":1}');
});

test.skipIf(process.platform === "win32")("a server that speaks and ends before the guard has loaded is heard", async () => {
  const guard = place.guard([], { command: ["/bin/sh", "-c", `echo '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"quick"}}'; exit 4`] });
  expect(await guard.ended).toBe(4);
  expect(guard.output().toString()).toContain('"quick"');
});

test("the server ends by itself: its code is ours", async () => {
  expect(await place.guard(["exit=3"]).ended).toBe(3);
  expect(await place.guard(["exit=0"]).ended).toBe(0);
});

test("a signal ends the server: 128 and its number, as a shell says it", async () => {
  expect(await place.guard(["crash"]).ended).toBe(128 + 9);
  const [end] = (await place.journal()).filter((record) => record.kind === "session.ended");
  expect(end).toMatchObject({ reason: "server ended by SIGKILL" });
});

test("a command that is not there: 127, one clear line, and a record", async () => {
  const guard = place.guard([], { command: ["no-such-command-here", "--token", "x".repeat(30)] });
  expect(await guard.ended).toBe(127);
  expect(guard.errors()).toBe("sluice: the server's command was not found; check its spelling and the PATH\n");
  expect((await place.journal()).map((record) => record.kind)).toEqual(["session.started", "session.ended"]);
});

test("a command that may not be run: 126 and one clear line", async () => {
  const file = join(place.home, "not-executable");
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o600 });
  const guard = place.guard([], { command: [file] });
  expect(await guard.ended).toBe(126);
  expect(guard.errors()).toBe("sluice: the server's command may not be run; check the permissions of its file\n");
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s goes to the server, and the guard ends with it", async (signal) => {
  const guard = place.guard();
  await guard.call("up");
  guard.process.kill(signal);
  expect(await guard.ended).toBe(40);
  expect(place.reported()).toContain(signal);
  expect(isAlive(await place.serverPid())).toBe(false);
});

test("a server that ignores SIGTERM is killed after the grace", async () => {
  const guard = place.guard(["deaf", "stays"]);
  await guard.call("up");
  guard.process.kill("SIGTERM");
  expect(await guard.ended).toBe(128 + 9);
  expect(place.reported()).toContain("SIGTERM");
  expect(isAlive(await place.serverPid())).toBe(false);
});

test("a server that ignores the end of its input and SIGTERM does not outlive its client", async () => {
  const guard = place.guard(["deaf", "stays"]);
  await guard.call("up");
  expect(await guard.end()).toBe(128 + 9);
  expect(place.reported()).toEqual(expect.arrayContaining(["eof", "SIGTERM"]));
});

test("a server that works on after its input has closed is heard to the end", async () => {
  const guard = place.guard(["stays"]);
  // Longer than the silence that is borne, but it is not silent.
  for (let i = 1; i <= 6; i++) guard.send({ jsonrpc: "2.0", id: i, method: "tools/call", params: { name: "wait", arguments: { ms: i * 1000 } } });
  guard.process.stdin!.end();
  await guard.reply(6);
  expect(await guard.ended).toBe(40);
});

test("the client stops reading: the server ends, with a reason on record", async () => {
  const guard = place.guard(["stays"]);
  await guard.call("up");
  guard.process.stdout!.destroy();
  // The guard learns of it when the server speaks next.
  guard.send({ jsonrpc: "2.0", id: "x", method: "tools/call", params: { name: "again" } });
  await gone(await place.serverPid());
  expect(await guard.ended).toBe(40);
  expect((await place.journal()).findLast((record) => record.kind === "session.ended")).toMatchObject({ reason: expect.stringContaining("client stopped reading") as string });
});

test("the client goes while it owes us reading: nobody waits for it", async () => {
  const guard = place.guard(["stays"], { paused: true });
  guard.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "size", arguments: { bytes: 8_000_000 } } });
  const pid = await place.serverPid();
  await eventually("the answer is on its way", () => guard.process.stdout!.readableLength > 0 || (guard.process.stdout!.read(0), false));
  guard.process.stdout!.destroy();
  guard.process.stdin!.destroy();
  await gone(pid);
  await guard.ended;
});

test("the guard is killed: the server gets the end of its input and ends", async () => {
  const guard = place.guard();
  await guard.call("up");
  const pid = await place.serverPid();
  guard.process.kill("SIGKILL");
  await gone(pid);
  expect(place.reported()).toContain("eof");
});

test.skipIf(process.platform === "win32")("a wrapper that goes does not leave the server behind it running", async () => {
  const guard = place.guard([], { command: ["/bin/sh", "-c", `"${process.execPath}" "${SERVER}" deaf stays; exit 0`] });
  await guard.call("up");
  const pid = await place.serverPid();
  guard.process.kill("SIGTERM");
  await guard.ended;
  expect(isAlive(pid)).toBe(false);
});

test.skipIf(process.platform === "win32")("a server that leaves its output to something it started does not keep the guard", async () => {
  // The process in the background holds the pipe for a long time; it is not ours to end.
  const guard = place.guard([], { command: ["/bin/sh", "-c", `sleep 30 & echo "pid $!" >> "$REPORT"; echo '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"bye"}}'; exit 5`] });
  const code = new Promise<number | null>((resolve) => guard.process.once("exit", resolve));
  expect(await code).toBe(5);
  await eventually("its last words arrive", () => guard.output().toString().includes('"bye"'));
  expect(isAlive(await place.serverPid())).toBe(true);
});

test("wrong usage is said in a line that shows how", () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, "guard", ...args], { encoding: "utf8", input: "", env: { ...process.env, SLUICE_HOME: place.home } });
  const secret = `sk-${"a1B2".repeat(8)}`;
  for (const args of [[], ["--"], ["npx", "-y", "server", secret], ["--client"], ["--clent", "x", "--", "true"]]) {
    const { status, stdout, stderr } = run(...args);
    expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: "" });
    expect(stderr).toMatch(/sluice guard -- |sluice guard --help/);
    expect(stderr).not.toContain(secret);
  }
});
