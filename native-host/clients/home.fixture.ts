/** Homes of other people's machines, made in a temporary folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Place } from "./place.ts";

/** Folders as the three systems have them, all below one temporary folder. */
export function fixturePlace(platform: Place["platform"], files: Readonly<Record<string, string>>, more: Partial<Place> = {}): Place & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "sluice-home-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, "home");
  for (const [path, text] of Object.entries(files)) {
    const file = path.startsWith("~/") ? join(home, path.slice(2)) : join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  mkdirSync(home, { recursive: true });
  return { home, env: {}, platform, projects: [], root: join(folder, "root"), folder, ...more };
}

export function servers(map: Record<string, unknown>): string {
  return JSON.stringify({ mcpServers: map }, null, 2);
}

export const NPX = { command: "npx", args: ["-y", "@acme/notes@1.2.3"] };
