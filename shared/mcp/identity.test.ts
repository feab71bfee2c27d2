/** One server has one address, however its URL is written. */
import { expect, test } from "vitest";
import { remoteServer } from "./identity.ts";

test.each([
  ["https://rogue.example./mcp", "https://rogue.example/mcp"],
  ["https://rogue.example.:8443/mcp", "https://rogue.example:8443/mcp"],
  ["https://ROGUE.example:443/mcp/", "https://rogue.example/mcp"],
  ["https://rogue.example/%6d%63%70", "https://rogue.example/mcp"],
  ["https://rogue.example/a%2fb", "https://rogue.example/a%2Fb"],
  ["https://rogue.example/desk/%2e%2e/mcp", "https://rogue.example/mcp"],
  ["https://rogue.example/desk/../mcp", "https://rogue.example/mcp"],
  ["https:\\\\rogue.example\\mcp", "https://rogue.example/mcp"],
  ["https://desk.example@rogue.example/mcp", "https://rogue.example/mcp"],
  ["https://desk.example\\@rogue.example/mcp", "https://desk.example/@rogue.example/mcp"],
  ["http://0x7f.1/mcp", "http://127.0.0.1/mcp"],
  ["http://2130706433/mcp", "http://127.0.0.1/mcp"],
  ["http://[0:0:0:0:0:0:0:1]:80/mcp", "http://[::1]/mcp"],
  ["https://b\u00fccher.example/mcp", "https://xn--bcher-kva.example/mcp"],
  ["https://rogue\u3002example/mcp", "https://rogue.example/mcp"],
  ["https://rogue.example/mcp?key=1#x", "https://rogue.example/mcp"],
  ["wss://rogue.example/mcp", "https://rogue.example/mcp"],
])("attack: %s is %s to every rule", (address, url) => {
  expect(remoteServer(address)?.url).toBe(url);
});

test.each(["file:///etc/passwd", "data:,x", "javascript:1", "blob:https://a.example/1", "not a url"])("%s is no server", (address) => {
  expect(remoteServer(address)).toBeUndefined();
});
