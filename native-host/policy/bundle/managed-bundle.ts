/** Does this machine take signed bundles, and which? The administrator's file says; while it is broken or gone, what it said last. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MachineLocations } from "../machine.ts";
import { parseBootstrap, readBootstrap, type Bootstrap } from "./bootstrap.ts";

export interface ManagedBundle {
  readonly bootstrap: Bootstrap;
  /** What an administrator should put right. */
  readonly errors: readonly string[];
}

/** Null: this machine takes no bundle. A refused file that was never good counts as none, with its reason. */
export type ManagedBundleFound = { readonly kind: "none"; readonly errors: readonly string[] } | ({ readonly kind: "bundle" } & ManagedBundle);

export async function findBundle(state: string, machine: MachineLocations): Promise<ManagedBundleFound> {
  const found = await readBootstrap(machine);
  if (found.kind === "bundle") {
    await remember(state, found.text);
    return { kind: "bundle", bootstrap: found.bootstrap, errors: [] };
  }
  const last = await remembered(state);
  const why = found.kind === "refused" ? found.why : `${join(machine.folder, "bootstrap.json")} is gone or names no bundle any more; what it said last stays. To give it up, delete ${rememberedPath(state)} as well`;
  if (last) return { kind: "bundle", bootstrap: last, errors: [why] };
  return { kind: "none", errors: found.kind === "refused" ? [why] : [] };
}

function rememberedPath(state: string): string {
  return join(state, "bundle", "bootstrap.json");
}

async function remembered(state: string): Promise<Bootstrap | null> {
  try {
    const read = parseBootstrap(await readFile(rememberedPath(state), "utf8"));
    return read.ok ? read.value : null;
  } catch {
    return null;
  }
}

async function remember(state: string, text: string): Promise<void> {
  const path = rememberedPath(state);
  try {
    if ((await readFile(path, "utf8").catch(() => null)) !== text) await writeWhole(path, text);
  } catch {
    // A full or read-only disk must not keep the administrator's word from counting.
  }
}

/** The name that the administrator gives this machine, else one that is drawn once. Drawn anew it moves the machine's place in rollouts, and nothing else. */
export async function deviceOf(state: string, { device }: Bootstrap): Promise<string> {
  if (device !== undefined) return device;
  const path = join(state, "bundle", "device");
  const known = (await readFile(path, "utf8").catch(() => "")).trim();
  if (/^[0-9a-f-]{36}$/.test(known)) return known;
  const drawn = randomUUID();
  await writeWhole(path, drawn).catch(() => undefined);
  return drawn;
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600, flag: "wx" });
  await rename(draft, path);
}
