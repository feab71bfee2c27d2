/** Lists for Claude Code, Copilot, Gemini CLI and VS Code, and `managed-mcp.json`. */
import { compareEffects } from "../../../../shared/policy/verdict.ts";
import type { Policy } from "../../../../shared/policy/language.ts";
import { guarded, jsonFile, listedEntries, restDifferences, type Difference, type Exported, type ExportOptions, type Target } from "./exported.ts";

/** Whoever is not listed may be used only where the policy's default lets it. */
function isOpen(policy: Policy): boolean {
  return compareEffects(policy.admission.default, "monitor") <= 0;
}

function defaultDifference({ admission }: Policy): Difference[] {
  if (admission.default !== "coach" && admission.default !== "approve") return [];
  return [{ about: "admission.default", why: `the client cannot ask (${admission.default}), so servers that are not listed are refused there` }];
}

/** `allowedMcpServers` and `deniedMcpServers`; denied wins there, the strictest wins here. */
export function exportClaudeCode(policy: Policy, options: ExportOptions, file: string): Exported {
  const { listed, differences } = listedEntries(policy, options);
  const allowed: object[] = [];
  const denied: object[] = [];
  for (const { allowed: isAllowed, targets } of listed) {
    for (const target of targets) {
      if (target.kind === "url") (isAllowed ? allowed : denied).push({ serverUrl: target.url });
      else if (isAllowed) allowed.push({ serverCommand: options.wrapped ? guarded(target.words, options.launcher) : target.words });
      // Whoever is denied is denied in either form.
      else denied.push({ serverCommand: target.words }, { serverCommand: guarded(target.words, options.launcher) });
    }
  }
  const open = isOpen(policy);
  const settings = { ...(open ? {} : { allowedMcpServers: allowed }), deniedMcpServers: denied };
  if (open && allowed.length > 0) differences.push({ about: "allowedMcpServers", why: "left out, because the policy lets unlisted servers be used, and any list there would refuse them" });
  if (options.wrapped && open) differences.push({ about: "--wrapped", why: "without a list of allowed servers nothing makes the client use the guard" });
  return { files: [jsonFile(file, settings)], differences: [...differences, ...defaultDifference(policy), ...restDifferences(policy)] };
}

/** Gemini CLI goes by names, so the definitions come with them. */
export function exportGemini(policy: Policy, options: ExportOptions): Exported {
  const { listed, differences } = listedEntries(policy, options);
  const servers: Record<string, object> = {};
  const allowed: string[] = [];
  const excluded: string[] = [];
  for (const { entry, allowed: isAllowed, targets } of listed) {
    const target = single(targets);
    const definition = target && definitionOf(target, options, "gemini");
    if (!definition) {
      differences.push({ about: entry.id, why: isAllowed ? "is a pattern or several addresses; Gemini CLI lists single servers by name, so it is left out" : "Gemini CLI excludes by the name that a person's settings give a server: IT IS NOT DENIED THERE" });
      continue;
    }
    if (isAllowed) {
      const tools = (entry.tools ?? []).filter(({ effect }) => effect === "block").flatMap(({ name }) => name).filter((name) => !name.includes("*"));
      servers[entry.id] = { ...definition, ...(tools.length > 0 && { excludeTools: tools }) };
      allowed.push(entry.id);
    } else {
      servers[entry.id] = definition;
      excluded.push(entry.id);
    }
  }
  if (excluded.length > 0) differences.push({ about: excluded.join(", "), why: "are excluded by these names; under another name only mcp.allowed keeps them out" });
  const settings = { mcp: { ...(isOpen(policy) ? {} : { allowed }), ...(excluded.length > 0 && { excluded }) }, mcpServers: servers };
  return { files: [jsonFile("settings.json", settings)], differences: [...differences, ...defaultDifference(policy), ...restDifferences(policy)] };
}

/** These servers and no others. */
export function exportManagedMcp(policy: Policy, options: ExportOptions): Exported {
  const { listed, differences } = listedEntries(policy, options);
  const servers: Record<string, object> = {};
  for (const { entry, allowed, targets } of listed) {
    if (!allowed) continue; // what is not in the file cannot be used
    const target = single(targets);
    const definition = target && definitionOf(target, options, "standard");
    if (definition) servers[entry.id] = definition;
    else differences.push({ about: entry.id, why: "is a pattern or several addresses, and managed-mcp.json defines single servers, so it is left out" });
  }
  if (isOpen(policy)) differences.push({ about: "admission.default", why: "managed-mcp.json allows its servers and no others; the policy lets unlisted ones be used" });
  differences.push({ about: "variables and headers", why: "a policy holds none: add what the servers need, as ${VARIABLE}" });
  return { files: [jsonFile("managed-mcp.json", { mcpServers: servers })], differences: [...differences, ...restDifferences(policy)] };
}

/** @param registryUrl where the registry of `export --to registry` is served. */
export function exportVsCode(policy: Policy, registry: Exported, registryUrl: string | undefined): Exported {
  const open = isOpen(policy);
  const settings = open ? { "chat.mcp.access": "allowed" } : { "chat.mcp.access": "registryOnly", "chat.mcp.gallery.serviceUrl": registryUrl ?? "https://registry.invalid" };
  const differences: Difference[] = open ? [{ about: "admission.default", why: "the policy lets unlisted servers be used, so VS Code is told to allow all; what the policy blocks is not blocked there" }, ...restDifferences(policy)] : [...registry.differences];
  if (!open && registryUrl === undefined) differences.push({ about: "chat.mcp.gallery.serviceUrl", why: "say where the registry will be served with --registry-url; until then the address is a stand-in that leads nowhere" });
  return { files: [jsonFile("settings.json", settings), ...(open ? [] : registry.files)], differences: [...differences, ...defaultDifference(policy)] };
}

function single(targets: readonly Target[]): Target | undefined {
  const [first, ...others] = targets;
  // The same package in two spellings is one server.
  if (!first || (others.length > 0 && first.kind === "url")) return undefined;
  return first;
}

function definitionOf(target: Target, { wrapped, launcher }: ExportOptions, style: "gemini" | "standard"): object | undefined {
  if (target.kind === "url") {
    if (!target.exact) return undefined;
    return style === "gemini" ? { httpUrl: target.url } : { type: "http", url: target.url };
  }
  const [command, ...args] = wrapped ? guarded(target.words, launcher) : target.words;
  return { ...(style === "standard" && { type: "stdio" }), command, args };
}
