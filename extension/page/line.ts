/** The tap's end of the line to the relay: one synchronous question, one answer. */
import { ANSWER_EVENT, ASK_EVENT, FIELD, MEET_EVENT, READY_EVENT, SETTLED_EVENT } from "../../shared/messages/page.ts";
import { detailOf, dispatch, doc, indexOf, listen, NativeCustomEvent, NativePromise, relatedTargetOf, slice, stopImmediate, unlisten } from "./captured.ts";

let node: EventTarget | null = null;
let answer: string | null = null;
let wake: (() => void)[] = [];
/** Exchanges that wait for a person, by number. */
const settled = { __proto__: null } as unknown as Record<string, (() => void) | undefined>;

/** Waits for the relay, which runs right after us and still before any page script. The detached node it brings is known to nobody else: no page can listen on it or speak through it. */
export function meetRelay(): void {
  const meet = (event: Event): void => {
    unlisten(doc, MEET_EVENT, meet, true);
    stopImmediate(event);
    const shared = relatedTargetOf(event as MouseEvent);
    if (!shared) return;
    node = shared;
    listen(shared, ANSWER_EVENT, (reply) => {
      answer = detailOf(reply as CustomEvent);
    });
    listen(shared, SETTLED_EVENT, (word) => {
      const exchange = detailOf(word as CustomEvent);
      const go = settled[exchange];
      settled[exchange] = undefined;
      if (go) go();
    });
    listen(shared, READY_EVENT, () => {
      const sleepers = wake;
      wake = [];
      for (let i = 0; i < sleepers.length; i++) sleepers[i]!();
    });
  };
  listen(doc, MEET_EVENT, meet, true);
}

/** @returns the relay's answer, or null when there is no relay: then nothing can be decided. */
export function ask(question: string): string | null {
  if (!node) return null;
  answer = null;
  dispatch(node, new NativeCustomEvent(ASK_EVENT, { detail: question }));
  const got = answer;
  answer = null;
  return got;
}

/** Resolves when the relay has its policy. */
export function whenReady(): Promise<void> {
  return new NativePromise((resolve) => {
    wake[wake.length] = resolve;
  });
}

/** Calls back once when a person's word on this exchange has come. Undefined: nobody waits any more. */
export function whenSettled(exchange: string, go: (() => void) | undefined): void {
  settled[exchange] = go;
}

/** The first `count` fields of an answer; the last one is all the rest. */
export function fields(text: string, count: number): string[] {
  const out: string[] = [];
  let from = 0;
  for (let i = 0; i < count - 1; i++) {
    const at = indexOf(text, FIELD, from);
    if (at < 0) break;
    out[i] = slice(text, from, at);
    from = at + 1;
  }
  out[out.length] = slice(text, from);
  return out;
}
