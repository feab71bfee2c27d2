/** Tools that ask back: by requests of their own in the legacy era, by `input_required` results in the modern one. */
import { acceptedContent, inputRequired, ProtocolError, ProtocolErrorCode, type ElicitRequestFormParams, type InputRequests } from "@modelcontextprotocol/server";
import { object, text, type Call, type FixtureTool } from "./tool.ts";

type FormSchema = ElicitRequestFormParams["requestedSchema"];

/** Asks for a form in the legacy era and tells what came back. */
async function askForm({ context }: Call, message: string, requestedSchema: unknown, words: string): ReturnType<FixtureTool["run"]> {
  const answer = await context.mcpReq.elicitInput({ mode: "form", message, requestedSchema: requestedSchema as FormSchema });
  return text(`${words}: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
}

const form = (message: string, key: string, type: "string" | "boolean" = "string"): InputRequests[string] =>
  ({ method: "elicitation/create", params: { message, requestedSchema: object({ [key]: { type } }) } }) as unknown as InputRequests[string];
const sample = (question: string, maxTokens: number): InputRequests[string] => inputRequired.createMessage({ messages: [{ role: "user", content: { type: "text", text: question } }], maxTokens });
const answered = ({ context }: Call, key: string): boolean => isObject(context.mcpReq.inputResponses?.[key]);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const LEGACY: readonly FixtureTool[] = [
  {
    name: "test_sampling",
    description: "Asks the client's model",
    input: object({ prompt: { type: "string" } }),
    async run({ args, context }) {
      const answer = await context.mcpReq.requestSampling({ messages: [{ role: "user", content: { type: "text", text: String(args["prompt"]) } }], maxTokens: 100 });
      const [part] = [answer.content].flat();
      return text(`LLM response: ${part?.type === "text" ? part.text : ""}`);
    },
  },
  {
    name: "test_elicitation",
    description: "Asks the person for a name and an address",
    input: object({ message: { type: "string" } }),
    run: (call) => askForm(call, String(call.args["message"]), object({ username: { type: "string", description: "User's response" }, email: { type: "string", description: "User's email address" } }), "User response"),
  },
  {
    name: "test_elicitation_sep1034_defaults",
    description: "Asks with a default for every kind of value",
    run: (call) =>
      askForm(
        call,
        "Please check these values",
        {
          type: "object",
          properties: {
            name: { type: "string", default: "John Doe" },
            age: { type: "integer", default: 30 },
            score: { type: "number", default: 95.5 },
            status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
            verified: { type: "boolean", default: true },
          },
          required: [],
        },
        "Elicitation completed",
      ),
  },
  {
    name: "test_elicitation_sep1330_enums",
    description: "Asks with every kind of choice",
    run: (call) =>
      askForm(
        call,
        "Please choose",
        {
          type: "object",
          properties: {
            untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
            titledSingle: { type: "string", oneOf: choices("Option") },
            legacyEnum: { type: "string", enum: ["opt1", "opt2", "opt3"], enumNames: ["Option One", "Option Two", "Option Three"] },
            untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
            titledMulti: { type: "array", items: { anyOf: choices("Choice") } },
          },
          required: [],
        },
        "Elicitation completed",
      ),
  },
];

function choices(word: string): readonly { const: string; title: string }[] {
  return ["First", "Second", "Third"].map((rank, at) => ({ const: `value${at + 1}`, title: `${rank} ${word}` }));
}

const MODERN: readonly FixtureTool[] = [
  {
    name: "test_input_required_result_elicitation",
    description: "Needs the person's name",
    async run(call) {
      const name = acceptedContent(call.context.mcpReq.inputResponses, "user_name")?.["name"];
      return typeof name === "string" ? text(`Hello, ${name}!`) : inputRequired({ inputRequests: { user_name: form("What is your name?", "name") } });
    },
  },
  {
    name: "test_input_required_result_sampling",
    description: "Needs an answer of the client's model",
    async run(call) {
      if (!answered(call, "capital_question")) return inputRequired({ inputRequests: { capital_question: sample("What is the capital of France?", 100) } });
      return text(JSON.stringify(call.context.mcpReq.inputResponses?.["capital_question"]));
    },
  },
  {
    name: "test_input_required_result_list_roots",
    description: "Needs the client's roots",
    async run(call) {
      if (!answered(call, "client_roots")) return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
      return text(JSON.stringify(call.context.mcpReq.inputResponses?.["client_roots"]));
    },
  },
  {
    name: "test_input_required_result_request_state",
    description: "Needs its own state back",
    run: async (call) => confirm(call, "state-ok"),
  },
  {
    name: "test_input_required_result_tampered_state",
    description: "Takes no state but its own",
    run: async (call) => confirm(call, "The state is whole."),
  },
  {
    name: "test_input_required_result_multiple_inputs",
    description: "Needs three things at once",
    async run(call) {
      if (["user_name", "greeting", "client_roots"].every((key) => answered(call, key))) return text("All three have come.");
      return inputRequired({
        inputRequests: { user_name: form("What is your name?", "name"), greeting: sample("Generate a greeting", 50), client_roots: inputRequired.listRoots() },
        requestState: await call.seal({ asked: 3 }),
      });
    },
  },
  {
    name: "test_input_required_result_multi_round",
    description: "Needs one thing after the other",
    async run(call) {
      const state = call.context.mcpReq.requestState<{ round: number; name?: unknown }>();
      if (state?.round === 1 && answered(call, "step1")) {
        const name = acceptedContent(call.context.mcpReq.inputResponses, "step1")?.["name"];
        return inputRequired({ inputRequests: { step2: form("Step 2: What is your favorite color?", "color") }, requestState: await call.seal({ round: 2, name }) });
      }
      if (state?.round === 2 && answered(call, "step2")) return text(`${String(state.name)} likes ${String(acceptedContent(call.context.mcpReq.inputResponses, "step2")?.["color"])}.`);
      return inputRequired({ inputRequests: { step1: form("Step 1: What is your name?", "name") }, requestState: await call.seal({ round: 1 }) });
    },
  },
  {
    name: "test_input_required_result_capabilities",
    description: "Asks only for what the client can do",
    async run(call) {
      const { capabilities } = call;
      if (["name", "greeting", "roots"].some((key) => answered(call, key))) return text("Thank you.");
      const inputRequests: InputRequests = {
        ...(capabilities.elicitation ? { name: form("What is your name?", "name") } : {}),
        ...(capabilities.sampling ? { greeting: sample("Generate a greeting", 50) } : {}),
        ...(capabilities.roots ? { roots: inputRequired.listRoots() } : {}),
      };
      return Object.keys(inputRequests).length === 0 ? text("The client can do none of it.") : inputRequired({ inputRequests });
    },
  },
  {
    name: "test_streaming_elicitation",
    description: "Asks in the middle of a stream",
    async run(call) {
      return answered(call, "answer") ? text("Thank you.") : inputRequired({ inputRequests: { answer: form("Go on?", "ok", "boolean") } });
    },
  },
];

async function confirm(call: Call, words: string): ReturnType<FixtureTool["run"]> {
  if (!answered(call, "confirm")) return inputRequired({ inputRequests: { confirm: form("Please confirm", "ok", "boolean") }, requestState: await call.seal({ waits: "confirm" }) });
  const state = call.context.mcpReq.requestState<{ waits: string }>();
  if (state?.waits !== "confirm") throw new ProtocolError(ProtocolErrorCode.InvalidParams, "The state is missing or not ours.");
  return text(words);
}

export const ASKING_TOOLS: readonly FixtureTool[] = [...LEGACY, ...MODERN];
