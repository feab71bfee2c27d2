/** Keys of published policies: Ed25519, key objects and ids as TUF has them. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import { isObject } from "../../shared/mcp/message.ts";
import { canonicalJson } from "../../shared/policy/canonical.ts";

/** A public key as TUF writes it. */
export interface PublicKeyFile {
  readonly keytype: "ed25519";
  readonly scheme: "ed25519";
  readonly keyval: { readonly public: string };
}

export interface TrustedKey {
  /** SHA-256 of the canonical public key object. */
  readonly keyid: string;
  readonly key: KeyObject;
}

export interface SigningKey extends TrustedKey {
  readonly secret: KeyObject;
}

/** @returns the texts of the two files. */
export function createKeyFiles(): { readonly keyid: string; readonly secret: string; readonly open: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const open = publicKeyFile(publicKey);
  return { keyid: keyIdOf(open), secret: privateKey.export({ type: "pkcs8", format: "pem" }) as string, open: `${JSON.stringify({ keyid: keyIdOf(open), ...open }, null, 2)}\n` };
}

/** @param text PKCS#8 PEM, as `sluice policy keygen` writes it. */
export function readSigningKey(text: string): Result<SigningKey> {
  try {
    const secret = createPrivateKey(text);
    if (secret.asymmetricKeyType !== "ed25519") return fail("is no Ed25519 key");
    const key = createPublicKey(secret);
    return ok({ secret, key, keyid: keyIdOf(publicKeyFile(key)) });
  } catch {
    // The reason of the parser may quote the key.
    return fail("is no private key in PEM form");
  }
}

export function readTrustedKey(text: string): Result<TrustedKey> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("is no JSON");
  }
  const keyval = isObject(value) ? value["keyval"] : undefined;
  const hex = isObject(keyval) ? keyval["public"] : undefined;
  if (typeof hex !== "string" || !/^[0-9a-f]{64}$/.test(hex)) return fail("holds no Ed25519 public key");
  const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(hex, "hex").toString("base64url") } });
  return ok({ key, keyid: keyIdOf(publicKeyFile(key)) });
}

export function publicKeyFile(key: KeyObject): PublicKeyFile {
  const { x } = key.export({ format: "jwk" });
  return { keytype: "ed25519", scheme: "ed25519", keyval: { public: Buffer.from(x!, "base64url").toString("hex") } };
}

function keyIdOf(open: PublicKeyFile): string {
  return createHash("sha256").update(canonicalJson(open)).digest("hex");
}
