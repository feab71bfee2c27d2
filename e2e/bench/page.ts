/** The page: the same fetches in two browsers of one kind, one with the extension (sample policy in force, from the real host) and one without. */
import { chromium, type Page } from "playwright";
import type { FoundBrowser } from "../browser/find.ts";
import { LOOPBACK_ONLY, sandboxSwitches } from "../browser/protected.ts";
import { openStage } from "../stage.ts";
import { compare, type Figure } from "./figures.ts";
import { EVENTS, MCP_PATH, startWeb } from "./web.ts";

export const PAGE_VARIANTS = ["without", "with"] as const;
export type PageVariant = (typeof PAGE_VARIANTS)[number];

const ROUNDS = 10;
const CASES = [
  { name: "fetch that is not MCP, 1 KB", path: "/plain?bytes=1000", mcp: false, calls: 40, per: 1 },
  { name: "MCP call, 1 KB JSON reply", path: `${MCP_PATH}?bytes=1000`, mcp: true, calls: 40, per: 1 },
  { name: "MCP call, 10 KB JSON reply", path: `${MCP_PATH}?bytes=10000`, mcp: true, calls: 40, per: 1 },
  { name: "SSE event of 250 B", path: `${MCP_PATH}?stream=1`, mcp: true, calls: 10, per: EVENTS + 1 },
];

export async function measurePage(browser: FoundBrowser): Promise<Figure<PageVariant>[]> {
  const web = await startWeb();
  const stage = await openStage({ browserPath: browser.path, headless: true });
  const plain = await chromium.launch({ executablePath: browser.path, headless: true, chromiumSandbox: process.getuid?.() !== 0, args: [...sandboxSwitches(), LOOPBACK_ONLY] });
  try {
    const pages: Record<PageVariant, Page> = { with: await stage.browser.context.newPage(), without: await plain.newPage() };
    for (const page of Object.values(pages)) await page.goto(web.url);
    const figures: Figure<PageVariant>[] = [];
    for (const { name, path, mcp, calls, per } of CASES) {
      figures.push(
        await compare(name, "µs", PAGE_VARIANTS, ROUNDS, async (variant) => {
          // Chromium slows down pages that nobody sees.
          await pages[variant].bringToFront();
          const times = await pages[variant].evaluate(fetchTimes, { path, mcp, calls });
          return times.map((time) => time / per);
        }),
      );
    }
    const seen = (await stage.journal()).some((record) => record.kind === "request" && record.method === "tools/call");
    if (!seen) throw new Error("the extension did not judge the calls that were measured");
    return figures;
  } finally {
    await plain.close();
    await stage.close();
    await web.close();
  }
}

/** Runs in the page. */
async function fetchTimes({ path, mcp, calls }: { path: string; mcp: boolean; calls: number }): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: i, method: "tools/call", params: { name: "desk_hours", arguments: {} } });
    const start = performance.now();
    const response = await fetch(path, mcp ? { method: "POST", headers: { "content-type": "application/json", accept: "application/json, text/event-stream" }, body } : {});
    const text = await response.text();
    times.push(performance.now() - start);
    if (!response.ok || text.length < 500) throw new Error(`${path}: ${String(response.status)} ${text.slice(0, 200)}`);
  }
  return times;
}
