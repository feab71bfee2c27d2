import { describe, expect, test } from "vitest";
import type { Channel } from "../mcp/channel.ts";
import { launchedServer } from "../mcp/launch.ts";
import { compile } from "./compile.ts";
import { exampleFacts } from "./example-facts.ts";
import type { Policy } from "./language.ts";
import { refusalOfServer, sealed } from "./whole-server.ts";

const channel: Channel = { id: "c", point: "stdio", transport: "stdio", client: { id: "client:cursor", name: "Cursor" }, server: launchedServer("npx", ["-y", "@acme/files@1.2.3"]) };
const facts = { channel, trust: undefined, who: undefined, now: 0 };
const policy = (admission: Policy["admission"], more: Partial<Policy> = {}) => compile({ version: 1, id: "p", revision: 1, mode: "enforce", admission, rules: [], ...more }, "local");
const match = { package: "npm:@acme/*" };

describe("a server is refused as a whole", () => {
  test.each<[string, Policy["admission"], string]>([
    ["by the default", { default: "block", servers: [] }, "admission.default"],
    ["by its entry", { default: "allow", servers: [{ id: "acme", match, effect: "block", message: "Not here." }] }, "acme"],
    ["by the stricter of two entries", { default: "allow", servers: [{ id: "some", match, effect: "allow" }, { id: "acme", match, effect: "block" }] }, "acme"],
    ["by an entry that names blocked tools besides", { default: "allow", servers: [{ id: "acme", match, effect: "block", tools: [{ name: "x", effect: "block" }] }] }, "acme"],
    ["while its trust is not known and would count", { default: "allow", servers: [{ id: "acme", match: { ...match, trust: { below: 50 } }, effect: "block" }] }, "acme"],
  ])("%s", (_, admission, id) => {
    const decision = refusalOfServer(policy(admission), facts);
    expect(decision).toMatchObject({ enforced: "block", decidedBy: id });
    expect(decision?.message).toBe(admission.servers.find((entry) => entry.id === id)?.message ?? admission.message ?? null);
  });
});

describe("a server is not refused as a whole", () => {
  test.each<[string, Policy["admission"], Partial<Policy>?]>([
    ["by an entry for another one", { default: "allow", servers: [{ id: "other", match: { package: "npm:@other/*" }, effect: "block" }] }],
    ["by an entry that opens one of its tools", { default: "allow", servers: [{ id: "acme", match, effect: "block", tools: [{ name: "read_*", effect: "monitor" }] }] }],
    ["when it is watched", { default: "monitor", servers: [] }],
    ["by a policy that only watches", { default: "block", servers: [] }, { mode: "monitor" }],
    ["by a rule, however much it stops", { default: "allow", servers: [] }, { rules: [{ id: "all", title: "All", when: { client: { point: "stdio" } }, effect: "block" }] }],
  ])("%s", (_, admission, more) => expect(refusalOfServer(policy(admission, more), facts)).toBeNull());
});

test("a sealed policy refuses what the policy itself would let through", () => {
  const compiled = policy({ default: "block", servers: [] });
  const decision = refusalOfServer(compiled, facts)!;
  const allowed = exampleFacts(channel.server, { unplaced: true, method: undefined });
  expect(sealed(compiled, decision).decide(allowed).enforced).toBe("block");
});
