/** `sluice approvals`: shows what waits for a person's word, and takes it. The way for machines without a browser. */
import { once } from "node:events";
import process from "node:process";
import { setInterval } from "node:timers/promises";
import { parseArgs } from "node:util";
import { spanWords, type Answer, type Ask } from "../../shared/gate/ask.ts";
import { addressOf } from "../../shared/mcp/identity.ts";
import type { Span } from "../../shared/policy/decision.ts";
import { openSpool, type Spool } from "../approvals/spool.ts";
import { hostPaths } from "../home.ts";
import { listGrants, revokeGrant } from "./approvals-grants.ts";
import type { Command, Io } from "./command.ts";
import { Failure } from "./failure.ts";
import { painter, printable } from "./terminal.ts";

const usage = `Usage: sluice approvals [list] [--json]
       sluice approvals allow ID [--for session|30m|1h|8h] [--reason TEXT]
       sluice approvals deny ID [--reason TEXT]
       sluice approvals watch [--json]
       sluice approvals grants [--json]
       sluice approvals revoke ID

Some rules want a person's word before a call goes on. A guard then holds the call, and the
question stands here and in the browser's Sluice window. The first answer counts; without one
the call is refused when its time is over.

  list      what waits now (default), with exactly what would be sent
  allow     let it go on: once, or for as long as the rule offers (--for)
  deny      refuse it
  watch     go on and show questions as they come
  grants    what was allowed for a while (--for 1h), and how long it still holds
  revoke    take such a yes back: the next call is asked about again

  --for SPAN      once (default), session, or a while such as 30m, 1h, 8h, if the rule offers it
  --reason TEXT   why; some rules want one. Goes on record
  --json          one JSON document a line

ID is the number of a question (or, to revoke, of a grant), or its last characters.
Exit code: 0 done, 1 there is no such question, it was answered already, or the answer does not fit it.`;

const command: Command = {
  summary: "Answer what guards ask: allow or deny calls that wait",
  usage,
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, for: { type: "string" }, reason: { type: "string" } },
    });
    const [verb = "list", id, ...rest] = positionals;
    const paths = hostPaths(io.env);
    const spool = openSpool(paths.state);
    const takesId = verb === "allow" || verb === "deny" || verb === "revoke";
    if (rest.length > 0 || (id !== undefined && !takesId)) throw new Failure("too many words", { code: 2, fix: 'a reason with spaces stands in quotes: --reason "because …"' });
    if (verb !== "allow" && values.for !== undefined) throw new Failure("--for belongs to allow", { code: 2, fix: "sluice approvals allow ID --for session" });
    switch (verb) {
      case "list":
        return list(spool, values.json, io);
      case "watch":
        return watch(spool, values.json, io);
      case "grants":
        return listGrants(paths, values.json, io);
      case "revoke":
        if (id === undefined) throw new Failure("which one? revoke takes the number of a grant", { code: 2, fix: '"sluice approvals grants" lists them' });
        return revokeGrant(paths, id, values.json, io);
      case "allow":
      case "deny":
        if (id === undefined) throw new Failure(`which one? ${verb} takes the number of a question`, { code: 2, fix: '"sluice approvals" lists them' });
        return answer(spool, id, verb === "allow" ? "go" : "deny", values, io);
      default:
        throw new Failure(`approvals does not know "${printable(verb, 40)}"`, { code: 2, fix: "it knows list, allow, deny, watch, grants and revoke" });
    }
  },
};
export default command;

function list(spool: Spool, json: boolean, io: Io): number {
  const asks = spool.list();
  if (json) io.stdout.write(asks.map(jsonLine).join(""));
  else if (asks.length === 0) io.stdout.write("Nothing waits for an answer.\n");
  else io.stdout.write(asks.map((ask) => words(ask, io)).join("\n"));
  return 0;
}

async function watch(spool: Spool, json: boolean, io: Io): Promise<number> {
  const shown = new Set<string>();
  const over = new AbortController();
  void Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]).then(() => over.abort());
  if (!json) io.stderr.write("Questions appear here as they come. Answer them from another terminal, or in the browser.\n");
  const show = (): void => {
    for (const ask of spool.list()) {
      if (shown.has(ask.ticket)) continue;
      shown.add(ask.ticket);
      io.stdout.write(json ? jsonLine(ask) : `${words(ask, io)}\n`);
    }
  };
  show();
  try {
    for await (const _ of setInterval(300, undefined, { signal: over.signal })) show();
  } catch (error) {
    if ((error as Error).name !== "AbortError") throw error;
  }
  return 0;
}

function answer(spool: Spool, id: string, say: Answer["say"], given: { readonly for?: string | undefined; readonly reason?: string | undefined; readonly json: boolean }, io: Io): number {
  const wished = given.for === undefined ? undefined : spanOf(given.for);
  const fitting = spool.list().filter(({ ticket }) => ticket === id || (id.length >= 4 && ticket.endsWith(id.toLowerCase())));
  if (fitting.length > 1) throw new Failure(`several questions end in "${printable(id, 40)}"`, { code: 1, fix: "give more of its number" });
  const [ask] = fitting;
  if (!ask) return tell({ outcome: "gone", why: `No question with the number ${printable(id, 60)} waits for an answer: it was answered, or its time is over.` });
  const span = wished ?? (ask.spans.includes("call") ? "call" : ask.spans[0]!);
  return tell(spool.answer(ask.ticket, { call: ask.call, say, span, reason: given.reason ?? null, via: "cli" }), ask, span);

  function tell({ outcome, why }: { readonly outcome: string; readonly why: string }, about?: Ask, granted?: Span): number {
    if (given.json) io.stdout.write(`${JSON.stringify({ ticket: about?.ticket ?? null, outcome, why })}\n`);
    else if (outcome === "taken" && about) io.stdout.write(`${say === "go" ? `Allowed ${spanWords(granted!)}` : "Denied"}: ${headline(about)}.\n`);
    else io.stderr.write(`sluice: ${why}\n`);
    return outcome === "taken" ? 0 : 1;
  }
}

function spanOf(text: string): Span {
  if (text === "once" || text === "call") return "call";
  if (text === "session") return "session";
  const match = /^(\d{1,5})(m|h|d)$/.exec(text);
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? ""];
  if (!match || !unit) throw new Failure(`--for does not understand "${printable(text, 40)}"`, { code: 2, fix: "write once, session, 30m, 1h or 8h" });
  return Number(match[1]) * unit;
}

function headline({ client, server, subject, method, direction }: Ask): string {
  const what = subject === null ? printable(method ?? "a message", 120) : printable(subject, 120);
  const who = printable(client.name || client.id, 80);
  const whom = printable(addressOf(server), 300);
  return direction === "to-server" ? `${what} on ${whom}, called by ${who}` : `${what} from ${whom}, for ${who}`;
}

function words(ask: Ask, io: Io): string {
  const paint = painter(io);
  const short = ask.ticket.slice(-8);
  const left = Math.max(0, Math.round((ask.until - Date.now()) / 1000));
  const commands = [...ask.spans.map((span) => `sluice approvals allow ${short}${span === "call" ? "" : ` --for ${span === "session" ? span : spanText(span)}`}${ask.reason === "required" ? ' --reason "…"' : ""}`), `sluice approvals deny ${short}`];
  const lines = [
    `${paint("bold", headline(ask))}`,
    `  ${paint("yellow", `${short}  waits ${left} s more`)}`,
    ...[ask.title, ask.message].flatMap((text) => (text ? [`  ${printable(text, 600)}`] : [])),
    `  ${ask.direction === "to-server" ? "It would send" : "It would hand over"}:`,
    // Escaped already, so that it says exactly what is sent: nothing in it can move the cursor.
    ...ask.shown.split("\n").map((line) => `    ${printable(line, 100_000)}`),
    ...(ask.masked > 0 ? [`  ${ask.masked} ${ask.masked === 1 ? "value stands" : "values stand"} masked here.`] : []),
    ...commands.map((text) => `  ${paint("dim", text)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function spanText(ms: number): string {
  return ms % 86_400_000 === 0 ? `${ms / 86_400_000}d` : ms % 3_600_000 === 0 ? `${ms / 3_600_000}h` : `${Math.round(ms / 60_000)}m`;
}

function jsonLine(ask: Ask): string {
  return `${JSON.stringify(ask).replace(/[^\P{C}]|[\u2028\u2029]/gu, (char) => Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""))}\n`;
}
