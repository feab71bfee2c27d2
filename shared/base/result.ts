/** Expected outcomes are values; `throw` means a bug. */
export type Result<T, E = string> = { ok: true; value: T } | { ok: false; why: E };

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function fail<E>(why: E): { ok: false; why: E } {
  return { ok: false, why };
}

/** Placed in the default branch of a switch over a union: a new member that is not handled fails the type check. */
export function never(value: never): never {
  throw new Error(`unexpected case: ${JSON.stringify(value)}`);
}
