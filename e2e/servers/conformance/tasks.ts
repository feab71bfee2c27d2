/** The tasks extension of the modern era: tools that go on after they have answered, and the methods that follow them. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { inputRequired, acceptedContent, MissingRequiredClientCapabilityError, ProtocolError, ProtocolErrorCode, type CallToolResult, type ClientCapabilities, type McpServer, type ServerContext } from "@modelcontextprotocol/server";
import * as z from "zod";
import { object, text, type Call, type FixtureTool } from "./tool.ts";

export const TASKS = "io.modelcontextprotocol/tasks";

type Status = "working" | "input_required" | "completed" | "failed" | "cancelled";
type Asked = Readonly<Record<string, { method: string; params: unknown }>>;

interface Task {
  readonly taskId: string;
  readonly createdAt: string;
  readonly stop: AbortController;
  status: Status;
  lastUpdatedAt: string;
  result?: CallToolResult;
  error?: { code: number; message: string };
  asked: Asked;
  readonly answers: Record<string, unknown>;
  resume?: () => void;
}

type Work = (task: Task) => Promise<CallToolResult>;

/** Kept for the whole process: in the modern era a request knows nothing of the one before. */
const tasks = new Map<string, Task>();

function outline(task: Task): Record<string, unknown> {
  return { taskId: task.taskId, status: task.status, createdAt: task.createdAt, lastUpdatedAt: task.lastUpdatedAt, ttlMs: 600_000, pollIntervalMs: 100 };
}

function set(task: Task, status: Status): void {
  task.status = status;
  task.lastUpdatedAt = new Date().toISOString();
}

/** Starts the work and answers with the task, as the extension wants it: flat. */
function begin(work: Work): CallToolResult {
  const now = new Date().toISOString();
  const task: Task = { taskId: randomUUID(), createdAt: now, lastUpdatedAt: now, status: "working", stop: new AbortController(), asked: {}, answers: {} };
  tasks.set(task.taskId, task);
  work(task).then(
    (result) => {
      if (task.status === "cancelled") return;
      task.result = result;
      set(task, "completed");
    },
    (error: unknown) => {
      if (task.status === "cancelled") return;
      task.error = { code: ProtocolErrorCode.InternalError, message: error instanceof Error ? error.message : String(error) };
      set(task, "failed");
    },
  );
  return { resultType: "task", ...outline(task) } as unknown as CallToolResult;
}

/** Parks a task until everything that it asks for was answered. */
async function ask(task: Task, asked: Asked): Promise<void> {
  task.asked = asked;
  set(task, "input_required");
  await new Promise<void>((resolve) => (task.resume = resolve));
  set(task, "working");
}

const form = (message: string, key: string): { method: string; params: unknown } => ({ method: "elicitation/create", params: { message, requestedSchema: object({ [key]: { type: "boolean" } }) } });

function declares(capabilities: ClientCapabilities): boolean {
  return capabilities.extensions !== undefined && TASKS in capabilities.extensions;
}

function demand(capabilities: ClientCapabilities): void {
  if (!declares(capabilities)) throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS]: {} } } });
}

/** As a task where the client knows tasks, at once where it does not. */
function either(call: Call, work: Work): Promise<CallToolResult> {
  if (declares(call.capabilities)) return Promise.resolve(begin(work));
  return work({ taskId: "", createdAt: "", lastUpdatedAt: "", status: "working", stop: new AbortController(), asked: {}, answers: {} });
}

export const TASK_TOOLS: readonly FixtureTool[] = [
  {
    name: "slow_compute",
    description: "Thinks for some seconds",
    input: { type: "object", properties: { seconds: { type: "number" }, label: { type: "string" } }, required: ["seconds"] },
    run: (call) =>
      either(call, async (task) => {
        await sleep(Number(call.args["seconds"]) * 1000, undefined, { signal: task.stop.signal });
        return text(`Thought for ${String(call.args["seconds"])} s.`);
      }),
  },
  {
    name: "failing_job",
    description: "Fails after a while, as a tool",
    async run(call) {
      demand(call.capabilities);
      return begin(async () => {
        await sleep(300);
        return { ...text("The job has failed."), isError: true };
      });
    },
  },
  {
    name: "protocol_error_job",
    description: "Fails after a while, as a request",
    async run(call) {
      demand(call.capabilities);
      return begin(async () => {
        await sleep(100);
        throw new Error("The job broke down.");
      });
    },
  },
  {
    name: "confirm_delete",
    description: "Deletes when it is confirmed",
    input: { type: "object", properties: { filename: { type: "string" } } },
    async run(call) {
      demand(call.capabilities);
      return begin(async (task) => {
        await ask(task, { [`confirm-${randomUUID()}`]: form("Delete it?", "confirm") });
        return text(`Answered: ${JSON.stringify(Object.values(task.answers))}`);
      });
    },
  },
  {
    name: "multi_input",
    description: "Needs two answers",
    async run(call) {
      demand(call.capabilities);
      return begin(async (task) => {
        await ask(task, { [`first-${randomUUID()}`]: form("The first?", "ok"), [`second-${randomUUID()}`]: form("The second?", "ok") });
        return text(`Answered: ${JSON.stringify(Object.values(task.answers))}`);
      });
    },
  },
  {
    name: "test_tool_with_task",
    description: "Asks first, then goes on as a task",
    async run(call) {
      demand(call.capabilities);
      const name = acceptedContent(call.context.mcpReq.inputResponses, "user_name")?.["name"];
      const asked = { method: "elicitation/create", params: { message: "What is your name?", requestedSchema: object({ name: { type: "string" } }) } };
      if (name === undefined) return inputRequired({ inputRequests: { user_name: asked as never }, requestState: await call.seal({ waits: "name" }) });
      return begin(async () => {
        await sleep(100);
        return text(`Hello, ${String(name)}!`);
      });
    },
  },
];

const BY_ID = z.looseObject({ taskId: z.string() });

/** Registers the methods of the extension. */
export function serveTasks(mcp: McpServer, capabilitiesOf: (context: ServerContext) => ClientCapabilities): void {
  const find = (context: ServerContext, taskId: string): Task => {
    demand(capabilitiesOf(context));
    const task = tasks.get(taskId);
    if (!task) throw new ProtocolError(ProtocolErrorCode.InvalidParams, "There is no such task.");
    return task;
  };
  const done = { resultType: "complete" };
  mcp.server.setRequestHandler("tasks/get", { params: BY_ID }, ({ taskId }, context) => {
    const task = find(context, taskId);
    return {
      ...done,
      ...outline(task),
      ...(task.status === "input_required" ? { inputRequests: task.asked } : {}),
      ...(task.status === "completed" ? { result: task.result } : {}),
      ...(task.status === "failed" ? { error: task.error } : {}),
    };
  });
  mcp.server.setRequestHandler("tasks/update", { params: BY_ID }, ({ taskId }, context) => {
    const task = find(context, taskId);
    // The SDK lifts the answers out of the parameters, whatever the method.
    for (const [key, answer] of Object.entries(context.mcpReq.inputResponses ?? {})) if (key in task.asked) task.answers[key] = answer;
    task.asked = Object.fromEntries(Object.entries(task.asked).filter(([key]) => !(key in task.answers)));
    if (task.status === "input_required" && Object.keys(task.asked).length === 0) task.resume?.();
    return done;
  });
  mcp.server.setRequestHandler("tasks/cancel", { params: BY_ID }, ({ taskId }, context) => {
    const task = find(context, taskId);
    if (task.status === "working" || task.status === "input_required") {
      set(task, "cancelled");
      task.stop.abort();
    }
    return done;
  });
}
