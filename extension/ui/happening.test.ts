import { expect, test } from "vitest";
import { ADMISSION_DEFAULT } from "../../shared/policy/decision.ts";
import { rowOf } from "../store/rows.ts";
import { aFinding, aMalformed, aMessage, CURSOR, NOTES } from "./fixtures.ts";
import { happenings } from "./happening.ts";

const NOBODY = new Map();

function only(record: Parameters<typeof rowOf>[0]) {
  const list = happenings([rowOf(record)], NOBODY);
  expect(list).toHaveLength(1);
  return list[0]!;
}

test("a blocked call says what, where, who, why and what next", () => {
  const seen = only(
    aMessage({ effect: "block", server: NOTES, client: CURSOR, tool: "delete_notes", decision: { decidedBy: "no-delete", title: "Nothing is deleted by an AI", message: "Delete it by hand.", learnMore: "https://wiki.example/ai" } }),
  );
  expect(seen).toMatchObject({ verb: "Blocked", what: "delete_notes", server: "@example/notes-server", address: "npx -y @example/notes-server@1.4.2", app: "Cursor", why: "Nothing is deleted by an AI", next: "Delete it by hand.", learnMore: "https://wiki.example/ai" });
});

test("an unknown server comes with advice although no rule has words for it", () => {
  const seen = only(aMessage({ effect: "block", decision: { decidedBy: ADMISSION_DEFAULT, title: "This server is not on the list of known servers" } }));
  expect(seen.next).toContain("on the list");
});

test("a redaction names the class in words and shows the masked preview", () => {
  const seen = only(aMessage({ effect: "redact", redacted: 1, findings: [aFinding("pci.card-number", "••••4242")] }));
  expect(seen.verb).toBe("Redacted before sending");
  expect(seen.data).toEqual([{ title: "Payment card number", count: 1, previews: ["••••4242"] }]);
});

test("a preview does not say again what its class is called", () => {
  const [shown] = only(aMessage({ effect: "redact", redacted: 1, findings: [aFinding("secret.github-token", "GitHub token ••••a1b2")] })).data;
  expect(shown).toEqual({ title: "GitHub token", count: 1, previews: ["••••a1b2"] });
});

test("the direction shows", () => {
  expect(only(aMessage({ effect: "redact", redacted: 1, direction: "to-client", kind: "response" })).verb).toBe("Redacted in the answer");
  expect(only(aMessage({ effect: "block", direction: "to-client", kind: "response" })).verb).toBe("Answer blocked");
});

test("monitor mode says what would have happened", () => {
  expect(only(aMessage({ effect: "block", enforced: "monitor" })).verb).toBe("Would have been blocked");
  expect(only(aMessage({ effect: "redact", enforced: "monitor" })).verb).toBe("Would have been redacted");
});

test("the same thing again is one line with the newest time and id; another reason is another line", () => {
  const older = aMessage({ effect: "block", time: 1_000 });
  const newer = aMessage({ effect: "block", time: 2_000 });
  const other = aMessage({ effect: "block", time: 500, decision: { decidedBy: "other" } });
  const list = happenings([rowOf(newer), rowOf(older), rowOf(other)], NOBODY);
  expect(list.map(({ times, last, id }) => [times, last, id])).toEqual([
    [2, 2_000, newer.id],
    [1, 500, other.id],
  ]);
});

test("names chosen by a stranger lose what could mislead the eye", () => {
  const seen = only(aMessage({ effect: "block", tool: `safe\u202egnp.\u202c\n\u200bevil${"x".repeat(500)}` }));
  expect(seen.what).not.toMatch(/[\u202e\u200b\n]/);
  expect(seen.what.length).toBeLessThanOrEqual(120);
});

test("an unreadable message is explained without its content", () => {
  const seen = only(aMalformed("refused"));
  expect(seen).toMatchObject({ verb: "Stopped", why: expect.stringContaining("twice") });
});
