/** A desk at which nobody sits: for tests in which nothing is asked. */
import type { Desk } from "./desk.ts";

export const NOBODY: Desk = { ask: ({ ticket }) => Promise.resolve({ kind: "expire", ticket }), withdraw: () => undefined, close: () => undefined };
