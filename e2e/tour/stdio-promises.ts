/** The promises for desktop clients: the same policy on the pipe, with a real SDK client and real servers behind the guard. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ROOT } from "../places.ts";
import { HOST_BUNDLE, runSluice, type Stage } from "../stage.ts";
import { until } from "../until.ts";
import { hold, type Promised } from "./promise.ts";

export const EVERYTHING = join(ROOT, "node_modules", "@modelcontextprotocol", "server-everything", "dist", "index.js");
export const DESK_STDIO = join(ROOT, "e2e", "servers", "customer-desk", "stdio.ts");

/** Connects the official SDK client to a server behind `sluice guard`. */
export async function connectGuarded(home: string, command: string, args: readonly string[], client = "tour"): Promise<Client> {
  const transport = new StdioClientTransport({ command: process.execPath, args: [HOST_BUNDLE, "guard", "--client", client, "--", command, ...args], env: { ...(process.env as Record<string, string>), SLUICE_HOME: home }, stderr: "pipe" });
  const sdk = new Client({ name: "tour-client", version: "1.0.0" });
  await sdk.connect(transport);
  return sdk;
}

function textOf(result: unknown): string {
  return JSON.stringify(result);
}

const redacts: Promised = {
  id: "stdio-secret-redacted",
  title: "On the pipe: an allowed call passes, and a secret is taken out before a real local server receives it",
  async play(stage) {
    const client = await connectGuarded(stage.home, "node", [EVERYTHING, "stdio"]);
    try {
      const plain = textOf(await client.callTool({ name: "echo", arguments: { message: "grüße 😀" } }));
      hold(plain.includes("Echo: grüße 😀"), `the allowed call changed: ${plain}`);
      const secret = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;
      // The server echoes what it received: the answer is the server's own testimony.
      const echoed = textOf(await client.callTool({ name: "echo", arguments: { message: `deploy with ${secret}` } }));
      hold(!echoed.includes(secret) && echoed.includes("redacted"), "the server received the secret");
      return "the server's own echo shows a placeholder";
    } finally {
      await client.close();
    }
  },
};

const refuses: Promised = {
  id: "stdio-server-refused",
  title: "On the pipe: a server that is not on the list cannot be used, and the client is told why",
  async play(stage) {
    try {
      const client = await connectGuarded(stage.home, process.execPath, [DESK_STDIO]);
      await client.close();
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      hold(words.includes("Blocked by Sluice"), `another error came instead: ${words}`);
      return words.replace(/^.*?Blocked by/, "Blocked by").slice(0, 110);
    }
    throw new Error("the unlisted server could be used");
  },
};

const identical: Promised = {
  id: "stdio-allowed-unchanged",
  title: "On the pipe: what is allowed comes out byte for byte, odd spacing and key order included",
  async play(stage) {
    const lines = [
      '{"jsonrpc": "2.0","id":  1, "method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"0"}}}',
      '{"method":"notifications/initialized","jsonrpc":"2.0"}',
      '{"jsonrpc":"2.0","id":"a\\u002f1","method":"tools/call","params":{"name":"echo","arguments":{"message":"caf\\u00e9 1.0"}}}',
    ];
    const [direct, guarded] = [await replies(lines, process.execPath, [EVERYTHING, "stdio"], stage), await replies(lines, process.execPath, [HOST_BUNDLE, "guard", "--", "node", EVERYTHING, "stdio"], stage)];
    hold(direct.length > 200, "the server said nothing");
    hold(direct.equals(guarded), "the guarded output differs from the direct one");
    return `${direct.length} bytes from the server, the same with and without the guard`;
  },
};

/** Sends raw lines and collects what comes back, until the reply to the last one is there. */
async function replies(lines: readonly string[], command: string, args: readonly string[], stage: Stage): Promise<Buffer> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, SLUICE_HOME: stage.home } });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const exited = once(child, "exit");
  child.stdin.write(`${lines.join("\n")}\n`);
  await until("the server has answered everything", () => Buffer.concat(chunks).toString("utf8").split("\n").filter((line) => line.includes('"result"') || line.includes('"error"')).length >= 2, 20_000);
  child.stdin.end();
  await exited;
  return Buffer.concat(chunks);
}

const discovers: Promised = {
  id: "discover-clients",
  title: "Servers in the configuration of desktop clients are found and scored; secrets in them are not kept",
  async play(stage) {
    const person = join(stage.folder, "person");
    const secret = `sk-${"q7W2e9R4t6Y1".repeat(3)}`;
    const files: Record<string, string> = {
      ".cursor/mcp.json": JSON.stringify({ mcpServers: { files: { command: "npx", args: ["-y", "@modelcontextprotocol/server-filesystem", "/srv"], env: { TOKEN: secret } } } }),
      ".codex/config.toml": '[mcp_servers.docs]\nurl = "https://docs.example/mcp"\n',
      ".gemini/settings.json": '{ // comments are fine\n "mcpServers": { "crm": { "httpUrl": "http://crm.example/mcp" } } }',
      ".config/Code/User/mcp.json": JSON.stringify({ servers: { everything: { type: "stdio", command: "sluice", args: ["guard", "--", "npx", "-y", "@modelcontextprotocol/server-everything@2026.8.31"] } } }),
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(person, name, ".."), { recursive: true });
      writeFileSync(join(person, name), text);
    }
    const found = runSluice(stage, "discover", "--home", person, "--json", "--record");
    hold(!found.includes(secret), "the listing shows a secret");
    for (const name of ["files", "docs", "crm", "everything"]) hold(found.includes(`"${name}"`), `the server "${name}" was not found`);
    const deployed = (await stage.journal()).filter((record) => record.kind === "deployment");
    hold(deployed.length >= 4, `only ${deployed.length} deployments were recorded`);
    hold(!JSON.stringify(deployed).includes(secret), "the journal holds a secret");
    return `${Object.keys(files).length} configuration files, ${deployed.length} servers, ${deployed.filter((record) => record.guarded).length} of them guarded`;
  },
};

const seen: Promised = {
  id: "popup-shows-stdio",
  title: "What the guard did on the pipe shows in the popup, beside what happened in the browser",
  async play(stage) {
    const popup = await stage.popup();
    await popup.reload();
    await popup.getByText("echo", { exact: false }).first().waitFor({ timeout: 15_000 });
    const text = await until("the popup lists the local server", async () => {
      const words = await popup.locator("body").innerText();
      return /server-everything/.test(words) ? words : null;
    });
    return `the popup names the local server ${/(\S*server-everything\S*)/.exec(text)?.[1]?.slice(-60) ?? ""}`;
  },
};

export const STDIO_PROMISES: readonly Promised[] = [redacts, refuses, identical, discovers, seen];
