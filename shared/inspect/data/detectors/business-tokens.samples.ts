/** Samples of business-tokens.ts. */
import { fill, type Samples } from "./samples.ts";

const slack = `xoxb-${fill("digits", 12)}-${fill("digits", 13)}-${fill("alnum", 24)}`;

export const samples: Samples = {
  match: [
    { text: `token: ${slack}`, class: "secret.slack-token", value: slack },
    { text: `https://hooks.slack.com/services/T${fill("upper", 8)}/B${fill("upper", 10)}/${fill("alnum", 24)}`, class: "secret.slack-webhook" },
    { text: `sk_live_${fill("alnum", 24)}`, class: "secret.stripe-key" },
    { text: `rk_live_${fill("alnum", 24)}`, class: "secret.stripe-key" },
    { text: `SG.${fill("alnum", 22)}.${fill("alnum", 43)}`, class: "secret.mail-service-key" },
    { text: `shpat_${fill("hex", 32)}`, class: "secret.service-token" },
    { text: `lin_api_${fill("alnum", 40)}`, class: "secret.service-token" },
    { text: `ntn_${fill("alnum", 46)}`, class: "secret.service-token" },
    { text: `bot ${fill("digits", 10)}:AA${fill("alnum", 33)}`, class: "secret.chat-bot-token" },
    { text: `M${fill("alnum", 23)}.${fill("alnum", 6)}.${fill("alnum", 38)}`, class: "secret.chat-bot-token" },
  ],
  clean: [
    { text: "sk_live_ is the prefix of live keys, sk_test_ of test keys" },
    { text: `sk_live_${"0".repeat(24)}` },
    { text: "xoxb-your-token-here" },
    { text: "https://hooks.slack.com/services/XXXXXXXXX/XXXXXXXXX/XXXXXXXXXXXXXXXXXXXXXXXX" },
    { text: "key-value-store, monkey-patch, key-0123" },
  ],
};
