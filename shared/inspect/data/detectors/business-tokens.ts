/** Credentials of chat, payment, mail, commerce and office services. */
import type { DataClass } from "../finding.ts";
import { tokenDetector } from "./token.ts";

const service: DataClass = "secret.service-token";
const mail: DataClass = "secret.mail-service-key";
const chat: DataClass = "secret.chat-bot-token";

export const businessTokens = tokenDetector("business-tokens", [
  { class: "secret.slack-token", anchors: ["xoxa-", "xoxb-", "xoxp-", "xoxe-", "xoxr-", "xoxs-", "xoxo-", "xoxe.", "xoxc-", "xoxd-"], pattern: /xox[abceoprsd][-.][A-Za-z0-9.%_+/-]{20,300}/iy, minEntropy: 2.8, check: (token) => /\d{4}/.test(token) || /[A-Za-z0-9]{24}/.test(token) },
  { class: "secret.slack-token", anchors: ["xapp-"], pattern: /xapp-\d-[A-Z0-9]{1,20}-\d{1,20}-[a-z0-9]{10,80}/iy },
  { class: "secret.slack-webhook", anchors: ["hooks.slack.com/"], pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{40,60}/y, minEntropy: 3.2 },
  { class: "secret.stripe-key", anchors: ["sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_"], pattern: /[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,200}/y, minEntropy: 3 },
  { class: "secret.stripe-key", anchors: ["whsec_"], pattern: /whsec_[A-Za-z0-9+/]{32,64}={0,2}/y },
  { class: "secret.mail-service-key", anchors: ["sg."], pattern: /SG\.[\w=-]{16,32}\.[\w=-]{16,64}/y, minEntropy: 3.2 },
  { class: mail, anchors: ["xkeysib-", "xsmtpsib-"], pattern: /x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}/y },
  { class: mail, anchors: ["key-", "pubkey-"], pattern: /(?:pub)?key-[0-9a-f]{32}/y, minEntropy: 3 },
  { class: mail, anchors: ["pmak-"], pattern: /PMAK-[0-9a-f]{24}-[0-9a-f]{34}/iy },
  { class: service, anchors: ["shpat_", "shpca_", "shppa_", "shpss_"], pattern: /shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}/y, minEntropy: 3 },
  { class: service, anchors: ["sq0atp-", "sq0csp-"], pattern: /sq0(?:atp|csp)-[\w-]{22,60}/y },
  { class: service, anchors: ["eaaa"], pattern: /EAAA[A-Za-z0-9+=_-]{56,60}/y, minEntropy: 3.6 },
  { class: service, anchors: ["eaam", "eaac"], pattern: /EAA[MC][A-Za-z0-9]{80,200}/y, minEntropy: 3.6 },
  { class: service, anchors: ["lin_api_", "lin_oauth_"], pattern: /lin_(?:api|oauth)_[A-Za-z0-9]{32,64}/y },
  { class: service, anchors: ["ntn_", "secret_"], pattern: /ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43}/y, minEntropy: 3.4 },
  { class: service, anchors: ["figd_", "figo_"], pattern: /fig[do]_[\w-]{40,60}/y },
  { class: service, anchors: ["pat-na", "pat-eu"], pattern: /pat-(?:na|eu)\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/iy },
  { class: service, anchors: ["sk.eyj", "pk.eyj"], pattern: /[sp]k\.eyJ[\w-]{40,120}\.[\w-]{20,30}/y },
  { class: service, anchors: ["tfp_"], pattern: /tfp_[\w.=-]{59}/y },
  { class: service, anchors: ["shippo_"], pattern: /shippo_(?:live|test)_[0-9a-f]{40}/y },
  { class: service, anchors: ["duffel_"], pattern: /duffel_(?:test|live)_[\w=-]{43}/iy },
  { class: service, anchors: ["ezak", "eztk"], pattern: /EZ[AT]K[A-Za-z0-9]{54}/iy },
  { class: service, anchors: ["flwpubk", "flwseck"], pattern: /FLW(?:PUBK|SECK)(?:_TEST)?-[a-h0-9]{12,32}(?:-X)?/iy },
  { class: service, anchors: ["fio-u-"], pattern: /fio-u-[\w=-]{64}/iy },
  { class: service, anchors: ["p8e-"], pattern: /p8e-[a-z0-9]{32}/iy },
  { class: service, anchors: ["rdme_"], pattern: /rdme_[a-z0-9]{70}/y },
  { class: service, anchors: ["s-s4t2"], pattern: /s-s4t2(?:ud|af)-[0-9a-f]{64}/y },
  { class: service, anchors: ["sm_aat_", "sm_pat_", "sm_sat_"], pattern: /sm_[aps]at_[A-Za-z0-9]{16}/y },
  { class: service, anchors: ["_mmk"], pattern: /[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk/y, back: 36 },
  { class: service, anchors: ["phc_", "phx_"], pattern: /phx_[A-Za-z0-9]{40,60}/y },
  { class: chat, anchors: [":aa"], pattern: /\d{6,12}:AA[\w-]{32,34}/y, back: 12 },
  { class: chat, anchors: ["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"], pattern: /discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/[\w-]{60,80}/y },
  { class: chat, anchors: [".webhook.office.com/webhookb2/"], pattern: /\.webhook\.office\.com\/webhookb2\/[0-9a-f-]{36}@[0-9a-f-]{36}\/IncomingWebhook\/[0-9a-f]{32}\/[0-9a-f-]{36}/y },
]);
