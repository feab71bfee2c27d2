/** What an administrator asks for, checked before anything is written from it. */
import type { ManagedValues } from "./managed-keys.ts";
import type { Target } from "./target.ts";

export interface HostPlace {
  /** Folder of the host on the machines; the built host lies in `host` below it. */
  readonly folder: string;
  /** Node on the machines. */
  readonly node: string;
}

export interface Ask {
  readonly target: Target;
  readonly ids: { readonly chromium: string; readonly firefox: string };
  /** Update manifest for Chromium browsers, XPI for Firefox. */
  readonly source: string;
  /** Of the extension that is published there. */
  readonly version: string;
  readonly managed: ManagedValues;
  /** Private windows: closed, or open only once the person has let Sluice into them. */
  readonly incognito: "closed" | "mandatory";
  /** Hosts that a person registers for themselves: a stand-in for ours could be among them. */
  readonly userHosts: "refuse" | "keep";
  readonly host: HostPlace;
  /** For the machine: canonical JSON of the policy. */
  readonly policy: string | null;
}

/** Why this text cannot stand in a policy file, a registry export or a script; null when it can. */
export function textFault(text: string): string | null {
  if (/[\r\n\u2028\u2029]/.test(text)) return "must not have a line break in it";
  if (/[\0-\x1f\x7f-\x9f\ufffe\uffff]/.test(text)) return "must not have control characters in it";
  return text.isWellFormed() ? null : "must be whole characters (there is half of one)";
}

/** Why an extension must not be fetched from there, or null. */
export function sourceFault(text: string): string | null {
  const wrong = textFault(text);
  if (wrong !== null) return wrong;
  if (!URL.canParse(text) || /[\s"'<>\\^`{|}]/.test(text)) return "must be a web address";
  const { protocol, hostname, username } = new URL(text);
  if (username !== "") return "must not have a user name in it: everybody can read it";
  const here = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  if (protocol === "https:" || (protocol === "http:" && here)) return null;
  return "must begin with https:// (http:// only for this computer itself, to try things out)";
}

/** Why this path on the machines cannot be used, or null. */
export function pathFault(text: string, windows: boolean): string | null {
  const wrong = textFault(text);
  if (wrong !== null) return wrong;
  if (windows) return /^[A-Za-z]:\\[^<>:"/|?*]*$/.test(text) ? null : "must be a whole Windows path (C:\\…)";
  return text.startsWith("/") && !text.split("/").includes("..") ? null : "must be a whole path (/…)";
}
