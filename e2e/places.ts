/** Where things lie in a checkout. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Left over between runs, never committed: stamps, logs, keys. */
export const CACHE = join(ROOT, ".cache");
export const OUTPUT = join(ROOT, ".output");
/** The built extension for Chromium browsers. */
export const EXTENSION_BUILD = join(OUTPUT, "chrome-mv3");
