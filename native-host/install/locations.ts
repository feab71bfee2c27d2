/** Where each browser looks for a user's native host manifests. Windows keeps a registry value that names the file. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { HOST_NAME } from "../../shared/messages/host.ts";
import type { ManifestForm } from "./manifest.ts";

export interface BrowserPlace {
  readonly browser: string;
  readonly form: ManifestForm;
  readonly manifestFile: string;
  /** Where the browser keeps this user's data: without it the browser was never used here. */
  readonly dataDir: string;
  /** Windows only. */
  readonly registryKey?: string;
}

interface Row {
  readonly browser: string;
  readonly form: ManifestForm;
  /** Data folder below the platform's root, or null where the browser does not exist. */
  readonly linux: string | null;
  readonly macos: string | null;
  readonly windowsKey: string | null;
}

const ROWS: readonly Row[] = [
  { browser: "chromium", form: "chromium", linux: ".config/chromium", macos: "Chromium", windowsKey: "Chromium" },
  { browser: "chrome", form: "chromium", linux: ".config/google-chrome", macos: "Google/Chrome", windowsKey: "Google\\Chrome" },
  { browser: "edge", form: "chromium", linux: ".config/microsoft-edge", macos: "Microsoft Edge", windowsKey: "Microsoft\\Edge" },
  { browser: "brave", form: "chromium", linux: ".config/BraveSoftware/Brave-Browser", macos: "BraveSoftware/Brave-Browser", windowsKey: "Google\\Chrome" },
  { browser: "vivaldi", form: "chromium", linux: ".config/vivaldi", macos: "Vivaldi", windowsKey: "Google\\Chrome" },
  { browser: "arc", form: "chromium", linux: null, macos: "Arc/User Data", windowsKey: null },
  { browser: "firefox", form: "firefox", linux: ".mozilla", macos: "Mozilla", windowsKey: "Mozilla" },
];

export const BROWSERS: readonly string[] = ROWS.map((row) => row.browser);

/** All places of this platform, whether the browser is there or not. @param home the host's folder, where Windows manifests are kept. */
export function browserPlaces(home: string, platform: NodeJS.Platform = process.platform, userHome: string = homedir()): BrowserPlace[] {
  const places: BrowserPlace[] = [];
  for (const { browser, form, linux, macos, windowsKey } of ROWS) {
    if (platform === "win32") {
      if (!windowsKey) continue;
      const manifestFile = join(home, "manifests", form, `${HOST_NAME}.json`);
      places.push({ browser, form, manifestFile, dataDir: home, registryKey: `HKCU\\SOFTWARE\\${windowsKey}\\NativeMessagingHosts\\${HOST_NAME}` });
      continue;
    }
    const below = platform === "darwin" ? macos : linux;
    if (below === null) continue;
    const dataDir = platform === "darwin" ? join(userHome, "Library", "Application Support", below) : join(userHome, below);
    const folder = form === "firefox" && platform !== "darwin" ? "native-messaging-hosts" : "NativeMessagingHosts";
    places.push({ browser, form, dataDir, manifestFile: join(dataDir, folder, `${HOST_NAME}.json`) });
  }
  return places;
}

/** Was this browser ever used here? */
export function isPresent(place: BrowserPlace): boolean {
  return place.registryKey !== undefined || existsSync(place.dataDir);
}

/** Browsers in a sandbox of their own (Snap, Flatpak) cannot start a program outside it. */
export function confinedBrowsers(userHome: string = homedir()): string[] {
  if (process.platform !== "linux") return [];
  const traces: readonly (readonly [string, string])[] = [
    ["chromium (Snap)", "/snap/bin/chromium"],
    ["firefox (Snap)", "/snap/bin/firefox"],
    ["chromium (Flatpak)", join(userHome, ".var/app/org.chromium.Chromium")],
    ["firefox (Flatpak)", join(userHome, ".var/app/org.mozilla.firefox")],
    ["chrome (Flatpak)", join(userHome, ".var/app/com.google.Chrome")],
    ["brave (Flatpak)", join(userHome, ".var/app/com.brave.Browser")],
  ];
  return traces.filter(([, path]) => existsSync(path)).map(([name]) => name);
}
