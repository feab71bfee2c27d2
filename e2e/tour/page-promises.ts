/** The promises for the browser: allow, redact both ways, refuse, and go on when the host or a policy file breaks. */
import { Buffer } from "node:buffer";
import process from "node:process";
import type { MessageRecord } from "../../shared/events/record.ts";
import { isAlive, type Stage } from "../stage.ts";
import { until } from "../until.ts";
import type {} from "../workbench/page/hooks.ts";
import type { CallOutcome } from "../workbench/page/state.ts";
import type { TurnOutcome } from "../workbench/page/turns.ts";
import { requestText, responseBytes } from "../workbench/witness.ts";
import { hold, type Promised } from "./promise.ts";

export async function turn(stage: Stage, name: string): Promise<TurnOutcome> {
  return stage.page.evaluate((each) => window.workbench.turn(each), name);
}

export async function call(stage: Stage, server: string, tool: string, args: Record<string, unknown> = {}): Promise<CallOutcome> {
  return stage.page.evaluate(([a, b, c]) => window.workbench.call(a, b, c), [server, tool, args] as const);
}

/** Text that a tool result or an error shows to the model and the person. */
export function spoken(outcome: CallOutcome): string {
  return JSON.stringify(outcome.kind === "result" ? outcome.result : outcome.error);
}

function lastSeq(stage: Stage): number {
  return stage.workbench.witness().at(-1)?.seq ?? 0;
}

/** The newest journal record of this kind about this tool, once it is written. */
export async function recorded(stage: Stage, wanted: (record: MessageRecord) => boolean): Promise<MessageRecord> {
  return until("the record reaches the journal", async () => (await stage.journal()).findLast((record): record is MessageRecord => (record.kind === "request" || record.kind === "response" || record.kind === "notification") && wanted(record)));
}

const allowed: Promised = {
  id: "page-allowed-unchanged",
  title: "An allowed call passes byte for byte, in both directions",
  async play(stage) {
    await stage.page.evaluate(() => window.workbench.connect("desk"));
    const before = lastSeq(stage);
    const outcome = await call(stage, "desk", "desk_hours");
    hold(outcome.kind === "result" && !outcome.result.isError, `the call failed: ${spoken(outcome)}`);
    const [server] = stage.workbench.witness(before).filter((exchange) => exchange.method === "POST");
    const [page] = outcome.exchanges.filter((exchange) => exchange.method === "POST");
    hold(server && page, "nobody saw the call");
    hold(page.requestBody === requestText(server), "the request changed on its way");
    hold(Buffer.from(page.bytes, "base64").equals(responseBytes(server)), "the reply changed on its way");
    return `${server.requestBody.length} bytes out, ${responseBytes(server).length} bytes back, the same at both ends`;
  },
};

const secretOut: Promised = {
  id: "page-secret-redacted",
  title: "A secret in an argument is taken out before the server receives it",
  async play(stage) {
    const before = lastSeq(stage);
    const outcome = await turn(stage, "note");
    hold(outcome.kind === "called" && outcome.secret, "the note was not sent");
    const bodies = stage.workbench.witness(before).map(requestText).join("\n");
    hold(!bodies.includes(outcome.secret), "the server received the secret");
    const note = stage.workbench.desk.notes.at(-1);
    hold(note && JSON.stringify(note).includes("redacted"), "the note did not arrive with a placeholder");
    const record = await recorded(stage, (each) => each.tool === "add_note" && each.direction === "to-server" && each.redacted > 0);
    hold(!JSON.stringify(await stage.journal()).includes(outcome.secret), "the journal holds the secret");
    return `the server got a placeholder for ${record.findings.map((finding) => finding.class).join(", ")}`;
  },
};

const personIn: Promised = {
  id: "page-stream-redacted",
  title: "Personal records in a streamed result are hidden before the page sees them",
  async play(stage) {
    const before = lastSeq(stage);
    const outcome = await turn(stage, "export");
    hold(outcome.kind === "called" && outcome.call.kind === "result" && !outcome.call.result.isError, `the export failed: ${JSON.stringify(outcome).slice(0, 300)}`);
    const sent = stage.workbench.witness(before).map((exchange) => responseBytes(exchange).toString("utf8")).join("\n");
    const emails = [...new Set(sent.match(/[\w.+-]+@[\w-]+\.[\w.]+/g) ?? [])];
    hold(emails.length > 2, "the server sent no personal data, so nothing is proven");
    const seen = outcome.call.exchanges.map((exchange) => Buffer.from(exchange.bytes, "base64").toString("utf8")).join("\n");
    hold(seen.includes("redacted"), "the page saw no placeholder");
    const leaked = emails.filter((email) => seen.includes(email));
    hold(!leaked.length, `the page saw ${leaked.length} of ${emails.length} addresses`);
    const events = seen.split("\n\n").filter((event) => event.includes("data:")).length;
    return `${emails.length} people in ${events} stream events, none reached the page`;
  },
};

const unsanctioned: Promised = {
  id: "page-server-refused",
  title: "A server that is not on the list is refused, and the page says why",
  async play(stage) {
    const before = lastSeq(stage);
    const outcome = await turn(stage, "rogue");
    hold(!stage.workbench.witness(before).some((exchange) => exchange.mount === "rogue"), "the server heard from the page");
    const words = outcome.kind === "not-connected" ? outcome.error.message : spoken(outcome.call);
    hold(words.includes("Blocked by Sluice"), `the page was not told: ${words}`);
    await stage.page.getByText("Blocked by Sluice").last().waitFor({ state: "visible" });
    return words.replace(/^.*?Blocked by/, "Blocked by").slice(0, 110);
  },
};

const toolBlocked: Promised = {
  id: "page-tool-refused",
  title: "A forbidden tool of an allowed server is refused with the admin's own words",
  async play(stage) {
    const before = lastSeq(stage);
    const outcome = await turn(stage, "delete");
    hold(outcome.kind === "called" && spoken(outcome.call).includes("Open a ticket instead"), "the admin's message is missing");
    hold(!stage.workbench.witness(before).some((exchange) => requestText(exchange).includes("delete_customer")), "the server received the call");
    return "the customer is still there, the page shows what to do instead";
  },
};

const brokenPolicy: Promised = {
  id: "policy-broken-refused",
  title: "A policy file with a typo is refused whole, and the old policy stays",
  async play(stage) {
    const good = stage.policyText();
    const old = (await stage.snapshot())?.digest;
    stage.writePolicy(good.replace("revision: 1", "revision: 9").replace("effect: redact", "efect: redact"));
    const { rejected } = await until("the popup's state shows the refusal", async () => {
      const state = await stage.state();
      return state.rejected ? { rejected: state.rejected } : null;
    });
    hold((await stage.snapshot())?.digest === old, "the broken policy replaced the old one");
    const outcome = await turn(stage, "note");
    hold(outcome.kind === "called" && outcome.secret && !stage.workbench.witness().map(requestText).join("").includes(outcome.secret), "the old policy no longer protects");
    stage.writePolicy(good);
    await until("the good file settles it", async () => (await stage.state()).rejected === null);
    return rejected.errors[0] ?? "refused";
  },
};

const editedPolicy: Promised = {
  id: "policy-edit-counts",
  title: "Editing the policy file changes the next decision",
  async play(stage) {
    const old = stage.policyText();
    hold((await call(stage, "desk", "desk_hours")).kind === "result", "the call was not allowed before");
    stage.writePolicy(old.replace("revision: 1", "revision: 2").replace("- name: delete_*", "- name: [delete_*, desk_hours]"));
    const written = performance.now();
    await until("the new revision reaches the page's relay", async () => (await stage.snapshot())?.policy.revision === 2);
    const ms = Math.round(performance.now() - written);
    await until("the next call is refused", async () => spoken(await call(stage, "desk", "desk_hours")).includes("Blocked by Sluice"));
    stage.writePolicy(old.replace("revision: 1", "revision: 3"));
    await until("the third revision arrives", async () => (await stage.snapshot())?.policy.revision === 3);
    await until("the call is allowed again", async () => !spoken(await call(stage, "desk", "desk_hours")).includes("Blocked by Sluice"));
    return `in force ${ms} ms after saving; then allowed again by the next edit`;
  },
};

const hostKilled: Promised = {
  id: "host-killed-still-enforcing",
  title: "Killing the host leaves the extension enforcing, and it finds a new host by itself",
  async play(stage) {
    const pid = stage.hostPids().at(-1);
    hold(pid && isAlive(pid), "there is no host to kill");
    process.kill(pid, "SIGKILL");
    await until("the state says that the host is gone", async () => (await stage.state()).host.state !== "connected");
    const before = lastSeq(stage);
    const refused = await turn(stage, "rogue");
    const words = refused.kind === "not-connected" ? refused.error.message : spoken(refused.call);
    hold(words.includes("Blocked by Sluice"), "the unlisted server was let through");
    const note = await turn(stage, "note");
    hold(note.kind === "called" && note.secret && !stage.workbench.witness(before).map(requestText).join("").includes(note.secret), "the secret went out");
    await until("a new host is connected", async () => (await stage.state()).host.state === "connected" && stage.hostPids().at(-1) !== pid, 60_000);
    return "refused and redacted without a host; a new one is connected";
  },
};

export const PAGE_PROMISES: readonly Promised[] = [allowed, secretOut, personIn, unsanctioned, toolBlocked, brokenPolicy, editedPolicy, hostKilled];
