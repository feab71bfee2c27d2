/** `sluice policy …` in this process, with a home of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { EventRecord, Unstamped } from "../../../shared/events/record.ts";
import { openJournal } from "../../journal/writer.ts";
import { collector } from "../collector.fixture.ts";
import policy from "../policy.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Stage {
  readonly folder: string;
  run(...argv: string[]): Promise<Ran>;
  /** Writes a file into the folder; returns its path. */
  file(name: string, text: string): string;
  /** Writes records as a guard does; returns them stamped. @param at when they happened. */
  journal(records: readonly Unstamped[], at?: number): Promise<EventRecord[]>;
  close(): void;
}

export function openStage(): Stage {
  const folder = mkdtempSync(join(tmpdir(), "sluice-policy-tools-"));
  const home = join(folder, "home");
  return {
    folder,
    async run(...argv) {
      const [out, err] = [collector(), collector()];
      const code = await policy.run(argv, { stdin: Readable.from([]), stdout: out.stream, stderr: err.stream, env: { SLUICE_HOME: home } });
      return { code, out: out.text(), err: err.text() };
    },
    file(name, text) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    async journal(records, at = Date.now()) {
      const writer = openJournal(join(home, "journal"), "guard", { now: () => at });
      const stamped = records.map((record) => writer.append(record));
      await writer.close();
      return stamped;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
