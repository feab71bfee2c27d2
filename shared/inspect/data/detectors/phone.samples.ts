/** Samples of phone.ts. */
import type { Samples } from "./samples.ts";

const phone = "pii.phone";

export const samples: Samples = {
  match: [
    { text: "call +44 20 7946 0958 now", class: phone, value: "+44 20 7946 0958" },
    { text: "+4915112345678", class: phone },
    { text: "+1 (212) 555-0142", class: phone },
    { text: "Phone: 0151 23450282", class: phone, value: "0151 23450282" },
    { text: "INSERT INTO customers (id, mobile) VALUES (12, '0412 349 107');", class: phone, value: "0412 349 107" },
    { text: "06 12 34 42 97", key: "phone_number", class: phone },
    { text: "2125550142", key: "mobile", class: phone },
    { text: "reach us at (212) 555-0142", class: phone },
  ],
  clean: [
    { text: "1712345678 20261120 4915112345678 2125550142" },
    { text: "2026-11-20 10:32:41+02:00 v10.12.1345 192.168.100.200" },
    { text: "+1.5 +12345 +0000 +00:00 a+4915112345678" },
    { text: '{"revision":"983-428-5874"}' },
    { text: "The phone was released on 2024-10-12, version 10.12.13" },
    { text: "12345678", key: "phone_model_id" },
    { text: "@@ -12,8 +12345678 @@\n+20261120113045" },
  ],
};
