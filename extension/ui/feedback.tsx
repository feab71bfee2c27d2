/** Two things a person can say about a decision: it should be possible, or it is wrong. Both go on record with the event's number. */
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Feedback as FeedbackRecord } from "../../shared/events/record.ts";
import type { ProtectionState } from "../../shared/messages/extension.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import { CopyButton, Link } from "./details.tsx";

export type OnFeedback = (about: string, wish: FeedbackRecord["wish"], reason: string | null) => Promise<boolean>;

export function Feedback({ event, support, onFeedback }: { event: string; support: ProtectionState["support"]; onFeedback: OnFeedback }) {
  const id = useId();
  const wish = useSignal<FeedbackRecord["wish"] | null>(null);
  const reason = useSignal("");
  const said = useSignal<"no" | "yes" | "failed">("no");
  if (said.value === "yes") {
    return (
      <p class="feedback-done" role="status">
        It is on record. {support?.url ? <Link href={support.url}>Ask {plainText(support.name ?? "for help", 60)}</Link> : "Give this number to whoever looks after Sluice:"} <code>{event}</code> <CopyButton text={event} label="Copy number" />
      </p>
    );
  }
  async function send(): Promise<void> {
    said.value = (await onFeedback(event, wish.value!, reason.value.trim() || null)) ? "yes" : "failed";
  }
  return (
    <div class="feedback">
      <p class="feedback-choice">
        <button type="button" class="quiet" aria-expanded={wish.value === "exception"} onClick={() => (wish.value = wish.value === "exception" ? null : "exception")}>
          Request an exception
        </button>
        <button type="button" class="quiet" aria-expanded={wish.value === "mistake"} onClick={() => (wish.value = wish.value === "mistake" ? null : "mistake")}>
          Report a mistake
        </button>
      </p>
      {wish.value && (
        <p class="reason">
          <label for={id}>{wish.value === "exception" ? "What do you need it for?" : "What is wrong?"}</label>
          <input id={id} type="text" maxLength={300} autocomplete="off" value={reason.value} onInput={(change) => (reason.value = change.currentTarget.value)} />
          <button type="button" class="quiet" onClick={() => void send()}>
            Put on record
          </button>
        </p>
      )}
      {said.value === "failed" && (
        <p class="trouble" role="alert">
          That could not be put on record. Try again.
        </p>
      )}
    </div>
  );
}
