/** The seam between the tap (page world) and the relay (isolated world): one synchronous call through a detached node that only the two hold. Fields are strings joined by `FIELD`; no JSON, because a page may have patched what JSON touches. */

/** ASCII unit separator. It can stand in no URL, header or JSON text (JSON forbids raw control characters); a last field may hold anything. */
export const FIELD = "\u001f";

/** The one event at document start by which relay and tap find each other; both are done before any page script runs. Names nobody. */
export const MEET_EVENT = "focusgained";
/** Tap → relay on the shared node. */
export const ASK_EVENT = "a";
/** Relay → tap on the shared node, inside the same call. */
export const ANSWER_EVENT = "b";
/** Relay → tap: the policy is there, ask again. */
export const READY_EVENT = "r";

/** Relay → tap: a person's word on this exchange has come (its number is the detail): ask `G`. */
export const SETTLED_EVENT = "s";

/**
 * Tap → relay. First field is the verb:
 * - `Q` request: exchange, HTTP method, absolute URL, headers (`name: value` lines, lower-case; of `authorization` only the scheme), `none` | `text` | `opaque` | `large`, body
 * - `H` reply head: exchange, status, content-type, final URL
 * - `C` reply chunk: exchange, text
 * - `E` reply end: exchange
 * - `U` reply is no UTF-8: exchange
 * - `X` exchange failed or was aborted: exchange
 * - `G` go on after `L`: exchange
 */
export type TapVerb = "Q" | "H" | "C" | "E" | "U" | "X" | "G";

/**
 * Relay → tap. First field is the verb:
 * - `P` pass: send the original (for `H`: hand the reply through untouched)
 * - `N` pass, and the exchange is not MCP: ask nothing more about it
 * - `W` wait: the policy is still loading; ask again when `READY_EVENT` comes
 * - `L` later: a person is asked; nothing may be sent. Wait for `SETTLED_EVENT`, then ask `G`
 * - `R` replace: headers to set (`name: value` lines), new body
 * - `A` answer: status, content-type, body; nothing is sent (for `H`: in place of the reply)
 * - `T` tap the reply: send every chunk
 * - `O` output: for `C`, `E` and `U`, the text to hand on (may be empty)
 * - `F` final output: the same, and nothing more will come; the source need not be read on
 */
export type RelayVerb = "P" | "N" | "W" | "L" | "R" | "A" | "T" | "O" | "F";
