/** Gives our own records their id, time and writer. */
import { uuidSequence } from "../../shared/base/uuid.ts";
import { RECORD_BOUNDS } from "../../shared/events/guard.ts";
import { RECORD_VERSION, type EventRecord, type Health, type PolicyRejected, type Unstamped } from "../../shared/events/record.ts";

const nextId = uuidSequence((bytes) => crypto.getRandomValues(new Uint8Array(bytes)));

export function stamp(record: Unstamped): EventRecord {
  const time = Date.now();
  return { ...record, v: RECORD_VERSION, id: nextId(time), time, by: "extension" } as EventRecord;
}

export function health(what: Health["what"], detail: string): EventRecord {
  return stamp({ kind: "health", what, detail: detail.slice(0, RECORD_BOUNDS.text) });
}

export function policyRejected({ source, errors, kept }: Pick<PolicyRejected, "source" | "errors" | "kept">): EventRecord {
  return stamp({ kind: "policy.rejected", source, errors: errors.slice(0, 200).map((error) => error.slice(0, RECORD_BOUNDS.text)), kept });
}
