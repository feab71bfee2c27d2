import { expect, test } from "vitest";
import { remoteServer } from "../mcp/identity.ts";
import { readUrlPattern } from "./url-pattern.ts";

function matches(pattern: string, url: string): boolean {
  const read = readUrlPattern(pattern);
  if (!read.ok) throw new Error(read.why);
  return read.value.matches(url);
}

// threat: url-escape
test.each([
  ["http://127.0.0.1:*/desk/mcp", "http://127.0.0.1:41873/desk/mcp", true],
  ["http://127.0.0.1:*/desk/mcp", "http://127.0.0.1/desk/mcp", true],
  ["http://127.0.0.1:*/desk/mcp", "http://127.0.0.1:41873/rogue/mcp", false],
  ["http://127.0.0.1:*/desk/mcp", "http://127.0.0.1.evil.example:80/desk/mcp", false],
  ["https://*.acme.example/*", "https://mcp.acme.example/a/b", true],
  ["https://*.acme.example/*", "https://evil.example/x.acme.example/y", false],
  ["https://mcp.acme.example/*", "https://mcp.acme.example", true],
  ["https://mcp.acme.example/v1/*", "https://mcp.acme.example/v1", true],
  ["https://mcp.acme.example/v1/*", "https://mcp.acme.example/v10", false],
  ["https://mcp.acme.example", "https://mcp.acme.example", true],
  ["https://mcp.acme.example", "https://mcp.acme.example/mcp", false],
  ["https://mcp.acme.example:443/mcp/", "https://mcp.acme.example/mcp", true],
  ["https://mcp.acme.example/mcp", "https://mcp.acme.example:8443/mcp", false],
  ["https://mcp.acme.example/mcp", "http://mcp.acme.example/mcp", false],
  ["https://MCP.acme.example/mcp", "https://mcp.acme.example/mcp", true],
  ["http://[::1]:*/mcp", "http://[::1]:9000/mcp", true],
  ["*://mcp.acme.example/*", "http://mcp.acme.example/x", true],
  ["*", "https://anything.example/at/all", true],
])("%s on %s: %s", (pattern, url, expected) => {
  expect(matches(pattern, url)).toBe(expected);
});

test("a path segment that identities carry masked matches as the policy writes it", () => {
  const url = `https://mcp.example.com/s/${"a1b2c3d4e5f6".repeat(3)}/mcp`;
  expect(matches(url, remoteServer(url)!.url)).toBe(true);
  expect(matches(url.replace("/mcp", "/*").replace("https://mcp", "https://*"), remoteServer(url)!.url)).toBe(true);
  expect(matches(url, remoteServer(url.replace("a1b2", "b2a1"))!.url)).toBe(false);
});

test.each([
  ["mcp.example.com/*", "not a URL pattern"],
  ["ftp://mcp.example.com/*", "scheme"],
  ["https://*", "has no path"],
  ["https://user@mcp.example.com/", "cannot be read"],
  ["https://bücher.example/", "xn--"],
  ["https://mcp.example.com/mcp?key=1", "query"],
  ["https://mcp.example.com/a/../b/*", '"/b/*"'],
  ["https://mcp.example.com/a b/*", '"/a%20b/*"'],
  ["https://mcp.example.com/%6dcp", '"/mcp"'],
  ["https://mcp.example.com/b\u00fccher/*", '"/b%C3%BCcher/*"'],
  ["https://mcp.example.com/a\\b", '"/a/b"'],
  ["https://mcp.example.com./mcp", '"mcp.example.com"'],
  ["https://*.example.com./mcp", '"*.example.com"'],
  ["http://127.1/mcp", '"127.0.0.1"'],
  ["http://[0:0:0:0:0:0:0:1]/mcp", '"[::1]"'],
  ["https://mcp.example.com:0443/mcp", "port"],
  ["https://mcp.example.com:70000/mcp", "port"],
])("refuses %s", (pattern, why) => {
  const read = readUrlPattern(pattern);
  expect(read.ok ? "" : read.why).toContain(why);
});
