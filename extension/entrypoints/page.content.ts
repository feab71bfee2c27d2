/** The tap in the page's own world. Runs before any page script, in every frame; holds no policy and no secret. */
import { defineContentScript } from "wxt/utils/define-content-script";
import { tapFetch } from "../page/fetch-tap.ts";
import { meetRelay } from "../page/line.ts";

export default defineContentScript({
  matches: ["<all_urls>"],
  world: "MAIN",
  runAt: "document_start",
  allFrames: true,
  matchAboutBlank: true,
  matchOriginAsFallback: true,
  main() {
    meetRelay();
    window.fetch = tapFetch(window.fetch);
  },
});
