/** A failure that a person can act on: `bootstrap.mjs` shows its message without a stack. */
export class Advice extends Error {
  override readonly name = "Advice";
}
