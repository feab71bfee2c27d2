/** Real peers on the pipe: official clients of both SDK lines and real servers say the same with and without the guard; refusals and redactions reach them in the form of their era. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventRecord } from "../../shared/events/record.ts";
import { readJournal } from "../../native-host/journal/reader.ts";
import { HOST_BUNDLE } from "../stage.ts";
import { DESK_STDIO, EVERYTHING } from "../tour/stdio-promises.ts";

const SERVERS = {
  everything: [process.execPath, EVERYTHING, "stdio"],
  "desk (both eras)": [process.execPath, DESK_STDIO],
  "desk (legacy)": [process.execPath, DESK_STDIO, "--sdk", "v1"],
} as const;
const CLIENTS = ["v1", "v2"] as const;

/** Judges everything and changes nothing. */
const OPEN = "version: 1\nid: open\nrevision: 1\nmode: enforce\nadmission: { default: allow, servers: [] }\nrules:\n  - { id: watch, title: Watch, when: { data: { any: [secret.*, pii.*, pci.*] } }, effect: monitor }\n";
const STRICT = `version: 1
id: strict
revision: 1
mode: enforce
admission:
  default: block
  message: Only listed servers may be used.
  servers:
    - id: desk
      match: { command: ["node", "*customer-desk*", "**"] }
      effect: allow
      tools: [{ name: "delete_*", effect: block, message: Records are not deleted by AI. }]
rules:
  - { id: people, title: People stay hidden, when: { direction: to-client, data: { any: [pii.*, pci.*] } }, effect: redact }
  - { id: keys, title: Keys stay here, when: { direction: to-server, data: { any: [secret.*] } }, effect: redact }
`;

const root = mkdtempSync(join(tmpdir(), "sluice-stdio-"));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

function homeWith(name: string, policy: string): string {
  const home = join(root, name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "policy.yaml"), policy, { mode: 0o600 });
  return home;
}

interface Peer {
  readonly sdk: LegacyClient | ModernClient;
  readonly era: string;
  /** Logging notifications that came. */
  readonly logs: unknown[];
  close(): Promise<void>;
}

async function connect(kind: (typeof CLIENTS)[number], command: readonly string[], home: string | null): Promise<Peer> {
  const [program = "", ...args] = home === null ? command : [process.execPath, HOST_BUNDLE, "guard", "--client", "test", "--", ...command];
  const launch = { command: program, args, env: { ...(process.env as Record<string, string>), ...(home === null ? {} : { SLUICE_HOME: home }) }, stderr: "ignore" as const };
  const logs: unknown[] = [];
  if (kind === "v1") {
    const sdk = new LegacyClient({ name: "test", version: "1" });
    sdk.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logs.push(params));
    await sdk.connect(new LegacyTransport(launch));
    return { sdk, era: "legacy", logs, close: () => sdk.close() };
  }
  const sdk = new ModernClient({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  sdk.setNotificationHandler("notifications/message", ({ params }) => void logs.push(params));
  await sdk.connect(new ModernTransport(launch));
  return { sdk, era: sdk.getProtocolEra() ?? "none", logs, close: () => sdk.close() };
}

/** All that a server offers, asked for once. */
async function tryOut({ sdk, era, logs }: Peer, server: keyof typeof SERVERS): Promise<Record<string, unknown>> {
  const client = sdk as LegacyClient;
  const seen: Record<string, unknown> = { era, server: client.getServerVersion(), capabilities: client.getServerCapabilities(), instructions: client.getInstructions() };
  seen["tools"] = await client.listTools();
  const progress: unknown[] = [];
  const onprogress = (step: unknown): void => void progress.push(step);
  // The two SDK lines take the options in different places.
  const callWithProgress = (name: string, args: Record<string, unknown>): Promise<unknown> => (sdk instanceof ModernClient ? sdk.callTool({ name, arguments: args }, { onprogress }) : sdk.callTool({ name, arguments: args }, undefined, { onprogress }));
  if (server === "everything") {
    seen["echo"] = await client.callTool({ name: "echo", arguments: { message: "grüße 😀 \u2028 \\ \"" } });
    seen["bad call"] = await client.callTool({ name: "echo", arguments: {} }).catch(String);
    seen["no tool"] = await client.callTool({ name: "no-such-tool", arguments: {} }).catch(String);
    seen["image"] = await client.callTool({ name: "get-tiny-image", arguments: {} });
    seen["long"] = await callWithProgress("trigger-long-running-operation", { duration: 0.2, steps: 4 });
    seen["prompts"] = await client.listPrompts();
    seen["prompt"] = await client.getPrompt({ name: "args-prompt", arguments: { city: "Bern", state: "BE" } });
    seen["completion"] = await client.complete({ ref: { type: "ref/prompt", name: "completable-prompt" }, argument: { name: "department", value: "E" } });
    seen["resources"] = await client.listResources();
    seen["templates"] = await client.listResourceTemplates();
    const [first] = (await client.listResources()).resources;
    seen["resource"] = await client.readResource({ uri: first?.uri ?? "" });
    seen["bad resource"] = await client.readResource({ uri: "nothing://here" }).catch(String);
  } else {
    seen["hours"] = await client.callTool({ name: "desk_hours", arguments: {} });
    seen["customer"] = await client.callTool({ name: "get_customer", arguments: { id: "c-1001" } });
    seen["none"] = await client.callTool({ name: "get_customer", arguments: { id: "nobody" } });
    seen["document"] = await client.callTool({ name: "get_document", arguments: { id: "d-77" } });
    if (era === "legacy") await client.setLoggingLevel("debug").catch(String);
    seen["report"] = await callWithProgress("export_report", { partSize: 3 });
    seen["logs"] = logs;
  }
  // The last step leaves the server together with the result, and the v2 client may hand out the result first: which of the two wins is chance, guarded or not.
  seen["progress"] = progress.filter((step) => (step as { progress?: number }).progress !== (step as { total?: number }).total);
  return seen;
}

const records = (home: string): Promise<EventRecord[]> => readJournal(join(home, "journal"));

describe.each(CLIENTS)("SDK %s client", (kind) => {
  test.each(Object.keys(SERVERS) as (keyof typeof SERVERS)[])("%s: the same with and without the guard", async (server) => {
    const home = homeWith(`same-${kind}-${server.replaceAll(/\W/g, "")}`, OPEN);
    const direct = await connect(kind, SERVERS[server], null);
    const guarded = await connect(kind, SERVERS[server], home);
    try {
      const [expected, got] = [await tryOut(direct, server), await tryOut(guarded, server)];
      expect(Object.keys(got).length).toBeGreaterThan(8);
      expect(got).toEqual(expected);
      expect(got["progress"]).not.toEqual([]);
      expect(got["era"]).toBe(kind === "v2" && server === "desk (both eras)" ? "modern" : "legacy");
    } finally {
      await Promise.all([direct.close(), guarded.close()]);
    }
    const kept = await records(home);
    expect(kept.filter((record) => record.kind === "malformed")).toEqual([]);
    expect(kept.filter((record) => record.kind === "request" && record.method === "tools/call").length).toBeGreaterThan(3);
  });

  describe("under a strict policy", () => {
    let peer: Peer;
    let home: string;
    beforeAll(async () => {
      home = homeWith(`strict-${kind}`, STRICT);
      peer = await connect(kind, ["node", DESK_STDIO], home);
    });
    afterAll(() => peer?.close());
    const call = (name: string, args: Record<string, unknown>): Promise<{ isError?: boolean; content: unknown }> => (peer.sdk as LegacyClient).callTool({ name, arguments: args }) as Promise<{ isError?: boolean; content: unknown }>;

    test("a forbidden tool answers with an error that says why, and the record is not deleted", async () => {
      expect(peer.era).toBe(kind === "v2" ? "modern" : "legacy");
      const refused = await call("delete_customer", { id: "c-1001" });
      expect(refused.isError).toBe(true);
      expect(JSON.stringify(refused.content)).toContain("Records are not deleted by AI.");
      expect((await call("get_customer", { id: "c-1001" })).isError).not.toBe(true);
    });

    test("personal data in a result is taken out, in both copies, and the result still fits its schema", async () => {
      const direct = await connect(kind, ["node", DESK_STDIO], null);
      const plain = JSON.stringify(await (direct.sdk as LegacyClient).callTool({ name: "get_customer", arguments: { id: "c-1001" } }));
      await direct.close();
      const personal = [...new Set(plain.match(/[\w.+-]+@[\w-]+\.[\w.]+|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}/g))];
      expect(personal.length).toBeGreaterThan(1);
      const hidden = JSON.stringify(await call("get_customer", { id: "c-1001" }));
      for (const value of personal) expect(hidden).not.toContain(value);
    });

    test("a secret in an argument is taken out before the server has it", async () => {
      const secret = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;
      // The desk says what it saved.
      const saved = JSON.stringify(await call("add_note", { id: "c-1001", text: `deploy with ${secret}` }));
      expect(saved).toContain("deploy with");
      expect(saved).not.toContain(secret);
      expect(JSON.stringify(await records(home))).not.toContain(secret);
    });
  });

  test("a server that is not listed cannot be used, and the client hears why", async () => {
    const home = homeWith(`unlisted-${kind}`, STRICT);
    await expect(connect(kind, SERVERS.everything, home)).rejects.toThrow("Only listed servers may be used.");
    // Both the probe of the modern era and the handshake of the old one are refused and recorded.
    const methods = (await records(home)).flatMap((record) => (record.kind === "request" ? [record.method] : []));
    expect(methods).toContain(kind === "v2" ? "server/discover" : "initialize");
  });
});

test("calls in flight at once find their own answers", async () => {
  const peer = await connect("v1", SERVERS.everything, homeWith("parallel", OPEN));
  const client = peer.sdk as LegacyClient;
  const words = Array.from({ length: 64 }, (_, i) => `${i} ${"x".repeat(i * 100)}`);
  const answers = await Promise.all(words.map((message) => client.callTool({ name: "echo", arguments: { message } })));
  expect(answers.map((answer) => (answer.content as { text: string }[])[0]?.text)).toEqual(words.map((word) => `Echo: ${word}`));
  await peer.close();
});
