/** Covers tabs that were open before Sluice was installed: their content scripts run now, late, rather than after a reload that would throw away what a person has typed. What such a page loaded earlier may hold uncovered functions until it is reloaded; that gap is recorded. */

export interface LateScript {
  readonly files: readonly string[];
  readonly world: "MAIN" | "ISOLATED";
}

export interface TabDoors {
  /** Tabs with web pages. */
  tabs(): Promise<readonly number[]>;
  /** Documents of this tab in which no relay runs. A document that loads just now has its scripts from the manifest, and must not get them twice. */
  uncovered(tab: number): Promise<readonly string[]>;
  inject(tab: number, documents: readonly string[], script: LateScript): Promise<void>;
}

/** The manifest's own list, so that late tabs get exactly what new ones get, in the same order. */
export function lateScripts(contentScripts: readonly { readonly js?: readonly string[] | undefined; readonly world?: string | undefined }[]): LateScript[] {
  return contentScripts.flatMap(({ js, world }) => (js?.length ? [{ files: js, world: world === "MAIN" ? ("MAIN" as const) : ("ISOLATED" as const) }] : []));
}

export interface Covered {
  /** Tabs in which something had to be covered late. */
  readonly covered: number;
  /** The browser refused: its own pages, the web store, crashed tabs. */
  readonly refused: number;
}

export async function coverOpenTabs(doors: TabDoors, scripts: readonly LateScript[]): Promise<Covered> {
  if (!scripts.length) return { covered: 0, refused: 0 };
  const outcomes = await Promise.all(
    (await doors.tabs()).map(async (tab) => {
      try {
        const documents = await doors.uncovered(tab);
        if (!documents.length) return "fine";
        for (const script of scripts) await doors.inject(tab, documents, script);
        return "covered";
      } catch {
        return "refused";
      }
    }),
  );
  const many = (outcome: string): number => outcomes.filter((each) => each === outcome).length;
  return { covered: many("covered"), refused: many("refused") };
}

/** For the record. Null: there was nothing to do. */
export function gapOf({ covered, refused }: Covered): string | null {
  if (!covered && !refused) return null;
  const parts = covered ? [`${covered === 1 ? "1 tab was" : `${covered} tabs were`} open before Sluice and are covered from now on; what their pages loaded earlier is covered after a reload`] : [];
  if (refused) parts.push(`${refused === 1 ? "1 tab" : `${refused} tabs`} could not be covered`);
  return parts.join("; ");
}
