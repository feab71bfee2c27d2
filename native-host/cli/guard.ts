/** `sluice guard -- COMMAND …`: runs a local MCP server behind the policy. */
import { hostPaths } from "../home.ts";
import type { Command } from "./command.ts";

const usage = `Usage: sluice guard [--client NAME] [--policy FILE] -- COMMAND [ARGUMENTS…]

Starts COMMAND as a local MCP server and stands between it and the client that
started us: everything allowed passes byte for byte, the rest is redacted or
refused by the policy, and what happened goes into the journal.

Put it in front of a server in a client's configuration:
  "command": "sluice", "args": ["guard", "--", "npx", "-y", "@scope/server@1.2.3"]

  --client NAME   name of the desktop client (cursor, claude-desktop …)
  --policy FILE   policy to use instead of the personal one (ignored on managed machines)

Exit code: the server's own; 127 when the command was not found, 2 for wrong usage.`;

export default {
  summary: "run a local MCP server behind the policy",
  usage,
  async run(argv, io) {
    const split = argv.indexOf("--");
    const options = split < 0 ? argv : argv.slice(0, split);
    const [command, ...args] = split < 0 ? [] : argv.slice(split + 1);
    let client = "unknown";
    let policyFile: string | undefined;
    for (let i = 0; i < options.length; i += 2) {
      const value = options[i + 1];
      if (options[i] === "--client" && value) client = value;
      else if (options[i] === "--policy" && value) policyFile = value;
      else {
        io.stderr.write(`sluice guard: unknown option ${options[i]}. Put the server's command behind --:\n  sluice guard -- npx -y @scope/server@1.2.3\n`);
        return 2;
      }
    }
    if (!command) {
      io.stderr.write("sluice guard: no command. Put the server's command behind --:\n  sluice guard -- npx -y @scope/server@1.2.3\n");
      return 2;
    }
    const { runStdioGuard } = await import("../guard/stdio.ts");
    return runStdioGuard({
      command,
      args,
      client: { id: `client:${client}`, name: client === "unknown" ? "Desktop client" : client },
      paths: hostPaths(io.env),
      env: process.env,
      ...(policyFile ? { policyFile } : {}),
    });
  },
} satisfies Command;
