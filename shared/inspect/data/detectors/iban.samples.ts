/** Samples of iban.ts: the registry's published examples are public; one digit off must not match. */
import type { Samples } from "./samples.ts";

const iban = "pii.iban";

export const samples: Samples = {
  match: [
    { text: "DE89370400440532013000", class: iban, value: "DE89370400440532013000" },
    { text: "Pay to GB29 NWBK 6016 1331 9268 19 today", class: iban, value: "GB29 NWBK 6016 1331 9268 19" },
    { text: "iban=NO9386011117947;", class: iban },
    { text: "MT84MALT011000012345MTLCAST001S", class: iban },
  ],
  clean: [
    { text: "DE89370400440532013001" },
    { text: "DE8937040044053201300" },
    { text: "XX89370400440532013000" },
    { text: "ADE89370400440532013000" },
    { text: "DE89370400440532013000A" },
  ],
};
