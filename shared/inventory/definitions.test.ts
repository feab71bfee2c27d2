/** What the inventory keeps of prompts, resources and instructions: enough to tell them apart, nothing that they carry. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { bareUri, bringsApp, instructionsSeen, promptSummary, resourceSummary } from "./definitions.ts";

test.each([
  ["https://a.example/x?token=1#y", "https://a.example/x"],
  ["postgres://user:word@db.example/customers", "postgres://db.example/customers"],
  ["file:///home/a/b.txt", "file:///home/a/b.txt"],
  ["crm://customers/{id}{?fields,key}", "crm://customers/{id}"],
  ["crm://customers/{id}?key={key}", "crm://customers/{id}"],
  ["crm://x{#part}", "crm://x"],
  ["data:text/plain;base64,c2VjcmV0", "data:"],
  [`x://${`ghp_${"a1B2c3D4e5F6".repeat(3)}`}/repo`, "x://•••/repo"],
  ["no uri at all?secret", "no uri at all"],
])("of %s is kept %s", (uri, kept) => {
  expect(bareUri(uri)).toBe(kept);
});

test("nothing behind a question mark or hash is kept of any URI, and nothing long", () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string(), (url, more) => {
      expect(bareUri(`${url}${more}`)).not.toMatch(/[?#]/);
      expect(bareUri(url.repeat(100)).length).toBeLessThanOrEqual(400);
    }),
  );
});

test("a resource keeps its type and size, a template says that it is one", () => {
  expect(resourceSummary({ uri: "file:///a?x", name: "A", mimeType: "text/plain\u202e", size: 12, description: "long" })).toEqual({ name: "A", uri: "file:///a", template: false, mimeType: "text/plain", bytes: 12 });
  expect(resourceSummary({ uriTemplate: "file:///{path}" })).toEqual({ name: "", uri: "file:///{path}", template: true });
  for (const size of [-1, 1.5, "12", Number.NaN]) expect(resourceSummary({ uri: "x:", size })).not.toHaveProperty("bytes");
});

test("a definition that changes has another digest, one that is only written otherwise has not", () => {
  const prompt = promptSummary({ name: "greet", description: "Greets", arguments: [{ name: "who" }] });
  expect(promptSummary({ arguments: [{ name: "who" }], description: "Greets", name: "greet" })).toEqual(prompt);
  expect(promptSummary({ name: "greet", description: "Greets", arguments: [{ name: "whom" }] })?.digest).not.toBe(prompt?.digest);
});

// threat: hostile-names
test("instructions are kept by length, digest and a plain opening", () => {
  const text = `Use \u202ethis\u200b\n${"x".repeat(5000)}`;
  expect(instructionsSeen(text)).toMatchObject({ length: text.length, opening: expect.stringMatching(/^Use this x{190}…$/) as string });
});

test.each([
  [{ _meta: { ui: { resourceUri: "ui://a" } } }, true],
  [{ _meta: { "ui/resourceUri": "ui://a" } }, true],
  [{ _meta: { ui: {} } }, false],
  [null, false],
])("%j brings an app: %s", (tool, expected) => {
  expect(bringsApp(tool)).toBe(expected);
});

test("whatever stands in a list, it is summed up without throwing, and only texts name things", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      for (const summary of [promptSummary(value), resourceSummary(value)]) if (summary) expect(typeof summary.name).toBe("string");
      bringsApp(value);
    }),
  );
});
