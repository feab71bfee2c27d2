/** Asks the source now and then, from whichever process of Sluice happens to run: they share one note that says when the next try is due, and one lock. */
import { tmpdir } from "node:os";
import type { Bootstrap } from "./bootstrap.ts";
import { deviceOf } from "./managed-bundle.ts";
import { openSource } from "./source.ts";
import { updateBundle, type Outcome } from "./update.ts";
import { openVault, vaultFolder } from "./vault.ts";

export interface Poller {
  close(): void;
}

/** Looking at the note costs nothing: a laptop that wakes up asks soon after. */
const LOOK_MS = 60_000;
/** A guard's first messages come first. */
const FIRST_LOOK_MS = 3_000;

/** One try, due or not; null when another process is at it. @throws when the disk fails. */
export async function pollNow(state: string, bootstrap: Bootstrap, now: number = Date.now()): Promise<Outcome | null> {
  const source = openSource(bootstrap.bundleUrl);
  if (!source.ok) return { kind: "trouble", trouble: { code: "unreachable", text: `bundleUrl ${source.why}` }, kept: null };
  const vault = openVault(vaultFolder(state, bootstrap.rootSha256));
  const device = await deviceOf(state, bootstrap);
  return vault.alone(() => updateBundle({ bootstrap, device, source: source.value, vault, scratch: tmpdir(), now, chance: Math.random() }));
}

/** @param bootstrapNow what the administrator says at that moment; null: no bundle any more. */
export function startPolling(state: string, bootstrapNow: () => Promise<Bootstrap | null>): Poller {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function look(): Promise<void> {
    try {
      const bootstrap = await bootstrapNow();
      if (bootstrap && (await isDue(state, bootstrap))) await pollNow(state, bootstrap);
    } catch {
      // A disk that cannot be written: the policy in force stays, and the next look tries again.
    }
    schedule(LOOK_MS);
  }

  function schedule(ms: number): void {
    if (closed) return;
    timer = setTimeout(() => void look(), ms);
    timer.unref();
  }

  schedule(FIRST_LOOK_MS);
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

async function isDue(state: string, { rootSha256 }: Bootstrap): Promise<boolean> {
  const note = await openVault(vaultFolder(state, rootSha256)).note();
  const now = Date.now();
  // A note from the future was written by a clock that has been put right since.
  return note === null || now >= note.nextAt || now < note.at;
}
