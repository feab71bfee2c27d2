/** Methods of the modern era, 2026-07-28: every request stands alone, the server asks inside its results, tasks and skills are extensions. */
import type { MethodFacts, Places, Registry } from "./method-facts.ts";
import { COMMON, RESOURCE, TASK } from "./methods-common.ts";

/** May be answered with questions, and be sent again with the answers (`input_required`). */
function inRounds(facts: MethodFacts): MethodFacts {
  return {
    ...facts,
    params: { ...facts.params, data: [...(facts.params?.data ?? []), "/params/inputResponses"] },
    result: { ...facts.result, embeds: [{ at: "/result/inputRequests/*", is: "request" }] },
  };
}

/** A task's whole state: its words, its questions, and in the end its result. */
function taskState(at: "/params" | "/result"): Places {
  return {
    both: [`${at}/statusMessage`, `${at}/error`],
    embeds: [
      { at: `${at}/result`, is: "result" },
      { at: `${at}/inputRequests/*`, is: "request" },
    ],
  };
}

const call = inRounds(COMMON["tools/call"]);

export const MODERN: Registry = {
  ...COMMON,
  "server/discover": {
    kind: "request",
    from: "client",
    result: { instructions: ["/result/instructions", "/result/serverInfo", "/result/capabilities/experimental", "/result/capabilities/extensions"] },
    learns: { result: "always" },
  },
  "subscriptions/listen": { kind: "request", from: "client", params: { data: ["/params/notifications/resourceSubscriptions"] } },
  "notifications/subscriptions/acknowledged": { kind: "notification", from: "server", params: { data: ["/params/notifications"] } },

  "tools/call": { ...call, result: { ...call.result, both: [...(call.result?.both ?? []), "/result/statusMessage"] } },
  "prompts/get": inRounds(COMMON["prompts/get"]),
  "resources/read": inRounds(COMMON["resources/read"]),
  "sampling/createMessage": { ...COMMON["sampling/createMessage"], embedded: true },
  "elicitation/create": { ...COMMON["elicitation/create"], embedded: true },
  "roots/list": { ...COMMON["roots/list"], embedded: true },
  "notifications/progress": { ...COMMON["notifications/progress"], from: "server" },

  // Extension io.modelcontextprotocol/tasks
  "tasks/get": { kind: "request", from: "client", subject: TASK, result: taskState("/result"), learns: { params: "always" } },
  "tasks/update": { kind: "request", from: "client", subject: TASK, params: { data: ["/params/inputResponses"] }, learns: { params: "always" } },
  "tasks/cancel": { kind: "request", from: "client", subject: TASK, result: { both: ["/result/statusMessage"] }, learns: { params: "always" } },
  "notifications/tasks": { kind: "notification", from: "server", subject: TASK, params: taskState("/params"), learns: { params: "always" } },

  // Extension io.modelcontextprotocol/skills
  "skills/list": { kind: "request", from: "client", result: { instructions: ["/result/skills/*/frontmatter"], both: ["/result/skills"] } },
  "skills/get": { kind: "request", from: "client", params: { data: ["/params/uri"] }, result: { instructions: ["/result/frontmatter", "/result/skill/frontmatter"], both: ["/result/skill", "/result/resources"] } },
  "resources/directory/read": { kind: "request", from: "client", subject: RESOURCE, params: { data: ["/params/uri"] }, result: { both: ["/result/resources"] } },
};
