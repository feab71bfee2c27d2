/** What is asked, as browser policy: the same tree for every operating system, only written down differently. */
import { HOST_NAME } from "../../shared/messages/host.ts";
import type { Ask } from "./ask.ts";
import { FAMILY } from "./browsers.ts";
import type { Json, JsonObject } from "./json.ts";
import type { DeployBrowser, FamilyBrowser } from "./target.ts";

export interface Settings {
  /** Policies of the browser by name. */
  readonly policies: JsonObject;
  readonly extensionId: string;
  /** What the extension reads from managed storage. */
  readonly managed: JsonObject;
}

export const STORES: readonly string[] = ["https://clients2.google.com/service/update2/crx", "https://edge.microsoft.com/extensionwebstorebase/v1/crx"];

export function settingsFor(browser: DeployBrowser, ask: Ask): Settings {
  return browser === "firefox" ? firefoxSettings(ask) : familySettings(browser, ask);
}

function familySettings(browser: FamilyBrowser, ask: Ask): Settings {
  const { pin, privateMode, mandatoryInPrivate } = FAMILY[browser];
  const id = ask.ids.chromium;
  const install: Record<string, Json> = { installation_mode: "force_installed", update_url: ask.source };
  // Without it later updates are looked for where the extension's own manifest says, and it says nothing. Stores ignore it.
  if (!STORES.includes(ask.source)) install["override_update_url"] = true;
  install[pin[0]] = pin[1];
  return {
    extensionId: id,
    managed: ask.managed,
    policies: {
      ExtensionSettings: { [id]: install },
      NativeMessagingAllowlist: [HOST_NAME],
      // Where both exist, a person's own host wins over the machine's: any program could stand in for ours.
      ...(ask.userHosts === "refuse" && { NativeMessagingUserLevelHosts: false }),
      BrowserGuestModeEnabled: false,
      ...(ask.incognito === "closed" ? { [privateMode]: 1 } : { [mandatoryInPrivate]: [id] }),
    },
  };
}

function firefoxSettings(ask: Ask): Settings {
  const id = ask.ids.firefox;
  return {
    extensionId: id,
    managed: ask.managed,
    policies: {
      // Firefox lets policy take an extension into private windows, so "mandatory" needs nothing of the person.
      ExtensionSettings: { [id]: { installation_mode: "force_installed", install_url: ask.source, private_browsing: true, default_area: "navbar" } },
      ...(ask.incognito === "closed" && { PrivateBrowsingModeAvailability: 1 }),
    },
  };
}
