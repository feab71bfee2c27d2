/** `sluice guard -- COMMAND …`: runs a local MCP server behind the policy. */
import process from "node:process";
import { parseArgs } from "node:util";
import type { ClientIdentity } from "../../shared/mcp/identity.ts";
import { hostPaths } from "../home.ts";
import type { Command } from "./command.ts";
import { Failure } from "./failure.ts";

const usage = `Usage: sluice guard [--client NAME] [--policy FILE] -- COMMAND [ARGUMENTS…]

Starts COMMAND as a local MCP server and stands between it and the client that
started us: everything allowed passes byte for byte, the rest is redacted or
refused by the policy, and what happened goes into the journal.

Put it in front of a server in a client's configuration:
  "command": "sluice", "args": ["guard", "--", "npx", "-y", "@scope/server@1.2.3"]

  --client NAME   name of the desktop client (cursor, claude-desktop …)
  --policy FILE   policy to use instead of the personal one (ignored on managed machines)

A policy file that is refused changes nothing: the last good one stays in force.
Where there never was a good one, the built-in baseline is in force, which watches,
records and takes secrets out. Either is said on standard error.

Exit code: the server's own (128 + signal when a signal ended it), 127 when the
command was not found, 126 when it could not be started, 2 for wrong usage.`;

const EXAMPLE = "sluice guard -- npx -y @scope/server@1.2.3";

export default {
  summary: "run a local MCP server behind the policy",
  usage,
  async run(argv, io) {
    const split = argv.indexOf("--");
    const [command, ...args] = split < 0 ? [] : argv.slice(split + 1);
    const { values, positionals } = parseArgs({ args: split < 0 ? [...argv] : argv.slice(0, split), options: { client: { type: "string" }, policy: { type: "string" } }, allowPositionals: true });
    // What stands there may be anything, a secret too: it is not repeated.
    if (positionals.length > 0) throw new Failure("the server's command must stand behind --", { code: 2, fix: EXAMPLE });
    if (!command) throw new Failure("there is no command to run", { code: 2, fix: `put the server's command behind --: ${EXAMPLE}` });
    const { runStdioGuard } = await import("../guard/stdio.ts");
    return runStdioGuard({
      command,
      args,
      client: clientNamed(values.client),
      paths: hostPaths(io.env),
      env: process.env,
      ...(values.policy === undefined ? {} : { policyFile: values.policy }),
    });
  },
} satisfies Command;

/** Ids are slugs, whatever a configuration says. */
function clientNamed(name = ""): ClientIdentity {
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
  return slug === "" ? { id: "client:unknown", name: "Desktop client" } : { id: `client:${slug}`, name: name.slice(0, 60) };
}
