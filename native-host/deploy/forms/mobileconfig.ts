/** Configuration profiles for macOS: one payload for the browser and, for Chromium browsers, one for the extension's own domain. */
import { createHash } from "node:crypto";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { isObject, objectOf, type Json, type JsonObject } from "../json.ts";

export interface Payload {
  /** Preference domain. */
  readonly domain: string;
  readonly title: string;
  readonly settings: JsonObject;
}

/** The same name always gives the same profile, so that a new version replaces the old one and the file can live in git. */
export function profile(name: string, title: string, organization: string, payloads: readonly Payload[]): JsonObject {
  return {
    PayloadContent: payloads.map((payload) => content(name, payload)),
    PayloadDescription: "Installs Sluice and tells it which policy holds.",
    PayloadDisplayName: title,
    PayloadIdentifier: `dev.sluice.deploy.${name}`,
    PayloadOrganization: organization,
    PayloadRemovalDisallowed: true,
    PayloadScope: "System",
    PayloadType: "Configuration",
    PayloadUUID: uuid(name),
    PayloadVersion: 1,
  };
}

function content(name: string, { domain, title, settings }: Payload): JsonObject {
  return { ...settings, PayloadDisplayName: title, PayloadIdentifier: `dev.sluice.deploy.${name}.${domain}`, PayloadType: domain, PayloadUUID: uuid(`${name}/${domain}`), PayloadVersion: 1 };
}

function uuid(name: string): string {
  const hex = createHash("sha256").update(`dev.sluice.deploy/${name}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`.toUpperCase();
}

/** The settings of a domain in a profile or in a plain preference file, and how to put changed ones in their place. */
export interface Located {
  readonly settings: JsonObject;
  replace(settings: JsonObject, more: readonly Payload[]): Json;
}

const META = /^Payload[A-Z]/;

/** @returns a sentence when it is there in a form that cannot be merged */
export function locate(file: Json, domain: string, name: string): Result<Located> {
  if (!isObject(file)) return fail("is no profile");
  const payloads = file["PayloadContent"];
  // A plain preference file: becomes a profile of our own.
  if (!Array.isArray(payloads)) return ok({ settings: file, replace: (settings, more) => profile(name, "Sluice", "Sluice", [{ domain, title: "Browser", settings }, ...more]) });
  const at = payloads.findIndex((payload) => objectOf(payload)["PayloadType"] === domain);
  if (at < 0 && payloads.some((payload) => JSON.stringify(payload).includes(`"${domain}":`))) return fail(`sets ${domain} in the old form (com.apple.ManagedClient.preferences); export its settings as a plain plist and merge that`);
  const own = objectOf(payloads[at]);
  const isMeta = ([key]: readonly [string, Json]): boolean => META.test(key);
  const settings = Object.fromEntries(Object.entries(own).filter((entry) => !isMeta(entry)));
  return ok({
    settings,
    replace: (changed, more) => {
      const ours = at < 0 ? [content(name, { domain, title: "Browser", settings: changed })] : [];
      const kept = payloads.filter((payload) => !more.some(({ domain: other }) => objectOf(payload)["PayloadType"] === other));
      const meta = Object.fromEntries(Object.entries(own).filter(isMeta));
      return { ...file, PayloadContent: [...kept.map((payload) => (payload === payloads[at] ? { ...changed, ...meta } : payload)), ...ours, ...more.map((payload) => content(name, payload))] };
    },
  });
}
