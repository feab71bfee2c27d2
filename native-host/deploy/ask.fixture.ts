/** Requests for tests, and what was asked in a form to compare with. */
import type { Ask } from "./ask.ts";
import { generate, type ExistingFile, type OutputFile } from "./generate.ts";
import { usualHostPlace } from "./host-files.ts";
import { targetNamed } from "./target.ts";

export const ID = "abcdefghijklmnopabcdefghijklmnop";
export const OTHER_ID = "ponmlkjihgfedcbaponmlkjihgfedcba";
export const FIREFOX_ID = "sluice@sluice.dev";

export function askFor(name: string, change: Partial<Ask> = {}): Ask {
  const target = targetNamed(name);
  if (!target) throw new Error(`no target ${name}`);
  return {
    target,
    ids: { chromium: ID, firefox: FIREFOX_ID },
    source: "https://updates.example.com/sluice?a=1&b=2",
    version: "1.2.3",
    managed: { configVersion: 7, orgName: `Bücher & "Söhne" <GmbH> \\ O'Hara ‘x’`, mode: "enforce", requireHost: true, lockUi: false },
    incognito: "closed",
    userHosts: "refuse",
    host: usualHostPlace(target.kind === "browser" ? target.system : "linux"),
    policy: null,
    ...change,
  };
}

/** The files by path; a refusal fails the test with its words. */
export function made(ask: Ask, existing: readonly ExistingFile[] = []): Map<string, OutputFile> {
  const result = generate(ask, existing);
  if (!result.ok) throw new Error(result.why.map(({ message }) => message).join("; "));
  return new Map(result.value.files.map((one) => [one.path, one]));
}

export function textOf(files: Map<string, OutputFile>, path: string): string {
  const content = files.get(path)?.content;
  if (typeof content !== "string") throw new Error(`there is no text ${path}, only ${[...files.keys()].join(", ")}`);
  return content;
}

export function jsonOf(files: Map<string, OutputFile>, path: string): unknown {
  return JSON.parse(textOf(files, path));
}

export function file(name: string, content: unknown): ExistingFile {
  return { name, bytes: Buffer.from(typeof content === "string" ? content : JSON.stringify(content)) };
}

/** The sentences of a refusal. */
export function refusals(ask: Ask, existing: readonly ExistingFile[]): string[] {
  const result = generate(ask, existing);
  return result.ok ? [] : result.why.map(({ file: where, message }) => `${where}: ${message}`);
}
