/** Conditions on the situation of a message: when, from which network, how much so far. */
import { readAddress, readAddressRange, type AddressRange } from "../base/address.ts";
import type { RateMatch, TimeWindow } from "./language-conditions.ts";
import type { Clause } from "./clause.ts";
import { durationMs } from "./duration.ts";
import { isCall } from "./rate-counter.ts";
import { compileWindow, windowText } from "./time-window.ts";

/** Ranges by the name that the policy gives them. */
export type Networks = ReadonlyMap<string, readonly AddressRange[]>;

/** @param written checked by the schema. */
export function compileNetworks(written: Readonly<Record<string, readonly string[]>> = {}): Networks {
  return new Map(
    Object.entries(written).map(([name, ranges]) => [
      name,
      ranges.map((text) => {
        const read = readAddressRange(text);
        if (!read.ok) throw new Error(`an address range that the schema should have refused: ${text}`);
        return read.value;
      }),
    ]),
  );
}

export function networkClause(names: string | readonly string[], networks: Networks): Clause {
  const list = typeof names === "string" ? [names] : names;
  const ranges = list.flatMap((name) => networks.get(name) ?? []);
  const asks = `network ${list.join(", ")}`;
  // A computer changes its networks seldom, and whoever tells us hands over the same list until it does.
  const known = new WeakMap<readonly string[], boolean>();
  return {
    fixed: false,
    asks,
    test({ facts: { addresses } }) {
      if (!addresses) return undefined;
      let inside = known.get(addresses);
      if (inside === undefined) known.set(addresses, (inside = addresses.some((text) => isWithin(text, ranges))));
      return inside;
    },
    describe: ({ facts }) => [facts.addresses ? asks : "network is not known"],
  };
}

function isWithin(text: string, ranges: readonly AddressRange[]): boolean {
  const address = readAddress(text);
  return address !== undefined && ranges.some((range) => range.includes(address));
}

export function timeClause(written: TimeWindow | readonly TimeWindow[]): Clause {
  const windows: readonly TimeWindow[] = isList(written) ? written : [written];
  const open = windows.map(compileWindow);
  const asks = `time ${windows.map(windowText).join(", ")}`;
  return { fixed: false, asks, test: ({ facts }) => open.some((isOpen) => isOpen(facts.now)), describe: () => [asks] };
}

// `Array.isArray` does not narrow read-only lists.
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** This message counts itself. */
export function rateClause({ calls, bytes, per, by = "session" }: RateMatch): Clause {
  const question = { of: calls ? ("calls" as const) : ("bytes" as const), per: durationMs(per) ?? 0, by };
  const over = (calls ?? bytes)?.over ?? 0;
  const asks = `more than ${over} ${question.of} in ${per} by ${by}`;
  return {
    fixed: false,
    asks,
    test({ facts }) {
      if (calls && !isCall(facts)) return false;
      const before = facts.rate?.read(question, facts);
      if (before === undefined || (bytes && facts.bytes === undefined)) return undefined;
      return before + (calls ? 1 : facts.bytes!) > over;
    },
    describe: ({ facts }) => [facts.rate ? asks : "rate is not known"],
  };
}

/** Something that this build cannot see: never known, so it can only restrict. The schema refuses it before it comes to that. */
export function unseenClause(what: string): Clause {
  return { fixed: false, asks: what, test: () => undefined, describe: () => [`${what} cannot be seen by this version of Sluice`] };
}
