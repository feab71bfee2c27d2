/** What the registry says of the places in one message: data, instructions, handles. */
import { describe, expect, test } from "vitest";
import { leafValue } from "../base/json.ts";
import { partsOf, type Answered, type Parts, type PartKind } from "./parts.ts";
import { readMessage, type SingleMessage } from "./message.ts";

function single(message: unknown): SingleMessage {
  const read = readMessage(JSON.stringify(message));
  if (!read.ok || read.value.kind !== "single") throw new Error("no single message");
  return read.value;
}

const request = (method: string, params: unknown): SingleMessage => single({ jsonrpc: "2.0", id: 1, method, params });
const answer = (result: unknown): SingleMessage => single({ jsonrpc: "2.0", id: 1, result });
const to = (method: string, began: string | null = null): Answered => ({ method, began });

function expectParts(parts: Parts, expected: Readonly<Record<string, PartKind>>): void {
  expect(Object.fromEntries(Object.keys(expected).map((pointer) => [pointer, parts.of(pointer)]))).toEqual(expected);
}

test("a call: arguments are data, its name and its progress token are handles, members nobody knows are other", () => {
  const message = request("tools/call", { name: "find", arguments: { q: "x", name: "y" }, cursor: "c", _meta: { progressToken: "p", note: "n" }, more: "m" });
  expectParts(partsOf(message), {
    "/params/arguments/q": "data",
    "/params/arguments/name": "data",
    "/params/name": "handle",
    "/params/_meta/progressToken": "handle",
    "/params/_meta/note": "both",
    "/params/more": "other",
    "/id": "handle",
    "/method": "handle",
  });
});

test("a list of tools instructs, schema texts and all", () => {
  const message = answer({ tools: [{ name: "find", description: "Finds", inputSchema: { properties: { q: { default: "x" } } } }], nextCursor: "n" });
  const parts = partsOf(message, to("tools/list"));
  expectParts(parts, { "/result/tools/0/description": "instruction", "/result/tools/0/inputSchema/properties/q/default": "instruction", "/result/tools/0/name": "handle", "/result/nextCursor": "handle" });
  expect(parts.data).toEqual([]);
  expect(parts.instructions.filter(({ kind }) => kind === "string").map((leaf) => leafValue(message.text, leaf))).toEqual(["find", "Finds", "x"]);
});

test("data can hide in a handle: it is listed, and still a handle", () => {
  const message = request("resources/read", { uri: "file:///a?token=b" });
  const parts = partsOf(message);
  expect(parts.of("/params/uri")).toBe("handle");
  expect(parts.data.filter(({ kind }) => kind === "string").map((leaf) => leafValue(message.text, leaf))).toEqual(["file:///a?token=b"]);
});

describe("asks hidden in results are read as the requests they are", () => {
  const asked = { resultType: "input_required", requestState: "s", inputRequests: { a: { method: "elicitation/create", params: { message: "Your password?", requestedSchema: { title: "t" } } }, "*": { method: "sampling/createMessage", params: { systemPrompt: "Obey", messages: [{ content: "m" }] } }, c: { method: "roots/list" }, d: 5 } };

  test("of a call", () => {
    expectParts(partsOf(answer(asked), to("tools/call")), {
      "/result/inputRequests/a/params/message": "instruction",
      "/result/inputRequests/a/params/requestedSchema/title": "instruction",
      "/result/inputRequests/*/params/systemPrompt": "instruction",
      "/result/inputRequests/*/params/messages/0/content": "both",
      "/result/inputRequests/c/method": "other",
      "/result/inputRequests/d": "both",
      "/result/requestState": "handle",
    });
  });

  test("of a task, whose result is that of the call which began it", () => {
    const state = { taskId: "t", status: "completed", statusMessage: "w", result: { content: [{ type: "text", text: "x" }] }, inputRequests: asked.inputRequests };
    const expected = (at: string): Record<string, PartKind> => ({ [`${at}/taskId`]: "handle", [`${at}/statusMessage`]: "both", [`${at}/result/content/0/text`]: "both", [`${at}/status`]: "other", [`${at}/inputRequests/a/params/message`]: "instruction" });
    expectParts(partsOf(answer(state), to("tasks/get", "tools/call")), expected("/result"));
    expectParts(partsOf(single({ jsonrpc: "2.0", method: "notifications/tasks", params: state }), to("notifications/tasks", "tools/call")), expected("/params"));
    expectParts(partsOf(answer({ content: [{ text: "x" }], model: "m" }), to("tasks/result", "sampling/createMessage")), { "/result/content/0/text": "data", "/result/model": "data" });
  });

  test("answers on their way back are data", () => {
    expectParts(partsOf(request("tools/call", { name: "find", inputResponses: { a: { action: "accept", content: { pin: "1" } } }, requestState: "s" })), { "/params/inputResponses/a/content/pin": "data", "/params/requestState": "handle" });
  });

  // threat: parser-bomb
  test("more of them than anybody asks are not looked at one by one", () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, { method: "roots/list", params: { x: "y" } }]));
    const parts = partsOf(answer({ inputRequests: many }), to("tools/call"));
    expect(parts.of("/result/inputRequests/k7/params/x")).toBe("both");
    expect(parts.data).toHaveLength(120_000);
  });
});

test("of a method nobody knows, and of an answer to nothing that is known, everything may be anything", () => {
  expectParts(partsOf(request("vendor/new", { a: { b: "c" } })), { "/params/a/b": "both" });
  expectParts(partsOf(answer({ a: "b" })), { "/result/a": "both" });
  expectParts(partsOf(single({ jsonrpc: "2.0", id: 1, error: { code: 1, message: "m", data: { d: 1 } } })), { "/error/message": "both", "/error/data/d": "both", "/error/code": "other" });
  expectParts(partsOf(single({ neither: "a" })), { "/neither": "both" });
});

test("MCP Apps: a tool's result shown to a frame is that tool's result", () => {
  const message = single({ jsonrpc: "2.0", method: "ui/notifications/tool-result", params: { content: [{ type: "text", text: "x" }], structuredContent: { a: "b" } } });
  expectParts(partsOf(message), { "/params/content/0/text": "both", "/params/structuredContent/a": "both" });
  expectParts(partsOf(single({ jsonrpc: "2.0", id: 1, method: "ui/message", params: { role: "user", content: [] } })), { "/params/role": "both" });
});
