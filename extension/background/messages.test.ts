import { expect, test } from "vitest";
import { receipt } from "../../shared/messages/asks.ts";
import { aState } from "../ui/fixtures.ts";
import { answer, type MessageDoors } from "./messages.ts";

const doors: MessageDoors = {
  self: "me",
  home: "chrome-extension://me/",
  receive: async () => ({ ok: true }),
  asks: {
    askPage: async (_, sender) => ({ ok: sender !== undefined }),
    gone: async () => undefined,
    answer: async (ticket) => receipt(String(ticket), "taken"),
  },
  feedback: async () => undefined,
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

// threat: page-answers-itself
test.each([
  ["a page", PAGE],
  ["a page with our address in its own", { id: "me", url: "https://evil.example/chrome-extension://me/popup.html", origin: "chrome-extension://me" }],
  ["a frame of an extension's address in a page", { id: "me", url: "https://chat.example/", origin: "chrome-extension://me", tab: { id: 1, url: "chrome-extension://me/popup.html" }, frameId: 3 }],
  ["another extension", { id: "other", url: POPUP.url }],
  ["nobody", {}],
])("a person's word does not come from %s", (_, sender) => {
  expect(answer(doors, { kind: "answer", ticket: "t", answer: {} }, sender)).toBeUndefined();
  expect(answer(doors, { kind: "feedback", about: "e", wish: "mistake", reason: null }, sender)).toBeUndefined();
});

test("it comes from our own window, and a relay may only ask", async () => {
  expect(await answer(doors, { kind: "answer", ticket: "t", answer: {} }, POPUP)).toMatchObject({ outcome: "taken" });
  expect(await answer(doors, { kind: "feedback", about: "e", wish: "exception", reason: "x" }, POPUP)).toEqual({ ok: true });
  expect(answer(doors, { kind: "feedback", about: "e", wish: "praise", reason: "x" }, POPUP)).toBeUndefined();
  expect(await answer(doors, { kind: "ask", ask: {} }, { ...PAGE, tab: { id: 1, url: PAGE.url }, frameId: 0 })).toEqual({ ok: true });
  expect(await answer(doors, { kind: "ask", ask: {} }, PAGE)).toEqual({ ok: false });
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
