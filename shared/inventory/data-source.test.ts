/** What lies behind a server, and what must not be taken for evidence. */
import { expect, test } from "vitest";
import { localServer } from "../mcp/identity.ts";
import { dataSourceOf } from "./data-source.ts";
import { remote } from "./record.fixture.ts";

test.each([
  ["npx", ["-y", "@modelcontextprotocol/server-filesystem", "/"], "files"],
  ["npx", ["-y", "@modelcontextprotocol/server-github"], "code"],
  ["uvx", ["mcp-server-sqlite", "--db-path", "x.db"], "database"],
  ["docker", ["run", "-i", "--rm", "ghcr.io/github/github-mcp-server:1.0"], "code"],
  ["npx", ["-y", "mcp-remote", "https://mcp.linear.app/sse"], "tickets"],
  ["node", ["/opt/tools/slack-server.js"], "messages"],
  ["npx", ["-y", "@playwright/mcp@0.0.41"], "web"],
])("%s %j", (command, args, kind) => {
  expect(dataSourceOf({ identity: localServer(command, args) }).kind).toBe(kind);
});

test.each([
  ["https://api.githubcopilot.com/mcp/", "GitHub"],
  ["https://mcp.stripe.com", "Stripe"],
  ["https://acme.atlassian.net/mcp", "Jira and Confluence"],
])("%s is %s", (url, name) => {
  expect(dataSourceOf({ identity: remote(url) }).name).toBe(name);
});

test("a path or a look-alike host is no evidence", () => {
  expect(dataSourceOf({ identity: remote("https://evil.example/github.com/mcp") }).kind).toBe("unknown");
  expect(dataSourceOf({ identity: remote("https://github.com.evil.example/mcp") }).kind).toBe("unknown");
  expect(dataSourceOf({ identity: remote("https://notgithub.com/mcp") }).kind).toBe("unknown");
});

test("tools tell what the address does not", () => {
  const source = dataSourceOf({ identity: remote("https://desk.example/mcp"), tools: [{ name: "get_customer" }, { name: "searchCustomers" }, { name: "get_ticket" }] });
  expect(source).toEqual({ kind: "crm", name: "Customer records", evidence: ["tools get_customer, searchCustomers"] });
});
