/** Gives records their id, time and writer. */
import { randomBytes } from "node:crypto";
import { uuidSequence } from "../../shared/base/uuid.ts";
import { RECORD_VERSION, type EventRecord, type Recorder, type Unstamped } from "../../shared/events/record.ts";

export type Stamp = (record: Unstamped) => EventRecord;

export function createStamp(by: Recorder, now: () => number = Date.now): Stamp {
  const nextId = uuidSequence(randomBytes);
  return (record) => {
    const time = now();
    return { v: RECORD_VERSION, id: nextId(time), time, by, ...record } as EventRecord;
  };
}
