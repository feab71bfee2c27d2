/** The seam between the tap (page world) and the relay (isolated world): one synchronous call over a secret event. Fields are strings joined by `FIELD`; no JSON, because a page may have patched what JSON touches. */

/** ASCII unit separator. It can stand in no URL, header or JSON text (JSON forbids raw control characters). */
export const FIELD = "\u001f";

/**
 * Tap → relay. First field is the verb:
 * - `Q` request: exchange, method, url, content-type, accept, mcp-session-id, mcp-protocol-version, authorization scheme (or empty), `window` | `beacon` …, body
 * - `H` reply head: exchange, status, content-type, mcp-session-id
 * - `C` reply chunk: exchange, text
 * - `E` reply end: exchange
 * - `X` exchange failed or was aborted: exchange
 */
export type TapVerb = "Q" | "H" | "C" | "E" | "X";

/**
 * Relay → tap. First field is the verb:
 * - `P` pass: send the original (for `H`: hand the reply through untouched)
 * - `W` wait: the policy is still loading; ask again when the ready event comes
 * - `R` replace: new body follows
 * - `A` answer: status, content-type, body follow; nothing is sent
 * - `T` tap the reply: for `H`, send every chunk
 * - `O` output: for `C` and `E`, the text to hand on (may be empty)
 */
export type RelayVerb = "P" | "W" | "R" | "A" | "T" | "O";
