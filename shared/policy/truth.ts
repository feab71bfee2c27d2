/** Three-valued answers: `undefined` means "cannot be evaluated here", and whoever asks decides what that is worth. */
export type Truth = boolean | undefined;

/** No beats unknown, unknown beats yes. */
export function and(left: Truth, right: Truth): Truth {
  if (left === false || right === false) return false;
  return left === undefined || right === undefined ? undefined : true;
}
