/** The native messaging manifest: tells a browser which program is the host and which extension may call it. */
import { HOST_NAME } from "../../shared/messages/host.ts";

export type ManifestForm = "chromium" | "firefox";

const CHROMIUM_ID = /^[a-p]{32}$/;
const FIREFOX_ID = /^(\{[0-9a-fA-F-]{36}\}|[\w.+-]*@[\w.-]+)$/;

/** What the browser passes as the caller when this extension connects. */
export function callerOf(form: ManifestForm, extensionId: string): string {
  if (form === "chromium" ? !CHROMIUM_ID.test(extensionId) : !FIREFOX_ID.test(extensionId)) throw new Error(`"${extensionId.slice(0, 60)}" is not an extension id of ${form === "chromium" ? "a Chromium browser (32 letters a to p)" : "Firefox (name@domain)"}`);
  return form === "chromium" ? `chrome-extension://${extensionId}/` : extensionId;
}

export function manifestText(form: ManifestForm, launcher: string, extensionId: string): string {
  const caller = callerOf(form, extensionId);
  const allowed = form === "chromium" ? { allowed_origins: [caller] } : { allowed_extensions: [caller] };
  return `${JSON.stringify({ name: HOST_NAME, description: "Sluice: guards what flows between AI apps and MCP servers", path: launcher, type: "stdio", ...allowed }, null, 2)}\n`;
}

export interface HostManifest {
  readonly path: string;
  readonly callers: readonly string[];
}

/** Reads a manifest that may be anybody's. @returns a sentence when it is not usable. */
export function readManifest(text: string): HostManifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  if (typeof value !== "object" || value === null) return "it is not an object";
  const { name, path, type, allowed_origins: origins, allowed_extensions: extensions } = value as Record<string, unknown>;
  if (name !== HOST_NAME) return `its name is not ${HOST_NAME}`;
  if (type !== "stdio" || typeof path !== "string") return `it has no path, or its type is not "stdio"`;
  const callers = [...(Array.isArray(origins) ? origins : []), ...(Array.isArray(extensions) ? extensions : [])].filter((caller) => typeof caller === "string");
  return callers.length > 0 ? { path, callers } : "it allows no extension";
}
