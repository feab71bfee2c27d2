/** Real servers that people use, what is asked of each, and what each makes anew in every run. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PEERS } from "../peers.ts";
import { ROOT } from "../places.ts";

export interface Ask {
  readonly tool: string;
  readonly args?: Record<string, unknown>;
  readonly progress?: boolean;
}

export interface Peer {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Puts the server's world back to where it was. */
  prepare?(): void;
  readonly calls: readonly Ask[];
  readonly prompt?: { readonly name: string; readonly arguments: Record<string, string> };
  /** What the server itself makes anew in every run. */
  readonly varying: readonly RegExp[];
  /** It asks for the client's roots at a moment of its own, so that its questions are numbered differently in every run. */
  readonly numbersVary?: boolean;
  /** Its answers hold what the sample policy takes out on purpose: there the policy only watches. */
  readonly watchOnly?: boolean;
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\w{3} \w{3} \d\d \d{4} \d\d:\d\d:\d\d [^"\\]*/g;
/** A state that the server has sealed, with its expiry in it. */
const SEALED = /"requestState":"[^"]+"/g;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

const peer = (name: string, ...rest: string[]): string => join(PEERS, "node_modules", name, ...rest);

/** @param folder where the servers may write. */
export function realPeers(folder: string): readonly Peer[] {
  const files = join(folder, "files");
  const memory = join(folder, "memory.jsonl");
  const page = `data:text/html,${encodeURIComponent("<title>Grüße</title><h1>Hello</h1><button>Press</button><input aria-label=Name>")}`;
  return [
    {
      name: "server-everything",
      command: ["node", join(ROOT, "node_modules", "@modelcontextprotocol", "server-everything", "dist", "index.js"), "stdio"],
      calls: [
        { tool: "echo", args: { message: 'grüße 😀 \u2028 \\ "' } },
        { tool: "get-sum", args: { a: 1.5, b: 1e21 } },
        { tool: "get-tiny-image" },
        { tool: "get-structured-content", args: { location: "Chicago" } },
        { tool: "get-annotated-message", args: { messageType: "error", includeImage: true } },
        { tool: "trigger-long-running-operation", args: { duration: 0.2, steps: 4 }, progress: true },
        { tool: "trigger-sampling-request", args: { prompt: "Say hello", maxTokens: 10 } },
        { tool: "trigger-elicitation-request" },
        { tool: "get-roots-list" },
        { tool: "echo", args: {} },
        { tool: "no-such-tool" },
      ],
      prompt: { name: "args-prompt", arguments: { city: "Bern", state: "BE" } },
      numbersVary: true,
      varying: [TIME, UUID],
    },
    {
      name: "server-filesystem",
      command: ["node", peer("@modelcontextprotocol/server-filesystem", "dist", "index.js"), files],
      prepare() {
        rmSync(files, { recursive: true, force: true });
        mkdirSync(join(files, "inner"), { recursive: true });
        writeFileSync(join(files, "note.txt"), "one\ntwo\r\nthree\u2028four\n");
        writeFileSync(join(files, "inner", "long.txt"), "long line ".repeat(20_000));
      },
      calls: [
        { tool: "list_allowed_directories" },
        { tool: "write_file", args: { path: join(files, "new.md"), content: "# Grüße 😀\n\n`code` \\ \"quoted\"\n" } },
        { tool: "read_text_file", args: { path: join(files, "new.md") } },
        { tool: "read_text_file", args: { path: join(files, "inner", "long.txt") } },
        { tool: "edit_file", args: { path: join(files, "note.txt"), edits: [{ oldText: "two", newText: "2" }], dryRun: true } },
        { tool: "directory_tree", args: { path: files } },
        { tool: "search_files", args: { path: files, pattern: "**/*.txt" } },
        { tool: "get_file_info", args: { path: join(files, "note.txt") } },
        { tool: "read_text_file", args: { path: "/etc/passwd" } },
      ],
      varying: [TIME],
    },
    {
      name: "server-memory",
      command: ["node", peer("@modelcontextprotocol/server-memory", "dist", "index.js")],
      env: { MEMORY_FILE_PATH: memory },
      prepare: () => rmSync(memory, { force: true }),
      calls: [
        { tool: "create_entities", args: { entities: [{ name: "Zürich", entityType: "city", observations: ["lies at a lake", "is large"] }, { name: "Limmat", entityType: "river", observations: [] }] } },
        { tool: "create_relations", args: { relations: [{ from: "Limmat", to: "Zürich", relationType: "flows through" }] } },
        { tool: "search_nodes", args: { query: "lake" } },
        { tool: "read_graph" },
      ],
      varying: [],
    },
    {
      name: "server-sequential-thinking",
      command: ["node", peer("@modelcontextprotocol/server-sequential-thinking", "dist", "index.js")],
      calls: [1, 2].map((thoughtNumber) => ({ tool: "sequentialthinking", args: { thought: `Thought ${thoughtNumber}: what was asked?`, nextThoughtNeeded: thoughtNumber < 2, thoughtNumber, totalThoughts: 2 } })),
      varying: [],
    },
    {
      name: "@playwright/mcp",
      command: ["node", peer("@playwright/mcp", "cli.js"), "--headless", "--isolated", "--no-sandbox", "--executable-path", "/usr/bin/chromium", "--output-dir", join(folder, "browser")],
      calls: [
        { tool: "browser_navigate", args: { url: page } },
        { tool: "browser_snapshot" },
        { tool: "browser_evaluate", args: { function: "() => document.title" } },
        { tool: "browser_take_screenshot", args: { type: "png" } },
        { tool: "browser_close" },
      ],
      varying: [TIME, UUID, /page-\d{4}-[\dTZ:.-]+/g, /\d+(?:\.\d+)?ms/g],
    },
    {
      name: "customer desk (v2)",
      command: ["node", join(ROOT, "e2e", "servers", "customer-desk", "stdio.ts")],
      calls: [{ tool: "desk_hours" }, { tool: "get_customer", args: { id: "c-1001" } }, { tool: "get_customer", args: { id: "nobody" } }, { tool: "get_document", args: { id: "d-77" } }, { tool: "export_report", args: { partSize: 8 }, progress: true }],
      varying: [TIME],
      watchOnly: true,
    },
    {
      name: "conformance fixture (v2)",
      command: ["node", join(ROOT, "e2e", "servers", "conformance", "stdio.ts")],
      calls: [
        { tool: "test_multiple_content_types" },
        { tool: "test_audio_content" },
        { tool: "test_tool_with_logging" },
        { tool: "test_tool_with_progress", progress: true },
        { tool: "test_sampling", args: { prompt: "Say hello" } },
        { tool: "test_elicitation_sep1330_enums" },
        ...["elicitation", "sampling", "list_roots", "request_state", "multiple_inputs", "multi_round", "capabilities"].map((way) => ({ tool: `test_input_required_result_${way}` })),
        { tool: "test_missing_capability" },
        { tool: "slow_compute", args: { seconds: 0 } },
        { tool: "test_trigger_tool_change" },
        { tool: "test_error_handling" },
      ],
      prompt: { name: "test_input_required_result_prompt", arguments: {} },
      varying: [TIME, UUID, SEALED],
    },
  ];
}
