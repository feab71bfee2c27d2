/** Must be imported before the SDKs: zod otherwise probes `new Function` once, and the page's content security policy reports it. */
import { config } from "zod/v4/core";

config({ jitless: true });
