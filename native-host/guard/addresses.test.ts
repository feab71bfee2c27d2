import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import { addressBook } from "./addresses.ts";

const on = (address: string, internal = false): NetworkInterfaceInfo => ({ address, internal, family: "IPv4", netmask: "", mac: "", cidr: null });

test("looks again after a while, leaves loopback out, and hands over the same list until it changes", () => {
  let now = 0;
  let interfaces: Record<string, NetworkInterfaceInfo[]> = { lo: [on("127.0.0.1", true)], eth0: [on("10.1.2.3")] };
  const addresses = addressBook(() => now, () => interfaces);
  const first = addresses();
  expect(first).toEqual(["10.1.2.3"]);
  interfaces = { lo: interfaces["lo"]!, wlan0: [on("192.168.1.7"), on("10.9.9.9")] };
  now = 9_999;
  expect(addresses()).toBe(first);
  now = 10_000;
  const second = addresses();
  expect(second).toEqual(["10.9.9.9", "192.168.1.7"]);
  now = 20_000;
  expect(addresses()).toBe(second);
});
