/** What an administrator puts on the machine so that it finds and trusts its signed policy: `bootstrap.json` beside the machine policy. The same keys as in browser policy; nothing a user can write moves or replaces them. */
import { join } from "node:path";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { isObject } from "../../../shared/mcp/message.ts";
import type { MachineLocations } from "../machine.ts";
import { readPolicyFile } from "../policy-file.ts";

export type FailMode = "open" | "closed";

export interface Bootstrap {
  readonly bundleUrl: string;
  /** SHA-256 of the root of trust: lower-case hex. */
  readonly rootSha256: string;
  readonly channel: string;
  /** What holds when no valid policy can be had for long; the stricter of this and the bundle's own counts. */
  readonly failMode?: FailMode;
  /** Lowest revision this machine takes, however new it is to the fleet. */
  readonly minRevision: number;
  /** Name of this machine in the fleet, for staged rollout; default: drawn once. */
  readonly device?: string;
}

export type BootstrapFile =
  /** No such file, or one that names no bundle. */
  | { readonly kind: "absent" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "bundle"; readonly bootstrap: Bootstrap; readonly text: string };

/** Keys of browser policy that may stand in the same file and mean nothing to the host. */
const OTHERS = new Set(["configVersion", "orgName", "mode", "requireHost", "policy", "supportUrl", "privacyProfile", "lockUi"]);
export const CHANNEL = /^[a-z0-9][a-z0-9-]{0,31}$/;

export function bootstrapPath({ folder }: MachineLocations): string {
  return join(folder, "bootstrap.json");
}

export async function readBootstrap(machine: MachineLocations): Promise<BootstrapFile> {
  const file = await readPolicyFile(bootstrapPath(machine), machine.owner);
  if (file.kind !== "text") return file;
  const read = parseBootstrap(file.text);
  if (!read.ok) return { kind: "refused", why: `${file.path}: ${read.why}` };
  return read.value === null ? { kind: "absent" } : { kind: "bundle", bootstrap: read.value, text: file.text };
}

/** Null where it names no bundle. */
export function parseBootstrap(text: string): Result<Bootstrap | null> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("is no JSON");
  }
  if (!isObject(value)) return fail("is no JSON object");
  const { bundleUrl, rootSha256, channel = "stable", failMode, minRevision = 0, device, ...rest } = value;
  // A key with a typo would be a lock that is not there.
  const strange = Object.keys(rest).find((key) => !OTHERS.has(key));
  if (strange !== undefined) return fail(`"${strange.slice(0, 40)}" is not a key of Sluice`);
  if (bundleUrl === undefined) return rootSha256 === undefined ? ok(null) : fail("rootSha256 needs a bundleUrl beside it");
  if (typeof bundleUrl !== "string" || !URL.canParse(bundleUrl)) return fail("bundleUrl must be an address (https://…)");
  if (typeof rootSha256 !== "string" || !/^[0-9a-f]{64}$/i.test(rootSha256)) return fail('rootSha256 must be the 64 hexadecimal digits that "sluice policy root" prints; without it nothing could be trusted');
  if (typeof channel !== "string" || !CHANNEL.test(channel)) return fail("channel must be a short name of small letters, digits and hyphens");
  if (failMode !== undefined && failMode !== "open" && failMode !== "closed") return fail("failMode must be open or closed");
  if (typeof minRevision !== "number" || !Number.isSafeInteger(minRevision) || minRevision < 0) return fail("minRevision must be a whole number");
  if (device !== undefined && (typeof device !== "string" || device === "" || device.length > 128)) return fail("device must be a short text");
  return ok({ bundleUrl, rootSha256: rootSha256.toLowerCase(), channel, minRevision, ...(failMode && { failMode }), ...(device !== undefined && { device }) });
}
