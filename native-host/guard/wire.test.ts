/** What passes a guard and how, with real processes: bytes, stray prints, broken messages, oversize, policy while it runs, records. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import fc from "fast-check";
import { eventually, MAIN, makePlace, NO_TOOL, POLICY, SERVER, type Place } from "./guarded.fixture.ts";

vi.setConfig({ testTimeout: 60_000 });

let place: Place;
beforeEach(() => void (place = makePlace()));
afterEach(() => place.leave());

const textOf = (reply: { result?: { content?: readonly { text?: string }[] } }): string | undefined => reply.result?.content?.[0]?.text;

test.each([1, 2, 3])("every byte of allowed traffic comes back as it went, however it is cut (seed %i)", async (seed) => {
  const message = fc.oneof(
    fc.jsonValue().map((value) => ` {"jsonrpc" : "2.0",\t"method":"notifications/x","params":{"value":${JSON.stringify(value)}}}`),
    fc.constantFrom("", "   ", "\t", '[{"jsonrpc":"2.0","method":"notifications/a"},{"jsonrpc":"2.0","method":"notifications/b"}]', '{"method":"notifications/é😀","jsonrpc":"2.0","params":{"n":1.0,"e":1E5}}'),
  );
  const [lines = []] = fc.sample(fc.array(fc.tuple(message, fc.constantFrom("\n", "\r\n")), { minLength: 60, maxLength: 60 }), { numRuns: 1, seed });
  const sent = Buffer.from(lines.map(([text, end]) => text + end).join(""));
  const guard = place.guard(["raw"]);
  const [cuts = []] = fc.sample(fc.array(fc.nat(sent.length), { minLength: 40, maxLength: 40 }), { numRuns: 1, seed });
  const places = [0, ...cuts.toSorted((a, b) => a - b), sent.length];
  for (let i = 1; i < places.length; i++) {
    guard.process.stdin!.write(sent.subarray(places[i - 1], places[i]));
    // A turn of the loop between two writes, so that they are two.
    await new Promise(setImmediate);
  }
  await guard.end();
  expect(guard.output().equals(sent)).toBe(true);
});

test("standard error passes untouched", async () => {
  const guard = place.guard();
  await guard.call("complain");
  await guard.end();
  expect(guard.errors()).toBe("standard error: ä\n");
});

test("what a server prints beside its messages goes to standard error and on record, and what follows passes", async () => {
  const guard = place.guard();
  const prints = ["Server ready on stdio", "[INFO] loading {1,2}", "{not json}"];
  await guard.call("print", { text: `${prints.join("\n")}\n` });
  await guard.call("bytes", { hex: Buffer.from("Gr\u00fc\u00dfe\n", "latin1").toString("hex") });
  expect(textOf(await guard.call("after", { a: 1 }))).toBe('{"a":1}');
  await guard.end();
  for (const print of [...prints, "Gr\ufffd\ufffde"]) expect(guard.errors()).toContain(`${print}\n`);
  expect(guard.output().toString()).not.toMatch(/ready|INFO|not json|Gr/);
  const faults = (await place.journal()).filter((record) => record.kind === "malformed");
  expect(faults.map((record) => record.fault)).toEqual(["not-json", "syntax", "syntax", "not-json"]);
  expect(JSON.stringify(faults)).not.toMatch(/ready|INFO/);
});

test("a flood of prints fills no journal", async () => {
  const guard = place.guard();
  await guard.call("print", { text: "tick\n".repeat(5000) });
  await guard.end();
  expect(guard.errors().length).toBe(25_000);
  const faults = (await place.journal()).filter((record) => record.kind === "malformed");
  expect(faults.length).toBeGreaterThan(16);
  expect(faults.length).toBeLessThan(40);
});

describe("what cannot be judged is not handed on, whoever waits is told, and the next message passes", () => {
  const request = (id: string, params: string) => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"probe","arguments":{"text":"${params}"}}}`;

  test.each([
    ["invalid UTF-8", Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":91,"method":"tools/call","params":{"name":"probe","arguments":{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}}}\n')]), "not valid UTF-8"],
    ["broken JSON", Buffer.from('{"jsonrpc":"2.0","id":91,"method":"tools/call",}\n'), "not valid JSON"],
    ["a key twice", Buffer.from('{"jsonrpc":"2.0","id":91,"method":"tools/call","method":"ping"}\n'), "ambiguous"],
    // Python's text mode reads two messages here, the second one unseen.
    ["a message behind a lone carriage return", Buffer.from('{"jsonrpc":"2.0","id":91,"method":"tools/call","params":{"name":"probe","arguments":{"a":\r{"jsonrpc":"2.0","id":92,"method":"tools/call","params":{"name":"hidden"}}\r}}}\n'), "carriage return"],
  ])("from the client: %s", async (_name, bytes, words) => {
    const guard = place.guard();
    guard.process.stdin!.write(bytes);
    const { error } = await guard.reply(91);
    expect(error?.message).toContain(words);
    expect(textOf(await guard.call("after"))).toBe("{}");
    await guard.end();
    expect(place.reported()).not.toContain("got tools/call probe");
    expect((await place.journal()).filter((record) => record.kind === "malformed")).toHaveLength(1);
  });

  test.each([
    ["its id first", (text: string) => request("91", text)],
    ["its id last", (text: string) => `{"method":"tools/call","params":{"name":"probe","arguments":{"text":"${text}"}},"jsonrpc":"2.0","id":91}`],
  ])("20 MB from the client, %s", async (_name, make) => {
    const guard = place.guard();
    guard.send(`${make("x".repeat(20 << 20))}\n`);
    expect((await guard.reply(91)).error?.message).toContain("larger than 16 MiB");
    expect(textOf(await guard.call("after"))).toBe("{}");
    await guard.end();
    expect(place.reported()).not.toContain("got tools/call probe");
  });

  test("20 MB from the server", async () => {
    const guard = place.guard();
    const reply = await guard.call("size", { bytes: 20 << 20 });
    expect(JSON.stringify(reply)).toContain("larger than 16 MiB");
    expect(guard.output().length).toBeLessThan(10_000);
    expect(textOf(await guard.call("after"))).toBe("{}");
    await guard.end();
  });

  test("10 MB pass, both ways", async () => {
    const guard = place.guard(["raw"]);
    const line = Buffer.from(`{"jsonrpc":"2.0","method":"notifications/x","params":{"a":"${"y".repeat(10 << 20)}"}}\n`);
    guard.process.stdin!.write(line);
    await guard.end();
    expect(guard.output().equals(line)).toBe(true);
  });
});

test("a batch is judged member by member", async () => {
  place.policy(POLICY(NO_TOOL("secret_tool")));
  const guard = place.guard(["raw"]);
  const member = (id: number, name: string) => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}"}}`;
  guard.send(`[${member(1, "fine")},${member(2, "secret_tool")}]\n`);
  await guard.end();
  // This server hands back what reached it.
  const lines = guard.output().toString().trim().split("\n");
  expect(lines).toContain(`[${member(1, "fine")}]`);
  const refused = lines.map((line) => JSON.parse(line) as { id?: number; result?: { isError?: boolean } }[]).find((batch) => batch[0]?.id === 2 && batch[0].result);
  expect(refused).toMatchObject([{ id: 2, result: { isError: true } }]);
});

describe("policy", () => {
  test("a change of the file changes the next decision, without a restart", async () => {
    const guard = place.guard();
    expect(textOf(await guard.call("probe"))).toBe("{}");
    place.policy(POLICY(NO_TOOL("probe"), 2));
    await eventually("the new policy decides", async () => (await guard.call("probe")).result?.isError);
    await guard.end();
  });

  test("a broken change leaves the old one in force, says so once, and is on record", async () => {
    place.policy(POLICY(NO_TOOL("probe")));
    const guard = place.guard();
    expect((await guard.call("probe")).result?.isError).toBe(true);
    place.policy(POLICY("[{ id: x, efect: block }]", 2));
    await eventually("the refusal is said", () => guard.errors().includes("the policy was refused"));
    expect(guard.errors()).toContain('In force stays "test", revision 1');
    expect(guard.errors()).toContain('did you mean "effect"');
    expect((await guard.call("probe")).result?.isError).toBe(true);
    await guard.end();
    expect((await place.journal()).filter((record) => record.kind === "policy.rejected")).toHaveLength(1);
  });

  test("broken at the start: the last good one is in force, or the baseline where there never was one", async () => {
    place.policy(POLICY("[{ id: x, efect: block }]"));
    const first = place.guard();
    expect(textOf(await first.call("probe"))).toBe("{}");
    const secret = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;
    expect(textOf(await first.call("other", { key: secret }))).not.toContain(secret);
    expect(first.errors()).toContain("Only the built-in baseline is in force");
    await first.end();

    place.policy(POLICY(NO_TOOL("probe")));
    const second = place.guard();
    await second.call("other");
    await second.end();

    place.policy(POLICY("[{ id: x, efect: block }]", 2));
    const third = place.guard();
    expect((await third.call("probe")).result?.isError).toBe(true);
    expect(third.errors()).toContain('In force stays "test", revision 1');
    await third.end();
  });
});

describe("records", () => {
  test("hold no secret of the command line, and the last ones are written before the guard ends", async () => {
    const secrets = [`ghp_${"Qw8Er7Ty6Ui5".repeat(3)}`, `hunter-${"2b".repeat(6)}`, `eyJhbGciOiJIUzI1NiJ9.${"e30".repeat(8)}.${"c2ln".repeat(8)}`];
    const guard = place.guard(["--token", secrets[1]!, `--github=${secrets[0]}`, "--header", `Authorization: Bearer ${secrets[2]}`, `https://user:${secrets[1]}@db.example/x?key=${secrets[0]}`]);
    for (let i = 0; i < 20; i++) guard.send({ jsonrpc: "2.0", id: i, method: "tools/call", params: { name: "probe" } });
    await guard.end();
    const records = await place.journal();
    const text = JSON.stringify(records);
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(records.filter((record) => record.kind === "request")).toHaveLength(20);
    expect(records.filter((record) => record.kind === "response")).toHaveLength(20);
    expect(records.at(-1)?.kind).toBe("session.ended");
  });

  test("a journal that cannot be written stops no enforcement, and is said once", async () => {
    place.policy(POLICY(NO_TOOL("probe")));
    // A file where folders should be: also holds for root, who may write everywhere.
    for (const name of ["journal", "state"]) writeFileSync(join(place.home, name), "");
    const guard = place.guard();
    expect((await guard.call("probe")).result?.isError).toBe(true);
    expect(textOf(await guard.call("other"))).toBe("{}");
    expect(await guard.end()).toBe(0);
    expect(guard.errors().match(/journal/g)).toHaveLength(2);
    expect(guard.errors()).toContain("guarding goes on");
  });

  test("two guards at once share home, key and journal", async () => {
    const guards = [place.guard(), place.guard()];
    const secret = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;
    rmSync(join(place.home, "policy.yaml"));
    await Promise.all(guards.map((guard) => guard.call("probe", { secret })));
    await Promise.all(guards.map((guard) => guard.end()));
    const records = await place.journal();
    expect(new Set(records.flatMap((record) => (record.kind === "session.ended" ? [record.channel] : []))).size).toBe(2);
    const prints = records.flatMap((record) => (record.kind === "request" ? record.findings.flatMap((finding) => finding.fingerprints) : []));
    expect(prints.length).toBe(2);
    expect(new Set(prints).size).toBe(1);
  });
});

test("a guard around a guard works, and says that one is enough", async () => {
  const guard = place.guard([], { command: [process.execPath, MAIN.replace("main.ts", "sluice.mjs"), "guard", "--", process.execPath, SERVER] });
  await guard.ended;
  expect(guard.errors()).toContain("one is enough");
  const working = place.guard([], { command: [process.execPath, MAIN, "guard", "--", process.execPath, SERVER] });
  expect(textOf(await working.call("through", { a: 1 }))).toBe('{"a":1}');
  expect(await working.end()).toBe(0);
});
