/** Text inside XML. */
const NAMES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** @throws Error for characters that XML cannot carry, whatever one writes for them. */
export function xmlText(text: string): string {
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text) || !text.isWellFormed()) throw new Error("a control character cannot stand in XML");
  return text.replace(/[&<>"']/g, (char) => NAMES[char]!);
}
