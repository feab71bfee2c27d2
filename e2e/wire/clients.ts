/** Real clients that ask a server everything it offers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { PEERS } from "../peers.ts";
import type { Ask, Peer } from "./peers.ts";

export const CLIENTS = ["SDK v1", "SDK v2 auto", "Inspector CLI"] as const;
export type ClientName = (typeof CLIENTS)[number];

export interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What of it is no machine's usual environment. */
  readonly own: Readonly<Record<string, string>>;
}

const ME = { name: "wire-peers", version: "1.0.0" };
const CAPABILITIES = { sampling: {}, elicitation: {}, roots: {} };
const ANSWERS = {
  sampling: { role: "assistant", content: { type: "text", text: "Hello." }, model: "none", stopReason: "endTurn" },
  roots: { roots: [{ uri: "file:///srv/project", name: "Project" }] },
} as const;

interface Field {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly oneOf?: readonly { readonly const: string }[];
  readonly items?: Field & { readonly anyOf?: readonly { readonly const: string }[] };
}

/** Fills a form in as simply as it allows. */
function fillIn(params: unknown): { action: "accept"; content: Record<string, string | number | boolean | string[]> } {
  const { requestedSchema = {} } = params as { requestedSchema?: { properties?: Record<string, Field> } };
  const choose = ({ type, enum: [first] = [], oneOf: [option] = [], items }: Field): string | number | boolean | string[] => {
    if (type === "boolean") return true;
    if (type === "number" || type === "integer") return 1;
    if (type === "array") return [items?.anyOf?.[0]?.const ?? items?.enum?.[0] ?? "one"];
    return first ?? option?.const ?? "Ann";
  };
  return { action: "accept", content: Object.fromEntries(Object.entries(requestedSchema.properties ?? {}).map(([key, field]) => [key, choose(field)])) };
}

const INSPECTOR = join(PEERS, "node_modules", "@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js");

export async function runClient(name: ClientName, peer: Peer, launch: Launch): Promise<void> {
  if (name === "Inspector CLI") return await inspect(peer, launch);
  const [command = "", ...args] = launch.command;
  const start = { command, args, env: { ...launch.env }, stderr: "ignore" as const };
  if (name === "SDK v1") {
    const client = new LegacyClient(ME, { capabilities: CAPABILITIES });
    client.setRequestHandler(CreateMessageRequestSchema, () => ANSWERS.sampling);
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => fillIn(params));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [...ANSWERS.roots.roots] }));
    await client.connect(new LegacyTransport(start));
    await askAll(client, peer, ({ tool, args: given = {}, progress }) => client.callTool({ name: tool, arguments: given }, undefined, progress ? { onprogress: () => undefined } : {}));
    return;
  }
  const client = new ModernClient(ME, { capabilities: CAPABILITIES, versionNegotiation: { mode: "auto" } });
  client.setRequestHandler("sampling/createMessage", () => ANSWERS.sampling);
  client.setRequestHandler("elicitation/create", ({ params }) => fillIn(params));
  client.setRequestHandler("roots/list", () => ({ roots: [...ANSWERS.roots.roots] }));
  await client.connect(new ModernTransport(start));
  await askAll(client as unknown as LegacyClient, peer, ({ tool, args: given = {}, progress }) => client.callTool({ name: tool, arguments: given }, progress ? { onprogress: () => undefined } : {}));
}

/** Answers are not looked at here: what counts is what passed on the wire. */
async function askAll(client: LegacyClient, peer: Peer, call: (ask: Ask) => Promise<unknown>): Promise<void> {
  const { tools } = await client.listTools();
  if (tools.length === 0) throw new Error(`${peer.name} lists no tools`);
  const capabilities = client.getServerCapabilities() ?? {};
  if (capabilities.resources) {
    const { resources } = await client.listResources();
    await client.listResourceTemplates().catch(() => undefined);
    for (const { uri } of resources.slice(0, 2)) await client.readResource({ uri });
    await client.readResource({ uri: "nothing://here" }).catch(() => undefined);
  }
  if (capabilities.prompts) {
    await client.listPrompts();
    if (peer.prompt) await client.getPrompt(peer.prompt).catch(() => undefined);
  }
  for (const ask of peer.calls) await call(ask).catch(() => undefined);
  await client.close();
}

/** One process a question, as the Inspector does it. */
async function inspect(peer: Peer, launch: Launch): Promise<void> {
  const { command, env } = launch;
  const [first] = peer.calls;
  const questions = [["--method", "tools/list"], ...(first ? [["--method", "tools/call", "--tool-name", first.tool, ...Object.entries(first.args ?? {}).flatMap(([key, value]) => ["--tool-arg", `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`])]] : [])];
  // It hands a server only the usual variables, and those that it is told.
  const told = Object.entries({ ...launch.own, PATH: launch.env["PATH"] ?? "" }).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  for (const question of questions) {
    // Behind `--` stand the server's own arguments, which the Inspector would otherwise take for its own.
    const child = spawn(process.execPath, [INSPECTOR, "--cli", ...told, ...question, "--", ...command], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`the Inspector CLI ended with ${String(code)}: ${said}`);
  }
}
