/** An expected failure of a command: one clear line for the person, and what to do about it. */
export class Failure extends Error {
  readonly fix: string | undefined;
  /** 1 the answer is "no", 2 wrong usage, 3 something broke. */
  readonly code: 1 | 2 | 3;

  constructor(message: string, options: { fix?: string; code?: 1 | 2 | 3 } = {}) {
    super(message);
    this.fix = options.fix;
    this.code = options.code ?? 3;
  }
}
