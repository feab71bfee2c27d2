/** The detectors of this build. A family is one file under `detectors/`, its samples beside it. */
import type { Detector } from "./detector.ts";
import { assignedSecret } from "./detectors/assigned-secret.ts";
import { authorizationHeader } from "./detectors/authorization-header.ts";
import { businessTokens } from "./detectors/business-tokens.ts";
import { cloudTokens } from "./detectors/cloud-tokens.ts";
import { commandLine } from "./detectors/command-line.ts";
import { developerTokens } from "./detectors/developer-tokens.ts";
import { email } from "./detectors/email.ts";
import { iban } from "./detectors/iban.ts";
import { jwt } from "./detectors/jwt.ts";
import { paymentCard } from "./detectors/payment-card.ts";
import { phone } from "./detectors/phone.ts";
import { privateKey } from "./detectors/private-key.ts";
import { shapedTokens } from "./detectors/shaped-tokens.ts";
import { urlCredentials } from "./detectors/url-credentials.ts";

export const DETECTORS: readonly Detector[] = [
  privateKey, cloudTokens, developerTokens, businessTokens, shapedTokens, jwt, urlCredentials, authorizationHeader, assignedSecret, commandLine, paymentCard, iban, email, phone,
];
