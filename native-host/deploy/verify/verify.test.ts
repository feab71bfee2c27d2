import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { canonicalJson } from "../../../shared/policy/canonical.ts";
import { FIREFOX_ID, ID, askFor, made } from "../ask.fixture.ts";
import type { Ask } from "../ask.ts";
import { plistText } from "../forms/plist.ts";
import type { JsonObject } from "../json.ts";
import type { System } from "../target.ts";
import type { Check } from "./check.ts";
import { verifyMachine } from "./machine.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "sluice-verify-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const POLICY = canonicalJson({ version: 1, id: "pilot", revision: 3, mode: "monitor", admission: { default: "monitor", servers: [] }, rules: [] });

/** Puts what was generated where it belongs, with Node and the built host beside it. */
function deploy(name: string, change: Partial<Ask> = {}): void {
  for (const { path, content, executable } of made(askFor(name, change)).values()) {
    if (path.startsWith("files/")) put(path.slice(5), content, executable ? 0o755 : 0o644);
  }
  put("/usr/bin/node", "", 0o755);
  put("/opt/sluice/host/sluice.mjs", "");
}

function put(path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  chmodSync(join(root, path), mode);
}

function verify(system: System = "linux"): Promise<Check[]> {
  return verifyMachine({ root, system, browsers: [], ids: { chromium: null, firefox: FIREFOX_ID } });
}

/** What is not in order. */
async function faults(): Promise<string[]> {
  return (await verify()).filter(({ state }) => state === "missing" || state === "wrong").map(({ browser, about, state }) => `${browser} ${about} ${state}`);
}

test("a machine that got all the files has nothing missing", async () => {
  for (const name of ["chrome-linux", "edge-linux", "brave-linux", "chromium-linux", "firefox-linux"]) deploy(name, { policy: POLICY, managed: { orgName: "Example", policy: POLICY } });
  const checks = await verify();
  expect(checks.filter(({ state }) => state !== "ok")).toEqual([]);
  expect([...new Set(checks.map(({ browser }) => browser))]).toEqual(["chrome", "edge", "brave", "chromium", "firefox", "machine"]);
  expect(checks.find(({ about }) => about === "policy")?.text).toContain("pilot, revision 3");
});

test("nothing to do with policy: nothing is checked, which the command calls a no", async () => {
  expect(await verify()).toEqual([]);
});

const MANAGED = "/etc/chromium/policies/managed";

test.each<[what: string, change: () => void, fault: string]>([
  ["the install file", () => rmSync(join(root, MANAGED, "sluice-install.json")), "chromium install missing"],
  ["the settings", () => rmSync(join(root, MANAGED, "sluice-settings.json")), "chromium keys missing"],
  ["the launcher", () => rmSync(join(root, "/opt/sluice/sluice-host")), "chromium host missing"],
  ["the built host", () => rmSync(join(root, "/opt/sluice/host/sluice.mjs")), "chromium host missing"],
  ["Node", () => rmSync(join(root, "/usr/bin/node")), "chromium host missing"],
  ["the host's manifest", () => rmSync(join(root, "/etc/chromium/native-messaging-hosts/dev.sluice.host.json")), "chromium host missing"],
  ["the launcher's right to start", () => chmodSync(join(root, "/opt/sluice/sluice-host"), 0o644), "chromium host wrong"],
  ["the launcher's safety", () => chmodSync(join(root, "/opt/sluice/sluice-host"), 0o757), "chromium host wrong"],
  ["the policy file's safety", () => chmodSync(join(root, MANAGED, "sluice-install.json"), 0o664), "chromium files wrong"],
  ["a file's last bracket", () => put(`${MANAGED}/sluice-settings.json`, "{"), "chromium files wrong"],
  ["a key's type", () => put(`${MANAGED}/z.json`, JSON.stringify({ "3rdparty": { extensions: { [ID]: { lockUi: "yes" } } } })), "chromium keys wrong"],
  ["the policy in the key", () => put(`${MANAGED}/z.json`, JSON.stringify({ "3rdparty": { extensions: { [ID]: { policy: "{}" } } } })), "chromium policy wrong"],
  ["a list that a later file replaces", () => put(`${MANAGED}/z.json`, JSON.stringify({ NativeMessagingAllowlist: ["other"], NativeMessagingBlocklist: ["*"] })), "chromium native messaging wrong"],
  ["a blocklist", () => put(`${MANAGED}/z.json`, JSON.stringify({ ExtensionInstallBlocklist: [ID] })), "chromium contradiction wrong"],
  ["closed private windows", () => put(`${MANAGED}/z.json`, JSON.stringify({ IncognitoModeAvailability: 0 })), "chromium private windows missing"],
  ["closed guest windows", () => put(`${MANAGED}/z.json`, JSON.stringify({ BrowserGuestModeEnabled: true })), "chromium guest windows missing"],
  ["the extension's id", () => put("/etc/chromium/native-messaging-hosts/dev.sluice.host.json", JSON.stringify({ name: "dev.sluice.host", type: "stdio", path: "/opt/sluice/sluice-host", allowed_origins: ["chrome-extension://pppppppppppppppppppppppppppppppp/"] })), "chromium install missing"],
  ["the machine policy's safety", () => chmodSync(join(root, "/etc/sluice"), 0o777), "machine machine policy wrong"],
  ["the machine policy", () => put("/etc/sluice/policy.json", "{"), "machine policy wrong"],
  ["one machine policy", () => put("/etc/sluice/policy.yaml", ""), "machine machine policy wrong"],
])("%s: its absence is named", async (_what, change, fault) => {
  deploy("chromium-linux", { policy: POLICY });
  expect(await faults()).toEqual([]);
  change();
  expect(await faults()).toContain(fault);
});

test("each fault comes with what to do", async () => {
  deploy("chromium-linux");
  rmSync(join(root, MANAGED), { recursive: true });
  for (const { state, fix } of await verify()) if (state === "missing" || state === "wrong") expect(fix).toBeTruthy();
});

test("macOS: reads what the device management has put down", async () => {
  deploy("chrome-macos");
  put("/usr/local/bin/node", "", 0o755);
  put("/Library/Application Support/Sluice/host/sluice.mjs", "");
  const install: JsonObject = { ExtensionSettings: { [ID]: { installation_mode: "force_installed", update_url: "https://u.example.com" } }, NativeMessagingAllowlist: ["dev.sluice.host"], NativeMessagingUserLevelHosts: false, BrowserGuestModeEnabled: false, IncognitoModeAvailability: 1 };
  put("/Library/Managed Preferences/com.google.Chrome.plist", plistText(install));
  put(`/Library/Managed Preferences/com.google.Chrome.extensions.${ID}.plist`, plistText({ orgName: "Example" }));
  const checks = await verify("macos");
  expect(checks.filter(({ state }) => state === "missing" || state === "wrong")).toEqual([]);
  expect(checks.find(({ about }) => about === "keys")?.text).toContain("orgName");
  rmSync(join(root, `/Library/Managed Preferences/com.google.Chrome.extensions.${ID}.plist`));
  expect((await verify("macos")).filter(({ state }) => state === "missing").map(({ about }) => about)).toEqual(["files", "keys"]);
});
