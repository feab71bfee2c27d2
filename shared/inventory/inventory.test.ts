/** What the inventory knows after records, in whatever order they came. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { configuredPlaces, emptyInventory, observe, observeAll, observeServer, type Inventory } from "./inventory.ts";
import { isServerEntry } from "./entry-guard.ts";
import { mergeEntries } from "./merge.ts";
import { admitted, CURSOR, decision, deployment, found, initialized, listChanged, message, NOTES, prompts, remote, resources, shuffled, started, tools } from "./record.fixture.ts";
import { instructionsSeen } from "./definitions.ts";
import { bringsApps, bringsSkills, isStale, LIMITS } from "./entry.ts";

const context = { sanctioned: new Set(["good"]) };

function only(inventory: Inventory) {
  expect(inventory.servers.size).toBe(1);
  return [...inventory.servers.values()][0]!;
}

test("a life of one server adds up", () => {
  const entry = only(
    observeAll(
      emptyInventory(),
      [
        deployment({ time: 500, notes: ["environment NOTES_TOKEN"] }),
        initialized({ time: 1000 }),
        tools([{ name: "list_notes" }, { name: "delete_note", description: "Delete a note" }], { time: 1001 }),
        message({ time: 1002, decision: decision({ matched: [admitted("good")] }) }),
        message({ time: 1003, redacted: 2, findings: [found("secret.jwt", 2)], decision: decision({ effect: "redact", enforced: "redact", matched: [admitted("good")] }) }),
        message({ time: 1004, kind: "response", direction: "to-client", findings: [found("pii.email"), found("secret.jwt")], decision: decision({ effect: "block", enforced: "block", matched: [admitted("good")] }) }),
      ],
      context,
    ),
  );
  expect(entry).toMatchObject({
    id: NOTES.id,
    self: { name: "notes", version: "9" },
    protocolVersions: ["2025-11-25"],
    era: "legacy",
    clients: ["client:cursor"],
    firstSeen: 500,
    lastSeen: 1004,
    counts: { requests: 2, responses: 1, blocked: 1, redacted: 2 },
    dataClasses: [{ class: "pii.email", count: 1 }, { class: "secret.jwt", count: 3 }],
    admission: { effect: "allow", sanctioned: true },
    toolCounts: { read: 1, delete: 1 },
    notes: ["environment NOTES_TOKEN"],
  });
  expect(JSON.parse(JSON.stringify(entry))).toEqual(entry);
});

test("the order of records changes nothing", () => {
  const records = [
    deployment({ time: 1 }),
    deployment({ time: 9, change: "changed", guarded: true, notes: ["header X"] }),
    initialized({ time: 2, era: "legacy" }),
    initialized({ time: 7, era: "modern", protocolVersion: "2026-07-28", serverInfo: { name: "renamed" }, authentication: "bearer" }),
    tools([{ name: "a_get", description: "Get it" }], { time: 3 }),
    tools([{ name: "a_get", description: "Get it, and more" }, { name: "b_send" }], { time: 8 }),
    message({ time: 4, decision: decision({ matched: [admitted("good")] }) }),
    message({ time: 6, redacted: 1, findings: [found("pii.iban")], decision: decision({ effect: "block", enforced: "block", decidedBy: "admission.default" }) }),
    message({ time: 5, server: remote("https://other.example/mcp") }),
    started({ time: 10 }),
    started({ time: 11 }),
    initialized({ time: 12, serverInfo: null, instructions: instructionsSeen("Be polite"), extensions: ["b", "a"] }),
    initialized({ time: 13, serverInfo: null, instructions: instructionsSeen("Be rude") }),
    prompts([{ name: "greet", description: "Greets" }], { time: 2 }),
    prompts([{ name: "greet", description: "Greets, loudly" }, { name: "ask" }], { time: 3 }),
    resources([{ uri: "file:///a", name: "A", size: 1 }, { uri: "file:///b" }], { time: 16 }),
    resources([{ uri: "file:///a", name: "A2", size: 2 }], { time: 17 }),
    resources([{ uriTemplate: "file:///a", name: "Any" }], { time: 18 }),
    listChanged("prompts", { time: 5 }),
    listChanged("resources", { time: 5 }),
  ];
  const expected = observeAll(emptyInventory(), records, context);
  // Two observers who tell each other in the end know as much as one who saw it all.
  const about = records.filter((record) => "server" in record && record.server.id === NOTES.id);
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(about.length), (seed, at) => {
      const mixed = shuffled(about, seed);
      const [one, other] = [mixed.slice(0, at), mixed.slice(at)].map((part) => observeAll(emptyInventory(), part, context).servers.get(NOTES.id));
      expect(one && other ? mergeEntries(one, other) : (one ?? other)).toEqual(expected.servers.get(NOTES.id));
    }),
    { numRuns: 60 },
  );
  expect({ ...expected.servers.get(NOTES.id), admission: null }).toSatisfy(isServerEntry);
  fc.assert(
    fc.property(fc.nat(1_000_000), (seed) => {
      expect(observeAll(emptyInventory(), shuffled(records, seed), context)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
  const entry = expected.servers.get(NOTES.id);
  expect(entry).toMatchObject({ self: { name: "renamed" }, era: "both", admission: { effect: "block", sanctioned: false }, firstSeen: 1, lastSeen: 18 });
  expect(entry).toMatchObject({
    sessions: 2,
    extensions: ["a", "b"],
    instructions: { opening: "Be rude", digests: [expect.any(String), expect.any(String)] },
    prompts: [{ name: "ask" }, { name: "greet", description: "Greets, loudly", digests: [expect.any(String), expect.any(String)] }],
    resources: [{ uri: "file:///a", name: "A2", bytes: 2, template: false }, { uri: "file:///b" }, { uri: "file:///a", template: true }],
  });
  expect((["tools", "prompts", "resources"] as const).map((list) => isStale(entry!, list))).toEqual([false, true, false]);
  expect(entry?.tools.find((tool) => tool.name === "a_get")).toMatchObject({ description: "Get it, and more", digests: [expect.any(String), expect.any(String)] });
});

test("row by row is the same as all at once, and the input stays as it was", () => {
  const first = observe(emptyInventory(), initialized());
  const before = JSON.stringify([...first.servers]);
  const second = observe(first, message());
  expect(JSON.stringify([...first.servers])).toBe(before);
  expect(second.servers.get(NOTES.id)).toEqual(observeServer(observeServer(undefined, initialized()), message()));
});

test("a removed configuration takes its remarks along, another place keeps its own", () => {
  const entry = only(
    observeAll(emptyInventory(), [
      deployment({ time: 1, notes: ["literal secret in arguments"] }),
      deployment({ time: 2, client: { id: "client:zed", name: "Zed" }, where: "~/.config/zed/settings.json", guarded: true, notes: ["environment A"] }),
      deployment({ time: 3, change: "removed", notes: ["literal secret in arguments"] }),
    ]),
  );
  expect(configuredPlaces(entry).map((place) => [place.client.name, place.guarded])).toEqual([["Zed", true]]);
  expect(entry.notes).toEqual(["environment A"]);
});

test("without a policy nobody can tell what is sanctioned", () => {
  const listed = message({ decision: decision({ matched: [admitted("good")] }) });
  expect(observeServer(undefined, listed).admission?.sanctioned).toBeNull();
  expect(observeServer(undefined, listed, { sanctioned: new Set() }).admission?.sanctioned).toBe(false);
});

test("clients know their servers and what they call themselves", () => {
  const inventory = observeAll(emptyInventory(), [initialized({ time: 5 }), message({ time: 2, server: remote("https://other.example/mcp") })]);
  expect(inventory.clients.get(CURSOR.id)).toMatchObject({ name: "Cursor", self: [{ name: "cursor-vscode", version: "1" }], firstSeen: 2, lastSeen: 5, points: ["http", "stdio"] });
  expect(inventory.clients.get(CURSOR.id)?.servers).toHaveLength(2);
});

// threat: hostile-names
test("a server that lists tools without end fills no store, and its words cannot steer a terminal", () => {
  const many = Array.from({ length: LIMITS.tools + 50 }, (_, index) => ({ name: `tool_${index}`, description: "\u001b[31mred\u202e\n\u200bend" }));
  const entry = observeServer(observeServer(undefined, tools(many)), initialized({ time: 2000, serverInfo: { name: "\u001b]0;own\u0007title", version: "1" } }));
  expect(entry.tools).toHaveLength(LIMITS.tools);
  expect(entry.tools[0]?.description).toBe("[31mred end");
  expect(entry.self?.name).toBe("]0;owntitle");
});

test("a list that changed is old until it is asked for again", () => {
  const stale = (...records: Parameters<typeof observeServer>[1][]) => isStale(records.reduce<ReturnType<typeof observeServer> | undefined>((entry, record) => observeServer(entry, record), undefined)!, "tools");
  expect(stale(tools([{ name: "a" }], { time: 1 }))).toBe(false);
  expect(stale(tools([{ name: "a" }], { time: 1 }), listChanged("tools", { time: 2 }))).toBe(true);
  expect(stale(tools([{ name: "a" }], { time: 1 }), listChanged("tools", { time: 2 }), tools([], { time: 3 }))).toBe(false);
  expect(stale(listChanged("prompts", { time: 2 }))).toBe(false);
});

test("apps and skills show, by what the server says or by what it offers", () => {
  const of = (record: Parameters<typeof observeServer>[1]) => observeServer(undefined, record);
  expect(bringsApps(of(initialized()))).toBe(false);
  expect(bringsApps(of(initialized({ extensions: ["io.modelcontextprotocol/ui"] })))).toBe(true);
  expect(bringsApps(of(resources([{ uri: "ui://board" }])))).toBe(true);
  expect(bringsApps(of({ ...tools([{ name: "a" }]), apps: 1 }))).toBe(true);
  expect(bringsSkills(of(resources([{ uri: "skill://pdf/SKILL.md" }])))).toBe(true);
  expect(bringsSkills(of(initialized({ extensions: ["io.modelcontextprotocol/skills"] })))).toBe(true);
});

test("a row from before there were prompts and resources goes on", () => {
  const { prompts: _p, resources: _r, lists: _l, instructions: _i, extensions: _e, apps: _a, sessions: _s, ...old } = observeServer(undefined, message());
  expect(observeServer(old as ReturnType<typeof observeServer>, prompts([{ name: "a" }], { time: 2000 })).prompts).toHaveLength(1);
});

test("lists without end stay within their bounds", () => {
  const entry = [prompts, resources].reduce<ReturnType<typeof observeServer> | undefined>((known, list) => observeServer(known, list(Array.from({ length: 3000 }, (_, i) => ({ name: `n${i}`, uri: `x://${i}` })))), undefined)!;
  expect([entry.prompts.length, entry.resources.length]).toEqual([LIMITS.prompts, LIMITS.resources]);
});

test("a record that names a server but tells nothing of it changes nothing", () => {
  const { kind: _, ...request } = message();
  const asked = { ...request, kind: "approval.requested", asks: "approve", rules: ["r"], call: "c", until: 1 } as const;
  expect(observe(emptyInventory(), asked).servers.size).toBe(0);
});

test("a row from a file is taken as it was written, and not with anything bent in it", () => {
  const entry = { ...observeAll(emptyInventory(), [initialized({ instructions: instructionsSeen("x") }), tools([{ name: "a" }]), prompts([{ name: "p" }]), resources([{ uri: "x:" }])]).servers.get(NOTES.id)!, admission: null };
  expect(JSON.parse(JSON.stringify(entry))).toSatisfy(isServerEntry);
  for (const key of Object.keys(entry)) {
    for (const value of [undefined, true, "x".repeat(5000), { a: "b" }, [["x"]]]) expect({ key, value, accepted: isServerEntry({ ...entry, [key]: value }) }).toEqual({ key, value, accepted: false });
  }
  expect(isServerEntry({ ...entry, selfStamp: "9".repeat(30) })).toBe(false);
  expect(isServerEntry({ ...entry, tools: Array.from({ length: 501 }, () => entry.tools[0]) })).toBe(false);
  fc.assert(fc.property(fc.anything(), (value) => void isServerEntry(value)));
});
