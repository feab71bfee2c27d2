/** The addresses by which this computer is on its networks; rules may ask from where a call is made. */
import { networkInterfaces } from "node:os";

/** Laptops change networks, but not from one call to the next. */
const LOOK_EVERY_MS = 10_000;

/** Loopback is no network. The same list until something changes, so that answers about it can be kept. @param now milliseconds that only grow. */
export function addressBook(now: () => number, read = networkInterfaces): () => readonly string[] {
  let last: readonly string[] = [];
  let looked = -Infinity;
  return () => {
    if (now() - looked < LOOK_EVERY_MS) return last;
    looked = now();
    const found = Object.values(read()).flatMap((each) => (each ?? []).filter(({ internal }) => !internal).map(({ address }) => address)).sort();
    if (found.join() !== last.join()) last = found;
    return last;
  };
}
