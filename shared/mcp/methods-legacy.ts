/** Methods of the legacy era, 2024-11-05 … 2025-11-25: a handshake, requests in both directions, tasks as a part of the protocol. */
import type { MethodFacts, Registry } from "./method-facts.ts";
import { COMMON, RESOURCE, TASK } from "./methods-common.ts";

/** May be run as a task, which the asked side names in its answer (2025-11-25, experimental). */
function asTask(facts: MethodFacts): MethodFacts {
  return { ...facts, result: { ...facts.result, both: [...(facts.result?.both ?? []), "/result/task/statusMessage"] } };
}

const STATUS = { both: ["/result/statusMessage"] } as const;

export const LEGACY: Registry = {
  ...COMMON,
  initialize: {
    kind: "request",
    from: "client",
    params: { data: ["/params/clientInfo", "/params/capabilities/experimental"] },
    result: { instructions: ["/result/instructions", "/result/serverInfo", "/result/capabilities/experimental", "/result/capabilities/extensions"] },
    learns: { params: "always", result: "always" },
  },
  "notifications/initialized": { kind: "notification", from: "client" },
  ping: { kind: "request", from: "both" },
  "logging/setLevel": { kind: "request", from: "client" },
  "resources/subscribe": { kind: "request", from: "client", subject: RESOURCE, params: { data: ["/params/uri"] } },
  "resources/unsubscribe": { kind: "request", from: "client", subject: RESOURCE, params: { data: ["/params/uri"] } },
  "notifications/roots/list_changed": { kind: "notification", from: "client" },
  "notifications/elicitation/complete": { kind: "notification", from: "server" },

  "tools/call": asTask(COMMON["tools/call"]),
  "sampling/createMessage": asTask(COMMON["sampling/createMessage"]),
  "elicitation/create": asTask(COMMON["elicitation/create"]),
  // Whoever sent the request asks for its task: both sides do.
  "tasks/get": { kind: "request", from: "both", subject: TASK, result: STATUS, learns: { params: "always" } },
  "tasks/result": { kind: "request", from: "both", subject: TASK, result: { embeds: [{ at: "/result", is: "result" }] }, learns: { params: "always" } },
  "tasks/cancel": { kind: "request", from: "both", subject: TASK, result: STATUS, learns: { params: "always" } },
  "tasks/list": { kind: "request", from: "both", result: { both: ["/result/tasks/*/statusMessage"] }, learns: { result: ["statusMessage"] } },
  "notifications/tasks/status": { kind: "notification", from: "both", subject: TASK, params: { both: ["/params/statusMessage"] }, learns: { params: "always" } },
};
