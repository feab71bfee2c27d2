import { expect, test } from "vitest";
import { aState } from "../ui/fixtures.ts";
import { badgeOf } from "./badge.ts";

const quiet = { block: 0, redact: 0, watch: 0 };

test("counts what was stopped today and says it in words", () => {
  const look = badgeOf(aState(), { block: 2, redact: 3, watch: 1 });
  expect(look.text).toBe("5");
  expect(look.title).toBe("Sluice: protecting. Today: 2 blocked, 3 redacted, 1 only noted.");
});

test("is silent on a quiet day", () => {
  expect(badgeOf(aState(), quiet).text).toBe("");
});

test("trouble shows even on a quiet day, in a colour of its own", () => {
  const fine = badgeOf(aState(), quiet);
  for (const state of [aState({ rejected: { time: 1, source: "local", errors: ["x"] } }), aState({ notices: ["the host is missing"] })]) {
    const look = badgeOf(state, quiet);
    expect(look.text).toBe("!");
    expect(look.colour).not.toBe(fine.colour);
  }
});

test("monitor mode counts what was only noted", () => {
  const state = aState();
  const look = badgeOf({ ...state, policy: { ...state.policy!, mode: "monitor" } }, { block: 0, redact: 0, watch: 4 });
  expect(look.text).toBe("4");
  expect(look.title).toContain("watching only");
});

test("never outgrows the icon", () => {
  expect(badgeOf(aState(), { block: 5_000, redact: 0, watch: 0 }).text).toBe("999+");
});
