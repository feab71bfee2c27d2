/** The main line, end to end: every promise of the tour is one test, all of them on one stage and in the tour's order. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { findBrowser, type FoundBrowser } from "../browser/find.ts";
import { whyNotManaged } from "../browser/managed.ts";
import { openStage, type Stage } from "../stage.ts";
import { MANAGED_PROMISES, openManagedStage, type ManagedStage } from "../tour/managed-promises.ts";
import { PAGE_PROMISES } from "../tour/page-promises.ts";
import { STDIO_PROMISES } from "../tour/stdio-promises.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const browser: FoundBrowser = found;

describe("in the browser and on the pipe", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ browserPath: browser.path, headless: true, beforePart: async () => undefined });
  });
  afterAll(() => stage?.close());

  test.each([...PAGE_PROMISES, ...STDIO_PROMISES].map((each) => [each.id, each.title, each] as const))("%s: %s", async (_id, _title, promise) => {
    await promise.play(stage);
  });
});

const whyNot = whyNotManaged(browser);
if (whyNot !== null) console.warn(`SKIPPED the managed promises of e2e/scenarios/main-line.test.ts, not possible here: ${whyNot}`);

describe.skipIf(whyNot !== null)("under enterprise browser policy", () => {
  let stage: ManagedStage;
  beforeAll(async () => {
    stage = await openManagedStage(browser);
  });
  afterAll(() => stage?.close());

  test.each(MANAGED_PROMISES.map((each) => [each.id, each.title, each] as const))("%s: %s", async (_id, _title, promise) => {
    await promise.play(stage);
  });
});
