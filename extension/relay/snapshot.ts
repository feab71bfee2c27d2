/** The relay's copy of the policy: loaded at document start (some 10 ms), swapped whole when the background stores another. */
import browser from "webextension-polyfill";
import { HASH_KEY, SNAPSHOT_KEY, TRUST_KEY, WHO_KEY, type PolicySnapshot } from "../../shared/messages/extension.ts";
import { BASELINE } from "../../shared/policy/baseline.ts";
import { compile, type CompiledPolicy } from "../../shared/policy/compile.ts";
import type { Facts } from "../../shared/policy/decision.ts";

export interface Snapshot {
  /** False until storage has answered once: calls that can wait do. */
  readonly ready: boolean;
  policy(): CompiledPolicy;
  /** Of the policy in force; empty before storage has told of one. */
  digest(): string;
  key(): Uint8Array;
  trust(server: string): Facts["trust"];
  /** As the host has told; a page has no say in it. */
  who(): Facts["who"];
}

type Scores = Readonly<Record<string, NonNullable<Facts["trust"]>>>;

/** @param onReady called once, when the first answer of storage is in. */
export function openSnapshot(onReady: () => void): Snapshot {
  let ready = false;
  let compiled = compile(BASELINE, "baseline");
  let digest = "";
  let key = crypto.getRandomValues(new Uint8Array(32));
  let trust: Scores = {};
  let who: Facts["who"];

  function take(values: Record<string, unknown>): void {
    const snapshot = values[SNAPSHOT_KEY] as PolicySnapshot | undefined;
    if (snapshot) {
      try {
        compiled = compile(snapshot.policy, snapshot.source);
        ({ digest } = snapshot);
      } catch {
        // A snapshot that does not compile never replaces one that does: the policy in force stays.
      }
    }
    if (typeof values[HASH_KEY] === "string") key = hexBytes(values[HASH_KEY]);
    if (values[TRUST_KEY]) trust = values[TRUST_KEY] as Scores;
    if (values[WHO_KEY]) who = values[WHO_KEY] as Facts["who"];
  }

  browser.storage.local.onChanged.addListener((changes) => {
    take(Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, (change as { newValue?: unknown }).newValue])));
  });

  function settle(): void {
    if (ready) return;
    ready = true;
    onReady();
  }
  browser.storage.local.get([SNAPSHOT_KEY, HASH_KEY, TRUST_KEY, WHO_KEY]).then(
    (values) => {
      take(values);
      settle();
    },
    // Storage is gone (the extension was just replaced): the baseline decides, enforcing.
    settle,
  );

  return {
    get ready() {
      return ready;
    },
    policy: () => compiled,
    digest: () => digest,
    key: () => key,
    trust: (server) => trust[server],
    who: () => who,
  };
}

function hexBytes(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}
