/** Small building blocks: disclosure, definition rows, copy button, chips. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

/** Escape closes the disclosure that holds the focus; only then would it close the popup. */
export function collapseOnEscape(event: KeyboardEvent): void {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest("details[open]");
  if (!(open instanceof HTMLDetailsElement)) return;
  open.open = false;
  open.querySelector("summary")?.focus();
  event.preventDefault();
}

export function Chip({ tone, children }: { tone: string; children: ComponentChildren }) {
  return <span class={`chip tone-${tone}`}>{children}</span>;
}

/** A label and its value; nothing is shown for an empty one. */
export function Fact({ name, children, mono }: { name: string; children: ComponentChildren; mono?: boolean }) {
  if (children === null || children === undefined || children === false || children === "") return null;
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class={mono ? "mono" : undefined}>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const copied = useSignal(false);
  return (
    <button
      type="button"
      class="quiet"
      onClick={() =>
        void navigator.clipboard.writeText(text).then(
          () => (copied.value = true),
          () => undefined,
        )
      }
    >
      {copied.value ? "Copied" : label}
      <span class="unseen" role="status">
        {copied.value ? "Copied to the clipboard" : ""}
      </span>
    </button>
  );
}

/** Only web addresses become links; everything else stays text. */
export function Link({ href, children }: { href: string; children: ComponentChildren }) {
  if (!/^https?:\/\//i.test(href) || !URL.canParse(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
