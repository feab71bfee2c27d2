import { parse } from "plist";
import { expect, test } from "vitest";
import { FIREFOX_ID, ID, OTHER_ID, askFor, file, jsonOf, made, refusals, textOf } from "./ask.fixture.ts";
import { plistText } from "./forms/plist.ts";
import { regBytes } from "./forms/registry.ts";
import { importReg } from "./forms/strict-reg.fixture.ts";
import type { Json } from "./json.ts";

const OTHER = { installation_mode: "force_installed", update_url: "https://other.example.com/u", toolbar_pin: "force_pinned" };
const FOLDER = "files/etc/chromium/policies/managed";

test("Linux: what a file of another product sets is written back into that file, with ours added", () => {
  const theirs = { ExtensionSettings: { "*": { installation_mode: "blocked" }, [OTHER_ID]: OTHER }, ExtensionInstallForcelist: [`${OTHER_ID};https://other.example.com/u`], NativeMessagingBlocklist: ["*"], HomepageLocation: "https://corp.example.com" };
  const hosts = { NativeMessagingAllowlist: ["com.other.host"] };
  const files = made(askFor("chromium-linux"), [file("/somewhere/corp.json", theirs), file("hosts.json", hosts)]);
  const corp = jsonOf(files, `${FOLDER}/corp.json`) as typeof theirs;
  expect(corp).toEqual({ ...theirs, ExtensionSettings: { ...theirs.ExtensionSettings, [ID]: expect.objectContaining({ installation_mode: "force_installed" }) } });
  expect(jsonOf(files, `${FOLDER}/hosts.json`)).toEqual({ NativeMessagingAllowlist: ["com.other.host", "dev.sluice.host"] });
  const own = jsonOf(files, `${FOLDER}/sluice-install.json`);
  // Set in one place only, or one of the two would be lost.
  expect(Object.keys(own as object).sort()).toEqual(["BrowserGuestModeEnabled", "IncognitoModeAvailability", "NativeMessagingUserLevelHosts"]);
});

test("merging what was merged before changes nothing", () => {
  const first = made(askFor("chromium-linux"), [file("corp.json", { ExtensionSettings: { [OTHER_ID]: OTHER }, NativeMessagingAllowlist: ["com.other.host"] })]);
  const again = made(askFor("chromium-linux"), [file("corp.json", textOf(first, `${FOLDER}/corp.json`))]);
  expect(textOf(again, `${FOLDER}/corp.json`)).toBe(textOf(first, `${FOLDER}/corp.json`));
});

test("Firefox: one file, everything else in it kept", () => {
  const theirs = { policies: { DisableTelemetry: true, ExtensionSettings: { "*": { installation_mode: "blocked" }, "other@example.com": { installation_mode: "force_installed" } }, "3rdparty": { Extensions: { "other@example.com": { a: 1 } } } } };
  const { policies } = jsonOf(made(askFor("firefox-linux"), [file("policies.json", theirs)]), "files/etc/firefox/policies/policies.json") as typeof theirs;
  expect(policies).toMatchObject(theirs.policies);
  expect(policies["3rdparty"].Extensions).toHaveProperty([FIREFOX_ID]);
});

const ROOT = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Google\\Chrome";
const EXPORT = `Windows Registry Editor Version 5.00\r\n\r\n[${ROOT}]\r\n"HomepageLocation"="https://corp.example.com"\r\n"BrowserGuestModeEnabled"=dword:00000000\r\n"Odd"=hex:01,02,\\\r\n  03\r\n\r\n[${ROOT}\\NativeMessagingAllowlist]\r\n"1"="com.other.host"\r\n"758423"="com.third.host"\r\n\r\n[${ROOT}\\ExtensionSettings\\${OTHER_ID}]\r\n"installation_mode"="force_installed"\r\n`;

test("Windows: importing over what is there keeps every entry of the others", () => {
  const there = regBytes(EXPORT.replace(/"Odd".*\r\n {2}03\r\n/, ""));
  const files = made(askFor("chrome-windows"), [{ name: "there.reg", bytes: regBytes(EXPORT) }]);
  const before = importReg(there);
  const after = importReg(files.get("sluice.reg")!.content as Uint8Array, importReg(there));
  for (const [path, values] of before) for (const [name, value] of values) expect([path, name, after.get(path)?.get(name)]).toEqual([path, name, value]);
  expect([...after.get(`${ROOT.toLowerCase()}\\nativemessagingallowlist`)!.values()].sort()).toEqual(["com.other.host", "com.third.host", "dev.sluice.host"]);
});

test("Windows: without a look at what is there, an entry of ours still replaces none of theirs", () => {
  const numbered = Array.from({ length: 20 }, (_, at) => `"${at + 1}"="com.other.host${at}"`).join("\r\n");
  const there = regBytes(`Windows Registry Editor Version 5.00\r\n\r\n[${ROOT}\\NativeMessagingAllowlist]\r\n${numbered}\r\n`);
  const after = importReg(made(askFor("chrome-windows")).get("sluice.reg")!.content as Uint8Array, importReg(there));
  expect(after.get(`${ROOT.toLowerCase()}\\nativemessagingallowlist`)!.size).toBe(21);
});

test("Windows: all extensions as one text stay one text, because a key of ours would hide it", () => {
  const settings = { "*": { installation_mode: "blocked" }, [OTHER_ID]: OTHER };
  const text = `Windows Registry Editor Version 5.00\r\n\r\n[${ROOT}]\r\n"ExtensionSettings"="${JSON.stringify(settings).replaceAll('"', '\\"')}"\r\n"NativeMessagingAllowlist"="[\\"com.other.host\\"]"\r\n`;
  const registry = importReg(made(askFor("chrome-windows"), [{ name: "there.reg", bytes: regBytes(text) }]).get("sluice.reg")!.content as Uint8Array);
  const top = registry.get(ROOT.toLowerCase())!;
  expect(JSON.parse(String(top.get("ExtensionSettings")))).toMatchObject({ ...settings, [ID]: { installation_mode: "force_installed" } });
  expect(JSON.parse(String(top.get("NativeMessagingAllowlist")))).toEqual(["com.other.host", "dev.sluice.host"]);
  expect([...registry.keys()].some((path) => path.includes("extensionsettings"))).toBe(false);
});

test("macOS: a profile keeps its other payloads, its names and what it set", () => {
  const theirs: Json = {
    PayloadType: "Configuration",
    PayloadIdentifier: "com.corp.browser",
    PayloadUUID: "11111111-2222-4333-8444-555555555555",
    PayloadVersion: 1,
    PayloadContent: [
      { PayloadType: "com.apple.wifi.managed", PayloadIdentifier: "com.corp.wifi", PayloadUUID: "A", PayloadVersion: 1, SSID_STR: "corp" },
      { PayloadType: "com.google.Chrome", PayloadIdentifier: "com.corp.chrome", PayloadUUID: "B", PayloadVersion: 1, HomepageLocation: "https://corp.example.com", ExtensionSettings: { [OTHER_ID]: OTHER }, NativeMessagingAllowlist: ["com.other.host"] },
    ],
  };
  const profile = parse(textOf(made(askFor("chrome-macos"), [file("corp.mobileconfig", plistText(theirs))]), "sluice.mobileconfig")) as unknown as { PayloadIdentifier: string; PayloadContent: Record<string, unknown>[] };
  expect(profile.PayloadIdentifier).toBe("com.corp.browser");
  expect(profile.PayloadContent[0]).toEqual((theirs["PayloadContent"] as Json[])[0]);
  expect(profile.PayloadContent[1]).toMatchObject({ PayloadIdentifier: "com.corp.chrome", PayloadUUID: "B", HomepageLocation: "https://corp.example.com", ExtensionSettings: { [OTHER_ID]: OTHER, [ID]: { installation_mode: "force_installed" } }, NativeMessagingAllowlist: ["com.other.host", "dev.sluice.host"] });
  expect(profile.PayloadContent[2]).toMatchObject({ PayloadType: `com.google.Chrome.extensions.${ID}`, mode: "enforce" });
});

test("our own entry keeps what an administrator added to it, and the change of address is told", () => {
  const result = jsonOf(made(askFor("chromium-linux"), [file("corp.json", { ExtensionSettings: { [ID]: { installation_mode: "force_installed", update_url: "https://old.example.com/u", runtime_allowed_hosts: ["*://*"] } } })]), `${FOLDER}/corp.json`);
  expect(result).toMatchObject({ ExtensionSettings: { [ID]: { update_url: "https://updates.example.com/sluice?a=1&b=2", runtime_allowed_hosts: ["*://*"] } } });
});

test.each<[policies: object, words: string]>([
  [{ NativeMessagingBlocklist: ["dev.sluice.host"] }, "forbids dev.sluice.host by name"],
  [{ NativeMessagingUserLevelHosts: true }, "NativeMessagingUserLevelHosts is true there"],
  [{ IncognitoModeAvailability: 2 }, "IncognitoModeAvailability is 2 there"],
  [{ IncognitoModeAvailability: 0 }, "IncognitoModeAvailability is 0 there"],
  [{ BrowserGuestModeEnabled: true }, "BrowserGuestModeEnabled is true there"],
  [{ ExtensionInstallBlocklist: [OTHER_ID, ID] }, "forbids this very extension"],
  [{ ExtensionAllowedTypes: ["theme"] }, "allows no extensions at all"],
  [{ ExtensionInstallForcelist: [`${ID};https://elsewhere.example.com/u`] }, "from another address (https://elsewhere.example.com/u)"],
  [{ ExtensionSettings: { [ID]: { installation_mode: "blocked" } } }, "forbids this very extension"],
  [{ ExtensionSettings: { [ID]: { installation_mode: "removed" } } }, "forbids this very extension"],
  [{ ExtensionSettings: { [ID]: { runtime_blocked_hosts: ["*://bank.example.com"] } } }, "keeps the extension away from some sites"],
  [{ ExtensionSettings: { [ID]: { blocked_permissions: ["nativeMessaging"] } } }, "takes away what the extension needs"],
  [{ NativeMessagingAllowlist: "dev.sluice.host" }, "is no list"],
])("a setting that contradicts is refused, with its file: %j", (policies, words) => {
  const all = refusals(askFor("chromium-linux"), [file("corp.json", policies)]);
  expect(all).toHaveLength(1);
  expect(all[0]).toContain("corp.json: ");
  expect(all[0]).toContain(words);
});

test.each<object>([{ ExtensionInstallBlocklist: ["*"] }, { NativeMessagingBlocklist: ["*"] }, { ExtensionSettings: { "*": { installation_mode: "blocked", runtime_blocked_hosts: ["*://*"] } } }, { IncognitoModeAvailability: 1 }, { ExtensionAllowedTypes: ["theme", "extension"] }, { ExtensionInstallForcelist: [`${ID};https://updates.example.com/sluice?a=1&b=2`] }])("what only looks like a contradiction is not refused: %j", (policies) => {
  expect(refusals(askFor("chromium-linux"), [file("corp.json", policies)])).toEqual([]);
});

test("a contradiction in a registry export is seen too", () => {
  const text = `Windows Registry Editor Version 5.00\r\n\r\n[${ROOT}\\ExtensionInstallBlocklist]\r\n"1"="${ID}"\r\n\r\n[${ROOT}]\r\n"IncognitoModeAvailability"=dword:00000002\r\n`;
  expect(refusals(askFor("chrome-windows"), [{ name: "there.reg", bytes: regBytes(text) }])).toEqual([expect.stringContaining("IncognitoModeAvailability is 2"), expect.stringContaining("forbids this very extension")]);
});

test.each([
  ["chromium-linux", "{", "is not JSON"],
  ["chromium-linux", "[]", "is not a JSON object"],
  ["firefox-linux", "{", "is not JSON"],
  ["chrome-windows", "hello", "is no registry export"],
  ["chrome-windows", "Windows Registry Editor Version 5.00\r\n\r\nwhat\r\n", "line 3 is neither"],
  ["chrome-macos", "hello", "is no property list"],
  ["chrome-macos", "0\u0082signed", "is signed"],
])("%s: a file that cannot be read is refused: %j", (name, text, words) => {
  expect(refusals(askFor(name), [file("there", text)]).join()).toContain(words);
});

test("two files that set the same are refused: the browser would read only one of them", () => {
  expect(refusals(askFor("chromium-linux"), [file("a.json", { NativeMessagingAllowlist: ["a"] }), file("b.json", { NativeMessagingAllowlist: ["b"] })]).join()).toContain("another file of the folder does too");
});
