/** JSON text on one line, for pipes that frame by newline: every token and every other character stays as the server wrote it. */

const QUOTE = 34, BACKSLASH = 92, LF = 10, CR = 13;

/** Line breaks between tokens become spaces; the white space around the document goes. A break inside a string stays: such text is no JSON, and whoever judges it must see that. */
export function oneLine(json: string): string {
  if (!json.includes("\n") && !json.includes("\r")) return json.trim();
  const text = json.trim();
  let out = "";
  let from = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === LF || code === CR) {
      out += `${text.slice(from, at)} `;
      from = at + 1;
    }
  }
  return out + text.slice(from);
}
