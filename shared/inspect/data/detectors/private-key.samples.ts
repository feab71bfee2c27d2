/** Samples of private-key.ts. */
import { fill, type Samples } from "./samples.ts";

const begin = (label: string): string => `-----BEGIN ${label}-----`;
const end = (label: string): string => `-----END ${label}-----`;
const body = Array.from({ length: 6 }, (_, i) => fill("base64", 64, i + 1)).join("\n");
const pem = (label: string): string => `${begin(label)}\n${body}\n${end(label)}`;

export const samples: Samples = {
  match: [
    ...["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"].map((label) => ({
      text: `see below\n${pem(label)}\nthat was it`,
      class: "secret.private-key",
      value: pem(label),
    })),
    { text: JSON.stringify({ private_key: pem("PRIVATE KEY") }), class: "secret.private-key" },
    { text: pem("RSA PRIVATE KEY").split("\n").map((line) => `  "${line}\\n" +`).join("\n"), class: "secret.private-key" },
    { text: `${begin("RSA PRIVATE KEY")}\n${body}`, class: "secret.private-key" }, // cut off
    { text: `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n${fill("base64", 48)}`, class: "secret.private-key" },
  ],
  clean: [
    { text: pem("PUBLIC KEY") },
    { text: pem("CERTIFICATE") },
    { text: `${begin("RSA PRIVATE KEY")}\n...\n${end("RSA PRIVATE KEY")}` },
    { text: `the file starts with ${begin("PRIVATE KEY")} and so on` },
  ],
};
