/** The scripted conversation: what a model would have chosen to do, without a model. */
import { call, connect, connectorOf, say, sayNoConnection, type CallOutcome, type Problem } from "./state.ts";

interface Turn {
  /** On the button. */
  readonly label: string;
  readonly server: string;
  readonly tool: string;
  /** What the person says and what the assistant sends; made anew each time. */
  plan(): { said: string; args: Record<string, unknown>; secret?: string };
  readonly done: string;
}

export const TURNS: Readonly<Record<string, Turn>> = {
  hours: { label: "When is the desk open?", server: "desk", tool: "desk_hours", plan: () => ({ said: "When is the desk open?", args: {} }), done: "Those are the opening hours." },
  lookup: { label: "Look up customer Ada", server: "desk", tool: "find_customer", plan: () => ({ said: "Look up customer Ada.", args: { query: "Ada" } }), done: "This is who I found at the desk." },
  record: { label: "Open Ada's full record", server: "desk", tool: "get_customer", plan: () => ({ said: "Open Ada's full record, I need her payment details.", args: { id: "c-1001" } }), done: "Here is the record." },
  note: {
    label: "Save a note with a deploy key", server: "desk", tool: "add_note", done: "The note is on Ada's record.",
    plan: () => {
      const secret = syntheticToken();
      const note = `Deploy key of the billing robot: ${secret}`;
      return { said: `Save this on Ada's record: ${note}`, args: { id: "c-1001", text: note }, secret };
    },
  },
  export: { label: "Export the report", server: "desk", tool: "export_report", plan: () => ({ said: "Export the customer report.", args: { partSize: 2 } }), done: "The report is complete." },
  delete: { label: "Delete customer", server: "desk", tool: "delete_customer", plan: () => ({ said: "Delete customer c-1004, they have left.", args: { id: "c-1004" } }), done: "The customer is deleted." },
  echo: { label: "Say hello to Everything", server: "everything", tool: "echo", plan: () => ({ said: "Say hello to the reference server.", args: { message: "Hello from Acme Assistant" } }), done: "It answered." },
  rogue: { label: "Ask the unsanctioned server", server: "rogue", tool: "find_customer", plan: () => ({ said: "Ask Shady Exports for Ada.", args: { query: "Ada" } }), done: "Shady Exports answered." },
};

export type TurnOutcome = ({ kind: "called"; call: CallOutcome } | { kind: "not-connected"; error: Problem }) & { said: string; args: Record<string, unknown>; secret?: string };

/** Plays one turn: the person speaks, the assistant connects if need be, calls the tool, and sums up. */
export async function playTurn(name: string): Promise<TurnOutcome> {
  const turn = TURNS[name];
  if (!turn) throw new Error(`There is no turn "${name}". There are: ${Object.keys(TURNS).join(", ")}.`);
  const plan = turn.plan();
  say("person", plan.said);
  if (connectorOf(turn.server).state !== "on") {
    const connected = await connect(turn.server);
    if (connected.kind === "failed") {
      sayNoConnection(turn.server, connected.error);
      say("assistant", "I could not reach that server. The reason stands above.");
      return { kind: "not-connected", error: connected.error, ...plan };
    }
  }
  const outcome = await call(turn.server, turn.tool, plan.args);
  const worked = outcome.kind === "result" && !outcome.result.isError;
  say("assistant", worked ? turn.done : "I could not do that. The reason stands above.");
  return { kind: "called", call: outcome, ...plan };
}

/** Finds the turn that a typed sentence means. */
export function turnFor(text: string): string | undefined {
  const words = text.toLowerCase();
  const signs: readonly (readonly [string, RegExp])[] = [
    ["rogue", /shady|unsanctioned/], ["echo", /hello|everything/], ["note", /note|save|key/], ["export", /export|report/], ["delete", /delete|remove/], ["record", /record|payment|card|iban/], ["hours", /open|hours/], ["lookup", /ada|look up|find|customer/],
  ];
  return signs.find(([, sign]) => sign.test(words))?.[0];
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A made-up token in the live format of GitHub's, checksum included, so that detectors take it seriously; it opens nothing. */
export function syntheticToken(): string {
  const random = [...crypto.getRandomValues(new Uint8Array(30))].map((byte) => BASE62[byte % 62]).join("");
  let checksum = "";
  for (let rest = crc32(random), at = 0; at < 6; at++, rest = Math.floor(rest / 62)) checksum = BASE62[rest % 62] + checksum;
  return ["ghp", random + checksum].join("_");
}

function crc32(text: string): number {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
