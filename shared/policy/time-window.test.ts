import { expect, test } from "vitest";
import { compileWindow } from "./time-window.ts";
import type { TimeWindow } from "./language-conditions.ts";

const open = (window: TimeWindow, moment: string): boolean => compileWindow(window)(Date.parse(moment));
const office: TimeWindow = { days: "mon-fri", from: "08:00", to: "18:00", zone: "Europe/Berlin" };

test.each([
  ["2027-03-01T08:00:00+01:00", true], // a Monday
  ["2027-03-01T07:59:59+01:00", false],
  ["2027-03-01T17:59:59+01:00", true],
  ["2027-03-01T18:00:00+01:00", false],
  ["2027-03-06T12:00:00+01:00", false], // Saturday
  ["2027-07-01T06:00:00Z", true], // summer: 08:00 in Berlin
  ["2027-12-01T06:59:59Z", false], // winter: 07:59
])("office hours at %s: %s", (moment, expected) => {
  expect(open(office, moment)).toBe(expected);
});

test("over midnight the small hours belong to the evening before", () => {
  const night: TimeWindow = { days: "fri", from: "22:00", to: "06:00", zone: "UTC" };
  expect(["2027-03-05T22:00:00Z", "2027-03-06T05:59:00Z"].map((moment) => open(night, moment))).toEqual([true, true]);
  expect(["2027-03-05T05:00:00Z", "2027-03-06T22:00:00Z", "2027-03-06T06:00:00Z"].map((moment) => open(night, moment))).toEqual([false, false, false]);
});

test("the hour that comes twice and the hour that is left out", () => {
  const window: TimeWindow = { from: "02:00", to: "03:00", zone: "Europe/Berlin" };
  // 2027-10-31: 02:30 comes at 00:30 UTC and again at 01:30 UTC.
  expect(["2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z", "2027-10-31T02:30:00Z"].map((moment) => open(window, moment))).toEqual([true, true, false]);
  // 2027-03-28: after 01:59 comes 03:00.
  expect(["2027-03-28T00:59:00Z", "2027-03-28T01:00:00Z"].map((moment) => open(window, moment))).toEqual([false, false]);
});

test("a span of days may run over the end of the week, and the end of the day is 24:00", () => {
  const window: TimeWindow = { days: ["sat-mon"], from: "12:00", to: "24:00", zone: "Asia/Kathmandu" };
  // Kathmandu is 5:45 ahead: Monday 23:59 there.
  expect(open(window, "2027-03-01T18:14:00Z")).toBe(true);
  expect(open(window, "2027-03-01T18:15:00Z")).toBe(false);
});

test("going back in time asks the clock anew", () => {
  const isOpen = compileWindow(office);
  const [inside, outside] = [Date.parse("2027-03-01T09:00:00Z"), Date.parse("2027-03-01T20:00:00Z")];
  expect([isOpen(inside), isOpen(outside), isOpen(inside)]).toEqual([true, false, true]);
});
