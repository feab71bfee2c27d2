import { expect, test } from "vitest";
import { readUrlPattern } from "./url-pattern.ts";

function matches(pattern: string, url: string): boolean {
  const read = readUrlPattern(pattern);
  if (!read.ok) throw new Error(read.why);
  return read.value.matches(url);
}

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

test.each([
  ["mcp.example.com/*", "not a URL pattern"],
  ["ftp://mcp.example.com/*", "scheme"],
  ["https://*", "has no path"],
  ["https://user@mcp.example.com/", "cannot be read"],
  ["https://bücher.example/", "xn--"],
  ["https://mcp.example.com/mcp?key=1", "query"],
])("refuses %s", (pattern, why) => {
  const read = readUrlPattern(pattern);
  expect(read.ok ? "" : read.why).toContain(why);
});
