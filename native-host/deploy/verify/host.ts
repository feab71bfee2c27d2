/** The host on a machine: is it registered for everybody, does its program stand there, and is there a machine policy? */
import { readManifest, type HostManifest } from "../../install/manifest.ts";
import { machineFiles, machineLocations } from "../../policy/machine.ts";
import type { Findings } from "./check.ts";
import { exists, isExecutable, openToOthers, readText, type Root } from "./files.ts";
import { judgePolicyText } from "./judge.ts";

/** @param places where this browser looks; one of them is enough */
export function findManifest(root: Root, places: readonly string[]): { path: string; manifest: HostManifest | string } | null {
  const path = places.find((place) => exists(root, place));
  if (path === undefined) return null;
  const text = readText(root, path);
  return { path, manifest: text.ok ? readManifest(text.value) : text.why };
}

export function checkHost(root: Root, places: readonly string[], caller: string, found: Findings): void {
  const there = findManifest(root, places);
  if (!there) return found.missing("host", `the host is not registered for all users: there is no ${places.join(" or ")}`, "sluice deploy writes it; copy it there as root");
  const { path, manifest } = there;
  if (typeof manifest === "string") return found.wrong("host", `${path} is not usable: ${manifest}`, "write it anew with sluice deploy");
  if (!manifest.callers.includes(caller)) return found.wrong("host", `${path} lets ${manifest.callers.join(", ")} call, and the extension is ${caller}`, "deploy with the id of the extension that is installed");
  if (!exists(root, manifest.path)) return found.missing("host", `${path} names ${manifest.path}, and that is not there`, "copy the launcher there, and the built host beside it");
  if (!isExecutable(root, manifest.path)) return found.wrong("host", `${manifest.path} cannot be started`, `chmod 755 ${manifest.path}`);
  for (const file of [path, manifest.path]) {
    const open = openToOthers(root, file);
    if (open !== null) return found.wrong("host", `others than root can change ${open}`, `chown root:root ${open} && chmod go-w ${open}`);
  }
  for (const file of startedBy(root, manifest.path)) if (!exists(root, file)) return found.missing("host", `${manifest.path} starts ${file}, and that is not there`, "copy the built host (.output/host) there; name Node's place with --node");
  found.ok("host", `registered for all users (${path}), starts ${manifest.path}`);
}

/** Node and the host's program, as our own launcher names them in its last line. */
function startedBy(root: Root, launcher: string): string[] {
  const text = readText(root, launcher);
  const last = text.ok ? /^exec '([^']+)' \S+ '([^']+)' host /m.exec(text.value) : null;
  return last ? [last[1]!, last[2]!] : [];
}

export async function checkMachinePolicy(root: Root, platform: NodeJS.Platform, found: Findings): Promise<void> {
  const locations = machineLocations(platform);
  const there = machineFiles(locations).filter((file) => exists(root, file));
  if (there.length === 0) return found.note("machine policy", `there is no policy in ${locations.folder}: the host follows the browser's policy only in the browser, and guards of desktop clients follow the person's`);
  if (there.length > 1) return found.wrong("machine policy", `${locations.folder} holds both policy.yaml and policy.json, so neither is read`, "keep one");
  const [file] = there;
  const open = openToOthers(root, file!);
  if (open !== null) return found.wrong("machine policy", `others than root can change ${open}, so the policy is not read`, `chown root:root ${open} && chmod go-w ${open}`);
  const text = readText(root, file!);
  if (!text.ok) return found.wrong("machine policy", `${file!} ${text.why}`, "write it anew");
  await judgePolicyText(text.value, file!, found, file!);
}
