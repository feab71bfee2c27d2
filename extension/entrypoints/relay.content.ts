/** The relay in the isolated world: holds the sessions and the policy, answers the tap, reports to the background. */
import { defineContentScript } from "wxt/utils/define-content-script";
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
    startRelay();
  },
});
