/** Promises of argument masking: no secret passes, nothing else changes, and the result is stable. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { remoteServer } from "./identity.ts";
import { maskArguments } from "./mask-arguments.ts";

const key = (prefix: string) => prefix + "A1b2C3d4E5f6G7h8".repeat(3);

test.each([
  [["--token", "hunter2"], ["--token", "•••"]],
  [["--token=hunter2"], ["--token=•••"]],
  [["--api-key=abc", "serve"], ["--api-key=•••", "serve"]],
  [["-password", "abc"], ["-password", "•••"]],
  [["--client-secret", "-abc-def"], ["--client-secret", "•••"]],
  [["--header", "Authorization: Bearer abc"], ["--header", "Authorization: •••"]],
  [["--header", "Authorization:${AUTH}"], ["--header", "Authorization: •••"]],
  [["--header=X-Api-Key: abc"], ["--header=X-Api-Key: •••"]],
  [["run", "-e", "GITHUB_TOKEN=abc", "-e", "PLAIN=1", "-e", "INHERITED", "image:1"], ["run", "-e", "GITHUB_TOKEN=•••", "-e", "PLAIN=•••", "-e", "INHERITED", "image:1"]],
  [["--env=API_KEY=abc"], ["--env=API_KEY=•••"]],
  [["API_KEY=abc"], ["API_KEY=•••"]],
  [["postgres://me:pw@db.example/app?sslmode=require"], ["postgres://•••@db.example/app?•••"]],
  [["https://host.example/mcp?api_key=abc#x"], ["https://host.example/mcp?•••"]],
  [["Server=db;User Id=me;Password=abc;Encrypt=true"], ["Server=db;User Id=me;Password=•••;Encrypt=true"]],
  [["-c", "API_KEY=abc npx server --token def"], ["-c", "API_KEY=••• npx server --token •••"]],
  [["curl -H 'Authorization: Bearer abcdef' https://host.example"], ["curl -H 'Authorization: •••' https://host.example"]],
  [["--password=two words"], ["--password=•••"]],
  [["echo 'it' x'y z' --token 'a b c' done"], ["echo 'it' x'y z' --token '•••' done"]],
])("masks %j", (args, masked) => {
  expect(maskArguments(args)).toEqual(masked);
});

test.each(["ghp_", "sk-", "glpat-", "xoxb-", "hf_", ""])("masks a bare credential that begins with %j", (prefix) => {
  const secret = key(prefix);
  expect(JSON.stringify(maskArguments([secret, `x:${key("ghp_")}`, `NAME=${secret}`]))).not.toContain("A1b2C3d4");
});

test.each([
  [["-y", "@modelcontextprotocol/server-filesystem@2026.1.14", "/home/me/My Documents"]],
  [["--from", "git+https://git.example/x/y@0123456789abcdef0123456789abcdef01234567", "serve"]],
  [["run", "-i", "--rm", `ghcr.io/acme/server@sha256:${"0123456789abcdef".repeat(4)}`]],
  [["--max-tokens", "4000", "--tokenizer=o200k_base", "--bypass-cache"]],
  [["--project", "0b1c2d3e-4f50-4123-8899-aabbccddeeff"]],
  [["/c", "npx", "-y", "server", "C:\\Users\\me\\notes"]],
  [["--no-auth", "--use-token", "--port", "8080"]],
  [["MyProjectServerConfigurationV2", "customer-desk-production-eu-west-1-2026-07-28", "claude-sonnet-4-5-20250929", "ENABLE_TOOL_GROUP_7"]],
])("leaves %j alone", (args) => {
  expect(maskArguments(args)).toEqual(args);
});

test("a value behind a secret flag never survives, and masking twice is masking once", () => {
  const flag = fc.constantFrom("--token", "--api-key", "--apiKey", "--password", "--client-secret", "--access_token", "-H", "--connection-string");
  fc.assert(
    fc.property(flag, fc.stringMatching(/^[A-Za-z0-9!#%&*+./:;=?@^_~-]{6,60}$/), fc.boolean(), (name, value, joined) => {
      fc.pre(!/^--?[A-Za-z]/.test(value) && !(name === "-H" && /[:=]/.test(value)) && !value.includes(";"));
      const secret = `${value}Zq`;
      const masked = maskArguments(joined && name !== "-H" ? ["serve", `${name}=${secret}`] : ["serve", name, secret]);
      expect(JSON.stringify(masked)).not.toContain(secret);
      expect(maskArguments(masked)).toEqual(masked);
    }),
  );
});

test("any arguments end, and masking is quick on hostile ones", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ maxLength: 60 }), fc.stringMatching(/^['" =a:;-]{0,40}$/)), { maxLength: 8 }), (args) => {
      expect(maskArguments(args)).toHaveLength(args.length);
    }),
  );
  expect(maskArguments([`${"'\" ".repeat(20_000)}`, "a=b;".repeat(20_000), "token ".repeat(20_000), "-".repeat(100_000)])).toHaveLength(4);
});

test("a credential in a URL path is hidden, and two of them stay two servers", () => {
  const [a, b] = ["Q", "R"].map((first) => remoteServer(`https://hooks.example/mcp/${first}${key("")}/sse`));
  expect(a?.url).toMatch(/^https:\/\/hooks\.example\/mcp\/masked-[0-9a-f]{8}\/sse$/);
  expect(a?.id).not.toBe(b?.id);
  expect(remoteServer(a?.url ?? "")).toEqual(a);
});
