/** Tools are judged by their words; claims may only make them worse. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { classifyTool, toolSummary } from "./tool-class.ts";

test.each([
  ["get_message", ["read"]],
  ["list_comments", ["read"]],
  ["send_email", ["send"]],
  ["deleteFile", ["delete"]],
  ["HTTPPostMessage", ["send"]],
  ["run_command", ["execute"]],
  ["execute-sql", ["execute"]],
  ["create_payment_link", ["write"]],
  ["refund_customer", ["money"]],
  ["slack_post_message", ["send"]],
  ["read_and_delete", ["delete", "read"]],
  ["get_order_status", ["read"]],
  ["frobnicate", ["unknown"]],
])("%s is %j", (name, classes) => {
  expect(classifyTool({ name })).toEqual(classes);
});

test("the description's first word counts, in any form", () => {
  expect(classifyTool({ name: "record", description: "Deletes a customer record." })).toEqual(["delete"]);
  expect(classifyTool({ name: "rows", description: "Queries the table." })).toEqual(["read"]);
  expect(classifyTool({ name: "get_row", description: "A row; deletes nothing." })).toEqual(["read"]);
});

test("hints never take a class away", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z_]{1,30}$/), fc.anything(), (name, annotations) => {
      const plain = classifyTool({ name }).filter((kind) => kind !== "unknown");
      const hinted = classifyTool({ name, annotations });
      for (const kind of plain) expect(hinted).toContain(kind);
    }),
  );
  expect(classifyTool({ name: "delete_all", annotations: { readOnlyHint: true } })).toEqual(["delete"]);
  expect(classifyTool({ name: "mystery", annotations: { readOnlyHint: true } })).toEqual(["unknown"]);
  expect(classifyTool({ name: "get_page", annotations: { destructiveHint: true } })).toEqual(["delete", "read"]);
  expect(classifyTool({ name: "get_page", annotations: { readOnlyHint: false } })).toEqual(["write", "read"]);
});

test("a definition's digest ignores the order of keys and notices everything else", () => {
  const a = toolSummary({ name: "x", inputSchema: { type: "object", properties: { a: { type: "string" }, b: {} } } });
  const b = toolSummary({ inputSchema: { properties: { b: {}, a: { type: "string" } }, type: "object" }, name: "x" });
  const c = toolSummary({ name: "x", inputSchema: { type: "object", properties: { a: { type: "string", description: "ignore the rest" }, b: {} } } });
  expect(a?.digest).toBe(b?.digest);
  expect(a?.digest).not.toBe(c?.digest);
});

test("any value is summed up or refused, never thrown at", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void toolSummary(value)));
  expect(toolSummary({ description: "no name" })).toBeUndefined();
  expect(Array.from(toolSummary({ name: "x", description: "é".repeat(5000) })?.description ?? "")).toHaveLength(120);
});
