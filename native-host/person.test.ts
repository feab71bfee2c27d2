/** Groups as two systems print them. */
import { expect, test } from "vitest";
import { groupsIn, whoIsHereWithGroups } from "./person.ts";

test("names between spaces, and the first column of a table", () => {
  expect(groupsIn("ada wheel ai-users\n", "linux")).toEqual(["ada", "wheel", "ai-users"]);
  expect(groupsIn('"ACME\\AI Users","Group","S-1-5-21-1","Mandatory group"\r\n"BUILTIN\\Users","Alias","S-1-5-32-545","x"\r\n', "win32")).toEqual(["ACME\\AI Users", "BUILTIN\\Users"]);
  expect(groupsIn("", "linux")).toEqual([]);
});

test.skipIf(process.platform === "win32")("this system says who is here", () => {
  const { device, groups } = whoIsHereWithGroups();
  expect(device).toBeTruthy();
  expect(groups?.length).toBeGreaterThan(0);
});
