import { expect, test } from "vitest";
import { coverOpenTabs, gapOf, lateScripts } from "./open-tabs.ts";

const MANIFEST = [
  { js: ["content-scripts/relay.js"], matches: ["<all_urls>"] },
  { js: ["content-scripts/page.js"], world: "MAIN", matches: ["<all_urls>"] },
  { css: ["x.css"], matches: ["<all_urls>"] },
];

test("late documents get the manifest's scripts in its order and worlds", async () => {
  const ran: string[] = [];
  const covered = await coverOpenTabs(
    { tabs: async () => [1], uncovered: async () => ["top", "frame"], inject: async (tab, documents, { files, world }) => void ran.push(`${tab} ${documents.join("+")} ${world} ${files.join()}`) },
    lateScripts(MANIFEST),
  );
  expect(ran).toEqual(["1 top+frame ISOLATED content-scripts/relay.js", "1 top+frame MAIN content-scripts/page.js"]);
  expect(covered).toEqual({ covered: 1, refused: 0 });
});

test("a page that the manifest's scripts reached is left alone", async () => {
  const covered = await coverOpenTabs(
    {
      tabs: async () => [1],
      uncovered: async () => [],
      inject: async () => {
        throw new Error("nothing to inject");
      },
    },
    lateScripts(MANIFEST),
  );
  expect(covered).toEqual({ covered: 0, refused: 0 });
  expect(gapOf(covered)).toBeNull();
});

test("one tab that refuses does not cost the others, and both are told", async () => {
  const covered = await coverOpenTabs(
    {
      tabs: async () => [1, 2, 3],
      uncovered: async (tab) => {
        if (tab === 2) throw new Error("Cannot access contents of the page");
        return ["top"];
      },
      inject: async () => undefined,
    },
    lateScripts(MANIFEST),
  );
  expect(covered).toEqual({ covered: 2, refused: 1 });
  expect(gapOf(covered)).toMatch(/^2 tabs were open .*; 1 tab could not be covered$/);
});
