/** Covers tabs that were open before Sluice was installed: their content scripts run now, late, rather than after a reload that would throw away what a person has typed. What such a page loaded earlier may hold uncovered functions until it is reloaded; that gap is recorded. */

export interface LateScript {
  readonly files: readonly string[];
  readonly world: "MAIN" | "ISOLATED";
}

export interface TabDoors {
  /** Tabs with web pages. */
  tabs(): Promise<readonly number[]>;
  /** Runs in every frame of the tab. */
  inject(tab: number, script: LateScript): Promise<void>;
}

/** The manifest's own list, so that late tabs get exactly what new ones get, in the same order. */
export function lateScripts(contentScripts: readonly { readonly js?: readonly string[] | undefined; readonly world?: string | undefined }[]): LateScript[] {
  return contentScripts.flatMap(({ js, world }) => (js?.length ? [{ files: js, world: world === "MAIN" ? ("MAIN" as const) : ("ISOLATED" as const) }] : []));
}

export interface Covered {
  readonly covered: number;
  /** The browser refused: its own pages, the web store, crashed tabs. */
  readonly refused: number;
}

export async function coverOpenTabs(doors: TabDoors, scripts: readonly LateScript[]): Promise<Covered> {
  if (!scripts.length) return { covered: 0, refused: 0 };
  const outcomes = await Promise.all(
    (await doors.tabs()).map(async (tab) => {
      try {
        for (const script of scripts) await doors.inject(tab, script);
        return true;
      } catch {
        return false;
      }
    }),
  );
  const covered = outcomes.filter(Boolean).length;
  return { covered, refused: outcomes.length - covered };
}
