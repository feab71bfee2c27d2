/** The person in the middle: real browser, host, guard and servers. Calls are held, shown, allowed, refused, forgotten; in the popup, in a terminal, in two places at once; and no page can do it by itself. */
import { whoIsHere } from "../../native-host/person.ts";
import { readFileSync, readdirSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventRecord } from "../../shared/events/record.ts";
import type { Ask } from "../../shared/gate/ask.ts";
import type { AnswerReceipt } from "../../shared/messages/asks.ts";
import { findBrowser } from "../browser/find.ts";
import { OUTPUT, ROOT } from "../places.ts";
import { openStage, runSluice, type Stage } from "../stage.ts";
import { call, spoken } from "../tour/page-promises.ts";
import { connectGuarded, EVERYTHING } from "../tour/stdio-promises.ts";
import { until } from "../until.ts";
import type {} from "../workbench/page/hooks.ts";
import { requestText, responseBytes } from "../workbench/witness.ts";

const POLICY = `version: 1
id: person
title: Person policy
revision: 1
mode: enforce
support: { name: Desk team, url: "https://help.example/ai" }
redaction:
  pii.email: { style: token, restoreFor: { id: [desk, everything] } }
  pii.iban: format-preserving
  pci.card-number: mask
admission: { default: allow, servers: [{ id: desk, match: { url: "http://127.0.0.1:*/desk/mcp" }, effect: allow }, { id: everything, match: { command: ["node", "*server-everything*", "**"] }, effect: allow }] }
rules:
  - { id: notes, title: Notes are looked at first, when: { tool: add_note }, effect: approve, message: Is this the right customer?, approve: { offer: [once, session, 1h] } }
  - { id: hurry, title: Tickets need a quick yes, when: { tool: list_tickets }, effect: approve, approve: { within: 5s } }
  - { id: think, title: Searches are on record, when: { tool: find_customer }, effect: coach, message: Do you need the whole list?, override: { reason: required } }
  - { id: raw, title: Look twice, when: { tool: get_document, direction: to-server }, effect: coach, override: { reason: none, raw: true } }
  - { id: keys, title: Keys stay here, when: { direction: to-server, data: { any: [secret.*] } }, effect: redact }
  - { id: never, title: Nothing is deleted, when: { tool: delete_customer }, effect: block, message: Delete by hand. }
  - { id: ours, title: Not for this person, when: { tool: export_report, who: { user: "${whoIsHere().user}" } }, effect: block, message: Ask a colleague. }
  - { id: theirs, title: Not for somebody else, when: { tool: get_customer, who: { user: somebody-else } }, effect: block }
  - { id: hours, title: Hours are looked at first, when: { tool: desk_hours }, effect: approve, approve: { offer: [once, session, 1h] } }
  - { id: echoes, title: Echoes are looked at first, when: { tool: echo }, effect: approve, approve: { offer: [once, session] } }
  - { id: hidden, title: Customers stay hidden, when: { tool: get_customer, direction: to-client, data: { any: [pii.*, pci.*] } }, effect: redact }
  - { id: echoed, title: Echoes hide addresses, when: { tool: echo, direction: to-client, data: { any: [pii.email] } }, effect: redact }
  - { id: images, title: Images need a quick yes, when: { tool: get-tiny-image }, effect: approve, approve: { within: 5s } }
`;

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const { path: browserPath } = found;
const SCREENS = join(OUTPUT, "screens");
const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");
/** Built at run time, in a live format, opening nothing. */
const token = (): string => ["ghp", "Zx9Yw8Vu7Ts6".repeat(3)].join("_");

let stage: Stage;
let popup: Page;
beforeAll(async () => {
  mkdirSync(SCREENS, { recursive: true });
  stage = await openStage({ browserPath, headless: true, policy: POLICY });
  await stage.page.evaluate(() => window.workbench.connect("desk"));
  popup = await openPopup();
});
afterAll(() => stage?.close());

async function openPopup(): Promise<Page> {
  const page = await stage.browser.popup();
  await page.setViewportSize({ width: 400, height: 600 });
  return page;
}

const card = (text: string, page: Page = popup): Locator => page.locator("article.ask", { hasText: text });
const sent = (tool: string): string[] => stage.workbench.witness().flatMap((exchange) => (exchange.method === "POST" && requestText(exchange).includes(`"${tool}"`) ? [requestText(exchange)] : []));
const answers = async (): Promise<Extract<EventRecord, { kind: "approval.answered" }>[]> => (await stage.journal()).filter((record) => record.kind === "approval.answered");
const asks = (): Ask[] => runSluice(stage, "approvals", "--json").split("\n").filter(Boolean).map((line) => JSON.parse(line) as Ask);

/** The questions that the popup shows. */
async function openAsks(): Promise<Ask[]> {
  const { asks: board } = await popup.evaluate(async () => (globalThis as unknown as { chrome: { storage: { session: { get(key: string): Promise<{ asks: { open: Ask[] } }> } } } }).chrome.storage.session.get("asks"));
  return board.open;
}

async function checked(name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await popup.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await popup.screenshot({ path: join(SCREENS, `popup-${name}-${colorScheme}.png`) });
    await popup.evaluate(AXE);
    const violations = await popup.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }> } };
      return (await axe.run()).violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
    });
    expect(violations, `${name}, ${colorScheme}`).toEqual([]);
  }
}

describe("a page's call", () => {
  // threat: person-approves
  test("waits, is shown exactly with its secret masked, and goes out redacted after a yes", async () => {
    const secret = token();
    const before = sent("add_note").length;
    const outcome = call(stage, "desk", "add_note", { id: "c-1005", text: `call back, key ${secret}` });
    const ask = card("add_note");
    await ask.waitFor();
    expect(await ask.innerText()).toMatch(/Your approval is needed[\s\S]*wants to use add_note on[\s\S]*Notes are looked at first[\s\S]*Is this the right customer\?[\s\S]*"id": "c-1005"/);
    expect(await ask.innerText()).not.toContain(secret);
    expect(sent("add_note")).toHaveLength(before);
    const worker = await stage.browser.worker();
    expect(await worker.evaluate(() => (globalThis as unknown as { chrome: { action: { getBadgeText(of: object): Promise<string> } } }).chrome.action.getBadgeText({}))).toBe("1?");
    await checked("approve");
    await ask.getByRole("button", { name: "Allow once" }).click();
    expect((await outcome).kind).toBe("result");
    const [text] = sent("add_note").slice(-1);
    expect(text).toContain("call back, key [redacted secret.github-token]");
    await popup.getByText("was allowed.").waitFor();
    await until("on record", async () => (await answers()).find(({ answer, via }) => answer === "allowed" && via === "popup"));
  });

  test("is refused after a no, in words", async () => {
    const before = sent("add_note").length;
    const outcome = call(stage, "desk", "add_note", { id: "c-1005", text: "two" });
    await card("two").getByRole("button", { name: "Deny" }).click();
    expect(spoken(await outcome)).toMatch(/A person was asked and did not allow this.*Notes are looked at first/);
    expect(sent("add_note")).toHaveLength(before);
  });

  test("a rule on a user counts for who is here, as the host says, and for nobody else", async () => {
    expect(spoken(await call(stage, "desk", "export_report", {}))).toMatch(/Not for this person.*Ask a colleague/s);
    expect((await call(stage, "desk", "get_customer", { id: "c-1005" })).kind).toBe("result");
  });

  test("is refused when nobody answers in time", async () => {
    const outcome = await call(stage, "desk", "list_tickets", {});
    expect(spoken(outcome)).toMatch(/Nobody answered within 5 seconds.*Sluice icon/);
    expect(sent("list_tickets")).toEqual([]);
    await until("on record", async () => (await answers()).some(({ answer, rules }) => answer === "expired" && rules.includes("hurry")));
  });

  test("coached: goes on only with a reason where the rule wants one, which is kept without what it must not hold", async () => {
    const outcome = call(stage, "desk", "find_customer", { query: "a" });
    const ask = card("find_customer");
    await ask.waitFor();
    expect(await ask.getByRole("button", { name: "Go on" }).isDisabled()).toBe(true);
    await checked("coach");
    await ask.getByLabel("Why do you go on?").fill(`for ticket 12, with ${token()}`);
    await ask.getByRole("button", { name: "Go on" }).click();
    expect((await outcome).kind).toBe("result");
    const record = await until("on record", async () => (await answers()).findLast(({ rules }) => rules.includes("think")));
    expect(record).toMatchObject({ asks: "coach", answer: "allowed", span: "call", reason: expect.stringMatching(/^\[withheld/) });
  });

  test("coached and cancelled: nothing is sent", async () => {
    const before = sent("find_customer").length;
    const outcome = call(stage, "desk", "find_customer", { query: "b" });
    await card("find_customer").getByRole("button", { name: "Cancel" }).click();
    expect(spoken(await outcome)).toContain("did not allow this");
    expect(sent("find_customer")).toHaveLength(before);
  });

  test("coached by a rule that says raw: goes on as it is", async () => {
    const secret = token();
    const outcome = call(stage, "desk", "get_document", { id: secret });
    const ask = card("get_document");
    expect(await ask.getByRole("textbox").count()).toBe(0);
    await ask.getByRole("button", { name: "Go on" }).click();
    await outcome;
    expect(sent("get_document").at(-1)).toContain(secret);
  });

  test("allowed for the session is not asked again", async () => {
    const first = call(stage, "desk", "add_note", { id: "c-1005", text: "three" });
    await card("three").getByRole("button", { name: "Allow for this session" }).click();
    await first;
    expect((await call(stage, "desk", "add_note", { id: "c-1006", text: "four" })).kind).toBe("result");
    const record = await until("on record", async () => (await stage.journal()).findLast((each) => each.kind === "request" && each.answer === "granted"));
    expect(record).toMatchObject({ tool: "add_note", decision: { effect: "approve", enforced: "allow" } });
    await stage.page.reload();
    await stage.page.waitForFunction(() => "workbench" in window);
    await stage.page.evaluate(() => window.workbench.connect("desk"));
  });

  test("allowed for an hour is not asked again when the page is loaded anew, until what was allowed is forgotten", async () => {
    const first = call(stage, "desk", "desk_hours", {});
    await card("desk_hours").getByRole("button", { name: "Allow for 1 hour" }).click();
    expect((await first).kind).toBe("result");
    await stage.page.reload();
    await stage.page.waitForFunction(() => "workbench" in window);
    await stage.page.evaluate(() => window.workbench.connect("desk"));
    // Were it asked, nobody would answer.
    expect((await call(stage, "desk", "desk_hours", {})).kind).toBe("result");
    expect(await openAsks()).toEqual([]);
    const record = await until("on record", async () => (await stage.journal()).findLast((each) => each.kind === "request" && each.tool === "desk_hours" && each.answer === "granted"));
    expect(record).toMatchObject({ decision: { effect: "approve", enforced: "allow" } });
    expect((await answers()).findLast(({ rules }) => rules.includes("hours"))).toMatchObject({ answer: "allowed", via: "granted", span: 3_600_000 });
    // As at the end of the browser.
    await popup.evaluate(() => (globalThis as unknown as { chrome: { storage: { session: { remove(key: string): Promise<void> } } } }).chrome.storage.session.remove("grants"));
    await stage.page.reload();
    await stage.page.waitForFunction(() => "workbench" in window);
    await stage.page.evaluate(() => window.workbench.connect("desk"));
    const again = call(stage, "desk", "desk_hours", {});
    await card("desk_hours").getByRole("button", { name: "Deny" }).click();
    expect(spoken(await again)).toContain("did not allow this");
  });

  // threat: approval-race
  test("two windows show it, the first answer counts, and the other window says so", async () => {
    const other = await openPopup();
    const outcome = call(stage, "desk", "add_note", { id: "c-1005", text: "five" });
    await Promise.all([card("five").waitFor(), card("five", other).waitFor()]);
    // Both at once, as the two windows would send them.
    const [ask] = await openAsks();
    const given = (page: Page, say: string): Promise<AnswerReceipt> =>
      page.evaluate(
        ([of, word]) => (globalThis as unknown as { chrome: { runtime: { sendMessage(message: unknown): Promise<AnswerReceipt> } } }).chrome.runtime.sendMessage({ kind: "answer", ticket: of!.ticket, answer: { call: of!.call, say: word, span: "call", reason: null, via: "popup" } }),
        [ask, say] as const,
      );
    const receipts = await Promise.all([given(popup, "deny"), given(other, "go")]);
    expect(receipts.map(({ outcome: came }) => came).toSorted()).toEqual(["already", "taken"]);
    const wasDenied = receipts[0]!.outcome === "taken";
    expect(spoken(await outcome).includes("did not allow")).toBe(wasDenied);
    for (const page of [popup, other]) await page.locator(".ask-ended").getByText(wasDenied ? "was not allowed." : "was allowed.").last().waitFor();
    await other.close();
  });

  test("taken back by the page, the question goes", async () => {
    await stage.page.evaluate(() => {
      const leave = new AbortController();
      const body = JSON.stringify({ jsonrpc: "2.0", id: 77, method: "tools/call", params: { name: "add_note", arguments: { id: "c-1", text: "six" } } });
      const state = window as unknown as { leave: AbortController; left: Promise<unknown> };
      state.leave = leave;
      state.left = fetch("/desk/mcp", { method: "POST", headers: { "content-type": "application/json" }, body, signal: leave.signal }).catch((error: Error) => error.name);
    });
    await card("six").waitFor();
    expect(await stage.page.evaluate(() => ((window as unknown as { leave: AbortController }).leave.abort(), (window as unknown as { left: Promise<unknown> }).left))).toBe("AbortError");
    await card("six").waitFor({ state: "detached" });
    expect(sent("add_note").some((text) => text.includes("six"))).toBe(false);
  });

  test("a worker that was ended meanwhile still shows and takes the answer", async () => {
    const outcome = call(stage, "desk", "add_note", { id: "c-1005", text: "seven" });
    await card("seven").waitFor();
    const mark = async (): Promise<unknown> => (await stage.browser.worker()).evaluate(() => Reflect.get(globalThis, "mark"));
    await (await stage.browser.worker()).evaluate(() => void Reflect.set(globalThis, "mark", 1));
    const session = await stage.browser.context.newCDPSession(popup);
    await session.send("ServiceWorker.enable");
    await session.send("ServiceWorker.stopAllWorkers");
    await until("another worker", async () => (await mark()) === undefined);
    await card("seven").getByRole("button", { name: "Allow once" }).click();
    expect((await outcome).kind).toBe("result");
  });

  test("blocked: says why and what to do, and an exception can be asked for", async () => {
    expect(spoken(await call(stage, "desk", "delete_customer", { id: "c-1001" }))).toMatch(/Nothing is deleted.*Delete by hand\..*help\.example/);
    const item = popup.locator("details.item", { hasText: "Nothing is deleted" });
    await item.locator("summary").click();
    await item.getByRole("button", { name: "Request an exception" }).click();
    await item.getByLabel("What do you need it for?").fill("cleaning up test data");
    await checked("feedback");
    await item.getByRole("button", { name: "Put on record" }).click();
    await item.getByText("It is on record.").waitFor();
    expect(await until("on record", async () => (await stage.journal()).find((record) => record.kind === "feedback"))).toMatchObject({ wish: "exception", reason: "cleaning up test data" });
  });

  // threat: page-answers-itself
  test("a hostile page cannot answer, click or imitate it, whatever it says to whomever it reaches", async () => {
    const outcome = call(stage, "desk", "add_note", { id: "c-1005", text: "eight" });
    await card("eight").waitFor();
    const [ask] = await openAsks();
    // It knows all there is to know, which no page does.
    const tried = await stage.page.evaluate(
      async ([given, home]) => {
        const answer = { call: given!.call, say: "go", span: "call", reason: null, via: "popup" };
        const messages = [{ kind: "answer", ticket: given!.ticket, answer }, { kind: "ask.gone", ticket: given!.ticket, how: "allowed" }, { kind: "feedback", about: given!.ticket, wish: "mistake", reason: null }, { kind: "records", records: [] }, { kind: "state" }, { kind: "discover" }];
        const seen: unknown[] = [];
        const { chrome } = globalThis as unknown as { chrome?: { runtime?: { sendMessage?(...args: unknown[]): unknown } } };
        const id = home.replace("chrome-extension://", "");
        for (const message of messages) {
          window.postMessage(message, "*");
          for (const name of ["a", "b", "r", "s", "focusgained", "message", "sluice", id]) {
            document.dispatchEvent(new CustomEvent(name, { detail: JSON.stringify(message) }));
            window.dispatchEvent(new CustomEvent(name, { detail: message }));
            document.dispatchEvent(new MouseEvent(name, { relatedTarget: document.body }));
          }
          try {
            seen.push(chrome?.runtime?.sendMessage?.(id, message));
          } catch {
            // No way there.
          }
          navigator.serviceWorker?.controller?.postMessage(message);
        }
        const frame = document.createElement("iframe");
        frame.src = `${home}/popup.html`;
        document.body.append(frame);
        const opened = window.open(`${home}/popup.html`);
        const fetched = await fetch(`${home}/popup.html`).then(() => "read", () => "refused");
        await new Promise((resolve) => setTimeout(resolve, 300));
        let inside = "closed";
        try {
          inside = String(frame.contentDocument?.querySelector("button")?.textContent ?? frame.contentWindow?.document.title ?? "closed");
        } catch {
          // Another origin.
        }
        frame.remove();
        opened?.close();
        return { fetched, inside, seen: seen.filter((each) => each !== undefined).length };
      },
      [ask, `chrome-extension://${stage.browser.extensionId}`] as const,
    );
    expect(tried).toMatchObject({ fetched: "refused" });
    expect(tried.inside).not.toContain("Allow");
    // It waits as before, and what goes out is what the person says.
    expect(await card("eight").count()).toBe(1);
    expect(sent("add_note").some((text) => text.includes("eight"))).toBe(false);
    await card("eight").getByRole("button", { name: "Deny" }).click();
    expect(spoken(await outcome)).toContain("did not allow this");
  });
});

// threat: redacted-in-style
test("redacted in every style: the page works with a stand-in, and only the server that may have it gets the value back", async () => {
  const outcome = await call(stage, "desk", "get_customer", { id: "c-1001" });
  const seen = spoken(outcome);
  const said = stage.workbench.witness().findLast((exchange) => exchange.method === "POST" && requestText(exchange).includes("get_customer"))!;
  const plain = responseBytes(said).toString("utf8");
  const mail = /[\w.+-]+@[\w-]+\.[\w.]+/.exec(plain)![0];
  const iban = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}[A-Z0-9 ]*\d/.exec(plain)![0];
  const number = /\b\d{4} ?\d{4} ?\d{4} ?(\d{4})\b/.exec(plain.replaceAll(iban, ""))!;
  for (const value of [mail, iban, number[0]]) expect(seen).not.toContain(value);
  expect(seen).toContain(`••••${number[1]!}`);
  expect(seen).toMatch(/XX00[ 0-9A-Z]+/);
  expect(seen).toContain("[redacted pii.phone]");
  const token = /\[\[sluice:pii\.email:[0-9a-f]{16}\]\]/.exec(seen)![0];

  const noted = call(stage, "desk", "add_note", { id: "c-1001", text: `write to ${token}` });
  await card("write to").getByRole("button", { name: "Allow once" }).click();
  await noted;
  expect(sent("add_note").at(-1)).toContain(`write to ${mail}`);
  await stage.page.evaluate(() => window.workbench.connect("rogue"));
  const leaked = call(stage, "rogue", "add_note", { id: "c-1", text: `leak ${token}` });
  await card("leak").getByRole("button", { name: "Allow once" }).click();
  await leaked;
  const elsewhere = stage.workbench.witness().filter((exchange) => exchange.mount === "rogue" && exchange.method === "POST").map(requestText).join("\n");
  expect(elsewhere).toContain(`leak ${token}`);
  expect(elsewhere).not.toContain(mail);
});

describe("a desktop client's call", () => {
  const stateFolder = (): string[] => (existsSync(join(stage.home, "state", "approvals")) ? readdirSync(join(stage.home, "state", "approvals")).filter((name) => !name.startsWith("done-")) : []);

  // threat: person-approves
  test("is allowed in the popup, and nothing of it stays on the disk", async () => {
    const client = await connectGuarded(stage.home, "node", [EVERYTHING, "stdio"]);
    try {
      const progress: unknown[] = [];
      const echoed = client.callTool({ name: "echo", arguments: { message: "one" } }, undefined, { onprogress: (step) => void progress.push(step) });
      await card("echo").waitFor();
      expect(await card("echo").innerText()).toMatch(/tour wants to use echo[\s\S]*Echoes are looked at first[\s\S]*"message": "one"/);
      await card("echo").getByRole("button", { name: "Allow once" }).click();
      expect(JSON.stringify(await echoed)).toContain("Echo: one");
      expect(JSON.stringify(progress)).toContain("Waiting for a person");
      await until("nothing left", () => stateFolder().length === 0);
    } finally {
      await client.close();
    }
  });

  // threat: approval-race
  test("is allowed in a terminal; the popup says that it was answered elsewhere", async () => {
    const client = await connectGuarded(stage.home, "node", [EVERYTHING, "stdio"]);
    try {
      const echoed = client.callTool({ name: "echo", arguments: { message: "two" } });
      const [ask] = await until("the question", () => asks().filter(({ subject }) => subject === "echo").slice(0, 1));
      await card("echo").waitFor();
      runSluice(stage, "approvals", "allow", ask!.ticket, "--reason", "looked at it");
      expect(JSON.stringify(await echoed)).toContain("Echo: two");
      await card("echo").waitFor({ state: "detached" });
      expect(() => runSluice(stage, "approvals", "deny", ask!.ticket)).toThrow();
    } finally {
      await client.close();
    }
  });

  test("works with a stand-in, and its server gets the value back", async () => {
    const client = await connectGuarded(stage.home, "node", [EVERYTHING, "stdio"]);
    try {
      const mail = ["anna.berg", "firm.example"].join("@");
      const ask = async (message: string): Promise<string> => {
        const echoed = client.callTool({ name: "echo", arguments: { message } });
        await card(message.slice(0, 12)).getByRole("button", { name: "Allow once" }).click();
        return JSON.stringify(await echoed);
      };
      // What the server echoes is hidden from the client, which answers with the stand-in.
      const first = await ask(`write to me ${mail}`);
      expect(first).not.toContain(mail);
      const token = /\[\[sluice:pii\.email:[0-9a-f]{16}\]\]/.exec(first)![0];
      const second = await ask(`second time ${token}`);
      // The server has heard the value: its echo holds one, hidden again as the same stand-in, and as long as the value was.
      expect(second).toContain(`Echo: second time ${token}`);
      const [restored] = (await stage.journal()).filter((record) => record.kind === "request" && record.tool === "echo").slice(-1);
      expect(restored).toMatchObject({ findings: [expect.objectContaining({ class: "pii.email" })], redacted: 0 });
    } finally {
      await client.close();
    }
  });

  test("without an answer is refused in time, with the words that help", async () => {
    const client = await connectGuarded(stage.home, "node", [EVERYTHING, "stdio"]);
    try {
      const refused = await client.callTool({ name: "get-tiny-image", arguments: {} });
      expect(refused.isError).toBe(true);
      expect(JSON.stringify(refused.content)).toMatch(/Nobody answered within 5 seconds.*sluice approvals/);
    } finally {
      await client.close();
    }
  });
});

test("an exception spares a call until its last day is over", async () => {
  const client = await connectGuarded(stage.home, "node", [EVERYTHING, "stdio"]);
  const exception = (until: string, revision: number): string => `${POLICY.replace("revision: 1", `revision: ${revision}`)}exceptions:\n  - { rule: images, when: { tool: get-tiny-image }, owner: desk@firm.example, until: "${until}", ticket: T-1 }\n`;
  const inForce = (revision: number): Promise<true> => until("the policy is in force", async () => ((await stage.snapshot())?.policy.revision === revision ? true : undefined));
  try {
    const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    stage.writePolicy(exception(day(1), 2));
    await inForce(2);
    const image = await until("the exception counts", async () => {
      const result = await client.callTool({ name: "get-tiny-image", arguments: {} });
      return result.isError ? undefined : result;
    });
    expect(JSON.stringify(image)).toContain("image/png");
    stage.writePolicy(exception(day(-1), 3));
    await inForce(3);
    await until("the exception has ended", async () => (await client.callTool({ name: "get-tiny-image", arguments: {} })).isError, 30_000);
  } finally {
    await client.close();
  }
});
