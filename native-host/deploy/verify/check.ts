/** One thing that was looked at on a machine. */
export interface Check {
  readonly browser: string;
  /** `install`, `keys`, `host` …: for programs that read the list. */
  readonly about: string;
  readonly state: "ok" | "missing" | "wrong" | "note";
  readonly text: string;
  readonly fix?: string;
}

/** Collects the checks of one browser. */
export interface Findings {
  readonly list: Check[];
  ok(about: string, text: string): void;
  missing(about: string, text: string, fix: string): void;
  wrong(about: string, text: string, fix: string): void;
  note(about: string, text: string): void;
}

export function findingsOf(browser: string): Findings {
  const list: Check[] = [];
  return {
    list,
    ok: (about, text) => void list.push({ browser, about, state: "ok", text }),
    missing: (about, text, fix) => void list.push({ browser, about, state: "missing", text, fix }),
    wrong: (about, text, fix) => void list.push({ browser, about, state: "wrong", text, fix }),
    note: (about, text) => void list.push({ browser, about, state: "note", text }),
  };
}
