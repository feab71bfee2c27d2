/** Tells when one of a few files has changed: by the folder's notices where the system gives them, and by looking now and then in any case. */
import { watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import { signatureOf } from "./policy-file.ts";

export interface FileWatch {
  close(): void;
}

/** Looking is the fallback where notices come, and the only way where a folder does not exist yet. */
const LOOK_MS = 700;
const LOOK_SELDOM_MS = 5000;
/** A writer may need several steps: the file must have stood still for this long. */
const STILL_MS = 60;
const STILL_AT_MOST_MS = 600;

/** @param changed called after a change has come to rest; the next change is looked for when it has returned. */
export async function watchFiles(paths: readonly string[], changed: () => Promise<void>): Promise<FileWatch> {
  const folders = new Map<string, FSWatcher | null>([...new Set(paths.map((path) => dirname(path)))].map((folder) => [folder, null]));
  let known = await signatures();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let again = false;

  async function signatures(): Promise<string> {
    return (await Promise.all(paths.map(signatureOf))).join("|");
  }

  function attach(): boolean {
    for (const [folder, watcher] of folders) {
      if (watcher) continue;
      try {
        const fresh = watch(folder, { persistent: false }, () => void look());
        fresh.on("error", () => {
          fresh.close();
          folders.set(folder, null);
        });
        folders.set(folder, fresh);
      } catch {
        // The folder does not exist (yet).
      }
    }
    return [...folders.values()].every((watcher) => watcher !== null);
  }

  function schedule(): void {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), attach() ? LOOK_SELDOM_MS : LOOK_MS);
    timer.unref();
  }

  async function atRest(): Promise<string> {
    const deadline = Date.now() + STILL_AT_MOST_MS;
    let before = await signatures();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, STILL_MS));
      const now = await signatures();
      if (now === before || Date.now() > deadline) return now;
      before = now;
    }
  }

  async function look(): Promise<void> {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      do {
        again = false;
        if (closed || (await signatures()) === known) continue;
        known = await atRest();
        if (!closed) await changed();
      } while (again && !closed);
    } finally {
      busy = false;
      schedule();
    }
  }

  schedule();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      for (const watcher of folders.values()) watcher?.close();
    },
  };
}
