/** What `sluice deploy` can write for: a browser on an operating system, or Google's admin console. */
export const FAMILY_BROWSERS = ["chrome", "edge", "brave", "chromium"] as const;
export type FamilyBrowser = (typeof FAMILY_BROWSERS)[number];
export const DEPLOY_BROWSERS = [...FAMILY_BROWSERS, "firefox"] as const;
export type DeployBrowser = (typeof DEPLOY_BROWSERS)[number];
export const SYSTEMS = ["linux", "macos", "windows"] as const;
export type System = (typeof SYSTEMS)[number];

export type Target =
  | { readonly kind: "browser"; readonly name: string; readonly browser: DeployBrowser; readonly system: System }
  /** The console keeps the extension's settings; force-installing is done there by hand. */
  | { readonly kind: "cloud"; readonly name: string };

export const TARGETS: readonly Target[] = [
  ...DEPLOY_BROWSERS.flatMap((browser) => SYSTEMS.map((system): Target => ({ kind: "browser", name: `${browser}-${system}`, browser, system }))),
  { kind: "cloud", name: "chrome-cloud" },
];

export function targetNamed(name: string): Target | undefined {
  return TARGETS.find((target) => target.name === name);
}
