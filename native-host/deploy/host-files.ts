/** The host on a whole machine: its launcher, the manifest that tells browsers of it, and the machine's policy. */
import { posix, win32 } from "node:path";
import { HOST_NAME } from "../../shared/messages/host.ts";
import { launcherText } from "../install/launcher.ts";
import { callerOf, manifestText } from "../install/manifest.ts";
import { machineLocations } from "../policy/machine.ts";
import type { Ask, HostPlace } from "./ask.ts";
import { FAMILY, FIREFOX } from "./browsers.ts";
import type { DeployBrowser, System } from "./target.ts";

export interface MachineFile {
  /** Where it goes on the machine. */
  readonly path: string;
  readonly text: string;
  readonly executable?: boolean;
}

const NODE_PLATFORMS: Readonly<Record<System, NodeJS.Platform>> = { linux: "linux", macos: "darwin", windows: "win32" };

export function usualHostPlace(system: System): HostPlace {
  switch (system) {
    case "linux":
      return { folder: "/opt/sluice", node: "/usr/bin/node" };
    case "macos":
      return { folder: "/Library/Application Support/Sluice", node: "/usr/local/bin/node" };
    case "windows":
      return { folder: "C:\\Program Files\\Sluice", node: "C:\\Program Files\\nodejs\\node.exe" };
  }
}

/** In Windows a registry value names the manifest; elsewhere its folder does. */
export function manifestFiles(browser: DeployBrowser, system: System, host: HostPlace): string[] {
  const name = `${HOST_NAME}.json`;
  if (system === "windows") return [win32.join(host.folder, "manifests", browser === "firefox" ? "firefox" : "chromium", name)];
  const names = browser === "firefox" ? FIREFOX : FAMILY[browser];
  return (system === "macos" ? names.macosHosts : [names.linuxHosts]).map((folder) => posix.join(folder, name));
}

export function launcherPath(system: System, host: HostPlace): string {
  return system === "windows" ? win32.join(host.folder, "sluice-host.cmd") : posix.join(host.folder, "sluice-host");
}

export function bundlePath(system: System, host: HostPlace): string {
  return (system === "windows" ? win32 : posix).join(host.folder, "host", "sluice.mjs");
}

export function machinePolicyPath(system: System): string {
  return (system === "windows" ? win32 : posix).join(machineLocations(NODE_PLATFORMS[system]).folder, "policy.json");
}

export function hostFiles(browser: DeployBrowser, system: System, { ids, host, policy }: Ask): MachineFile[] {
  const form = browser === "firefox" ? "firefox" : "chromium";
  const launcher = launcherPath(system, host);
  // One launcher for all browsers of the machine, whichever target wrote it last.
  const callers = [callerOf("chromium", ids.chromium), callerOf("firefox", ids.firefox)];
  const files: MachineFile[] = [
    { path: launcher, text: launcherText({ node: host.node, bundle: bundlePath(system, host), home: null, callers }, NODE_PLATFORMS[system]), executable: true },
    ...manifestFiles(browser, system, host).map((path) => ({ path, text: manifestText(form, launcher, ids[form]) })),
  ];
  if (policy !== null) files.push({ path: machinePolicyPath(system), text: `${policy}\n` });
  return files;
}
