/** What the browser says when the native host cannot be used, in words a person can act on. */

const PLAIN: readonly (readonly [verbatim: string, plain: string])[] = [
  ["Specified native messaging host not found.", "The Sluice host program is not installed on this computer, or its registration points to a file that is gone."],
  ["Access to the specified native messaging host is forbidden.", "The Sluice host program is installed, but not for this copy of the extension."],
  ["Access to the native messaging host was disabled by the system administrator.", "Your organization's browser policy does not allow the Sluice host program."],
  ["Native host has exited.", "The Sluice host program stopped."],
  ["Error when communicating with the native messaging host.", "The Sluice host program sent something the browser could not read."],
];

export function plainTrouble(verbatim: string | null): string {
  if (!verbatim) return "The connection to the Sluice host program was closed.";
  const known = PLAIN.find(([said]) => verbatim.includes(said));
  return known ? known[1] : `The browser reports: ${verbatim.slice(0, 200)}`;
}
