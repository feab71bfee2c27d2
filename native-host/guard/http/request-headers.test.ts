import { describe, expect, test } from "vitest";
import { headerBook } from "./request-headers.ts";

const VERSION = "2026-07-28";
const listed = {
  tools: [
    {
      name: "find",
      inputSchema: {
        type: "object",
        properties: {
          region: { type: "string", "x-mcp-header": "Region" },
          deep: { type: "object", properties: { limit: { type: "integer", "x-mcp-header": "Limit" } } },
          exact: { type: "boolean", "x-mcp-header": "Exact" },
          many: { type: "array", items: { type: "string", "x-mcp-header": "Never" } },
          odd: { type: "string", "x-mcp-header": "no header\r\nname" },
        },
      },
    },
    { name: "plain", inputSchema: { type: "object" } },
  ],
};

function book() {
  const made = headerBook();
  made.learn(listed);
  return made;
}
const call = (args: unknown, name = "find") => book().headersOf("tools/call", { name, arguments: args }, VERSION);

test("arguments that a listed tool marks are mirrored, wherever properties lead to them", () => {
  expect(call({ region: "eu west", deep: { limit: 5 }, exact: false, many: ["x"], odd: "y" })).toEqual({
    "mcp-protocol-version": VERSION,
    "mcp-method": "tools/call",
    "mcp-name": "find",
    "mcp-param-region": "eu west",
    "mcp-param-limit": "5",
    "mcp-param-exact": "false",
  });
});

test("absent and null arguments, and values no header can mirror, have no header", () => {
  expect(Object.keys(call({ region: null, deep: { limit: 2 ** 60 }, exact: { a: 1 } })).filter((name) => name.startsWith("mcp-param"))).toEqual([]);
});

test.each([
  ["grüße", "=?base64?Z3LDvMOfZQ==?="],
  ["", "=?base64??="],
  [" padded", "=?base64?IHBhZGRlZA==?="],
  ["a\r\nx-evil: 1", "=?base64?YQ0KeC1ldmlsOiAx?="],
  ["=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?="],
  ["plain ~text~", "plain ~text~"],
])("%j travels as %s", (value, header) => expect(call({ region: value })["mcp-param-region"]).toBe(header));

describe("a tool whose headers cannot be made is not called", () => {
  const tool = (properties: Record<string, unknown>): boolean => {
    const made = headerBook();
    made.learn({ tools: [{ name: "t", inputSchema: { type: "object", properties } }] });
    return made.rejects("t");
  };
  test.each<[string, Record<string, unknown>]>([
    ["an empty name", { a: { type: "string", "x-mcp-header": "" } }],
    ["a name that is no token", { a: { type: "string", "x-mcp-header": "My Region" } }],
    ["a name that is no text", { a: { type: "string", "x-mcp-header": 7 } }],
    ["of an object", { a: { type: "object", "x-mcp-header": "A" } }],
    ["of a fraction", { a: { type: "number", "x-mcp-header": "A" } }],
    ["twice the same, but for the case", { a: { type: "string", "x-mcp-header": "Field" }, b: { type: "object", properties: { c: { type: "string", "x-mcp-header": "FIELD" } } } }],
  ])("%s", (_, properties) => expect(tool(properties)).toBe(true));

  test("all others are, and one that was put right is again", () => {
    expect(tool({ a: { type: "string", "x-mcp-header": "A" }, b: { type: "integer", "x-mcp-header": "B" }, c: { type: ["string", "null"], "x-mcp-header": "C" }, d: {} })).toBe(false);
    const made = headerBook();
    const list = (header: string) => made.learn({ tools: [{ name: "t", inputSchema: { properties: { a: { type: "string", "x-mcp-header": header } } } }] });
    list("");
    expect(made.rejects("t")).toBe(true);
    list("Ok");
    expect(made.rejects("t")).toBe(false);
  });
});

test("what a request is about is named by its own field", () => {
  expect(book().headersOf("resources/read", { uri: "file:///a" }, VERSION)["mcp-name"]).toBe("file:///a");
  expect(book().headersOf("tasks/get", { taskId: "t1" }, VERSION)["mcp-name"]).toBe("t1");
  expect(book().headersOf("tools/list", {}, VERSION)).toEqual({ "mcp-protocol-version": VERSION, "mcp-method": "tools/list" });
});

test("a tool that is listed anew without marks is mirrored no more", () => {
  const made = book();
  made.learn({ tools: [{ name: "find", inputSchema: { type: "object", properties: { region: { type: "string" } } } }] });
  expect(made.headersOf("tools/call", { name: "find", arguments: { region: "eu" } }, VERSION)["mcp-param-region"]).toBeUndefined();
});
