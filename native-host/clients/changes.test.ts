/** First look: all added. Then only what changed, and never a removal that is only a file we could not read. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { observeAll, configuredPlaces, emptyInventory } from "../../shared/inventory/inventory.ts";
import { hostPaths } from "../home.ts";
import { createStamp } from "../journal/stamp.ts";
import { compareDeployments, readKnown } from "./changes.ts";
import { discoverChanges } from "./discover.ts";
import { fixturePlace, NPX, servers } from "./home.fixture.ts";

function setUp(files: Record<string, string>) {
  const place = fixturePlace("linux", files);
  const paths = hostPaths({ SLUICE_HOME: join(place.folder, "sluice") });
  return {
    place,
    paths,
    write(path: string, text: string) {
      mkdirSync(dirname(join(place.home, path)), { recursive: true });
      writeFileSync(join(place.home, path), text);
    },
    look: () => discoverChanges(paths, place),
    told: async () => (await discoverChanges(paths, place)).map((record) => `${record.change} ${record.client.name}/${record.name}${record.guarded ? " guarded" : ""}`),
  };
}

test("added, unchanged, changed, another server, removed", async () => {
  const home = setUp({ "~/.cursor/mcp.json": servers({ a: NPX, b: { url: "https://b.example/mcp" } }) });
  expect(await home.told()).toEqual(["added Cursor/a", "added Cursor/b"]);
  expect(await home.told()).toEqual([]);
  home.write(".cursor/mcp.json", servers({ a: { command: "sluice", args: ["guard", "--", NPX.command, ...NPX.args] }, b: { url: "https://b.example/mcp" } }));
  expect(await home.told()).toEqual(["changed Cursor/a guarded"]);
  home.write(".cursor/mcp.json", servers({ a: { command: "npx", args: ["-y", "@evil/notes"] }, b: { url: "https://b.example/mcp" } }));
  expect(await home.told()).toEqual(["removed Cursor/a guarded", "added Cursor/a"]);
  home.write(".cursor/mcp.json", servers({ b: { url: "https://b.example/mcp" } }));
  expect(await home.told()).toEqual(["removed Cursor/a"]);
  rmSync(join(home.place.home, ".cursor"), { recursive: true });
  expect(await home.told()).toEqual(["removed Cursor/b"]);
});

test("a file that is broken for a while removes nothing", async () => {
  const home = setUp({ "~/.cursor/mcp.json": servers({ a: NPX }) });
  await home.look();
  home.write(".cursor/mcp.json", '{"mcpServers": {');
  expect(await home.told()).toEqual([]);
  home.write(".cursor/mcp.json", servers({ a: NPX }));
  expect(await home.told()).toEqual([]);
});

test("a file behind a closed door removes nothing, a file that is gone does", async () => {
  const home = setUp({ "~/.cursor/mcp.json": servers({ a: NPX }) });
  await home.look();
  const known = await readKnown(home.paths);
  const path = join(home.place.home, ".cursor/mcp.json");
  const nothing = { servers: [], problems: [], filesRead: [], filesFailed: [] };
  expect(compareDeployments(known, { ...nothing, filesFailed: [path] }, () => false)).toEqual({ deployments: [], known });
  expect(compareDeployments(known, nothing, () => false).deployments.map((record) => record.change)).toEqual(["removed"]);
});

test("a project that is not looked at this time keeps its servers", async () => {
  const home = setUp({ "~/work/.mcp.json": servers({ a: NPX }) });
  const project = { ...home.place, projects: [join(home.place.home, "work")] };
  expect(await discoverChanges(home.paths, project)).toHaveLength(1);
  expect(await home.told()).toEqual([]);
  rmSync(join(home.place.home, "work"), { recursive: true });
  expect(await home.told()).toEqual(["removed Claude Code/a"]);
});

test("what is remembered is private and holds no value", async () => {
  const value = `hunter${2 + 40}`;
  const home = setUp({ "~/.cursor/mcp.json": servers({ a: { ...NPX, env: { TOKEN: value } }, b: { command: "npx", args: ["x", "--token", value] } }) });
  await home.look();
  const file = join(home.paths.state, "clients.json");
  expect(readFileSync(file, "utf8")).not.toContain(value);
  if (process.platform !== "win32") expect(statSync(file).mode & 0o077).toBe(0);
});

test("a damaged memory counts as none", async () => {
  const home = setUp({ "~/.cursor/mcp.json": servers({ a: NPX }) });
  await home.look();
  for (const damage of ["{", "[]", '{"version":1,"known":[{"path":"x","deployment":{"kind":"deployment"}}, null]}']) {
    writeFileSync(join(home.paths.state, "clients.json"), damage);
    expect(await home.told()).toEqual(["added Cursor/a"]);
  }
});

test("the inventory follows a server that was exchanged under its name", async () => {
  const home = setUp({ "~/.cursor/mcp.json": servers({ a: NPX }) });
  const stamp = createStamp("host");
  let inventory = observeAll(emptyInventory(), (await home.look()).map(stamp));
  home.write(".cursor/mcp.json", servers({ a: { url: "https://other.example/mcp" } }));
  inventory = observeAll(inventory, (await home.look()).map(stamp));
  expect([...inventory.servers.values()].map((entry) => [entry.identity.kind, configuredPlaces(entry).length])).toEqual([["local", 0], ["remote", 1]]);
});
