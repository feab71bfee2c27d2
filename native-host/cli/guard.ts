/** `sluice guard …`: stands between a client and one MCP server, local (`-- COMMAND`) or remote (`--url`). */
import process from "node:process";
import { parseArgs } from "node:util";
import type { ClientIdentity } from "../../shared/mcp/identity.ts";
import { hostPaths } from "../home.ts";
import type { Command, Io } from "./command.ts";
import { Failure } from "./failure.ts";

const usage = `Usage: sluice guard [--client NAME] [--policy FILE] -- COMMAND [ARGUMENTS…]
       sluice guard [--client NAME] [--policy FILE] [--header "NAME: VALUE"]… --url URL
       sluice guard [--client NAME] [--policy FILE] [--header "NAME: VALUE"]… --url URL --listen 127.0.0.1:PORT

Starts COMMAND as a local MCP server and stands between it and the client that
started us: everything allowed passes byte for byte, the rest is redacted or
refused by the policy, and what happened goes into the journal.

Put it in front of a server in a client's configuration:
  "command": "sluice", "args": ["guard", "--", "npx", "-y", "@scope/server@1.2.3"]

With --url it connects to a remote server instead, over Streamable HTTP or the
older HTTP+SSE, and looks like a local server to the client:
  "command": "sluice", "args": ["guard", "--url", "https://mcp.example.com/mcp"]

With --listen as well it is a web server on this machine, for clients that take
nothing but an address. It answers this machine only, and no page of the web.

  --client NAME    name of the desktop client (cursor, claude-desktop …)
  --policy FILE    policy to use instead of the personal one (ignored on managed machines)
  --url URL        address of the remote server
  --header TEXT    header for every request, "Authorization: Bearer \${DOCS_TOKEN}" for one;
                   \${NAME} stands for a variable of the environment. May be given again.
  --listen HOST:PORT   where to listen; 127.0.0.1:0 takes any free port

A server that asks for OAuth sign-in cannot be reached this way: a sign-in is bound
to the server's own address. Let the client connect to it by itself, or give a token
of its own with --header.

A local server that the policy refuses as a whole is ended, also when the policy changes
while it runs. The guard stays and tells the client why; once the policy allows the
server again, restart it in the client.

A policy file that is refused changes nothing: the last good one stays in force.
Where there never was a good one, the built-in baseline is in force, which watches,
records and takes secrets out. Either is said on standard error.

Exit code of a local server's guard: the server's own (128 + signal when a signal ended it), 127 when the
command was not found, 126 when it could not be started or the policy refused it, 2 for wrong usage.`;

const OPTIONS = { client: { type: "string" }, policy: { type: "string" }, url: { type: "string" }, header: { type: "string", multiple: true }, listen: { type: "string" } } as const;

const EXAMPLE = "sluice guard -- npx -y @scope/server@1.2.3";

export default {
  summary: "put one MCP server, local or remote, behind the policy",
  usage,
  async run(argv, io) {
    const split = argv.indexOf("--");
    const [command, ...args] = split < 0 ? [] : argv.slice(split + 1);
    const { values, positionals } = parseArgs({ args: split < 0 ? [...argv] : argv.slice(0, split), options: OPTIONS, allowPositionals: true });
    if (values.url !== undefined) {
      if (command !== undefined || positionals.length > 0) throw new Failure("a guard stands before one server: either --url or a command behind --", { code: 2, fix: "sluice guard --url https://mcp.example.com/mcp" });
      return guardUrl(values.url, values, io);
    }
    if (values.header !== undefined || values.listen !== undefined) throw new Failure("--header and --listen belong to --url", { code: 2, fix: "sluice guard --url https://mcp.example.com/mcp" });
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

interface UrlOptions {
  readonly client?: string;
  readonly policy?: string;
  readonly header?: string[];
  readonly listen?: string;
}

/** Loaded only here: a guard of a local server does not pay for it. */
async function guardUrl(url: string, { client, policy, header = [], listen }: UrlOptions, io: Io): Promise<number> {
  const { readTarget } = await import("../guard/http/target.ts");
  const target = readTarget(url, header, io.env);
  if (!target.ok) throw new Failure(target.why.message, { code: 2, fix: target.why.fix });
  const options = { target: target.value, client: clientNamed(client), paths: hostPaths(io.env), policyFile: policy };
  if (listen === undefined) {
    const { runUrlGuard } = await import("../guard/http/url-guard.ts");
    return runUrlGuard(options);
  }
  const { readListen, runListenGuard } = await import("../guard/http/listen-guard.ts");
  const place = readListen(listen);
  if (!place.ok) throw new Failure(place.why.message, { code: 2, fix: place.why.fix });
  return runListenGuard({ ...options, ...place.value });
}

/** Ids are slugs, whatever a configuration says. */
function clientNamed(name = ""): ClientIdentity {
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
  return slug === "" ? { id: "client:unknown", name: "Desktop client" } : { id: `client:${slug}`, name: name.slice(0, 60) };
}
