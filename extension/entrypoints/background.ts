/** The background worker: keeps the policy, the records and the line to the host. */
import { defineBackground } from "wxt/utils/define-background";
import { config } from "zod/mini";
import { wire } from "../background/wiring.ts";

export default defineBackground({
  type: "module",
  main() {
    // The worker's content security policy forbids code made at run time, so zod shall not even try.
    config({ jitless: true });
    wire();
  },
});
