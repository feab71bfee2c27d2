/** The registries against what the specification says of the protocol, and against each other. */
import { describe, expect, test } from "vitest";
import type { MethodFacts, Places, Registry } from "./method-facts.ts";
import { APPS } from "./methods-apps.ts";
import { LEGACY } from "./methods-legacy.ts";
import { MODERN } from "./methods-modern.ts";
import { isMcpMethod, learnsFrom, methodNamed, METHODS } from "./methods.ts";

/** By kind and sender, from the schemas of 2025-11-25 (which has all that earlier revisions had) and 2026-07-28, and of the extensions. */
const LEGACY_LIST = {
  "request client": "initialize logging/setLevel tools/list tools/call resources/list resources/templates/list resources/read resources/subscribe resources/unsubscribe prompts/list prompts/get completion/complete",
  "request server": "sampling/createMessage elicitation/create roots/list",
  "request both": "ping tasks/get tasks/result tasks/list tasks/cancel",
  "notification client": "notifications/initialized notifications/roots/list_changed",
  "notification server": "notifications/message notifications/tools/list_changed notifications/prompts/list_changed notifications/resources/list_changed notifications/resources/updated notifications/elicitation/complete",
  "notification both": "notifications/progress notifications/cancelled notifications/tasks/status",
};
const MODERN_LIST = {
  "request client":
    "server/discover tools/list tools/call resources/list resources/templates/list resources/read prompts/list prompts/get completion/complete subscriptions/listen tasks/get tasks/update tasks/cancel skills/list skills/get resources/directory/read",
  "request server": "sampling/createMessage elicitation/create roots/list",
  "notification server":
    "notifications/progress notifications/message notifications/tools/list_changed notifications/prompts/list_changed notifications/resources/list_changed notifications/resources/updated notifications/subscriptions/acknowledged notifications/tasks",
  // The server may end a subscription with it.
  "notification both": "notifications/cancelled",
};
const APPS_LIST = {
  "request view": "ui/initialize ui/open-link ui/download-file ui/message ui/update-model-context ui/request-display-mode",
  "request host": "ui/resource-teardown",
  "notification view": "ui/notifications/initialized ui/notifications/size-changed ui/notifications/request-teardown ui/notifications/sandbox-proxy-ready",
  "notification host": "ui/notifications/host-context-changed ui/notifications/tool-input ui/notifications/tool-input-partial ui/notifications/tool-result ui/notifications/tool-cancelled ui/notifications/sandbox-resource-ready",
};

const listed = (list: Readonly<Record<string, string>>): string[] => Object.entries(list).flatMap(([how, names]) => names.split(" ").map((name) => `${how} ${name}`)).sort();
const held = (registry: Registry): string[] => Object.entries(registry).map(([name, { kind, from }]) => `${kind} ${from} ${name}`).sort();

describe("every method stands in the era that has it, as what it is", () => {
  test.each([
    ["legacy", LEGACY, LEGACY_LIST],
    ["modern", MODERN, MODERN_LIST],
    ["apps", APPS, APPS_LIST],
  ])("%s", (_, registry, list) => {
    expect(held(registry)).toEqual(listed(list));
  });
});

const placesOf = ({ params, result }: MethodFacts): [part: "params" | "result", places: Places][] => [
  ["params", params ?? {}],
  ["result", result ?? {}],
];

test.each([...Object.entries(LEGACY), ...Object.entries(MODERN), ...Object.entries(APPS)])("the places of %s are pointers into its own parts, each said once", (_, facts) => {
  for (const [part, { data = [], instructions = [], both = [], embeds = [] }] of placesOf(facts)) {
    const pointers = [...data, ...instructions, ...both, ...embeds.map(({ at }) => at)];
    for (const pointer of pointers) expect(pointer).toMatch(new RegExp(`^/${part}(/(\\*|[A-Za-z_]+))*$`));
    expect(new Set(pointers).size).toBe(pointers.length);
  }
  if (facts.kind === "notification") expect(facts.result).toBeUndefined();
  if (facts.embedded) expect(facts.from).toBe("server");
});

test("what both eras have is about the same thing in both, and what one era says of its places the other says too, apart from rounds and tasks", () => {
  const own = /^\/(params|result)\/(inputRequests|inputResponses|task|statusMessage|error|result)\b/;
  for (const name of Object.keys(LEGACY).filter((each) => Object.hasOwn(MODERN, each))) {
    const [legacy, modern] = [LEGACY[name]!, MODERN[name]!];
    expect([name, legacy.kind, legacy.subject]).toEqual([name, modern.kind, modern.subject]);
    const shared = (facts: MethodFacts) => placesOf(facts).map(([, { data = [], instructions = [], both = [] }]) => [data, instructions, both].map((list) => list.filter((pointer) => !own.test(pointer))));
    expect([name, shared(legacy)]).toEqual([name, shared(modern)]);
  }
});

test("all three are one table, asked by name and era; names of objects' own members are no methods", () => {
  expect(METHODS["tools/call"]?.eras).toEqual(["legacy", "modern"]);
  expect(METHODS["initialize"]?.eras).toEqual(["legacy"]);
  expect(methodNamed("tools/call")?.modern).toBe(MODERN["tools/call"]);
  expect(methodNamed("vendor/new")).toBeUndefined();
  for (const name of ["constructor", "__proto__", "toString"]) {
    expect(isMcpMethod(name)).toBe(false);
    expect(methodNamed(name)).toBeUndefined();
    expect(learnsFrom(name, "params", "{}")).toBe(false);
  }
});

test.each([
  ["tools/list", "result", "{}", true],
  ["tools/list", "params", "{}", false],
  ["initialize", "params", "{}", true],
  ["tools/call", "params", '{"arguments":{"a":"taskId"}}', false],
  ["tools/call", "result", '{"content":[]}', false],
  ["tools/call", "result", '{"task":{"taskId":"t"}}', true],
  ["tools/call", "result", '{"task":{"\\u0074askId":"t"}}', true],
  ["tools/call", "result", '{"resultType":"input_required","requestState":"s"}', true],
  ["tools/call", "params", '{"inputResponses":{}}', true],
  ["tasks/update", "params", "{}", true],
  ["notifications/message", "params", "{}", false],
  ["vendor/new", "result", '{"taskId":1}', true],
  ["vendor/new", "params", '{"taskId":1}', false],
] as const)("%s, %s %s: learned from? %s", (method, part, text, expected) => {
  expect(learnsFrom(method, part, text)).toBe(expected);
});
