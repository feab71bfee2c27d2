/** The count of a test run: a run that went wrong is never counted as clean. */
import { expect, test } from "vitest";
import { summary, tallyOf } from "./checks.ts";

const report = {
  numPassedTests: 3,
  numFailedTests: 1,
  testResults: [{ assertionResults: [{ fullName: "a", status: "passed" }, { fullName: "b needs root", status: "skipped" }, { fullName: "c", status: "failed" }] }],
};

test("passed, failed and skipped tests are counted, and the skipped ones named", () => {
  expect(tallyOf(report, 1)).toEqual({ passed: 3, failed: 1, skipped: ["b needs root"] });
});

test("a run that fails without a failed test counts as one failure", () => {
  expect(tallyOf({ ...report, numFailedTests: 0 }, 1).failed).toBe(1);
});

test("a run that leaves no report, because it crashed, counts as one failure", () => {
  expect(tallyOf(null, 134)).toEqual({ passed: 0, failed: 1, skipped: [] });
});

test("the summary has the form that machines read", () => {
  expect(summary({ passed: 12, failed: 0, skipped: [] })).toBe("12 passed, 0 failed");
});
