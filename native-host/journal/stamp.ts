/** Gives records their id, time and writer. Ids of one stamp always grow, also within a millisecond and when the clock steps back, so that merging by id keeps a writer's order. */
import { randomBytes } from "node:crypto";
import { uuidv7 } from "../../shared/base/uuid.ts";
import { RECORD_VERSION, type EventRecord, type Recorder, type Unstamped } from "../../shared/events/record.ts";

export type Stamp = (record: Unstamped) => EventRecord;

const COUNTER_MAX = 0xfff;

export function createStamp(by: Recorder, now: () => number = Date.now): Stamp {
  let last = 0;
  let counter = 0;
  return (record) => {
    const time = now();
    const random = randomBytes(10);
    if (time > last) {
      last = time;
      counter = ((random[0]! << 8) | random[1]!) & 0x3ff; // starts low: room to count up
    } else if (++counter > COUNTER_MAX) {
      last++;
      counter = 0;
    }
    random[0] = counter >> 8;
    random[1] = counter & 0xff;
    return { v: RECORD_VERSION, id: uuidv7(last, random), time, by, ...record } as EventRecord;
  };
}
