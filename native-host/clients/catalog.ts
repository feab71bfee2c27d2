/** Which AI clients we know and where each keeps its servers. Data only; `paths.ts` says what the patterns mean. */
import type { Format } from "./read.ts";

export type Scope = "user" | "project" | "managed" | "plugin";

export interface ConfigLocation {
  readonly scope: Scope;
  readonly format: Format;
  readonly linux?: readonly string[];
  readonly macos?: readonly string[];
  readonly windows?: readonly string[];
  /** Key paths to maps (or lists) of servers; `*` stands for any key. `generic`: wherever such a map is found. */
  readonly at: readonly (readonly string[])[] | "generic";
}

export interface ClientKind {
  /** `client:<slug>` is the client's id. */
  readonly slug: string;
  readonly name: string;
  readonly locations: readonly ConfigLocation[];
}

const MAC = "~/Library/Application Support";
const SERVERS = [["mcpServers"]] as const;

function everywhere(...paths: string[]): Pick<ConfigLocation, "linux" | "macos" | "windows"> {
  return { linux: paths, macos: paths, windows: paths };
}

/** A path below the folder where VS Code and its relatives keep a person's data. */
function codeUser(app: string, path: string): Pick<ConfigLocation, "linux" | "macos" | "windows"> {
  return { linux: [`$XDG_CONFIG_HOME/${app}/User/${path}`], macos: [`${MAC}/${app}/User/${path}`], windows: [`%APPDATA%/${app}/User/${path}`] };
}

export const CLIENTS: readonly ClientKind[] = [
  {
    slug: "claude-desktop",
    name: "Claude Desktop",
    locations: [
      {
        scope: "user",
        format: "json",
        at: SERVERS,
        linux: ["$XDG_CONFIG_HOME/Claude/claude_desktop_config.json", "$XDG_CONFIG_HOME/claude/claude_desktop_config.json"],
        macos: [`${MAC}/Claude/claude_desktop_config.json`],
        windows: ["%APPDATA%/Claude/claude_desktop_config.json", "%LOCALAPPDATA%/Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json"],
      },
    ],
  },
  {
    slug: "claude-code",
    name: "Claude Code",
    locations: [
      { scope: "user", format: "json", at: [["mcpServers"], ["projects", "*", "mcpServers"]], ...everywhere("~/.claude.json", "$CLAUDE_CONFIG_DIR/.claude.json") },
      { scope: "project", format: "json", at: SERVERS, ...everywhere("<project>/.mcp.json") },
      { scope: "plugin", format: "json", at: "generic", ...everywhere("~/.claude/plugins/cache/**/.mcp.json", "~/.claude/plugins/repos/**/.mcp.json") },
      {
        scope: "managed",
        format: "json",
        at: SERVERS,
        linux: ["/etc/claude-code/managed-mcp.json"],
        macos: ["/Library/Application Support/ClaudeCode/managed-mcp.json"],
        windows: ["%ProgramFiles%/ClaudeCode/managed-mcp.json"],
      },
    ],
  },
  {
    slug: "cursor",
    name: "Cursor",
    locations: [
      { scope: "user", format: "json", at: SERVERS, ...everywhere("~/.cursor/mcp.json") },
      { scope: "project", format: "json", at: SERVERS, ...everywhere("<project>/.cursor/mcp.json") },
    ],
  },
  {
    slug: "vscode",
    name: "VS Code",
    locations: [
      { scope: "user", format: "json", at: [["servers"]], ...codeUser("Code", "mcp.json") },
      { scope: "user", format: "json", at: [["servers"]], ...codeUser("Code", "profiles/*/mcp.json") },
      { scope: "user", format: "json", at: [["mcp", "servers"], ["mcp.servers"]], ...codeUser("Code", "settings.json") },
      { scope: "user", format: "json", at: [["servers"]], linux: ["~/.vscode-server/data/User/mcp.json"] },
      { scope: "project", format: "json", at: [["servers"]], ...everywhere("<project>/.vscode/mcp.json") },
      { scope: "project", format: "json", at: [["settings", "mcp", "servers"]], ...everywhere("<project>/*.code-workspace") },
    ],
  },
  {
    slug: "vscode-insiders",
    name: "VS Code Insiders",
    locations: [
      { scope: "user", format: "json", at: [["servers"]], ...codeUser("Code - Insiders", "mcp.json") },
      { scope: "user", format: "json", at: [["servers"]], ...codeUser("Code - Insiders", "profiles/*/mcp.json") },
    ],
  },
  {
    slug: "codex",
    name: "Codex",
    locations: [
      { scope: "user", format: "toml", at: [["mcp_servers"], ["profiles", "*", "mcp_servers"]], ...everywhere("$CODEX_HOME/config.toml", "~/.codex/config.toml", "~/.codex/*.config.toml") },
      { scope: "project", format: "toml", at: [["mcp_servers"]], ...everywhere("<project>/.codex/config.toml") },
      { scope: "plugin", format: "json", at: "generic", ...everywhere("~/.codex/plugins/**/.mcp.json") },
      { scope: "managed", format: "toml", at: [["mcp_servers"]], linux: ["/etc/codex/config.toml"], macos: ["/etc/codex/config.toml"], windows: ["%ProgramData%/OpenAI/Codex/config.toml"] },
    ],
  },
  {
    slug: "gemini-cli",
    name: "Gemini CLI",
    locations: [
      { scope: "user", format: "json", at: SERVERS, ...everywhere("~/.gemini/settings.json") },
      { scope: "project", format: "json", at: SERVERS, ...everywhere("<project>/.gemini/settings.json") },
      { scope: "plugin", format: "json", at: SERVERS, ...everywhere("~/.gemini/extensions/*/gemini-extension.json") },
      {
        scope: "managed",
        format: "json",
        at: SERVERS,
        linux: ["/etc/gemini-cli/settings.json", "/etc/gemini-cli/system-defaults.json"],
        macos: ["/Library/Application Support/GeminiCli/settings.json", "/Library/Application Support/GeminiCli/system-defaults.json"],
        windows: ["%ProgramData%/gemini-cli/settings.json", "%ProgramData%/gemini-cli/system-defaults.json"],
      },
    ],
  },
  {
    slug: "windsurf",
    name: "Windsurf",
    locations: [{ scope: "user", format: "json", at: SERVERS, ...everywhere("~/.codeium/windsurf/mcp_config.json", "~/.codeium/mcp_config.json") }],
  },
  {
    slug: "antigravity",
    name: "Antigravity",
    locations: [{ scope: "user", format: "json", at: SERVERS, ...everywhere("~/.gemini/config/mcp_config.json", "~/.gemini/antigravity/mcp_config.json") }],
  },
  {
    slug: "zed",
    name: "Zed",
    locations: [
      {
        scope: "user",
        format: "json",
        at: [["context_servers"]],
        linux: ["$XDG_CONFIG_HOME/zed/settings.json", "$FLATPAK_XDG_CONFIG_HOME/zed/settings.json"],
        macos: ["~/.config/zed/settings.json"],
        windows: ["%APPDATA%/Zed/settings.json"],
      },
      { scope: "project", format: "json", at: [["context_servers"]], ...everywhere("<project>/.zed/settings.json") },
    ],
  },
  {
    slug: "cline",
    name: "Cline",
    locations: [
      { scope: "user", format: "json", at: SERVERS, ...codeUser("Code", "globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json") },
      { scope: "user", format: "json", at: SERVERS, ...codeUser("Cursor", "globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json") },
      { scope: "user", format: "json", at: SERVERS, ...everywhere("$CLINE_DIR/data/settings/cline_mcp_settings.json", "~/.cline/data/settings/cline_mcp_settings.json") },
    ],
  },
  {
    slug: "copilot-cli",
    name: "GitHub Copilot CLI",
    locations: [
      { scope: "user", format: "json", at: SERVERS, ...everywhere("~/.copilot/mcp-config.json", "$COPILOT_HOME/mcp-config.json") },
      { scope: "project", format: "json", at: SERVERS, ...everywhere("<project>/.github/mcp.json") },
    ],
  },
  {
    slug: "lm-studio",
    name: "LM Studio",
    locations: [{ scope: "user", format: "json", at: SERVERS, ...everywhere("~/.lmstudio/mcp.json", "~/.cache/lm-studio/mcp.json") }],
  },
  {
    slug: "kiro",
    name: "Kiro",
    locations: [
      { scope: "user", format: "json", at: SERVERS, ...everywhere("~/.kiro/settings/mcp.json") },
      { scope: "project", format: "json", at: SERVERS, ...everywhere("<project>/.kiro/settings/mcp.json") },
    ],
  },
  {
    slug: "opencode",
    name: "opencode",
    locations: [
      {
        scope: "user",
        format: "json",
        at: [["mcp"], ["mcp", "servers"]],
        linux: ["$XDG_CONFIG_HOME/opencode/opencode.json", "$XDG_CONFIG_HOME/opencode/opencode.jsonc", "$OPENCODE_CONFIG"],
        macos: ["$XDG_CONFIG_HOME/opencode/opencode.json", "$XDG_CONFIG_HOME/opencode/opencode.jsonc", "$OPENCODE_CONFIG"],
        windows: ["~/.config/opencode/opencode.json", "~/.config/opencode/opencode.jsonc", "%OPENCODE_CONFIG%"],
      },
      { scope: "project", format: "json", at: [["mcp"], ["mcp", "servers"]], ...everywhere("<project>/opencode.json", "<project>/opencode.jsonc") },
    ],
  },
  {
    slug: "continue",
    name: "Continue",
    locations: [
      { scope: "user", format: "yaml", at: SERVERS, ...everywhere("~/.continue/config.yaml") },
      { scope: "project", format: "yaml", at: SERVERS, ...everywhere("<project>/.continue/mcpServers/*.yaml") },
      { scope: "project", format: "json", at: "generic", ...everywhere("<project>/.continue/mcpServers/*.json") },
    ],
  },
  {
    slug: "goose",
    name: "Goose",
    locations: [
      { scope: "user", format: "yaml", at: [["extensions"]], linux: ["$XDG_CONFIG_HOME/goose/config.yaml"], macos: ["~/.config/goose/config.yaml"], windows: ["%APPDATA%/Block/goose/config/config.yaml"] },
      { scope: "project", format: "yaml", at: [["extensions"]], ...everywhere("<project>/.goose/config.yaml") },
    ],
  },
];

/** Patterns of one location on one system. */
export function patternsFor(location: ConfigLocation, platform: "linux" | "darwin" | "win32"): readonly string[] {
  return { linux: location.linux, darwin: location.macos, win32: location.windows }[platform] ?? [];
}
