import { expect, test } from "vitest";
import { aState } from "../ui/fixtures.ts";
import { answer, type MessageDoors } from "./messages.ts";

const doors: MessageDoors = {
  self: "me",
  home: "chrome-extension://me/",
  receive: async () => ({ ok: true }),
  state: async () => aState(),
  discover: () => true,
};
const PAGE = { id: "me", url: "https://chat.example/" };
const POPUP = { id: "me", url: "chrome-extension://me/popup.html" };

// threat: forged-records
test("a relay may hand over records but not look around", async () => {
  expect(await answer(doors, { kind: "records", records: [] }, PAGE)).toEqual({ ok: true });
  expect(answer(doors, { kind: "state" }, PAGE)).toBeUndefined();
  expect(answer(doors, { kind: "discover" }, PAGE)).toBeUndefined();
});

test("our own page may look and ask for discovery", async () => {
  expect(await answer(doors, { kind: "state" }, POPUP)).toEqual(aState());
  expect(await answer(doors, { kind: "discover" }, POPUP)).toEqual({ ok: true });
});

test.each([
  [{ kind: "records", records: [] }, { id: "another", url: POPUP.url }],
  [{ kind: "state" }, { url: POPUP.url }],
  [{ kind: "state" }, { id: "me", url: "https://evil.example/?chrome-extension://me/" }],
  [null, POPUP],
  [{ kind: "reboot" }, POPUP],
])("%j from %j is not answered", (message, sender) => {
  expect(answer(doors, message, sender)).toBeUndefined();
});
