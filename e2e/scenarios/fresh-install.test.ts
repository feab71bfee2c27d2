/** The first minutes of a fresh install: no host, no policy of anybody's, pages that talk before anything is ready, frames, and a worker that sleeps. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventRecord } from "../../shared/events/record.ts";
import { SNAPSHOT_KEY, type PolicySnapshot } from "../../shared/messages/extension.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { findBrowser } from "../browser/find.ts";
import { openStage, type Stage } from "../stage.ts";
import { until } from "../until.ts";
import type {} from "../workbench/page/hooks.ts";
import { requestText } from "../workbench/witness.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const { path: browserPath } = found;

const TOKEN = ["ghp", "Zx9Yw8Vu7Ts6".repeat(3)].join("_");

let stage: Stage;
let app: Server;
let origin: string;
/** MCP requests that reached the app's server: path and body. */
let arrived: { path: string; body: string }[] = [];
/** Pages that the app serves. */
const pages = new Map<string, string>();

beforeAll(async () => {
  app = createServer((request, response) => void serve(request).then(({ type, body }) => response.setHeader("content-type", type).end(body)));
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  stage = await openStage({ browserPath, headless: true, withoutHost: true, beforePart: async () => undefined });
});
afterAll(async () => {
  await stage?.close();
  app?.closeAllConnections();
  app?.close();
});

async function serve(request: IncomingMessage): Promise<{ type: string; body: string }> {
  const path = request.url ?? "/";
  if (request.method === "GET") return { type: "text/html; charset=utf-8", body: pages.get(path) ?? "<!doctype html><title>app</title>" };
  let body = "";
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString("utf8");
  arrived.push({ path, body });
  const id = /"id":(\d+)/.exec(body)?.[1] ?? "null";
  return { type: "application/json", body: `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"noted"}]}}` };
}

/** Code of a page that calls a tool with a secret and keeps what came back in `window.said`. */
const caller = (path: string, id = 1): string =>
  `fetch(${JSON.stringify(`${origin}${path}`)}, { method: "POST", headers: { "content-type": "application/json", accept: "application/json, text/event-stream" }, body: ${JSON.stringify(JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "note", arguments: { text: `key ${TOKEN}` } } }))} }).then((r) => r.text()).catch((e) => String(e))`;

function bodiesAt(path: string): string[] {
  return arrived.filter((each) => each.path === path).map((each) => each.body);
}

/** Everything the extension has stored, read from its own database. */
async function stored(): Promise<EventRecord[]> {
  const worker = await stage.browser.worker();
  return worker.evaluate(
    () =>
      new Promise<EventRecord[]>((resolve, reject) => {
        const opening = indexedDB.open("sluice");
        opening.addEventListener("error", () => reject(new Error("no database")));
        opening.addEventListener("success", () => {
          const all = opening.result.transaction("events").objectStore("events").getAll() as IDBRequest<{ record: EventRecord }[]>;
          all.addEventListener("success", () => {
            opening.result.close();
            resolve(all.result.map((row) => row.record));
          });
        });
      }),
  );
}

const requestsTo = async (url: string): Promise<EventRecord[]> => (await stored()).filter((record) => record.kind === "request" && record.server.kind === "remote" && record.server.url === url);

describe("without a host", () => {
  test("everything passes and is recorded, but a live credential does not leave", async () => {
    const outcome = await stage.page.evaluate(async (text) => {
      await window.workbench.connect("desk", "v1");
      await window.workbench.connect("rogue", "v1");
      return [await window.workbench.call("desk", "add_note", { id: "c-1001", text }), await window.workbench.call("rogue", "find_customer", { query: "Ada" })];
    }, `key ${TOKEN}`);
    expect(outcome).toMatchObject([{ kind: "result" }, { kind: "result", result: { content: [{ text: expect.stringContaining("ada.quillfeather@example.com") as string }] } }]);
    expect(stage.workbench.witness().map(requestText).join("")).not.toContain(TOKEN);
    expect(stage.workbench.desk.notes.at(-1)?.text).toContain("[redacted");
    const note = await until("the note is recorded", async () => (await requestsTo(stage.workbench.deskUrl)).find((record) => record.kind === "request" && record.tool === "add_note"));
    expect(note).toMatchObject({ redacted: 1, decision: { enforced: "redact", decidedBy: "baseline-live-credentials", policy: { source: "baseline" } } });
    await until("the unlisted server is recorded", async () => (await requestsTo(stage.workbench.rogueUrl)).length >= 3);
    expect(JSON.stringify(await stored())).not.toContain(TOKEN);
  });

  test("the popup says so in words a person understands", async () => {
    expect(await stage.state()).toMatchObject({ host: { state: "missing" }, policy: { source: "baseline" } });
    const popup = await stage.popup();
    await popup.reload();
    await popup.getByText("Host program not connected.").first().waitFor();
    const words = await popup.locator("body").innerText();
    expect(words).toContain("The Sluice host program is not installed on this computer");
    expect(words).toContain("The browser stays protected");
    expect(words).not.toMatch(/undefined|null|NaN|Error:|native messaging/i);
  });
});

describe("frames", () => {
  const page = (): Page => stage.browser.context.pages()[0]!;

  test.each([
    ["srcdoc", (code: string) => `<iframe srcdoc='<script>${code.replaceAll("'", "&#39;")}</script>'></iframe>`],
    ["same origin", () => '<iframe src="/frame-inner"></iframe>'],
    ["a frame in a frame", () => '<iframe srcdoc="<iframe src=/frame-inner></iframe>"></iframe>'],
    ["a sandboxed srcdoc", (code: string) => `<iframe sandbox="allow-scripts" srcdoc='<script>${code.replaceAll("'", "&#39;")}</script>'></iframe>`],
    ["a blob", (code: string) => `<script>const f = document.createElement("iframe"); f.src = URL.createObjectURL(new Blob(["<script>" + ${JSON.stringify(code)} + "<\\/script>"], { type: "text/html" })); document.documentElement.append(f);</script>`],
    ["a javascript-made about:blank", (code: string) => `<script>const f = document.createElement("iframe"); document.documentElement.append(f); f.contentWindow.eval(${JSON.stringify(code)});</script>`],
    ["a written document", (code: string) => `<script>const f = document.createElement("iframe"); document.documentElement.append(f); f.contentDocument.open(); f.contentDocument.write("<script>" + ${JSON.stringify(code)} + "<\\/script>"); f.contentDocument.close();</script>`],
    ["a new window", (code: string) => `<script>const w = open("about:blank"); w.eval(${JSON.stringify(code)});</script>`],
  ])("%s: the call is seen and its secret stays", async (name, frame) => {
    const path = `/frame/${name.replaceAll(/\W+/g, "-")}`;
    // A sandboxed frame has no origin, so its call is a foreign one.
    const code = caller(path).replace('"content-type": "application/json", ', "");
    pages.set("/frame-inner", `<!doctype html><script>${code}</script>`);
    pages.set("/frame-outer", `<!doctype html><body>${frame(code)}</body>`);
    const tab = await page().context().newPage();
    try {
      await tab.goto(`${origin}/frame-outer`);
      await until("the frame's call arrives", () => bodiesAt(path).length > 0);
      expect(bodiesAt(path).join("")).not.toContain(TOKEN);
      await until("it is recorded as the page's own", async () => (await requestsTo(`${origin}${path}`)).some((record) => record.kind === "request" && record.client.id === `app:${origin}`));
    } finally {
      for (const each of tab.context().pages().slice(2)) if (each.url() === "about:blank") await each.close();
      await tab.close();
    }
  });
});

describe("a worker that sleeps", () => {
  test("pages are judged without it, and their records arrive when it wakes, none lost and none doubled", async () => {
    const before = (await requestsTo(`${origin}/asleep`)).length;
    const tab = await stage.browser.context.newPage();
    await tab.goto(`${origin}/app`);
    const session = await stage.browser.context.newCDPSession(tab);
    await session.send("ServiceWorker.enable");
    arrived = [];
    for (let round = 0; round < 5; round++) {
      await session.send("ServiceWorker.stopAllWorkers");
      const answers = (await tab.evaluate(`Promise.all(Array.from({ length: 10 }, () => ${caller("/asleep")}))`)) as string[];
      expect(answers.every((answer) => answer.includes("noted"))).toBe(true);
    }
    await session.send("ServiceWorker.stopAllWorkers");
    expect(bodiesAt("/asleep")).toHaveLength(50);
    expect(bodiesAt("/asleep").join("")).not.toContain(TOKEN);
    await until("all fifty requests are stored", async () => (await requestsTo(`${origin}/asleep`)).length >= before + 50, 20_000);
    const ids = (await requestsTo(`${origin}/asleep`)).map((record) => record.id);
    expect(ids).toHaveLength(before + 50);
    expect(new Set(ids).size).toBe(ids.length);
    await tab.close();
  });

  test("a page that leaves at once still leaves its records behind", async () => {
    const tab = await stage.browser.context.newPage();
    await tab.goto(`${origin}/app`);
    // Many more than one batch, and the page is gone before the first has been sent.
    await tab.evaluate(`void Promise.all(Array.from({ length: 150 }, () => ${caller("/leaving")})).then(() => { location.href = "about:blank"; })`);
    await until("all requests are stored", async () => (await requestsTo(`${origin}/leaving`)).length === 150, 20_000);
    await until("so is the end of the session", async () => (await stored()).some((record) => record.kind === "session.ended" && record.server.kind === "remote" && record.server.url === `${origin}/leaving`));
    await tab.close();
  });
});

describe("the first milliseconds of a page", () => {
  const closed: Policy = { version: 1, id: "closed", revision: 1, mode: "enforce", admission: { default: "block", message: "Nothing is allowed here.", servers: [] }, rules: [] };
  const head = (path: string): string => `<!doctype html><head><script>window.said = Promise.all([1, 2, 3].map((id) => ${caller(path)}))</script></head>`;

  test("a call from the head of a page waits for the policy and is judged by it, never by less", async () => {
    pages.set("/early-open", head("/early-open"));
    const tab = await stage.browser.context.newPage();
    for (let load = 0; load < 5; load++) {
      await tab.goto(`${origin}/early-open`);
      expect((await tab.evaluate("window.said")) as string[]).toEqual(Array.from({ length: 3 }, () => expect.stringContaining("noted") as string));
    }
    expect(bodiesAt("/early-open")).toHaveLength(15);
    expect(bodiesAt("/early-open").join("")).not.toContain(TOKEN);

    // A policy that the baseline knows nothing of: were a call judged before it is there, the server would hear it.
    const snapshot: PolicySnapshot = { policy: closed, source: "local", digest: "closed", appliedAt: Date.now() };
    await (await stage.browser.worker()).evaluate(([key, value]) => (globalThis as unknown as { chrome: { storage: { local: { set(values: object): Promise<void> } } } }).chrome.storage.local.set({ [key]: value }), [SNAPSHOT_KEY, snapshot] as const);
    pages.set("/early-closed", head("/early-closed"));
    for (let load = 0; load < 10; load++) {
      await tab.goto(`${origin}/early-closed`);
      const said = (await tab.evaluate("window.said")) as string[];
      expect(said).toEqual(Array.from({ length: 3 }, () => expect.stringContaining("Nothing is allowed here.") as string));
    }
    expect(bodiesAt("/early-closed")).toEqual([]);
    await tab.close();
  });
});
