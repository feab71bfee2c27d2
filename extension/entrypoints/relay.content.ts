/** The relay in the isolated world: holds the sessions and the policy, answers the tap, reports to the background. */
import { defineContentScript } from "wxt/utils/define-content-script";
import { RELAY_MARK } from "../../shared/messages/extension.ts";
import { startRelay } from "../relay/relay.ts";

export default defineContentScript({
  matches: ["<all_urls>"],
  runAt: "document_start",
  allFrames: true,
  matchAboutBlank: true,
  matchOriginAsFallback: true,
  // WXT would announce the extension's id to the page.
  noScriptStartedPostMessage: true,
  main() {
    // Tabs open at install are covered late; a frame that this script reached by itself must not get a second relay.
    if (Reflect.get(globalThis, RELAY_MARK) === true) return;
    Reflect.set(globalThis, RELAY_MARK, true);
    startRelay();
  },
});
