/** Lengths of time as the policy writes them. */

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `45s`, `5m`, `8h`, `1d` in milliseconds; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const parts = /^([1-9]\d{0,4})([smhd])$/.exec(text);
  return parts ? Number(parts[1]) * UNITS[parts[2] as keyof typeof UNITS] : undefined;
}
