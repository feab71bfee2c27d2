/** Starts a browser with an unpacked extension: on loopback alone for tests, or as an ordinary browser for a person. */
import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { chromium, type BrowserContext } from "playwright";
import { LOOPBACK_ONLY, attachExtension, sandboxSwitches, type ProtectedBrowser } from "./protected.ts";

export interface LaunchOptions {
  readonly browserPath: string;
  readonly extensionDir: string;
  readonly userDataDir: string;
  readonly headless: boolean;
  /** `loopback`: no other host resolves, no background traffic. `open`: browsing as usual. Default: loopback when headless. */
  readonly network?: "loopback" | "open";
  readonly extraArgs?: readonly string[];
  /** Grants the unpacked extension what browsers otherwise give only to a policy install (blocking webRequest). */
  readonly allowlisted?: boolean;
  /** Environment of the browser, and so of the native host that it starts. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long the extension's worker may take to come up. */
  readonly patienceMs?: number;
}

/** Playwright's switches that keep extensions out. */
const KEEP_OUT_EXTENSIONS = ["--disable-extensions"];

/** Playwright's switches that suit a test and would bother or endanger a person who browses. */
const TEST_ONLY = [
  "--disable-background-networking",
  "--disable-back-forward-cache",
  "--disable-component-update",
  "--disable-field-trial-config",
  "--disable-hang-monitor",
  "--disable-ipc-flooding-protection",
  "--disable-popup-blocking",
  "--disable-prompt-on-repost",
  "--enable-automation",
  "--force-color-profile=srgb",
  "--unsafely-disable-devtools-self-xss-warnings",
];

/** Starts the browser and resolves once the extension's service worker is up. */
export async function launchProtected(options: LaunchOptions): Promise<ProtectedBrowser> {
  const { extensionDir, headless, patienceMs = 30_000 } = options;
  const open = (options.network ?? (headless ? "loopback" : "open")) === "open";
  const id = extensionIdOf(extensionDir);
  const context = await chromium.launchPersistentContext(options.userDataDir, {
    executablePath: options.browserPath,
    headless,
    chromiumSandbox: process.getuid?.() !== 0,
    ignoreDefaultArgs: open ? [...KEEP_OUT_EXTENSIONS, ...TEST_ONLY] : KEEP_OUT_EXTENSIONS,
    args: [
      `--load-extension=${extensionDir}`,
      ...sandboxSwitches(),
      ...(open ? [] : [LOOPBACK_ONLY]),
      ...(options.allowlisted === true ? [`--allowlisted-extension-id=${id}`] : []),
      ...(options.extraArgs ?? []),
    ],
    ...(options.env === undefined ? {} : { env: options.env }),
    // Whoever keeps a browser open for a person has more to tidy up than the browser; Playwright would end the process at once.
    ...(open ? { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false, viewport: null, colorScheme: null, reducedMotion: null, forcedColors: null, contrast: null } : {}),
  });
  // Playwright dismisses dialogs that nobody listens to; a person wants to see them.
  if (open) context.on("dialog", () => undefined);
  try {
    return await attachExtension(context, id, patienceMs, () => closeQuietly(context));
  } catch (error) {
    await closeQuietly(context);
    throw new Error(`${options.browserPath} started, but the extension in ${extensionDir} did not come up within ${String(patienceMs / 1000)} s`, { cause: error });
  }
}

/** The id under which a browser runs an unpacked extension: from its manifest's key, or from its path. */
export function extensionIdOf(extensionDir: string): string {
  const manifest = JSON.parse(readFileSync(join(extensionDir, "manifest.json"), "utf8")) as { key?: string };
  const path = realpathSync(extensionDir);
  const material = manifest.key === undefined ? Buffer.from(path, process.platform === "win32" ? "utf16le" : "utf8") : Buffer.from(manifest.key, "base64");
  const hex = createHash("sha256").update(material).digest("hex").slice(0, 32);
  return [...hex].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join("");
}

async function closeQuietly(context: BrowserContext): Promise<void> {
  // A browser that the person has closed already is closed.
  await context.close().catch(() => undefined);
}
