/** What a client sets for its server reaches the server. */
import { expect, test } from "vitest";
import { serverEnv } from "./server-env.ts";

test("what the launcher put aside is back in its place, and nothing of ours is left", () => {
  expect(serverEnv({ PATH: "/bin", SLUICE_SERVER_NODE_OPTIONS: "--max-http-header-size=1", SLUICE_SERVER_NODE_PATH: "" })).toEqual({ PATH: "/bin", NODE_OPTIONS: "--max-http-header-size=1", NODE_PATH: "" });
});

test("without a launcher nothing changes", () => {
  expect(serverEnv({ NODE_OPTIONS: "--x", HOME: "/home/ada" })).toEqual({ NODE_OPTIONS: "--x", HOME: "/home/ada" });
});
