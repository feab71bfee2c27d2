/** Stand-ins of one session: tokens that can be turned back, and look-alikes of the same form. Held in memory, bounded, never stored; another session has others. */
import { fingerprint } from "../../base/digest.ts";
import type { DataClass } from "./finding.ts";
import { lookAlike } from "./look-alike.ts";

/** A token as it stands in a text: `[[sluice:pii.email:0123456789abcdef]]`. */
export const TOKEN = /\[\[sluice:([a-z0-9.-]{1,60}):([0-9a-f]{16})\]\]/g;
export const TOKEN_START = "[[sluice:";

/** Values that can be turned back, and the characters that they may hold together. Beyond it a value is taken out for good. */
const MAX_TOKENS = 5_000;
const MAX_CHARS = 1_000_000;
const MAX_ALIKE = 5_000;

export class Substitutes {
  readonly #key: Uint8Array;
  readonly #salt: string;
  readonly #values = new Map<string, string>();
  readonly #alike = new Map<string, string>();
  readonly #made = new Set<string>();
  #chars = 0;

  /** @param salt random, of this session: without it the same value would have the same stand-in for ever. */
  constructor(key: Uint8Array, salt: string) {
    this.#key = key;
    this.#salt = salt;
  }

  /** Nothing can be turned back. */
  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  /** The same value has the same token. Null: there is no room for another one. */
  tokenFor(name: DataClass, value: string): string | null {
    const id = `${name}:${this.#hash("token", name, value)}`;
    const token = `${TOKEN_START}${id}]]`;
    if (this.#values.has(id)) return token;
    if (this.#values.size >= MAX_TOKENS || this.#chars + value.length > MAX_CHARS) return null;
    this.#values.set(id, value);
    this.#chars += value.length;
    return token;
  }

  /** What a token of this session stands for. */
  valueOf(name: DataClass, id: string): string | undefined {
    return this.#values.get(`${name}:${id}`);
  }

  /** Another value of the same form, surely nobody's. What was made here stays as it is when it comes by again. */
  alikeOf(name: DataClass, value: string): string {
    if (this.#made.has(value)) return value;
    const key = `${name} ${value}`;
    let alike = this.#alike.get(key);
    if (alike === undefined) {
      alike = lookAlike(name, value, (round) => this.#hash(`alike ${round}`, name, value));
      if (this.#alike.size >= MAX_ALIKE) {
        this.#alike.clear();
        this.#made.clear();
      }
      this.#alike.set(key, alike);
      this.#made.add(alike);
    }
    return alike;
  }

  #hash(use: string, name: DataClass, value: string): string {
    return fingerprint(this.#key, `${this.#salt} ${use} ${name} ${value}`);
  }
}
