import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse as parseYaml, stringify } from "yaml";
import type { AdmissionEntry, Policy } from "../../../shared/policy/language.ts";
import { validatePolicy } from "../../../shared/policy/schema.ts";
import { parseCsv } from "./lists/csv.ts";
import { openStage, type Stage } from "./run.fixture.ts";

let stage: Stage;
beforeEach(() => void (stage = openStage()));
afterEach(() => stage.close());

interface Import {
  readonly policy: Policy;
  readonly losses: { about: string; why: string; looser: boolean }[];
}

async function imported(kind: string, name: string, content: unknown, ...more: string[]): Promise<Import & { code: number; err: string }> {
  const file = stage.file(name, typeof content === "string" ? content : JSON.stringify(content));
  const { code, out, err } = await stage.run("import", "--from", kind, file, "--json", ...more);
  return { ...(JSON.parse(out) as Import), code, err };
}

const matches = (policy: Policy): unknown[] => policy.admission.servers.map(({ match, effect }) => ({ match, effect }));

test("Claude Code: exact commands, address patterns, denied ones; a guard in front does not count; names need their definitions", async () => {
  const settings = {
    allowedMcpServers: [{ serverCommand: ["npx", "-y", "@acme/desk"] }, { serverUrl: "https://*.example.com/*" }, { serverName: "github" }, { serverCommand: ["/opt/bin/sluice", "guard", "--", "uvx", "mcp-git"] }],
    deniedMcpServers: [{ serverUrl: "https://evil.example/*" }, { serverName: "gone" }],
    allowManagedMcpServersOnly: true,
  };
  const servers = stage.file("servers.json", JSON.stringify({ mcpServers: { github: { type: "http", url: "https://api.example.net/mcp/?key=not-a-real-one" } } }));
  const { policy, losses, code, err } = await imported("claude-code", "managed-settings.json", settings, "--servers", servers);
  expect(code).toBe(1);
  expect(policy.admission.default).toBe("block");
  expect(matches(policy)).toEqual([
    { match: { command: ["npx", "-y", "@acme/desk"] }, effect: "allow" },
    { match: { url: "https://*.example.com/*" }, effect: "allow" },
    { match: { url: "https://api.example.net/mcp" }, effect: "allow" },
    { match: { command: ["uvx", "mcp-git"] }, effect: "allow" },
    { match: { url: "https://evil.example/*" }, effect: "block" },
  ]);
  expect(losses.map(({ about, looser }) => [about, looser])).toEqual([
    ["deniedMcpServers[1] (gone)", true],
    ["allowManagedMcpServersOnly", false],
  ]);
  expect(err).toContain("lets through more than the list did");
});

test("Claude Code: no list of allowed servers means all, an empty one none; secrets in commands stay behind", async () => {
  expect((await imported("claude-code", "a.json", { deniedMcpServers: [] })).policy.admission).toEqual({ default: "monitor", servers: [] });
  expect((await imported("copilot", "b.json", { allowedMcpServers: [] })).policy.admission).toEqual({ default: "block", servers: [] });
  const secret = `ghp_${"A1b2".repeat(9)}`;
  const withSecret = await imported("claude-code", "c.json", { allowedMcpServers: [{ serverCommand: ["npx", "thing", "--token", secret] }] });
  expect(JSON.stringify(withSecret)).not.toContain(secret);
  expect(withSecret.policy.admission.servers[0]?.match.command?.slice(0, 3)).toEqual(["npx", "thing", "--token"]);
});

test("Gemini CLI: names with their definitions beside them, tools in and out", async () => {
  const settings = { mcp: { allowed: ["desk", "files", "nowhere"], excluded: ["old"] }, mcpServers: { desk: { httpUrl: "https://desk.example/mcp", excludeTools: ["delete_all"] }, files: { command: "npx", args: ["-y", "files"], includeTools: ["read(path)", "list"], trust: true }, old: { url: "https://old.example/sse" } } };
  const { policy, losses } = await imported("gemini", "settings.json", settings);
  expect(policy.admission).toMatchObject({
    default: "block",
    servers: [
      { id: "desk", match: { url: "https://desk.example/mcp" }, effect: "allow", tools: [{ name: ["delete_all"], effect: "block" }] },
      { id: "files", match: { command: ["npx", "-y", "files"] }, effect: "allow" },
      { id: "old", match: { url: "https://old.example/sse" }, effect: "block" },
    ],
  });
  expect(policy.rules).toMatchObject([{ when: { server: { id: "files" }, method: "tools/call" }, unless: { tool: ["read", "list"] }, effect: "block" }]);
  expect(losses.map(({ about }) => about).sort()).toEqual(["mcp.allowed (nowhere)", "mcpServers.files.trust"]);
});

test("VS Code: all, none, or what a registry lists", async () => {
  expect((await imported("vscode", "a.json", '{ /* policy */ "chat.mcp.access": "allowed", }')).policy.admission.default).toBe("monitor");
  expect((await imported("vscode", "b.json", { "chat.mcp.access": "off" })).policy.admission).toEqual({ default: "block", servers: [] });
  const registry = stage.file("registry.json", JSON.stringify({ servers: [{ server: { name: "com.example/desk", remotes: [{ type: "streamable-http", url: "https://{tenant}.example.com/mcp" }], packages: [{ registryType: "npm", identifier: "@acme/desk", version: "1.2.3" }] } }, { server: { name: "com.example/gone", remotes: [{ url: "https://gone.example" }] }, _meta: { "io.modelcontextprotocol.registry/official": { status: "deleted" } } }] }));
  const { policy, losses } = await imported("vscode", "c.json", { "chat.mcp.access": "registryOnly" }, "--servers", registry);
  expect(matches(policy)).toEqual([
    { match: { url: "https://*.example.com/mcp" }, effect: "allow" },
    { match: { package: "npm:@acme/desk" }, effect: "allow" },
  ]);
  expect(losses).toMatchObject([{ about: "versions", looser: true }]);
});

test("what is no list of that kind is said, with exit code 2", async () => {
  for (const [kind, content] of [["claude-code", "{}"], ["claude-code", '{"allowedMcpServers": 5}'], ["gemini", "[]"], ["vscode", '{"chat.mcp.access": "perhaps"}'], ["managed-mcp", "{"], ["registry", "{}"]] as const)
    await expect(stage.run("import", "--from", kind, stage.file("x.json", content))).rejects.toMatchObject({ code: 2 });
  await expect(stage.run("import", "--from", "cursor", "x.json")).rejects.toMatchObject({ code: 2 });
});

test("the YAML names at its head what was left behind, is good policy, and overwrites nothing", async () => {
  const file = stage.file("s.json", JSON.stringify({ deniedMcpServers: [{ serverName: "a\u2028b: evil" }] }));
  const out = join(stage.folder, "policy.yaml");
  expect((await stage.run("import", "--from", "claude-code", file, "--out", out)).code).toBe(1);
  const text = readFileSync(out, "utf8");
  expect(text).toMatch(/^# NOT CARRIED OVER.*\n# {3}- deniedMcpServers\[0\] \(a b: evil\)/m);
  expect((await stage.run("check", out)).code).toBe(0);
  await expect(stage.run("import", "--from", "claude-code", file, "--out", out)).rejects.toMatchObject({ code: 2 });
});

const TABLE = `name,source,destination,tool,data,action
Desk is fine,,https://desk.example/*,,,allow
No secrets,,,,secret.*,block
"Red, only",group:red;user:alice,npm:@acme/*,get_*,,allow
Deletes,,,delete_*;drop_*,,approve
`;

test("a table becomes rules that spare what earlier rows let through", async () => {
  const { policy, code } = await imported("table", "t.csv", TABLE);
  expect(code).toBe(0);
  expect(policy.admission).toEqual({ default: "allow", servers: [] });
  expect(policy.rules).toMatchObject([
    { id: "no-secrets", when: { data: { any: ["secret.*"] } }, unless: { server: { url: "https://desk.example/*" } }, effect: "block" },
    { id: "deletes", when: { tool: ["delete_*", "drop_*"] }, unless: { server: { url: "https://desk.example/*" } }, effect: "approve" },
  ]);
  const yaml = await imported("table", "t.yaml", stringify([{ name: "Desk is fine", destination: "https://desk.example/*", action: "allow" }, { name: "No secrets", data: ["secret.*"], action: "block" }, { name: "Deletes", tool: ["delete_*", "drop_*"], action: "approve" }]));
  expect(yaml.policy.rules).toEqual(policy.rules);
});

test("a table: a row that was never reached is named; slips carry their line", async () => {
  const dead = await imported("table", "t.csv", "name,tool,action\nA,get_*,block\nB,get_x,allow\n");
  expect(dead).toMatchObject({ code: 1, losses: [{ about: "row 2 (B)", why: expect.stringContaining("row 1 (A)") as string }] });
  for (const [text, line, word] of [
    ["name,tool,action\nA,x,alow\n", 2, 'did you mean "allow"?'],
    ["name,tol,action\nA,x,allow\n", 1, 'did you mean "tool"?'],
    ["source,action\n\nalice,block\n", 3, "write user:, group: or device:"],
    ["destination,action\nsomewhere,block\n", 2, "names no server"],
    ["name,action\nA,redact\n", 2, "must say which data"],
    ["name,action\nA,block,more\n", 2, "3 cells"],
    ['name,action\n"A,block\n', 1, "never closes"],
  ] as const)
    await expect(stage.run("import", "--from", "table", stage.file("bad.csv", text))).rejects.toMatchObject({ code: 2, message: expect.stringMatching(new RegExp(`bad\\.csv:${line}:1 .*${word.replaceAll(/[?.]/g, "\\$&")}`, "s")) as string });
});

test("any cells survive being written as CSV and read again", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", ";", " ", "x") }).map((text) => text.trim());
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), (rows) => {
      const text = [["h1", "h2", "h3", "h4"], ...rows].map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(",")).join("\r\n");
      const kept = rows.filter((row) => row.some((each) => each !== ""));
      expect(parseCsv(text)).toMatchObject({ ok: true, value: [{ line: 1 }, ...kept.map((cells) => ({ cells }))] });
    }),
  );
});

function policyText(byDefault: string, servers: readonly AdmissionEntry[]): string {
  return stringify({ version: 1, id: "acme", revision: 7, mode: "enforce", admission: { default: byDefault, servers }, rules: [] });
}

const ENTRIES: readonly AdmissionEntry[] = [
  { id: "desk", match: { url: "https://desk.example/mcp" }, effect: "allow", sanctioned: true },
  { id: "many", match: { url: ["https://*.example.com/*", "https://b.example/x"] }, effect: "allow" },
  { id: "local", match: { command: ["npx", "-y", "@acme/files"] }, effect: "allow" },
  { id: "bad", match: { url: "https://evil.example/*" }, effect: "block" },
  { id: "bad-local", match: { command: ["uvx", "evil"] }, effect: "block" },
];

async function exported(kind: string, policy: string, ...more: string[]): Promise<{ code: number; files: { path: string; content: unknown }[]; differences: { about: string; why: string }[] }> {
  const { code, out } = await stage.run("export", "--to", kind, stage.file("policy.yaml", policy), "--json", ...more);
  return { code, ...(JSON.parse(out) as { files: { path: string; content: unknown }[]; differences: { about: string; why: string }[] }) };
}

test("Claude Code and Copilot: the lists back again, nothing lost where the list can say it", async () => {
  for (const kind of ["claude-code", "copilot"]) {
    const { code, files, differences } = await exported(kind, policyText("block", ENTRIES));
    expect([code, differences]).toEqual([0, []]);
    const again = await imported(kind, "again.json", files[0]!.content);
    expect(again.policy.admission.default).toBe("block");
    expect(new Set(matches(again.policy).map((each) => JSON.stringify(each)))).toEqual(new Set(ENTRIES.flatMap(({ match, effect }) => [match.url ?? []].flat().map((url) => ({ match: { url }, effect })).concat(match.command ? [{ match: { command: match.command } as never, effect }] : [])).map((each) => JSON.stringify(each))));
  }
});

test("wrapped: allowed servers only behind the guard, denied ones in either form; what comes back is the same", async () => {
  const { files } = await exported("claude-code", policyText("block", ENTRIES), "--wrapped", "--launcher", "/opt/sluice/sluice");
  expect(files[0]!.content).toMatchObject({
    allowedMcpServers: expect.arrayContaining([{ serverCommand: ["/opt/sluice/sluice", "guard", "--", "npx", "-y", "@acme/files"] }]) as unknown,
    deniedMcpServers: expect.arrayContaining([{ serverCommand: ["uvx", "evil"] }, { serverCommand: ["/opt/sluice/sluice", "guard", "--", "uvx", "evil"] }]) as unknown,
  });
  expect(JSON.stringify((files[0]!.content as { allowedMcpServers: unknown }).allowedMcpServers)).not.toContain('["npx"');
  expect(matches((await imported("claude-code", "w.json", files[0]!.content)).policy)).toContainEqual({ match: { command: ["npx", "-y", "@acme/files"] }, effect: "allow" });
});

test("an open policy names no allowed servers, and one that asks refuses where nobody can be asked", async () => {
  const open = await exported("claude-code", policyText("monitor", ENTRIES));
  expect(Object.keys(open.files[0]!.content as object)).toEqual(["deniedMcpServers"]);
  const asks: AdmissionEntry = { id: "ask", match: { url: "https://ask.example/mcp" }, effect: "approve" };
  const closed = await exported("claude-code", policyText("approve", [asks]));
  expect(closed).toMatchObject({ code: 1, files: [{ content: { allowedMcpServers: [], deniedMcpServers: [] } }] });
  expect(closed.differences.map(({ about }) => about)).toEqual(["ask", "admission.default"]);
  expect((await exported("claude-code", policyText("block", [asks]), "--wrapped")).files[0]!.content).toMatchObject({ allowedMcpServers: [{ serverUrl: "https://ask.example/mcp" }] });
});

test("what a list cannot say is left out of what it allows, and told", async () => {
  const entries: AdmissionEntry[] = [
    { id: "scored", match: { url: "https://a.example/*", trust: { atLeast: 60 } }, effect: "allow" },
    { id: "red", match: { url: "https://b.example/*" }, who: { group: "red" }, effect: "allow" },
    { id: "patterns", match: { command: ["node", "**"] }, effect: "allow" },
    { id: "packages", match: { package: "npm:@acme/*" }, effect: "allow" },
    { id: "package", match: { package: "npm:@acme/one" }, effect: "allow" },
    { id: "cursor-only", match: { url: "https://c.example/*" }, client: { id: "client:cursor" }, effect: "allow" },
    { id: "denied-pattern", match: { command: ["curl", "**"] }, effect: "block" },
  ];
  const { code, files, differences } = await exported("claude-code", policyText("block", entries));
  expect(code).toBe(1);
  expect(files[0]!.content).toEqual({ allowedMcpServers: [{ serverCommand: ["npx", "-y", "@acme/one"] }, { serverCommand: ["npx", "@acme/one"] }], deniedMcpServers: [] });
  expect(differences.map(({ about }) => about)).toEqual(["scored", "red", "patterns", "packages", "package", "cursor-only", "denied-pattern"]);
  expect(differences.at(-1)?.why).toContain("IT IS NOT DENIED THERE");
});

test("one version of a package is carried, a range is not", async () => {
  const pinned: AdmissionEntry = { id: "one", match: { package: "npm:@acme/one", version: "1.2.3" }, effect: "allow" };
  const ranged: AdmissionEntry = { id: "some", match: { package: "npm:@acme/some", version: "^1.2" }, effect: "allow" };
  const { files, differences } = await exported("claude-code", policyText("block", [pinned, ranged]));
  expect(files[0]!.content).toMatchObject({ allowedMcpServers: [{ serverCommand: ["npx", "-y", "@acme/one@1.2.3"] }, { serverCommand: ["npx", "@acme/one@1.2.3"] }] });
  expect(differences).toContainEqual({ about: "some", why: expect.stringContaining("cannot ask for version") as string });
  const registry = await exported("registry", policyText("block", [pinned, ranged]));
  expect(registry.files[0]!.content).toMatchObject({ servers: [{ server: { name: "local.sluice/one", packages: [{ identifier: "@acme/one", version: "1.2.3" }] } }] });
});

test("Gemini CLI and managed-mcp.json: single servers by name, and back again", async () => {
  const singles = ENTRIES.filter(({ id }) => id === "desk" || id === "local");
  for (const kind of ["gemini", "managed-mcp"]) {
    for (const form of [[], ["--wrapped"]]) {
      const { files } = await exported(kind, policyText("block", singles), ...form);
      const again = await imported(kind, "again.json", files[0]!.content);
      expect(again.policy.admission.servers.map(({ id, match, effect }) => ({ id, match, effect }))).toEqual(singles.map(({ id, match, effect }) => ({ id, match, effect })));
      expect(again.policy.admission.default).toBe("block");
    }
  }
});

test("a registry has its three routes as files, and VS Code points to it; what comes back is the same", async () => {
  const entries: AdmissionEntry[] = [ENTRIES[0]!, { id: "files", title: "Files", match: { package: "npm:@acme/files" }, effect: "allow", owner: "it" }, ENTRIES[3]!];
  const folder = join(stage.folder, "site");
  const policy = stage.file("policy.yaml", policyText("block", entries));
  await stage.run("export", "--to", "registry", policy, "--out", folder, "--namespace", "com.acme");
  const read = (path: string): unknown => JSON.parse(readFileSync(join(folder, path, "index.json"), "utf8"));
  const list = read("v0.1/servers") as { servers: { server: { name: string } }[]; metadata: object };
  expect(list.metadata).toEqual({ count: 2 });
  expect(list.servers.map(({ server }) => server.name)).toEqual(["com.acme/desk", "com.acme/files"]);
  expect(readdirSync(join(folder, "v0.1/servers"))).toContain("com.acme%2Ffiles");
  expect(read("v0.1/servers/com.acme%2Ffiles/versions/latest")).toEqual(list.servers[1]);
  expect(read("v0.1/servers/com.acme%2Ffiles/versions/1.0.7")).toEqual(list.servers[1]);
  expect(list.servers[1]).toMatchObject({ server: { packages: [{ registryType: "npm", identifier: "@acme/files", transport: { type: "stdio" } }] }, _meta: { "dev.sluice/policy": { effect: "allow", owner: "it", revision: 7 } } });
  expect(matches((await imported("registry", "r.json", list)).policy)).toEqual([
    { match: entries[0]!.match, effect: "allow" },
    { match: entries[1]!.match, effect: "allow" },
  ]);
  const code = await exported("vscode", policyText("block", entries), "--registry-url", "https://mcp.acme.example");
  expect(code.files[0]).toEqual({ path: "settings.json", content: { "chat.mcp.access": "registryOnly", "chat.mcp.gallery.serviceUrl": "https://mcp.acme.example" } });
  expect((await exported("vscode", policyText("monitor", entries))).files).toEqual([{ path: "settings.json", content: { "chat.mcp.access": "allowed" } }]);
});

test("the sample policy exports to every kind without breaking", async () => {
  const sample = readFileSync(new URL("../../../docs/policy.sample.yaml", import.meta.url), "utf8");
  expect(validatePolicy(parseYaml(sample)).ok).toBe(true);
  for (const kind of ["claude-code", "copilot", "gemini", "vscode", "managed-mcp", "registry"]) expect((await exported(kind, sample)).files.length).toBeGreaterThan(0);
});
