/** Nothing that Sluice guards may lie in what Sluice keeps: journal, state, the extension's database and storage, the popup, the terminal. Under a policy that redacts, and under one that only watches. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../browser/find.ts";
import { FAULTS, PERSON } from "../servers/bad/faults.ts";
import { CUSTOMERS, DOCUMENTS, TICKETS } from "../servers/customer-desk/records.ts";
import { openStage, runSluice, type Stage } from "../stage.ts";
import { until } from "../until.ts";
import type {} from "../workbench/page/hooks.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const { path: browserPath } = found;

const policy = (revision: number, mode: string): string => `version: 1
id: privacy
revision: ${revision}
mode: ${mode}
admission:
  default: block
  servers:
    - { id: bad, match: { url: "http://127.0.0.1:*/bad/*" }, effect: allow }
    - { id: desk, match: { url: "http://127.0.0.1:*/desk/mcp" }, effect: allow }
rules:
  - { id: people, title: People stay hidden, when: { data: { any: [pii.*, pci.*] } }, effect: redact }
  - { id: keys, title: Keys stay here, when: { direction: to-server, data: { any: [secret.*] } }, effect: redact }
`;

// Put together here, so that no token-like literal stands in this file.
const TOKEN = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;
const BEARER = `bearer-${"q7w8e9r0".repeat(4)}`;
const SESSION = `session-${"a9s8d7f6".repeat(4)}`;
const QUERY = `query-${"z1x2c3v4".repeat(4)}`;
const MAIL = "leonie.abendroth@example.net";
const GUARDED = [TOKEN, BEARER, SESSION, QUERY, MAIL, "Ines Kettering", "ines.kettering@example.org", "GB82 WEST 1234 5698 7654 32", ...CUSTOMERS.flatMap(({ name, email, phone, card, iban }) => [name, email, phone, card, iban]), ...TICKETS.map(({ text }) => text), ...DOCUMENTS.map(({ markdown }) => markdown.slice(0, 60))];
const NEEDLES = [...new Set(GUARDED.flatMap((value) => [value, value.replaceAll(" ", ""), JSON.stringify(value).slice(1, -1), encodeURIComponent(value), Buffer.from(value).toString("base64").replace(/=+$/, "")]))];

let stage: Stage;
beforeAll(async () => {
  expect(PERSON).toContain("Ines Kettering");
  stage = await openStage({ browserPath, headless: true, policy: policy(1, "enforce") });
});
afterAll(() => stage?.close());

async function raw(path: string, message: unknown): Promise<void> {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", authorization: `Bearer ${BEARER}`, "mcp-session-id": SESSION };
  await stage.page.evaluate(([to, init]) => window.workbench.rawFetch(to, init), [`${path}?key=${QUERY}`, { method: "POST", headers, body: JSON.stringify(message) }] as const);
}

/** Values in every place that a record speaks of: names, ids, keys, methods, addresses, self-descriptions. */
async function sendAll(): Promise<void> {
  let id = 0;
  for (const value of [TOKEN, MAIL]) {
    for (const [method, params] of [
      ["tools/call", { name: value, arguments: {} }],
      ["tools/call", { name: "add_note", arguments: { [value]: { [value]: value }, text: `x ${value} y` } }],
      ["resources/read", { uri: `crm://u:${value}@host/${value}?q=${value}` }],
      ["prompts/get", { name: value }],
      ["completion/complete", { ref: { type: "ref/prompt", name: value }, argument: { name: value, value } }],
      ["initialize", { protocolVersion: "2025-11-25", capabilities: { [value]: {} }, clientInfo: { name: value, version: value } }],
      [`ask/${value}`, {}],
      ["ping", { _meta: { progressToken: value, [value]: 1 } }],
    ] as const) {
      await raw("/desk/mcp", { jsonrpc: "2.0", id: ++id, method, params });
      await raw("/bad/wrong-id/mcp", { jsonrpc: "2.0", id: value, method, params });
      await raw("/rogue/mcp", { jsonrpc: "2.0", id, method, params });
    }
  }
  for (const fault of Object.keys(FAULTS)) {
    if (fault === "silent" || fault === "endless" || fault.startsWith("huge")) continue;
    await raw(`/bad/${fault}/mcp`, { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "misbehave", arguments: { note: MAIL } } });
  }
  await stage.page.evaluate(async () => {
    await window.workbench.connect("desk", "v1");
    await window.workbench.call("desk", "export_report");
    await window.workbench.turn("note");
  });
}

/** Everything that is kept, by place. */
async function kept(): Promise<Record<string, string>> {
  const files = readdirSync(stage.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const popup = await stage.popup();
  await popup.reload();
  const storage = await popup.evaluate(async () => {
    const { chrome } = globalThis as unknown as { chrome: { storage: Record<"local" | "session", { get(keys: null): Promise<unknown> }> } };
    const databases = await indexedDB.databases();
    const tables = await Promise.all(
      databases.map(
        ({ name = "" }) =>
          new Promise<unknown>((resolve, reject) => {
            const opening = indexedDB.open(name);
            opening.addEventListener("error", () => reject(new Error(`cannot open ${name}`)));
            opening.addEventListener("success", () => {
              const stores = [...opening.result.objectStoreNames];
              const reading = opening.result.transaction(stores);
              const rows = stores.map((store) => {
                const all = reading.objectStore(store).getAll();
                return new Promise((done) => all.addEventListener("success", () => done([store, all.result])));
              });
              void Promise.all(rows).then(resolve);
            });
          }),
      ),
    );
    return { tables: JSON.stringify(tables), local: JSON.stringify(await chrome.storage.local.get(null)), session: JSON.stringify(await chrome.storage.session.get(null)) };
  });
  return {
    ...Object.fromEntries(files.map((file) => [file.slice(stage.home.length), readFileSync(file, "utf8")])),
    ...storage,
    popup: await popup.content(),
    "sluice events": runSluice(stage, "events") + runSluice(stage, "events", "--json"),
  };
}

async function expectNothingKept(mark: string): Promise<void> {
  await until("the last record is in the journal", async () => (await stage.journal()).some((record) => record.kind === "request" && record.method === mark));
  const places = await kept();
  // The values were there to be kept: names are withheld, keys masked, classes counted.
  for (const trace of ["[withheld: pii.email]", "/params/arguments/•••", '"class":"pii.iban"']) expect(places["tables"]).toContain(trace);
  const leaks = Object.entries(places).flatMap(([place, text]) =>
    NEEDLES.filter((needle) => text.includes(needle)).map((needle) => {
      const at = text.indexOf(needle);
      return `${place}: …${text.slice(Math.max(0, at - 160), at + needle.length + 20)}…`;
    }),
  );
  expect(leaks).toEqual([]);
}

test("under a policy that redacts", async () => {
  await sendAll();
  await raw("/desk/mcp", { jsonrpc: "2.0", id: 1000, method: "vendor/last-of-enforce" });
  await expectNothingKept("vendor/last-of-enforce");
}, 120_000);

test("under a policy that only watches, so that everything passes", async () => {
  stage.writePolicy(policy(2, "monitor"));
  await until("the new policy is in force", async () => (await stage.snapshot())?.policy.revision === 2);
  await sendAll();
  await raw("/desk/mcp", { jsonrpc: "2.0", id: 1001, method: "vendor/last-of-monitor" });
  await expectNothingKept("vendor/last-of-monitor");
}, 120_000);
