/** What the page knows and shows: connectors, the conversation, and the actions that change them. */
import { signal } from "@preact/signals";
import { openConnection, type Connection, type ServerFacts, type Sdk, type Step, type ToolResult } from "./connection.ts";
import { newestRequest, recorded, repliesEnded, type Recorded } from "./recorder.ts";

export interface Connector {
  /** `desk`, `rogue`, `everything`, or a path for a server that a test brings. */
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly path: string;
  readonly sdk: Sdk;
  readonly state: "off" | "connecting" | "on" | "failed";
  readonly facts?: ServerFacts | undefined;
  readonly problem?: Problem | undefined;
}

/** An error as the page shows and returns it. */
export interface Problem {
  readonly name: string;
  readonly message: string;
  readonly code?: number | string;
}

export interface ToolCard {
  readonly server: string;
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly state: "running" | "done" | "refused" | "failed";
  readonly steps: readonly Step[];
  readonly result?: ToolResult;
  readonly problem?: Problem;
}

export type Said = { readonly id: number } & ({ readonly kind: "person" | "assistant"; readonly text: string } | { readonly kind: "tool"; readonly card: ToolCard } | { readonly kind: "connection"; readonly server: string; readonly problem: Problem });

export type ConnectOutcome = { kind: "connected"; facts: ServerFacts } | { kind: "failed"; error: Problem };

/** `result` may still be a refusal: look at `result.isError`. `exchanges` are the HTTP requests of this call as the page saw them. */
export type CallOutcome = ({ kind: "result"; result: ToolResult } | { kind: "error"; error: Problem }) & { steps: Step[]; exchanges: Recorded[] };

export const connectors = signal<readonly Connector[]>([
  { key: "desk", title: "Customer Desk", about: "Customers, tickets, documents", path: "/desk/mcp", sdk: "v1", state: "off" },
  { key: "everything", title: "Everything", about: "The MCP reference server", path: "/everything/mcp", sdk: "v1", state: "off" },
  { key: "rogue", title: "Shady Exports", about: "Exports your customers, free", path: "/rogue/mcp", sdk: "v1", state: "off" },
]);
export const conversation = signal<readonly Said[]>([]);

const connections = new Map<string, Connection>();
let lastId = 0;

export function connectorOf(key: string): Connector {
  const found = connectors.value.find((each) => each.key === key);
  if (found) return found;
  const added: Connector = { key, title: key, about: "Added by hand", path: key, sdk: "v1", state: "off" };
  connectors.value = [...connectors.value, added];
  return added;
}

function change(key: string, fields: Partial<Connector>): void {
  connectors.value = connectors.value.map((each) => (each.key === key ? { ...each, ...fields } : each));
}

export function chooseSdk(key: string, sdk: Sdk): void {
  change(key, { sdk });
}

/** Connects (again, if need be). A failure is shown in the connector and returned. */
export async function connect(key: string, sdk: Sdk = connectorOf(key).sdk): Promise<ConnectOutcome> {
  const { path } = connectorOf(key);
  await disconnect(key);
  change(key, { sdk, state: "connecting" });
  try {
    const connection = await openConnection(new URL(path, location.href), sdk);
    connections.set(key, connection);
    change(key, { state: "on", facts: connection.facts });
    return { kind: "connected", facts: connection.facts };
  } catch (error) {
    const problem = problemOf(error);
    change(key, { state: "failed", problem });
    return { kind: "failed", error: problem };
  }
}

export async function disconnect(key: string): Promise<void> {
  const connection = connections.get(key);
  connections.delete(key);
  change(key, { state: "off", facts: undefined, problem: undefined });
  await connection?.close().catch(() => undefined);
}

export function say(kind: "person" | "assistant", text: string): void {
  conversation.value = [...conversation.value, { id: ++lastId, kind, text }];
}

export function sayNoConnection(key: string, problem: Problem): void {
  conversation.value = [...conversation.value, { id: ++lastId, kind: "connection", server: connectorOf(key).title, problem }];
}

/** Calls a tool of a connected server and shows it as a card in the conversation. */
export async function call(key: string, tool: string, args: Record<string, unknown>): Promise<CallOutcome> {
  const id = ++lastId;
  let card: ToolCard = { server: connectorOf(key).title, tool, args, state: "running", steps: [] };
  const show = (fields: Partial<ToolCard>): void => {
    card = { ...card, ...fields };
    conversation.value = conversation.value.map((said) => (said.id === id ? { id, kind: "tool", card } : said));
  };
  conversation.value = [...conversation.value, { id, kind: "tool", card }];
  const before = newestRequest();
  const steps: Step[] = [];
  try {
    const connection = connections.get(key);
    if (!connection) throw new Error(`${card.server} is not connected.`);
    const result = await connection.call(tool, args, (step) => {
      steps.push(step);
      show({ steps: [...steps] });
    });
    show({ state: result.isError ? "refused" : "done", result });
    await repliesEnded(before);
    return { kind: "result", result, steps, exchanges: recorded(before) };
  } catch (error) {
    const problem = problemOf(error);
    show({ state: "failed", problem });
    await repliesEnded(before);
    return { kind: "error", error: problem, steps, exchanges: recorded(before) };
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { code } = error as { code?: unknown };
  return { name: error.name, message: error.message, ...(typeof code === "number" || typeof code === "string" ? { code } : {}) };
}
