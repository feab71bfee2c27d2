/** What a detector reports. Never the value itself: a masked preview and a keyed hash stand for it. */

/** Dotted class names; the first part is the family: `secret.aws-access-key`, `pii.iban`, `pci.card-number`. Policy globs match them. */
export type DataClass = string;

export type Severity = "low" | "medium" | "high" | "critical";

/** A place in one scanned text. Offsets in UTF-16 code units of that text. */
export interface Match {
  readonly detector: string;
  readonly class: DataClass;
  /** 0..1; policy thresholds: low 0.3, medium 0.6, high 0.85. */
  readonly confidence: number;
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
}

export interface Finding {
  readonly detector: string;
  readonly class: DataClass;
  readonly confidence: number;
  readonly severity: Severity;
  /** RFC 6901 pointer of the string (or number, or key) inside the message. */
  readonly pointer: string;
  /** Offsets inside the decoded string at `pointer`. */
  readonly start: number;
  readonly end: number;
  /** At most the last four characters, behind a mask: `••••4242`. */
  readonly preview: string;
  /** `fingerprint(key, value)`: the same value is recognised again within one key's reach. */
  readonly fingerprint: string;
}
