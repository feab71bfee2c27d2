/** How each browser names its policies, and where it looks for policy and for the host's manifest on a whole machine. */
import type { FamilyBrowser } from "./target.ts";

export interface FamilyNames {
  /** For people. */
  readonly title: string;
  /** Below `HKEY_LOCAL_MACHINE\SOFTWARE\Policies`. */
  readonly policyKey: string;
  /** Below `HKEY_LOCAL_MACHINE\SOFTWARE`: where it looks for hosts. */
  readonly hostKey: string;
  /** Preference domain on macOS; the extension's own is `<domain>.extensions.<id>`. */
  readonly domain: string;
  /** Holds `policies/managed` on Linux. */
  readonly linuxHome: string;
  readonly linuxHosts: string;
  /** More than one where sources disagree: the manifest goes into each. */
  readonly macosHosts: readonly string[];
  /** Page that shows the policy in force. */
  readonly policyPage: string;
  readonly extensionsPage: string;
  readonly privateMode: string;
  readonly mandatoryInPrivate: string;
  /** What keeps the icon visible. */
  readonly pin: readonly [name: string, value: string];
}

const INCOGNITO = { privateMode: "IncognitoModeAvailability", mandatoryInPrivate: "MandatoryExtensionsForIncognitoNavigation", pin: ["toolbar_pin", "force_pinned"] } as const;

export const FAMILY: Readonly<Record<FamilyBrowser, FamilyNames>> = {
  chrome: {
    ...INCOGNITO,
    title: "Google Chrome",
    policyKey: "Google\\Chrome",
    hostKey: "Google\\Chrome",
    domain: "com.google.Chrome",
    linuxHome: "/etc/opt/chrome",
    linuxHosts: "/etc/opt/chrome/native-messaging-hosts",
    macosHosts: ["/Library/Google/Chrome/NativeMessagingHosts"],
    policyPage: "chrome://policy",
    extensionsPage: "chrome://extensions",
  },
  edge: {
    title: "Microsoft Edge",
    policyKey: "Microsoft\\Edge",
    hostKey: "Microsoft\\Edge",
    domain: "com.microsoft.Edge",
    linuxHome: "/etc/opt/edge",
    linuxHosts: "/etc/opt/edge/native-messaging-hosts",
    macosHosts: ["/Library/Microsoft/Edge/NativeMessagingHosts"],
    policyPage: "edge://policy",
    extensionsPage: "edge://extensions",
    privateMode: "InPrivateModeAvailability",
    mandatoryInPrivate: "MandatoryExtensionsForInPrivateNavigation",
    pin: ["toolbar_state", "force_shown"],
  },
  brave: {
    ...INCOGNITO,
    title: "Brave",
    policyKey: "BraveSoftware\\Brave",
    hostKey: "Google\\Chrome",
    domain: "com.brave.Browser",
    linuxHome: "/etc/brave",
    linuxHosts: "/etc/opt/chrome/native-messaging-hosts",
    macosHosts: ["/Library/Application Support/BraveSoftware/Brave-Browser/NativeMessagingHosts", "/Library/Application Support/Brave/NativeMessagingHosts"],
    policyPage: "brave://policy",
    extensionsPage: "brave://extensions",
  },
  chromium: {
    ...INCOGNITO,
    title: "Chromium",
    policyKey: "Chromium",
    hostKey: "Chromium",
    domain: "org.chromium.Chromium",
    linuxHome: "/etc/chromium",
    linuxHosts: "/etc/chromium/native-messaging-hosts",
    macosHosts: ["/Library/Application Support/Chromium/NativeMessagingHosts"],
    policyPage: "chrome://policy",
    extensionsPage: "chrome://extensions",
  },
};

export const FIREFOX = {
  title: "Firefox",
  policyKey: "Mozilla\\Firefox",
  hostKey: "Mozilla",
  domain: "org.mozilla.firefox",
  linuxPolicy: "/etc/firefox/policies/policies.json",
  linuxHosts: "/usr/lib/mozilla/native-messaging-hosts",
  macosHosts: ["/Library/Application Support/Mozilla/NativeMessagingHosts"],
  policyPage: "about:policies",
  extensionsPage: "about:addons",
} as const;
