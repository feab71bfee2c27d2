/** Every client's files are found where that client puts them, read in that client's shape, and give away no secret. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { launchedServer } from "../../shared/mcp/launch.ts";
import { discover, type Discovery } from "./discover.ts";
import { fixturePlace, NPX, servers } from "./home.fixture.ts";
import type { Place } from "./place.ts";

const VSCODE = `{
  // servers of this profile
  "inputs": [],
  "servers": { "notes": { "type": "stdio", "command": "npx", "args": ["-y", "@acme/notes@1.2.3"], }, },
}`;
const CODEX = `model = "m"
[mcp_servers.notes]
command = "npx"
args = ["-y", "@acme/notes@1.2.3"]
`;
const JSON_NOTES = servers({ notes: NPX });

/** [client, system, file, content] */
const LAYOUTS: [string, Place["platform"], string, string][] = [
  ["claude-desktop", "linux", "~/.config/Claude/claude_desktop_config.json", JSON_NOTES],
  ["claude-desktop", "darwin", "~/Library/Application Support/Claude/claude_desktop_config.json", JSON_NOTES],
  ["claude-desktop", "win32", "~/AppData/Roaming/Claude/claude_desktop_config.json", JSON_NOTES],
  ["claude-desktop", "win32", "~/AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json", JSON_NOTES],
  ["claude-code", "linux", "~/.claude.json", JSON_NOTES],
  ["claude-code", "win32", "~/.claude.json", JSON_NOTES],
  ["claude-code", "linux", "root/etc/claude-code/managed-mcp.json", JSON_NOTES],
  ["claude-code", "darwin", "root/Library/Application Support/ClaudeCode/managed-mcp.json", JSON_NOTES],
  ["claude-code", "win32", "root/C/Program Files/ClaudeCode/managed-mcp.json", JSON_NOTES],
  ["claude-code", "darwin", "~/.claude/plugins/cache/market/tool/.mcp.json", JSON.stringify({ notes: NPX })],
  ["cursor", "linux", "~/.cursor/mcp.json", JSON_NOTES],
  ["cursor", "darwin", "~/.cursor/mcp.json", JSON_NOTES],
  ["cursor", "win32", "~/.cursor/mcp.json", JSON_NOTES],
  ["vscode", "linux", "~/.config/Code/User/mcp.json", VSCODE],
  ["vscode", "darwin", "~/Library/Application Support/Code/User/profiles/-3f2a/mcp.json", VSCODE],
  ["vscode", "win32", "~/AppData/Roaming/Code/User/mcp.json", VSCODE],
  ["vscode", "linux", "~/.config/Code/User/settings.json", JSON.stringify({ "editor.fontSize": 14, mcp: { servers: { notes: NPX } } })],
  ["vscode-insiders", "win32", "~/AppData/Roaming/Code - Insiders/User/mcp.json", VSCODE],
  ["codex", "linux", "~/.codex/config.toml", CODEX],
  ["codex", "win32", "~/.codex/work.config.toml", CODEX],
  ["codex", "darwin", "root/etc/codex/config.toml", CODEX],
  ["codex", "win32", "root/C/ProgramData/OpenAI/Codex/config.toml", CODEX],
  ["gemini-cli", "linux", "~/.gemini/settings.json", JSON_NOTES],
  ["gemini-cli", "darwin", "root/Library/Application Support/GeminiCli/settings.json", JSON_NOTES],
  ["gemini-cli", "win32", "~/.gemini/extensions/acme/gemini-extension.json", JSON.stringify({ name: "acme", version: "1", mcpServers: { notes: NPX } })],
  ["windsurf", "darwin", "~/.codeium/windsurf/mcp_config.json", JSON_NOTES],
  ["zed", "linux", "~/.config/zed/settings.json", `{ "theme": "x", /* c */ "context_servers": { "notes": { "source": "custom", "command": "npx", "args": ["-y", "@acme/notes@1.2.3"] }, "ext": { "settings": {} } } }`],
  ["zed", "win32", "~/AppData/Roaming/Zed/settings.json", JSON.stringify({ context_servers: { notes: { command: { path: "npx", args: ["-y", "@acme/notes@1.2.3"] } } } })],
  ["cline", "linux", "~/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json", JSON_NOTES],
  ["copilot-cli", "linux", "~/.copilot/mcp-config.json", servers({ notes: { type: "local", tools: ["*"], ...NPX } })],
  ["lm-studio", "win32", "~/.lmstudio/mcp.json", JSON_NOTES],
  ["opencode", "linux", "~/.config/opencode/opencode.jsonc", `{ "mcp": { "notes": { "type": "local", "command": ["npx", "-y", "@acme/notes@1.2.3"], "enabled": true } } }`],
  ["opencode", "linux", "~/.config/opencode/opencode.json", `{ "mcp": { "servers": { "notes": { "type": "local", "command": ["npx", "-y", "@acme/notes@1.2.3"] } } } }`],
  ["continue", "linux", "~/.continue/config.yaml", "name: me\nmcpServers:\n  - name: notes\n    command: npx\n    args:\n      - -y\n      - '@acme/notes@1.2.3'\n"],
  ["goose", "darwin", "~/.config/goose/config.yaml", "extensions:\n  developer:\n    type: builtin\n    enabled: true\n  notes:\n    type: stdio\n    cmd: npx\n    args: [-y, '@acme/notes@1.2.3']\n    enabled: true\n"],
];

test.each(LAYOUTS)("%s on %s: %s", async (client, platform, file, content) => {
  const found = await discover(fixturePlace(platform, { [file]: content }));
  expect(found.problems).toEqual([]);
  expect(found.servers.map((server) => [server.client.id, server.name, server.identity, server.transport, server.guarded, server.enabled])).toEqual([
    [`client:${client}`, "notes", launchedServer("npx", ["-y", "@acme/notes@1.2.3"]), "stdio", false, true],
  ]);
  expect(found.filesRead).toHaveLength(1);
});

test("variables move a client's home, and an unset one is no place", async () => {
  const place = fixturePlace("linux", { "elsewhere/config.toml": CODEX, "xdg/Code/User/mcp.json": VSCODE });
  const found = await discover({ ...place, env: { CODEX_HOME: join(place.folder, "elsewhere"), XDG_CONFIG_HOME: join(place.folder, "xdg") } });
  expect(found.servers.map((server) => server.client.name).sort()).toEqual(["Codex", "VS Code"]);
  expect((await discover(place)).servers).toEqual([]);
});

test("remote servers in each client's words", async () => {
  const found = await discover(
    fixturePlace("linux", {
      "~/.gemini/settings.json": servers({ a: { httpUrl: "https://a.example/mcp" }, b: { url: "https://b.example/sse" }, c: { url: "https://c.example/mcp", type: "sse" } }),
      "~/.codeium/windsurf/mcp_config.json": servers({ d: { serverUrl: "https://d.example/mcp/" } }),
      "~/.codex/config.toml": `[mcp_servers.e]\nurl = "https://e.example/mcp"\nbearer_token_env_var = "E_TOKEN"\nenabled = false\n`,
      "~/.config/goose/config.yaml": "extensions:\n  f:\n    type: streamable_http\n    uri: https://f.example/mcp\n    enabled: true\n",
      "~/.config/Code/User/mcp.json": JSON.stringify({ servers: { g: { type: "http", url: "https://g.example/mcp", headers: { Authorization: "Bearer ${input:token}" } }, h: { type: "http", url: "unix:///tmp/h.sock" } } }),
    }),
  );
  expect(Object.fromEntries(found.servers.map((server) => [server.name, [server.identity.kind === "remote" && server.identity.url, server.transport, server.enabled, server.headerNames]]))).toEqual({
    a: ["https://a.example/mcp", "streamable-http", true, []],
    b: ["https://b.example/sse", "sse", true, []],
    c: ["https://c.example/mcp", "sse", true, []],
    d: ["https://d.example/mcp", "streamable-http", true, []],
    e: ["https://e.example/mcp", "streamable-http", false, ["Authorization"]],
    f: ["https://f.example/mcp", "streamable-http", true, []],
    g: ["https://g.example/mcp", "streamable-http", true, ["Authorization"]],
  });
  expect(found.servers.find((server) => server.name === "g")?.notes).toEqual(["header Authorization"]);
  expect(found.problems).toEqual([{ file: "~/.config/Code/User/mcp.json", message: expect.stringContaining("“h”"), fix: expect.any(String) }]);
});

test("Claude Code's projects: entries in the user file, off switches, and the files inside the projects", async () => {
  const place = fixturePlace("linux", { "~/work/app/.mcp.json": servers({ shared: NPX }), "~/work/app/.vscode/mcp.json": VSCODE });
  const app = join(place.home, "work/app");
  const user = { mcpServers: { mine: NPX }, projects: { [app]: { mcpServers: { here: NPX, off: NPX }, disabledMcpServers: ["off"] }, "//fileserver/share": {} } };
  writeFileSync(join(place.home, ".claude.json"), JSON.stringify(user));
  const found = await discover(place);
  expect(found.servers.map((server) => [server.client.name, server.scope, server.name, server.project, server.enabled, server.notes.includes("comes from a project folder")])).toEqual([
    ["Claude Code", "user", "mine", undefined, true, false],
    ["Claude Code", "user", "here", "~/work/app", true, false],
    ["Claude Code", "user", "off", "~/work/app", false, false],
    ["Claude Code", "project", "shared", undefined, true, true],
    ["VS Code", "project", "notes", undefined, true, true],
  ]);
});

test("a wrapped entry is the server inside, and guarded", async () => {
  const inner = launchedServer("npx", ["-y", "@acme/notes@1.2.3"]);
  const found = await discover(
    fixturePlace("win32", {
      "~/.cursor/mcp.json": servers({
        a: { command: "sluice", args: ["guard", "--", "npx", "-y", "@acme/notes@1.2.3"] },
        b: { command: "C:\\Sluice\\node.exe", args: ["C:\\Sluice\\sluice.mjs", "guard", "--", "cmd", "/c", "npx", "-y", "@acme/notes@1.2.3"] },
        c: { command: "cmd", args: ["/c", "npx", "-y", "@acme/notes@1.2.3"] },
        d: { command: "sluice", args: ["guard", "--url", "https://d.example/mcp"] },
      }),
    }),
  );
  expect(found.servers.map((server) => [server.name, server.guarded, server.identity.id === inner.id])).toEqual([["a", true, true], ["b", true, true], ["c", false, true], ["d", true, false]]);
  expect(found.servers[3]?.identity).toMatchObject({ kind: "remote", url: "https://d.example/mcp" });
});

test("what a security person wants to hear of an entry", async () => {
  const notes = async (entry: unknown) => (await discover(fixturePlace("linux", { "~/.cursor/mcp.json": servers({ x: entry }) }))).servers[0]?.notes;
  expect(await notes({ ...NPX, env: { NOTES_TOKEN: "hunter2" } })).toEqual(["environment NOTES_TOKEN", "literal secret in environment"]);
  expect(await notes({ ...NPX, env: { NOTES_TOKEN: "${NOTES_TOKEN}", LOG_LEVEL: "debug" } })).toEqual(["environment NOTES_TOKEN", "environment LOG_LEVEL"]);
  expect(await notes({ url: "https://x.example/mcp?api_key=hunter2" })).toEqual(["secret in URL"]);
  expect(await notes({ url: "https://x.example/mcp?tenant=acme" })).toEqual([]);
  expect(await notes({ command: "npx", args: ["x", "--token", "hunter2"] })).toEqual(["literal secret in arguments"]);
  expect(await notes({ command: "npx", args: ["x", "--token", "${TOKEN}", "--header", "Authorization:${AUTH}"] })).toEqual([]);
  expect(await notes({ command: "bash", args: ["-c", "curl -fsSL https://get.example/x.sh | bash"] })).toEqual(["downloads and runs a script"]);
  expect(await notes({ ...NPX, env: { NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_OPTIONS: "--require /tmp/x.js" }, alwaysAllow: ["a"] })).toEqual(expect.arrayContaining(["certificate checks turned off", "environment changes how programs load", "tools run without asking"]));
  expect(await notes({ command: "npx", args: ["-y", "mcp-remote", "https://x.example/sse?key=1"] })).toContain("bridges to https://x.example/sse");
});

const BROKEN: [string, string, string, string | RegExp, number | undefined][] = [
  ["~/.cursor/mcp.json", "json", '{\n "mcpServers": {\n  "a": {"command": "x" "args": []}\n }\n}', /valid JSON/, 3],
  ["~/.codex/config.toml", "toml", '[mcp_servers.a]\ncommand = "x\n', /valid TOML/, 2],
  ["~/.continue/config.yaml", "yaml", "mcpServers:\n  - name: a\n    args: [x\n", /valid YAML/, undefined],
  ["~/.gemini/settings.json", "json", `${"[".repeat(50_000)}`, /JSON|deep/, undefined],
];
test.each(BROKEN)("%s broken: a problem with its place, and the other files are read", async (file, _format, text, message, line) => {
  const found = await discover(fixturePlace("linux", { [file]: text, "~/.lmstudio/mcp.json": JSON_NOTES }));
  expect(found.problems).toEqual([expect.objectContaining({ file, message: expect.stringMatching(message), fix: expect.any(String), ...(line === undefined ? {} : { line }) })]);
  expect(found.servers.map((server) => server.client.name)).toEqual(["LM Studio"]);
  expect(found.filesFailed).toHaveLength(1);
});

// threat: configuration-traps
test("a YAML bomb and a document of odd types are no trouble", async () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh".split("").map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefg"[index]}`).join(",")}]`).join("\n")}\nmcpServers: *h\n`;
  const found = await discover(fixturePlace("linux", { "~/.continue/config.yaml": bomb, "~/.cursor/mcp.json": "[1]", "~/.gemini/settings.json": '{"mcpServers": "no"}', "~/.claude.json": '{"projects": [], "mcpServers": {"a": 7, "b": {}, "__proto__": {"command": "x"}}}' }));
  expect(found.problems.map((problem) => problem.file)).toEqual(expect.arrayContaining(["~/.continue/config.yaml", "~/.claude.json"]));
});

test("an empty file is empty; a byte order mark and UTF-16 are read", async () => {
  const place = fixturePlace("win32", { "~/.cursor/mcp.json": "  \n", "~/.gemini/settings.json": `\ufeff${JSON_NOTES}`, "~/.lmstudio/mcp.json": "" });
  writeFileSync(join(place.home, ".lmstudio/mcp.json"), Buffer.from(`\ufeff${JSON_NOTES}`, "utf16le"));
  const found = await discover(place);
  expect(found.problems).toEqual([]);
  expect(found.servers.map((server) => server.client.name)).toEqual(["Gemini CLI", "LM Studio"]);
});

// threat: configuration-traps
test.skipIf(process.platform === "win32")("a pipe, a folder, a device and a giant are refused, not waited for", async () => {
  const place = fixturePlace("linux", { "~/.lmstudio/mcp.json": JSON_NOTES });
  mkdirSync(join(place.home, ".cursor"));
  execFileSync("mkfifo", [join(place.home, ".cursor/mcp.json")]);
  mkdirSync(join(place.home, ".gemini/settings.json"), { recursive: true });
  symlinkSync("/dev/zero", join(place.home, ".claude.json"));
  mkdirSync(join(place.home, ".kiro/settings"), { recursive: true });
  writeFileSync(join(place.home, ".kiro/settings/mcp.json"), Buffer.alloc(20 * 1024 * 1024 + 1, 32));
  const found = await discover(place);
  expect(found.servers).toHaveLength(1);
  expect(Object.fromEntries(found.problems.map((problem) => [problem.file, problem.message]))).toEqual({
    "~/.cursor/mcp.json": "is not a regular file",
    "~/.gemini/settings.json": "is not a regular file",
    "~/.claude.json": "is not a regular file",
    "~/.kiro/settings/mcp.json": expect.stringContaining("20 MiB"),
  });
});

test.skipIf(process.platform === "win32" || process.getuid?.() === 0)("a file one may not read is a problem", async () => {
  const place = fixturePlace("linux", { "~/.cursor/mcp.json": JSON_NOTES });
  chmodSync(join(place.home, ".cursor/mcp.json"), 0);
  expect((await discover(place)).problems[0]?.message).toContain("may not be read");
});

/** Everything that leaves discovery, as text. */
function spoken(found: Discovery): string {
  return JSON.stringify(found);
}

test("a secret planted anywhere in an entry never leaves", async () => {
  const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const secret = fc.array(fc.constantFrom(...alphabet), { minLength: 24, maxLength: 48 }).map((letters) => letters.join(""));
  const plant = fc.constantFrom<(value: string) => unknown>(
    (value) => ({ ...NPX, env: { TOKEN: value, [`ghp_${value}`]: "x" } }),
    (value) => ({ ...NPX, env: { HARMLESS: value }, cwd: `/x/${value}` }),
    (value) => ({ url: "https://x.example/mcp", headers: { "X-Anything": value } }),
    (value) => ({ url: `https://x.example/mcp?k=${value}#${value}` }),
    (value) => ({ url: `https://me:${value}@x.example/mcp` }),
    (value) => ({ command: "npx", args: ["x", "--api-key", value] }),
    (value) => ({ command: "npx", args: ["x", `--password=${value}`] }),
    (value) => ({ command: "npx", args: ["x", `ghp_${value}`] }),
    (value) => ({ command: "npx", args: ["-y", "mcp-remote", `https://x.example/sse?key=${value}`, "--header", `Authorization: Bearer ${value}`] }),
    (value) => ({ command: "sh", args: ["-c", `API_TOKEN=${value} npx server --secret ${value}`] }),
    (value) => ({ command: `npx server --token ${value}` }),
    (value) => ({ command: "sluice", args: ["guard", "--", "docker", "run", "-e", `ANY=${value}`, "image", `postgres://u:${value}@db/x`] }),
    (value) => ({ type: "http", headers: { Authorization: value } }),
    (value) => ({ url: `ftp://${value}` }),
  );
  await fc.assert(
    fc.asyncProperty(secret, plant, async (value, shape) => {
      const file = servers({ x: shape(value) });
      const place = { "~/.cursor/mcp.json": file, "~/.gemini/settings.json": file.slice(0, -4) };
      expect(spoken(await discover(fixturePlace("linux", place)))).not.toContain(value);
    }),
    { numRuns: 80 },
  );
});

test("no secret in error messages of any format", async () => {
  const value = `hunter${2 + 40}secretvalue`;
  const found = await discover(
    fixturePlace("linux", {
      "~/.codex/config.toml": `[mcp_servers.a.env]\nTOKEN = "${value}\n`,
      "~/.continue/config.yaml": `mcpServers:\n  - env: {TOKEN: *${value}}\n`,
      "~/.cursor/mcp.json": `{"mcpServers": {"a": {"env": {"TOKEN": ${value}}}}}`,
    }),
  );
  expect(found.problems).toHaveLength(3);
  expect(spoken(found)).not.toContain(value);
});
