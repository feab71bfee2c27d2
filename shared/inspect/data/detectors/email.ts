/**
 * E-mail addresses with a real top-level label. `user@localhost`, `git@host:path`, `pkg@1.2.3`, `icon@2x.png`
 * and scopes (`@acme/x`) are none. Addresses at example.com are: a policy sees an address, and whose it is nobody can tell.
 */
import { type Candidate, type Detector } from "../detector.ts";

const LOCAL = /[\w.+%'-]/;
const DOMAIN = /[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})){1,6}/y;
/** Endings of files and packages that look like top-level labels. */
const NOT_A_DOMAIN = /^(?:png|jpe?g|gif|svg|webp|ico|css|scss|less|[cm]?js|[cm]?tsx?|jsx|json|ya?ml|toml|md|html?|xml|txt|lock|map|py|rb|go|rs|java|sh|zip|gz|tgz|tar|jar|whl|pdf|service|local|localhost|internal|target|socket|timer|mount|lan|test|invalid)$/i;

export const email: Detector = {
  id: "email",
  classes: ["pii.email"],
  anchors: [],
  trigger: /@/g,
  contextual: false,
  reach: 128,
  find(text, at) {
    const found: Candidate[] = [];
    for (const place of at) {
      const start = localStart(text, place);
      if (start === place) continue;
      DOMAIN.lastIndex = place + 1;
      const domain = DOMAIN.exec(text)?.[0].replace(/-+$/, "");
      if (domain === undefined) continue;
      const last = domain.slice(domain.lastIndexOf(".") + 1);
      if (!/^(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})$/i.test(last) || NOT_A_DOMAIN.test(last)) continue;
      const end = place + 1 + domain.length;
      const local = text.slice(start, place);
      // Remote shells and URLs with a user: the part after the host gives them away.
      if (/^(?:git|hg|svn|ssh|root)$/.test(local) || (/[:/]/.test(text.charAt(end)) && /^[:/][\w~/.-]/.test(text.slice(end, end + 2)))) continue;
      if (/\/\/[^\s/]{0,64}$/.test(text.slice(Math.max(0, start - 66), start))) continue;
      found.push({ class: "pii.email", confidence: /^(?:no-?reply|do-?not-?reply|donotreply)$/i.test(local) ? 0.5 : 0.92, start, end });
    }
    return found;
  },
};

function localStart(text: string, place: number): number {
  let start = place;
  while (start > 0 && place - start < 64 && LOCAL.test(text[start - 1]!)) start--;
  while (start < place && /[.'%-]/.test(text[start]!)) start++;
  return text[place - 1] === "." ? place : start;
}
