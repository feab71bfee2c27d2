/** Stops the desk's report between two parts, so that a test can look at a stream that is still open without waiting for time. */

export interface ReportBrake {
  /** For the stage. */
  beforePart(part: number): Promise<void>;
  /** @returns resolves when the report stands before `part`; `go` lets it run on. */
  stopBefore(part: number): { readonly reached: Promise<void>; go(): void };
  release(): void;
}

export function reportBrake(): ReportBrake {
  let gate: { part: number; reached(): void; open: Promise<void> } | null = null;
  return {
    async beforePart(part) {
      if (gate?.part !== part) return;
      gate.reached();
      await gate.open;
    },
    stopBefore(part) {
      const reached = Promise.withResolvers<void>();
      const open = Promise.withResolvers<void>();
      gate = { part, reached: reached.resolve, open: open.promise };
      return { reached: reached.promise, go: open.resolve };
    },
    release() {
      gate = null;
    },
  };
}
