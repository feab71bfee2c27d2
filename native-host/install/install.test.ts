import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { launcherText, writeLauncher } from "./launcher.ts";
import { browserPlaces } from "./locations.ts";
import { manifestText, readManifest } from "./manifest.ts";
import { registerForProfile } from "./profile.ts";
import { roundTrip } from "./round-trip.ts";
import { installForUser, launcherFile, removeForUser } from "./user.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "sluice-install-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ID = "abcdefghijklmnopabcdefghijklmnop";

test("the launcher passes paths and arguments unchanged, whatever stands in them", () => {
  const folder = join(dir, `it's "a" $HOME \`folder\` & more`);
  mkdirSync(folder);
  const bundle = join(folder, "show.mjs");
  writeFileSync(bundle, `console.log(JSON.stringify([process.env.SLUICE_HOME, process.env.NODE_OPTIONS ?? null, process.env.SLUICE_SERVER_NODE_OPTIONS ?? null, ...process.argv.slice(2)]))`);
  const file = join(folder, "launcher");
  writeLauncher(file, { node: process.execPath, bundle, home: folder, callers: [`chrome-extension://${ID}/`] });
  expect(statSync(file).mode & 0o777).toBe(0o700);
  const shown = JSON.parse(execFileSync(file, ["chrome-extension://x/", "a b"], { encoding: "utf8", env: { NODE_OPTIONS: "--no-such-option" } })) as unknown;
  expect(shown).toEqual([folder, null, "--no-such-option", "host", "--allow-origin", `chrome-extension://${ID}/`, "chrome-extension://x/", "a b"]);
});

test("the Windows launcher quotes and doubles percent signs; a line break is refused everywhere", () => {
  const launcher = { node: "C:\\Program Files\\node.exe", bundle: "C:\\100%\\sluice.mjs", home: "C:\\Users\\ada", callers: ["chrome-extension://x/"] };
  const text = launcherText(launcher, "win32");
  expect(text).toContain(`"C:\\Program Files\\node.exe" --max-semi-space-size=1 "C:\\100%%\\sluice.mjs" host --allow-origin "chrome-extension://x/" %*\r\n`);
  for (const platform of ["win32", "linux"] as const) expect(() => launcherText({ ...launcher, home: "a\nb" }, platform)).toThrow("line break");
});

test("each kind of browser gets its form of manifest and only real extension ids", () => {
  expect(readManifest(manifestText("chromium", "/l", ID))).toEqual({ path: "/l", callers: [`chrome-extension://${ID}/`] });
  expect(readManifest(manifestText("firefox", "/l", "sluice@sluice.dev"))).toEqual({ path: "/l", callers: ["sluice@sluice.dev"] });
  expect(JSON.parse(manifestText("chromium", "/l", ID))).not.toHaveProperty("allowed_extensions");
  for (const id of ["", "*", "abc", ID.toUpperCase(), `${ID}/*`]) expect(() => manifestText("chromium", "/l", id)).toThrow("not an extension id");
  for (const broken of ["", "[]", "{}", `{"name":"other","path":"/l","type":"stdio"}`, `{"name":"dev.sluice.host","path":"/l","type":"stdio","allowed_origins":[]}`]) expect(typeof readManifest(broken)).toBe("string");
});

test("a profile registration writes into the profile alone and can be repeated", () => {
  const registration = { userDataDir: dir, extensionId: ID, home: "/h", bundle: "/b", node: "/n" };
  const first = registerForProfile(registration);
  expect(registerForProfile(registration)).toEqual(first);
  expect(first.manifestFile).toBe(join(dir, "NativeMessagingHosts", "dev.sluice.host.json"));
  expect(readManifest(readFileSync(first.manifestFile, "utf8"))).toEqual({ path: first.launcher, callers: [`chrome-extension://${ID}/`] });
  expect(first.launcher.startsWith(dir)).toBe(true);
});

test("manifests of this user stand where each system's browsers look", () => {
  const file = (platform: NodeJS.Platform, browser: string) => browserPlaces("/sluice", platform, "/u").find((place) => place.browser === browser)?.manifestFile;
  expect(file("linux", "edge")).toBe("/u/.config/microsoft-edge/NativeMessagingHosts/dev.sluice.host.json");
  expect(file("linux", "firefox")).toBe("/u/.mozilla/native-messaging-hosts/dev.sluice.host.json");
  expect(file("darwin", "chrome")).toBe("/u/Library/Application Support/Google/Chrome/NativeMessagingHosts/dev.sluice.host.json");
  expect(file("darwin", "firefox")).toBe("/u/Library/Application Support/Mozilla/NativeMessagingHosts/dev.sluice.host.json");
  expect(file("linux", "arc")).toBeUndefined();
  expect(browserPlaces("C:\\s", "win32").find((place) => place.browser === "brave")?.registryKey).toBe("HKCU\\SOFTWARE\\Google\\Chrome\\NativeMessagingHosts\\dev.sluice.host");
});

test("install and uninstall leave nothing behind and touch nobody else's files", () => {
  const home = join(dir, "sluice");
  mkdirSync(join(dir, "built"));
  writeFileSync(join(dir, "built", "sluice.mjs"), `process.stdout.write(process.argv.slice(2).join("|"))`);
  writeFileSync(join(dir, "built", "chunk.mjs"), "");
  const places = browserPlaces(home, "linux", dir).filter((place) => ["chromium", "firefox", "edge"].includes(place.browser));
  const chosen = places.filter((place) => place.browser !== "edge");
  const foreign = places.find((place) => place.browser === "edge")!.manifestFile;
  mkdirSync(join(foreign, ".."), { recursive: true });
  writeFileSync(foreign, manifestText("chromium", "/somebody/else", ID));
  const options = { home, version: "1.0.0", bundle: join(dir, "built", "sluice.mjs"), node: process.execPath, places: chosen, ids: { chromium: ID, firefox: "sluice@sluice.dev" } };
  expect(() => installForUser({ ...options, ids: { ...options.ids, chromium: "wrong" } })).toThrow("extension id");
  expect(existsSync(home)).toBe(false);

  const { host, launcher, command } = installForUser(options);
  expect(installForUser(options)).toEqual({ host, launcher, command });
  // Installing from the installed copy itself must not delete it.
  installForUser({ ...options, bundle: join(host, "sluice.mjs") });
  expect(existsSync(join(host, "chunk.mjs"))).toBe(true);
  rmSync(join(dir, "built"), { recursive: true });
  expect(execFileSync(launcher, { encoding: "utf8" })).toMatch(/^host\|--allow-origin\|/);
  expect(execFileSync(command, ["guard", "--", "a b"], { encoding: "utf8" })).toBe("guard|--|a b");
  for (const place of chosen) expect(readManifest(readFileSync(place.manifestFile, "utf8"))).toMatchObject({ path: launcherFile(home) });

  expect(removeForUser(home, places, (place) => place.browser === "firefox").places.map((place) => place.browser)).toEqual(["firefox"]);
  expect(existsSync(launcher)).toBe(true);
  removeForUser(home, places, () => true);
  expect(chosen.map((place) => existsSync(place.manifestFile))).toEqual([false, false]);
  expect(existsSync(join(home, "host"))).toBe(false);
  expect(existsSync(foreign)).toBe(true);
});

test("a round trip tells a host that dies, one that prints, and one that is silent", async () => {
  const launcher = (body: string) => {
    const file = join(dir, "host");
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o700);
    return file;
  };
  expect(await roundTrip(launcher("echo no policy >&2; exit 3"), [])).toEqual({ ok: false, why: "it ended with code 3 before it answered: no policy" });
  expect(await roundTrip(launcher("echo hello world, this is a print"), [])).toEqual({ ok: false, why: expect.stringContaining("stray print") as string });
  expect(await roundTrip(launcher("exec sleep 600"), [], 100)).toEqual({ ok: false, why: "it did not answer in time" });
  expect(await roundTrip(join(dir, "missing"), [])).toMatchObject({ ok: false });
});
