/** The remarks that discovery makes on a configuration entry, as exact words: they travel in Deployment records, and the score reads them. */

export const NOTE = {
  secretInArguments: "literal secret in arguments",
  secretInEnvironment: "literal secret in environment",
  secretInHeader: "literal secret in header",
  secretInUrl: "secret in URL",
  tlsOff: "certificate checks turned off",
  autoApproved: "tools run without asking",
  downloadAndRun: "downloads and runs a script",
  environmentHijack: "environment changes how programs load",
  projectFile: "comes from a project folder",
  turnedOff: "turned off",
} as const;

export type FixedNote = (typeof NOTE)[keyof typeof NOTE];

/** `header Authorization` */
export function headerNote(name: string): string {
  return `header ${name}`;
}

/** `environment GITHUB_TOKEN` */
export function environmentNote(name: string): string {
  return `environment ${name}`;
}

/** `bridges to https://…` */
export function bridgeNote(url: string): string {
  return `bridges to ${url}`;
}

const CREDENTIAL_HEADER = /^header (authorization|proxy-authorization|cookie|x-api-key|api-key|.*(token|key|secret|auth).*)$/i;

/** Does a note say that the client sends a credential in a header? */
export function showsCredential(note: string): boolean {
  return CREDENTIAL_HEADER.test(note);
}
