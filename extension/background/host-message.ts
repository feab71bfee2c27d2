/** The border towards the host: what arrives is a well-formed message of the seam, or it is nothing. */
import { isEventRecord, isFromNewerBuild } from "../../shared/events/guard.ts";
import type { EventRecord } from "../../shared/events/record.ts";
import { isAsk, isReceipt, isTicket } from "../../shared/messages/asks.ts";
import type { FromHost } from "../../shared/messages/host.ts";
import type { PolicySource } from "../../shared/policy/decision.ts";

const SOURCES: readonly PolicySource[] = ["managed", "machine", "bundle", "local", "baseline"];

export type Heard =
  | { readonly kind: "message"; readonly message: FromHost; /** Records left out because they did not hold up. */ readonly refused: number }
  | { readonly kind: "bad"; readonly why: string };

export function hearHost(value: unknown): Heard {
  if (typeof value !== "object" || value === null) return bad("a message that is no object");
  const given = value as Readonly<Record<string, unknown>>;
  switch (given["kind"]) {
    case "hello":
      return texts(given, "version", "user", "journal") && whole(given["seam"])
        ? heard({ kind: "hello", seam: given["seam"], version: text(given["version"]), user: text(given["user"]), ...(Array.isArray(given["groups"]) ? { groups: given["groups"].filter((name) => typeof name === "string").slice(0, 500).map(text) } : {}), ...(typeof given["device"] === "string" ? { device: text(given["device"]) } : {}), journal: text(given["journal"]) })
        : bad("a broken hello");
    case "policy":
      return texts(given, "digest", "text") && isSource(given["source"]) && whole(given["part"]) && whole(given["parts"])
        ? heard({ kind: "policy", digest: text(given["digest"]), source: given["source"], part: given["part"], parts: given["parts"], text: given["text"] as string })
        : bad("a broken policy part");
    case "policy.rejected":
      return isSource(given["source"]) && Array.isArray(given["errors"])
        ? heard({ kind: "policy.rejected", source: given["source"], errors: given["errors"].filter((error) => typeof error === "string").slice(0, 50).map(text) })
        : bad("a broken policy refusal");
    case "events.stored":
      return whole(given["batch"]) ? heard({ kind: "events.stored", batch: given["batch"] }) : bad("a broken receipt");
    case "events": {
      if (!Array.isArray(given["records"])) return bad("broken records");
      const records: EventRecord[] = given["records"].filter(isEventRecord);
      // A newer host's records are no damage; they simply wait for a newer extension.
      const newer = given["records"].filter((record) => !isEventRecord(record) && isFromNewerBuild(record)).length;
      return { kind: "message", message: { kind: "events", records }, refused: given["records"].length - records.length - newer };
    }
    case "ask":
      return isAsk(given["ask"]) ? heard({ kind: "ask", ask: given["ask"] }) : bad("a broken question");
    case "ask.gone":
      return isTicket(given["ticket"]) ? heard({ kind: "ask.gone", ticket: given["ticket"] }) : bad("a broken end of a question");
    case "answered":
      return isReceipt(given["receipt"]) ? heard({ kind: "answered", receipt: given["receipt"] }) : bad("a broken receipt for an answer");
    case "pong":
      return texts(given, "nonce") ? heard({ kind: "pong", nonce: text(given["nonce"]) }) : bad("a broken pong");
    default:
      return bad("a message of an unknown kind");
  }
}

function heard(message: FromHost): Heard {
  return { kind: "message", message, refused: 0 };
}

function bad(why: string): Heard {
  return { kind: "bad", why };
}

function texts(given: Readonly<Record<string, unknown>>, ...keys: readonly string[]): boolean {
  return keys.every((key) => typeof given[key] === "string");
}

/** Clipped: what a host says ends up on screen. */
function text(value: unknown): string {
  return String(value).slice(0, 2_000);
}

function whole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSource(value: unknown): value is PolicySource {
  return SOURCES.includes(value as PolicySource);
}
