/** One connection to an MCP server through an official SDK: the page speaks v1, v2 in the legacy era, or v2 with era negotiation. */
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, LOG_LEVEL_META_KEY, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/client/validators/cf-worker";
import { recordingFetch } from "./recorder.ts";

export const SDKS = { v1: "SDK v1", "v2-legacy": "v2 legacy", "v2-auto": "v2 modern" } as const;
export type Sdk = keyof typeof SDKS;

export interface ToolInfo {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
}

export interface ToolResult {
  content: { type: string; text?: string; mimeType?: string; resource?: { uri: string; text?: string } }[];
  structuredContent?: unknown;
  isError?: boolean;
}

/** What a server sends while a call runs. */
export type Step = { kind: "progress"; progress: number; total?: number | undefined; message?: string | undefined } | { kind: "log"; level: string; data: unknown };

export interface ServerFacts {
  readonly name: string;
  readonly version: string;
  readonly protocolVersion: string;
  readonly tools: readonly ToolInfo[];
}

export interface Connection {
  readonly facts: ServerFacts;
  call(tool: string, args: Record<string, unknown>, onStep: (step: Step) => void): Promise<ToolResult>;
  close(): Promise<void>;
}

const ME = { name: "acme-assistant", title: "Acme Assistant", version: "3.2.0" };

/** Connects, lists the tools. Throws what the SDK throws. */
export function openConnection(url: URL, sdk: Sdk): Promise<Connection> {
  return sdk === "v1" ? openV1(url) : openV2(url, sdk === "v2-auto" ? "auto" : "legacy");
}

async function openV1(url: URL): Promise<Connection> {
  // v1 would compile schemas with `new Function`, which the page's policy forbids.
  const client = new LegacyClient(ME, { jsonSchemaValidator: new CfWorkerJsonSchemaValidator() });
  const transport = new LegacyTransport(url, { fetch: recordingFetch });
  const logs = watchLogs(client);
  await client.connect(transport);
  const { tools } = await client.listTools();
  return {
    facts: { ...nameOf(client.getServerVersion()), protocolVersion: transport.protocolVersion ?? "unknown", tools },
    call: (tool, args, onStep) =>
      logs.during(onStep, async () => (await client.callTool({ name: tool, arguments: args }, undefined, { onprogress: (step) => onStep({ kind: "progress", ...step }), resetTimeoutOnProgress: true })) as ToolResult),
    close: async () => {
      await transport.terminateSession().catch(() => undefined);
      await client.close();
    },
  };
}

async function openV2(url: URL, mode: "legacy" | "auto"): Promise<Connection> {
  const client = new Client(ME, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(url, { fetch: recordingFetch });
  const logs = watchLogs(client);
  await client.connect(transport);
  const { tools } = await client.listTools();
  const modern = client.getProtocolEra() === "modern";
  return {
    facts: { ...nameOf(client.getServerVersion()), protocolVersion: client.getNegotiatedProtocolVersion() ?? "unknown", tools },
    call: (tool, args, onStep) =>
      logs.during(
        onStep,
        async () =>
          (await client.callTool(
            // In the modern era a server logs only to those who ask, request by request.
            { name: tool, arguments: args, ...(modern ? { _meta: { [LOG_LEVEL_META_KEY]: "info" } } : {}) },
            { onprogress: (step) => onStep({ kind: "progress", ...step }), resetTimeoutOnProgress: true },
          )) as ToolResult,
      ),
    close: async () => {
      if (!modern) await transport.terminateSession().catch(() => undefined);
      await client.close();
    },
  };
}

interface Notified {
  method: string;
  params?: Record<string, unknown> | undefined;
}

/** Log messages carry no request id: they go to the calls that run at the moment. */
function watchLogs(client: { fallbackNotificationHandler?: ((notification: Notified) => Promise<void>) | undefined }): { during<T>(onStep: (step: Step) => void, work: () => Promise<T>): Promise<T> } {
  const listeners = new Set<(step: Step) => void>();
  client.fallbackNotificationHandler = async ({ method, params }) => {
    if (method === "notifications/message") for (const listener of listeners) listener({ kind: "log", level: String(params?.["level"]), data: params?.["data"] });
  };
  return {
    during: async (onStep, work) => {
      listeners.add(onStep);
      try {
        return await work();
      } finally {
        listeners.delete(onStep);
      }
    },
  };
}

function nameOf(server: { name: string; version: string; title?: string | undefined } | undefined): { name: string; version: string } {
  return { name: server?.title ?? server?.name ?? "unnamed server", version: server?.version ?? "" };
}
