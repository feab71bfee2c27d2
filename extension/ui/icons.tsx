/** Line icons, drawn here so that no file is loaded for them. All decorative: the words beside them say the same. */
import type { Verdict } from "../store/rows.ts";

const PATHS = {
  block: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM5.8 5.8l12.4 12.4",
  redact: "M4 7h16M4 12h5m6 0h5M4 17h16M9.5 10h5v4h-5z",
  watch: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Zm9.5-3a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  shield: "M12 3 5 5.8v5.4c0 4.4 2.9 8 7 9.8 4.1-1.8 7-5.4 7-9.8V5.8L12 3Zm-3.2 9 2.3 2.3 4.3-4.6",
  alert: "M12 4 2.8 19.5h18.4L12 4Zm0 6v4.5m0 2.3v.2",
  wait: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4.5V12l3 2",
  chevron: "m9 6 6 6-6 6",
} as const;

export type IconName = keyof typeof PATHS | Verdict;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: a gate across three streams, one of them held. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--brand)" />
      <g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round">
        <path d="M6.5 10.5h8M17.5 10.5h8M6.5 21.5h8M17.5 21.5h8M6.5 16h5.5" />
        <path d="M16 6.5v19" stroke-width="3" />
      </g>
    </svg>
  );
}
