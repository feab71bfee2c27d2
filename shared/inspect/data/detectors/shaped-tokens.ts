/** Tokens whose first letters are too common to look for by name; their shape is rare enough. */
import { shapedTokenDetector } from "./token.ts";

export const shapedTokens = shapedTokenDetector(
  "shaped-tokens",
  /S[ACNOUX][A-Z2-7]{12}|SK[0-9a-f]{12}|YC[A-Za-z]\w{12}|oy2[a-z0-9]{12}|pat[A-Za-z0-9]{14}\.|\.[\w-]{6}\.[\w-]{27}|-us\d/g,
  ["S[ACNOUX][A-Z2-7][A-Z2-7][A-Z2-7]", "SK[0-9a-f][0-9a-f][0-9a-f]", "YC[A-Za-z]\\w\\w", "oy2[a-z0-9]", "pat[A-Za-z0-9]", "\\.[\\w-][\\w-][\\w-][\\w-][\\w-][\\w-]\\.", "-us\\d"],
  [
    // NATS seeds: S, the kind of key, 56 characters of base32.
    { class: "secret.service-token", pattern: /S[ACNOUX][A-Z2-7]{56}/y, minEntropy: 3.8, check: (token) => /\d/.test(token) },
    { class: "secret.service-token", pattern: /SK[0-9a-f]{32}/y, minEntropy: 3 }, // Twilio
    { class: "secret.cloud-token", pattern: /YC[A-Za-z][\w-]{37}/y, minEntropy: 3.8, check: (token) => /\d/.test(token) && /[a-z]/.test(token) },
    { class: "secret.package-registry-token", pattern: /oy2[a-z0-9]{43}/y, minEntropy: 3.2 }, // NuGet
    { class: "secret.service-token", pattern: /pat[A-Za-z0-9]{14}\.[0-9a-f]{64}/y }, // Airtable
    { class: "secret.chat-bot-token", back: 28, pattern: /[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{27,38}/y, minEntropy: 3.6, check: (token) => /\d/.test(token) }, // Discord
    { class: "secret.mail-service-key", back: 32, pattern: /[0-9a-f]{32}-us\d{1,2}/y, minEntropy: 3 }, // Mailchimp
  ],
);
