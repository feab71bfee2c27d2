/** Words that the machine knows: keys, and values that come again and again (methods, tools). A key that is not here stops the skimming; with each stands whether anything is judged by that name alone. */
import { ENVELOPE_MARKS, needsFullReading } from "../../mcp/envelope-keys.ts";
import { FLAG, KEY_SLOTS, KEY_SLOTS_AT, KEY_TEXTS, KEY_TEXTS_AT, keyHash, MAX_KEY, STATE_AT } from "./kernel/layout.ts";
import type { Machine } from "./kernel/machine.ts";
import { NAME_FIELDS, VALUE_FIELDS } from "./field.ts";

/** Half of the slots, so that a search ends soon. */
const MAX_KNOWN = KEY_SLOTS / 2;
/** Keys taken from one message: maps by id would push out everything else. */
const MAX_MET = 64;

export class KnownWords {
  readonly #isHarmless: (key: string) => boolean;
  readonly #numbers = new Map<string, number>();
  /** By number; 0 is no key. */
  #words: string[] = [""];
  #table = new Uint8Array(KEY_TEXTS_AT + KEY_TEXTS - STATE_AT);
  #texts = 0;
  #loaded: { readonly machine: Machine; readonly count: number } | null = null;

  constructor(isHarmless: (key: string) => boolean) {
    this.#isHarmless = isHarmless;
  }

  word(number: number): string {
    return this.#words[number] ?? "";
  }

  meet(keys: Iterable<string>): void {
    let met = 0;
    for (const key of keys) {
      if (this.#numbers.has(key)) continue;
      if (++met > MAX_MET) return;
      if (key.length > 0 && key.length <= MAX_KEY && /^[\x20-\x7e]+$/.test(key)) this.#add(key);
    }
  }

  /** Writes the table into the machine's memory, if it is not there. */
  load(machine: Machine): void {
    if (this.#loaded !== null && this.#loaded.count === this.#words.length && this.#loaded.machine === machine) return;
    machine.memory.set(this.#table.subarray(KEY_SLOTS_AT - STATE_AT), KEY_SLOTS_AT);
    this.#loaded = { machine, count: this.#words.length };
  }

  #add(key: string): void {
    if (this.#words.length > MAX_KNOWN || this.#texts + key.length > KEY_TEXTS) this.#forget();
    const number = this.#words.length;
    this.#words.push(key);
    this.#numbers.set(key, number);
    const bytes = Uint8Array.from(key, (char) => char.charCodeAt(0));
    const text = KEY_TEXTS_AT + this.#texts;
    this.#texts += bytes.length;
    this.#table.set(bytes, text - STATE_AT);
    const view = new DataView(this.#table.buffer);
    let slot = keyHash(bytes);
    while (view.getUint32(KEY_SLOTS_AT - STATE_AT + 8 * slot, true) !== 0) slot = (slot + 1) & (KEY_SLOTS - 1);
    const at = KEY_SLOTS_AT - STATE_AT + 8 * slot;
    view.setUint32(at, text, true);
    view.setUint8(at + 4, bytes.length);
    view.setUint8(at + 5, this.#flags(key));
    view.setUint16(at + 6, number, true);
  }

  #flags(key: string): number {
    const small = key.toLowerCase();
    return (
      (NAME_FIELDS.has(small) ? FLAG.name : 0) |
      (VALUE_FIELDS.has(small) ? FLAG.value : 0) |
      (needsFullReading(key) || !this.#isHarmless(key) ? FLAG.harmful : 0) |
      (ENVELOPE_MARKS.has(key) ? FLAG.mark : 0)
    );
  }

  #forget(): void {
    this.#numbers.clear();
    this.#words = [""];
    this.#table = new Uint8Array(this.#table.length);
    this.#texts = 0;
    this.#loaded = null;
  }
}
