/** Checks the check: planted violations are found, lawful imports are not, and no room goes unread. */
import { expect, test } from "vitest";
import { FLOORS, checkFloors, printViolation, type FloorRule } from "./floors.ts";

/** One harmless file a room, so that only what is planted can be reported. */
const EMPTY: readonly (readonly [string, string])[] = [
  ["shared/base/result.ts", "export const a = 1;"],
  ["extension/relay/relay.ts", ""],
  ["native-host/home.ts", ""],
  ["e2e/start.ts", ""],
];

function plant(file: string, source: string): ReturnType<typeof checkFloors> {
  return checkFloors(new Map([...EMPTY, [file, source]]));
}

test.each<[FloorRule, string, string]>([
  ["shared-alone", "shared/gate/session.ts", 'import { x } from "../../native-host/home.ts";'],
  ["shared-alone", "shared/gate/session.ts", 'import type { X } from "../../extension/relay/relay.ts";'],
  ["shared-alone", "shared/policy/schema.ts", 'import { z } from "zod";'],
  ["shared-alone", "shared/policy/schema.ts", 'import { z } from "zod/mini/../index.js";'],
  ["shared-order", "shared/base/json.ts", 'import { x } from "../mcp/identity.ts";'],
  ["shared-order", "shared/base/json.ts", 'import type { X } from "../mcp/identity.ts";'],
  ["shared-order", "shared/base/json.ts", 'type X = import("../mcp/identity.ts").X;'],
  ["shared-order", "shared/mcp/sse.ts", 'export * from "../gate/session.ts";'],
  ["shared-order", "shared/mcp/sse.ts", 'export type { X } from "../policy/language.ts";'],
  ["shared-order", "shared/inspect/data/scan.ts", 'const x = await import("../../policy/compile.ts");'],
  ["shared-order", "shared/inspect/data/scan.ts", "const x = await import(`../../policy/compile.ts`);"],
  ["shared-order", "shared/inspect/data/scan.ts", 'import { type Redaction } from "../../policy/decision.ts";'],
  ["shared-order", "shared/inspect/threats/drift.ts", 'import type { Redaction } from "../../policy/decision.ts";'],
  ["shared-order", "shared/policy/compile.ts", 'import { x } from "../gate/session";'],
  ["shared-order", "shared/attic/thing.ts", 'import { x } from "../base/result.ts";'],
  ["rooms-apart", "extension/background/wiring.ts", 'import { x } from "../../native-host/home.ts";'],
  ["rooms-apart", "extension/background/wiring.test.ts", 'import { x } from "../../native-host/home.ts";'],
  ["rooms-apart", "native-host/cli/host.ts", 'import type { X } from "../../extension/relay/relay.ts";'],
  ["rooms-apart", "native-host/bin/sluice.mjs", 'await import("../../extension/relay/relay.ts");'],
  ["page-small", "extension/page/fetch-tap.ts", 'import { x } from "../relay/relay.ts";'],
  ["page-small", "extension/page/fetch-tap.ts", 'import { x } from "../../shared/base/json.ts";'],
  ["page-small", "extension/page/fetch-tap.ts", 'import browser from "webextension-polyfill";'],
  ["no-node", "shared/base/digest.ts", 'import { createHash } from "node:crypto";'],
  ["no-node", "shared/base/digest.ts", 'import fs from "fs";'],
  ["no-node", "extension/background/wiring.ts", 'import { join } from "node:path";'],
  ["no-e2e", "native-host/cli/host.ts", 'import { x } from "../../e2e/start.ts";'],
  ["no-e2e", "extension/ui/popup.tsx", 'import { x } from "../../e2e/start.ts"; export const y = <p>{x}</p>;'],
  ["no-test-code", "native-host/cli/host.ts", 'import { x } from "./host.test.ts";'],
  ["path", "extension/ui/popup.tsx", 'import { x } from "@/relay/relay.ts";'],
  ["path", "extension/ui/popup.tsx", 'import { x } from "/work/relay.ts";'],
  ["path", "shared/gate/session.ts", "const x = await import(name);"],
  ["path", "native-host/cli/main.ts", "const x = await import(name);"],
  ["parse", "shared/gate/session.ts", "import { from ;"],
])("%s is reported for %s: %s", (rule, file, source) => {
  const found = plant(file, source);
  expect(found.map((violation) => [violation.rule, violation.file])).toEqual([[rule, file]]);
});

test.each([
  ["shared/gate/session.ts", 'import { x } from "../policy/compile.ts"; import type { Y } from "../events/record.ts"; import { sha256 } from "@noble/hashes/sha2.js";'],
  ["shared/policy/schema.ts", 'import * as z from "zod/mini";'],
  ["shared/inspect/data/inspect.ts", 'import type { Redaction } from "../../policy/decision.ts";'],
  ["shared/base/json.test.ts", 'import { readFileSync } from "node:fs"; import fc from "fast-check"; import { expect } from "vitest";'],
  ["extension/page/fetch-tap.ts", 'import type { X } from "../../shared/messages/page.ts"; import { y } from "./captured.ts";'],
  ["extension/build/key.ts", 'import { join } from "node:path";'],
  ["extension/wxt.config.ts", 'import { join } from "node:path"; import product from "../package.json" with { type: "json" };'],
  ["native-host/cli/host.ts", 'import { join } from "node:path"; import { x } from "../../shared/gate/session.ts"; import { parse } from "yaml";'],
  ["native-host/bin/sluice.mjs", "await import(built.href);"],
  ["e2e/scenarios/tour.test.ts", 'import { x } from "../../native-host/home.ts"; import { y } from "../../extension/build/key.ts";'],
  ["shared/base/glob.ts", 'const text = \'import { x } from "../gate/session.ts"\'; // import "../gate/session.ts"'],
])("nothing is reported for %s: %s", (file, source) => {
  expect(plant(file, source).map(printViolation)).toEqual([]);
});

test("a report names file, line, rule and remedy", () => {
  const [violation] = plant("shared/base/json.ts", '/** Purpose. */\n\nimport { x } from "../mcp/identity.ts";\n');
  expect(violation).toMatchObject({ file: "shared/base/json.ts", line: 3, rule: "shared-order" });
  expect(printViolation(violation!)).toMatch(/^shared\/base\/json\.ts:3: .*shared\/mcp.*\[floors\/shared-order\]\n {4}fix: \S/);
});

test("every floor may import every floor below it and none above", () => {
  for (const [mine, from] of FLOORS.entries()) {
    for (const [theirs, to] of FLOORS.entries()) {
      const found = plant(`shared/${from}/planted.ts`, `import { x } from "../${to}/other.ts";`);
      expect(found.length, `${from} imports ${to}`).toBe(theirs > mine ? 1 : 0);
    }
  }
});

test("a room in which no file is seen is reported, so that a moved folder cannot pass unchecked", () => {
  const found = checkFloors(new Map(EMPTY.filter(([file]) => !file.startsWith("native-host/"))));
  expect(found.map((violation) => [violation.rule, violation.file])).toEqual([["seen-by-nobody", "native-host"]]);
});
