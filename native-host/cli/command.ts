/** The shape of every `sluice …` command. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: NodeJS.ProcessEnv;
}

export interface Command {
  /** One line for `sluice help`. */
  readonly summary: string;
  /** Full help text. */
  readonly usage: string;
  /** Help of one of its parts, where the arguments name one. */
  usageOf?(argv: readonly string[]): Promise<string | undefined>;
  /** @returns the exit code: 0 done, 1 the answer is "no" (a check failed), 2 wrong usage, 3 something broke. */
  run(argv: readonly string[], io: Io): Promise<number>;
}
