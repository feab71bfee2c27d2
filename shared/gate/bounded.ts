/** A map that forgets its oldest entries when there are too many or they hold too much: peers choose the keys, and how long they are. */
export class Bounded<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly size: number }>();
  readonly #most: number;
  readonly #room: number;
  #held = 0;

  /** @param room sum of all sizes. */
  constructor(most: number, room: number) {
    this.#most = most;
    this.#room = room;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** @param size characters that the value holds; the key's own are added. */
  set(key: string, value: V, size: number): void {
    this.delete(key);
    this.#entries.set(key, { value, size: size + key.length });
    this.#held += size + key.length;
    if (this.#entries.size > this.#most || this.#held > this.#room) this.#forget();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#held -= entry.size;
    this.#entries.delete(key);
  }

  #forget(): void {
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= this.#most && this.#held <= this.#room) return;
      this.delete(oldest);
    }
  }

  /** Oldest first. */
  *[Symbol.iterator](): IterableIterator<readonly [key: string, value: V]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }
}
