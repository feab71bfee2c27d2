/** A running browser with Sluice in it, and how to reach the extension's worker and popup, however the browser was started. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, Page, Worker } from "playwright";

export interface ProtectedBrowser {
  readonly context: BrowserContext;
  readonly extensionId: string;
  /** The extension's service worker, woken if it sleeps. */
  worker(): Promise<Worker>;
  /** The popup, opened as a page. */
  popup(): Promise<Page>;
  close(): Promise<void>;
}

/** Command-line switches that keep a test browser on this machine: no name resolves but loopback. */
export const LOOPBACK_ONLY = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost';

/** Chromium's own sandbox needs an unprivileged user; as root it refuses to start with one. */
export function sandboxSwitches(): string[] {
  return process.getuid?.() === 0 ? ["--no-sandbox"] : [];
}

/** Waits for the extension's service worker to come up for the first time and returns the browser around it. */
export async function attachExtension(context: BrowserContext, wanted: string | undefined, patienceMs: number, close: () => Promise<void>): Promise<ProtectedBrowser> {
  const first = await firstWorker(context, wanted, patienceMs);
  const extensionId = new URL(first.url()).host;
  return {
    context,
    extensionId,
    worker: () => runningWorker(context, extensionId),
    popup: () => openPopup(context, extensionId),
    close,
  };
}

async function firstWorker(context: BrowserContext, wanted: string | undefined, patienceMs: number): Promise<Worker> {
  const ours = (worker: Worker): boolean => worker.url().startsWith(wanted === undefined ? "chrome-extension://" : `chrome-extension://${wanted}/`);
  const coming = context.waitForEvent("serviceworker", { predicate: ours, timeout: patienceMs });
  const running = context.serviceWorkers().find(ours);
  if (running === undefined) return coming;
  coming.catch(() => undefined);
  return running;
}

/** A stopped worker keeps its place in the list, and what one asks it waits until something else starts it. */
async function runningWorker(context: BrowserContext, extensionId: string): Promise<Worker> {
  const prefix = `chrome-extension://${extensionId}/`;
  const ours = (worker: Worker): boolean => worker.url().startsWith(prefix);
  const listed = context.serviceWorkers().find(ours);
  const awake = listed === undefined ? context.waitForEvent("serviceworker", { predicate: ours, timeout: 15_000 }) : answering(listed);
  // The wait only saves the page below to a worker that answers at once; waking one that runs does no harm.
  const soon = await Promise.race([awake, sleep(300).then(() => null)]);
  if (soon !== null) return soon;
  const page = await context.newPage();
  try {
    await page.goto(`${prefix}manifest.json`);
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      // A message to the registration starts the worker without meaning anything to it.
      registration?.active?.postMessage(null);
    });
    return await awake;
  } finally {
    awake.catch(() => undefined);
    await page.close();
  }
}

async function answering(worker: Worker): Promise<Worker> {
  await worker.evaluate(() => true);
  return worker;
}

async function openPopup(context: BrowserContext, extensionId: string): Promise<Page> {
  const worker = await runningWorker(context, extensionId);
  const path = await worker.evaluate(popupPath);
  if (path === null) throw new Error("the extension's manifest names no popup");
  const page = await context.newPage();
  await page.goto(new URL(path, `chrome-extension://${extensionId}/`).href);
  return page;
}

/** Runs in the extension's worker. */
function popupPath(): string | null {
  const { chrome } = globalThis as unknown as { chrome: { runtime: { getManifest(): { action?: { default_popup?: string } } } } };
  return chrome.runtime.getManifest().action?.default_popup ?? null;
}
