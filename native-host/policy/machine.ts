/** The policy that an administrator puts on the machine. */
import { join } from "node:path";
import { readPolicyFile, type PolicyFile } from "./policy-file.ts";

export interface MachineLocations {
  readonly folder: string;
  /** User id that must own the policy. */
  readonly owner: number;
}

/** Fixed paths: nothing that a user can set moves them. */
export function machineLocations(platform: NodeJS.Platform = process.platform): MachineLocations {
  return { folder: machineFolder(platform), owner: 0 };
}

function machineFolder(platform: NodeJS.Platform): string {
  // Not %ProgramData%: an environment variable is the user's to change.
  if (platform === "win32") return "C:\\ProgramData\\Sluice";
  if (platform === "darwin") return "/Library/Application Support/Sluice";
  return "/etc/sluice";
}

export function machineFiles({ folder }: MachineLocations): string[] {
  return [join(folder, "policy.yaml"), join(folder, "policy.json")];
}

export async function readMachinePolicy(locations: MachineLocations): Promise<PolicyFile> {
  const files = await Promise.all(machineFiles(locations).map((path) => readPolicyFile(path, locations.owner)));
  const present = files.filter((file) => file.kind !== "absent");
  if (present.length > 1) return { kind: "refused", path: locations.folder, why: `${locations.folder} holds both policy.yaml and policy.json; keep one` };
  return present[0] ?? { kind: "absent" };
}
