/** The extension's identity: its id is a hash of the public key that signs it. Releases sign with `SLUICE_EXTENSION_KEY`; a clone makes a development key of its own, so that nobody shares a private key. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ExtensionKey {
  /** PKCS#8 PEM, as `chromium --pack-extension-key` wants it. */
  readonly pemFile: string;
  /** Base64 DER public key for the manifest's `key`. */
  readonly manifestKey: string;
  /** 32 letters a–p. */
  readonly id: string;
}

export function extensionKey(): ExtensionKey {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
  const pemFile = process.env["SLUICE_EXTENSION_KEY"] ?? join(root, ".cache", "extension-key.pem");
  if (!existsSync(pemFile)) {
    mkdirSync(dirname(pemFile), { recursive: true });
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(pemFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  }
  const der = createPublicKey(createPrivateKey(readFileSync(pemFile))).export({ type: "spki", format: "der" });
  const hex = createHash("sha256").update(der).digest("hex").slice(0, 32);
  const id = [...hex].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join("");
  return { pemFile, manifestKey: der.toString("base64"), id };
}
