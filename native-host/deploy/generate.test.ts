import { DOMParser, type Element } from "@xmldom/xmldom";
import { parse } from "plist";
import { describe, expect, test } from "vitest";
import { FIREFOX_ID, ID, askFor, file, jsonOf, made, textOf } from "./ask.fixture.ts";
import { importReg } from "./forms/strict-reg.fixture.ts";
import { MANAGED_KEYS } from "./managed-keys.ts";
import { FAMILY_BROWSERS, TARGETS } from "./target.ts";

const ask = askFor("chrome-linux");
const managed = ask.managed;
const PIN = { chrome: { toolbar_pin: "force_pinned" }, brave: { toolbar_pin: "force_pinned" }, chromium: { toolbar_pin: "force_pinned" }, edge: { toolbar_state: "force_shown" } } as const;
const PRIVATE = { chrome: "IncognitoModeAvailability", brave: "IncognitoModeAvailability", chromium: "IncognitoModeAvailability", edge: "InPrivateModeAvailability" } as const;

function wanted(browser: (typeof FAMILY_BROWSERS)[number]): object {
  return {
    ExtensionSettings: { [ID]: { installation_mode: "force_installed", update_url: ask.source, override_update_url: true, ...PIN[browser] } },
    NativeMessagingAllowlist: ["dev.sluice.host"],
    NativeMessagingUserLevelHosts: false,
    BrowserGuestModeEnabled: false,
    [PRIVATE[browser]]: 1,
  };
}

const FIREFOX_WANTED = { ExtensionSettings: { [FIREFOX_ID]: { installation_mode: "force_installed", install_url: ask.source, private_browsing: true, default_area: "navbar" } }, PrivateBrowsingModeAvailability: 1 };

const LINUX = { chrome: ["/etc/opt/chrome", "/etc/opt/chrome"], edge: ["/etc/opt/edge", "/etc/opt/edge"], brave: ["/etc/brave", "/etc/opt/chrome"], chromium: ["/etc/chromium", "/etc/chromium"] } as const;

describe.each(FAMILY_BROWSERS)("%s", (browser) => {
  test("Linux: two JSON files and the host's manifest, where this browser looks", () => {
    const files = made(askFor(`${browser}-linux`));
    const [policy, hosts] = LINUX[browser];
    expect(jsonOf(files, `files${policy}/policies/managed/sluice-install.json`)).toEqual(wanted(browser));
    expect(jsonOf(files, `files${policy}/policies/managed/sluice-settings.json`)).toEqual({ "3rdparty": { extensions: { [ID]: managed } } });
    expect(jsonOf(files, `files${hosts}/native-messaging-hosts/dev.sluice.host.json`)).toMatchObject({ name: "dev.sluice.host", type: "stdio", path: "/opt/sluice/sluice-host", allowed_origins: [`chrome-extension://${ID}/`] });
    expect(files.get("files/opt/sluice/sluice-host")).toMatchObject({ executable: true });
  });

  test("macOS: the browser's domain and the extension's own", () => {
    const domain = { chrome: "com.google.Chrome", edge: "com.microsoft.Edge", brave: "com.brave.Browser", chromium: "org.chromium.Chromium" }[browser];
    const profile = parse(textOf(made(askFor(`${browser}-macos`)), "sluice.mobileconfig")) as { PayloadType: string; PayloadContent: Record<string, unknown>[] };
    expect(profile.PayloadType).toBe("Configuration");
    const payloads = Object.fromEntries(profile.PayloadContent.map((payload) => [payload["PayloadType"], Object.fromEntries(Object.entries(payload).filter(([key]) => !/^Payload[A-Z]/.test(key)))]));
    expect(payloads).toEqual({ [domain]: wanted(browser), [`${domain}.extensions.${ID}`]: managed });
    const ids = profile.PayloadContent.map((payload) => payload["PayloadUUID"]);
    expect(new Set(ids).size).toBe(2);
  });

  test("Windows: the registry after importing", () => {
    const files = made(askFor(`${browser}-windows`));
    const key = { chrome: "google\\chrome", edge: "microsoft\\edge", brave: "bravesoftware\\brave", chromium: "chromium" }[browser];
    const root = `hkey_local_machine\\software\\policies\\${key}`;
    const registry = importReg(bytesOf(files, "sluice.reg"));
    expect(plain(registry)).toEqual({
      [root]: { NativeMessagingUserLevelHosts: 0, BrowserGuestModeEnabled: 0, [PRIVATE[browser]]: 1 },
      [`${root}\\extensionsettings\\${ID}`]: { installation_mode: "force_installed", update_url: ask.source, override_update_url: 1, ...PIN[browser] },
      [`${root}\\nativemessagingallowlist`]: { [Object.keys(plain(registry)[`${root}\\nativemessagingallowlist`]!)[0]!]: "dev.sluice.host" },
      [`${root}\\3rdparty\\extensions\\${ID}\\policy`]: { ...managed, requireHost: 1, lockUi: 0 },
      [`hkey_local_machine\\software\\${browser === "brave" ? "google\\chrome" : key}\\nativemessaginghosts\\dev.sluice.host`]: { "": "C:\\Program Files\\Sluice\\manifests\\chromium\\dev.sluice.host.json" },
    });
    expect(jsonOf(files, "files/C/Program Files/Sluice/manifests/chromium/dev.sluice.host.json")).toMatchObject({ path: "C:\\Program Files\\Sluice\\sluice-host.cmd" });
    importReg(bytesOf(files, "sluice-remove.reg"), registry);
    expect([...registry.values()].flatMap((values) => [...values.keys()])).toEqual([]);
  });

  test("Group Policy templates hang together", () => {
    const files = made(askFor(`${browser}-windows`));
    const admx = xml(textOf(files, `admx/sluice-${browser}.admx`));
    const adml = xml(textOf(files, `admx/en-US/sluice-${browser}.adml`));
    const all = (root: Element, tag: string): Element[] => [...root.getElementsByTagName(tag)];
    const names = (elements: readonly Element[], attribute: string): string[] => elements.map((element) => element.getAttribute(attribute)!);
    const defined = { string: names(all(adml, "string"), "id"), presentation: names(all(adml, "presentation"), "id") };
    for (const ids of Object.values(defined)) expect(new Set(ids).size).toBe(ids.length);
    const references = [...textOf(files, `admx/sluice-${browser}.admx`).matchAll(/\$\((string|presentation)\.([^)]+)\)/g)];
    expect(references.length).toBeGreaterThan(MANAGED_KEYS.length * 2);
    for (const [, kind, id] of references) expect(defined[kind as "string" | "presentation"]).toContain(id);
    for (const id of defined.string) expect(references.some(([, kind, used]) => kind === "string" && used === id), `${id} is used`).toBe(true);

    const categories = names(all(admx, "category"), "name");
    const supported = names(all(admx, "definition"), "name");
    const policies = all(admx, "policy");
    expect(new Set(names(policies, "name")).size).toBe(policies.length);
    for (const policy of policies) {
      expect(categories).toContain(all(policy, "parentCategory")[0]?.getAttribute("ref"));
      expect(supported).toContain(all(policy, "supportedOn")[0]?.getAttribute("ref"));
      // A policy that asks for a value must show a field for it.
      const asked = ["text", "decimal", "enum"].flatMap((tag) => all(policy, "elements").flatMap((elements) => all(elements, tag).filter((element) => element.hasAttribute("id"))));
      const presentation = /^\$\(presentation\.(.+)\)$/.exec(policy.getAttribute("presentation") ?? "")?.[1];
      const shown = presentation === undefined ? [] : all(adml, "presentation").filter((one) => one.getAttribute("id") === presentation).flatMap((one) => [...one.getElementsByTagName("*")].filter((field) => field.hasAttribute("refId")));
      expect(names(shown, "refId")).toEqual(names(asked, "id"));
    }
    const written = policies.flatMap((policy) => [policy, ...all(policy, "text"), ...all(policy, "decimal"), ...all(policy, "enum")]).map((element) => element.getAttribute("valueName"));
    for (const { name } of MANAGED_KEYS) expect(written).toContain(name);
  });

  test("mandatory instead of closed leaves private windows open to people who let Sluice in", () => {
    const [policy] = LINUX[browser];
    const install = jsonOf(made(askFor(`${browser}-linux`, { incognito: "mandatory", userHosts: "keep" })), `files${policy}/policies/managed/sluice-install.json`);
    const list = browser === "edge" ? "MandatoryExtensionsForInPrivateNavigation" : "MandatoryExtensionsForIncognitoNavigation";
    expect(install).toMatchObject({ [list]: [ID], BrowserGuestModeEnabled: false });
    expect(install).not.toHaveProperty(PRIVATE[browser]);
    expect(install).not.toHaveProperty("NativeMessagingUserLevelHosts");
  });
});

describe("firefox", () => {
  test("Linux: one policies.json", () => {
    const files = made(askFor("firefox-linux"));
    expect(jsonOf(files, "files/etc/firefox/policies/policies.json")).toEqual({ policies: { ...FIREFOX_WANTED, "3rdparty": { Extensions: { [FIREFOX_ID]: managed } } } });
    expect(jsonOf(files, "files/usr/lib/mozilla/native-messaging-hosts/dev.sluice.host.json")).toMatchObject({ allowed_extensions: [FIREFOX_ID] });
  });

  test("macOS: all in the browser's own domain, switched on", () => {
    const profile = parse(textOf(made(askFor("firefox-macos")), "sluice.mobileconfig")) as { PayloadContent: Record<string, unknown>[] };
    expect(profile.PayloadContent).toHaveLength(1);
    expect(profile.PayloadContent[0]).toMatchObject({ PayloadType: "org.mozilla.firefox", EnterprisePoliciesEnabled: true, ...FIREFOX_WANTED, "3rdparty": { Extensions: { [FIREFOX_ID]: managed } } });
  });

  test("Windows: the extension's keys as one JSON string, which keeps true apart from 1", () => {
    const files = made(askFor("firefox-windows"));
    const registry = plain(importReg(bytesOf(files, "sluice.reg")));
    const root = "hkey_local_machine\\software\\policies\\mozilla\\firefox";
    expect(JSON.parse(String(registry[`${root}\\3rdparty\\extensions`]![FIREFOX_ID]))).toEqual(managed);
    expect(registry[`${root}\\extensionsettings\\${FIREFOX_ID}`]).toEqual({ installation_mode: "force_installed", install_url: ask.source, private_browsing: 1, default_area: "navbar" });
    expect(jsonOf(files, "policies.json")).toMatchObject({ policies: FIREFOX_WANTED });
  });

  test("private windows may stay open, because the extension runs there", () => {
    const { policies } = jsonOf(made(askFor("firefox-linux", { incognito: "mandatory" })), "files/etc/firefox/policies/policies.json") as { policies: object };
    expect(policies).not.toHaveProperty("PrivateBrowsingModeAvailability");
  });
});

test("the admin console gets each key wrapped in a Value", () => {
  expect(jsonOf(made(askFor("chrome-cloud")), "policy-for-extensions.json")).toEqual(Object.fromEntries(Object.entries(managed).map(([key, Value]) => [key, { Value }])));
});

test.each(TARGETS.map(({ name }) => name))("%s: a README with steps, and the same request gives the same bytes", (name) => {
  const [once, again] = [made(askFor(name)), made(askFor(name))];
  expect([...again]).toEqual([...once]);
  const readme = textOf(once, "README.txt");
  expect(readme).toMatch(/^1\. /m);
  for (const path of once.keys()) if (path !== "README.txt") expect(readme).toContain(path);
});

test("a policy reaches the extension and the machine's own place", () => {
  const policy = `{"id":"x","text":"a \\"quoted\\" \\\\ ü"}`;
  const change = { policy, managed: { policy } };
  for (const [name, path] of [["chrome-linux", "files/etc/sluice/policy.json"], ["edge-macos", "files/Library/Application Support/Sluice/policy.json"], ["firefox-windows", "files/C/ProgramData/Sluice/policy.json"]] as const) {
    expect(textOf(made(askFor(name, change)), path)).toBe(`${policy}\n`);
  }
  const registry = plain(importReg(bytesOf(made(askFor("chrome-windows", change)), "sluice.reg")));
  expect(registry[`hkey_local_machine\\software\\policies\\google\\chrome\\3rdparty\\extensions\\${ID}\\policy`]).toEqual({ policy });
});

test("the update manifest names this extension and its package beside it; a store and Firefox need none", () => {
  const manifest = xml(textOf(made(askFor("edge-windows", { source: "https://u.example.com/sluice/update.xml?a=1&b=2" })), "publish/update.xml"));
  const [app, check] = ["app", "updatecheck"].map((tag) => manifest.getElementsByTagName(tag)[0]);
  expect([app?.getAttribute("appid"), check?.getAttribute("codebase"), check?.getAttribute("version")]).toEqual([ID, "https://u.example.com/sluice/sluice.crx", "1.2.3"]);
  const stored = made(askFor("edge-windows", { source: "https://edge.microsoft.com/extensionwebstorebase/v1/crx" }));
  expect([...stored.keys(), ...made(askFor("firefox-linux")).keys()]).not.toContain("publish/update.xml");
});

test("the script of every browser closes what it opens", () => {
  for (const name of ["chrome-windows", "edge-windows", "brave-windows", "chromium-windows", "firefox-windows"]) {
    // Without its literals, whose own reader is tried elsewhere, and its remarks.
    const bare = textOf(made(askFor(name)), "sluice.ps1").split("\r\n").map((line) => line.replace(/['\u2018-\u201b](?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*['\u2018-\u201b]/g, "''")).filter((line) => !/^\ufeff?\s*#/.test(line)).join("\n");
    const open: string[] = [];
    for (const char of bare) {
      if ("({[".includes(char)) open.push(char);
      else if (")}]".includes(char)) expect(open.pop(), name).toBe({ ")": "(", "}": "{", "]": "[" }[char]);
    }
    expect(open).toEqual([]);
    expect(bare.split('"').length % 2, `${name}: quotes in pairs`).toBe(1);
  }
});

test("the console has nothing to merge", () => {
  expect(() => made(askFor("chrome-cloud"), [file("x.json", {})])).toThrow("nothing to merge");
});

function bytesOf(files: ReturnType<typeof made>, path: string): Uint8Array {
  const content = files.get(path)?.content;
  if (!(content instanceof Uint8Array)) throw new Error(`no bytes: ${path}`);
  return content;
}

function plain(registry: ReturnType<typeof importReg>): Record<string, Record<string, string | number>> {
  return Object.fromEntries([...registry].map(([path, values]) => [path, Object.fromEntries(values)]));
}

/** Any complaint of the parser is a failure. */
function xml(text: string): Element {
  const parser = new DOMParser({
    onError: (level, message) => {
      throw new Error(`${level}: ${message}`);
    },
  });
  return parser.parseFromString(text, "text/xml").documentElement!;
}
