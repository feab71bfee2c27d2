/** The desk as a local server: `node stdio.ts` serves both eras with SDK v2, `node stdio.ts --sdk v1` the legacy era with SDK v1. */
import { parseArgs } from "node:util";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { legacyDesk } from "./legacy.ts";
import { modernDesk } from "./modern.ts";
import { CUSTOMER_DESK } from "./name.ts";
import { createDesk, deskTools } from "./tools.ts";

const { values } = parseArgs({ options: { sdk: { type: "string", default: "v2" } } });
const tools = deskTools(createDesk());
if (values.sdk === "v1") {
  await legacyDesk(CUSTOMER_DESK, tools).connect(new StdioServerTransport());
  // SDK v1 does not notice the end of its input; a server whose client is gone must not stay.
  process.stdin.once("end", () => process.exit(0));
} else {
  serveStdio(() => modernDesk(CUSTOMER_DESK, tools));
}
