/** Every detector against its own samples, and every clean sample against all detectors. */
import { expect, test } from "vitest";
import { CLASSES } from "../classes.ts";
import { DETECTORS } from "../registry.ts";
import { scan } from "../scan.ts";
import { samples as assignedSecret } from "./assigned-secret.samples.ts";
import { samples as businessTokens } from "./business-tokens.samples.ts";
import { samples as cloudTokens } from "./cloud-tokens.samples.ts";
import { samples as developerTokens } from "./developer-tokens.samples.ts";
import { samples as email } from "./email.samples.ts";
import { samples as iban } from "./iban.samples.ts";
import { samples as jwt } from "./jwt.samples.ts";
import { samples as paymentCard } from "./payment-card.samples.ts";
import { samples as phone } from "./phone.samples.ts";
import { samples as privateKey } from "./private-key.samples.ts";
import { samples as urlCredentials } from "./url-credentials.samples.ts";

const families = { assignedSecret, businessTokens, cloudTokens, developerTokens, email, iban, jwt, paymentCard, phone, privateKey, urlCredentials };
const DEFAULT_THRESHOLD = 0.6;

for (const [family, samples] of Object.entries(families)) {
  test.each(samples.match.map((sample, i) => ({ ...sample, i })))(`${family} finds sample $i ($class)`, ({ text, key, class: name, value }) => {
    const { matches, unknown } = scan(text, key === undefined ? {} : { key });
    const found = matches.filter((match) => match.class === name && match.confidence >= DEFAULT_THRESHOLD);
    expect(unknown).toEqual([]);
    expect(found.length, `nothing of ${name} in: ${text}`).toBeGreaterThan(0);
    if (value !== undefined) expect(found.map((match) => text.slice(match.start, match.end))).toContain(value);
  });
  test.each(samples.clean.map((sample, i) => ({ ...sample, i })))(`${family} leaves clean sample $i alone`, ({ text, key }) => {
    const found = scan(text, key === undefined ? {} : { key }).matches.filter((match) => match.confidence >= DEFAULT_THRESHOLD);
    expect(found.map((match) => `${match.class}: ${text.slice(match.start, match.end)}`)).toEqual([]);
  });
}

test("every class that a detector may report has a title and a severity", () => {
  for (const name of DETECTORS.flatMap((detector) => detector.classes)) expect(CLASSES, name).toHaveProperty([name]);
});

test("every class in the table belongs to a detector", () => {
  const reported = new Set(DETECTORS.flatMap((detector) => detector.classes));
  for (const name of Object.keys(CLASSES)) expect(reported, name).toContain(name);
});
