/** Samples of payment-card.ts. */
import { luhn, type Samples } from "./samples.ts";

const visa = luhn("4539", 16), amex = luhn("37", 15), mastercard = luhn("2221", 16), pci = "pci.card-number";
const grouped = visa.replace(/(\d{4})(?=\d)/g, "$1 ");
const wrong = visa.slice(0, 15) + String((Number(visa[15]) + 1) % 10);

export const samples: Samples = {
  match: [
    { text: visa, class: pci, value: visa },
    { text: visa, key: "card_number", class: pci, value: visa },
    { text: `pay with ${grouped} please`, class: pci, value: grouped },
    { text: `Card: ${grouped.replaceAll(" ", "-")}.`, class: pci },
    { text: `amex ${amex.slice(0, 4)} ${amex.slice(4, 10)} ${amex.slice(10)}`, class: pci },
    { text: `"cc":"${amex}"`, class: pci, value: amex },
    { text: `visa ${mastercard}, exp 12/29`, class: pci, value: mastercard },
    { text: luhn("36", 14), key: "pan", class: pci },
    { text: `id,name,pan\n7,X,${visa}`, class: pci, value: visa },
  ],
  clean: [
    { text: wrong, key: "card_number" },
    { text: `The build is ${visa} for this release.` },
    { text: visa, key: "tracking_id" },
    { text: `0.${visa}` },
    { text: `${visa}123456` },
    { text: `a${visa}b` },
    { text: "0000 0000 0000 0000", key: "card_number" },
    { text: `12345678901234,${visa},98765432109876,1712345678901` },
    { text: "2026-11-20 10:32:41 2026-11-21 10:32:41" },
  ],
};
