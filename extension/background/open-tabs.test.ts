import { expect, test } from "vitest";
import { coverOpenTabs, lateScripts } from "./open-tabs.ts";

const MANIFEST = [
  { js: ["content-scripts/relay.js"], matches: ["<all_urls>"] },
  { js: ["content-scripts/page.js"], world: "MAIN", matches: ["<all_urls>"] },
  { css: ["x.css"], matches: ["<all_urls>"] },
];

test("late tabs get the manifest's scripts in its order and worlds", async () => {
  const ran: string[] = [];
  const covered = await coverOpenTabs(
    { tabs: async () => [1], inject: async (tab, { files, world }) => void ran.push(`${tab} ${world} ${files.join()}`) },
    lateScripts(MANIFEST),
  );
  expect(ran).toEqual(["1 ISOLATED content-scripts/relay.js", "1 MAIN content-scripts/page.js"]);
  expect(covered).toEqual({ covered: 1, refused: 0 });
});

test("one tab that refuses does not cost the others", async () => {
  const covered = await coverOpenTabs(
    {
      tabs: async () => [1, 2, 3],
      inject: async (tab) => {
        if (tab === 2) throw new Error("Cannot access contents of the page");
      },
    },
    lateScripts(MANIFEST),
  );
  expect(covered).toEqual({ covered: 2, refused: 1 });
});
