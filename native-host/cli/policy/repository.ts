/** What the publishing verbs have in common: keys, the folder and its trust, and words for what goes wrong. */
import { stat } from "node:fs/promises";
import process from "node:process";
import { durationMs } from "../../../shared/policy/duration.ts";
import type { Result } from "../../../shared/base/result.ts";
import { CHANNEL } from "../../policy/bundle/bootstrap.ts";
import { readRepository, type Repository } from "../../policy/bundle/metadata.ts";
import { readSigningKey, readTrustedKey, type SigningKey, type TrustedKey } from "../../policy/signing.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { readText } from "./policy-text.ts";

const READABLE_BY_OTHERS = 0o077;

/** @throws Failure */
export async function signingKey(file: string): Promise<SigningKey> {
  const text = await readText(file);
  if (process.platform !== "win32" && (await stat(file)).mode & READABLE_BY_OTHERS) throw new Failure(`others can read the private key ${printable(file)}`, { code: 1, fix: `chmod 600 ${printable(file)}, and make a new pair if they may have` });
  const read = readSigningKey(text);
  if (!read.ok) throw new Failure(`${printable(file)} ${read.why}`, { code: 2, fix: 'make a pair with "sluice policy keygen NAME"; --key takes NAME.key' });
  return read.value;
}

/** @throws Failure */
export async function trustedKey(file: string): Promise<TrustedKey> {
  const read = readTrustedKey(await readText(file));
  if (!read.ok) throw new Failure(`${printable(file)} ${read.why}`, { code: 2, fix: "name the .pub file of a key pair" });
  return read.value;
}

/** Null where the folder holds no root of trust. @throws Failure */
export async function repositoryAt(folder: string, keys: readonly SigningKey[]): Promise<Repository | null> {
  const read = await readRepository(folder, keys);
  if (!read.ok) throw new Failure(`${printable(folder)} is not one to build upon: ${printable(read.why, 300)}`, { code: 1, fix: "use a key that its root names; if the folder was tampered with, take it from a copy" });
  return read.value;
}

/** @throws Failure */
export async function publishedAt(folder: string, keys: readonly SigningKey[]): Promise<Repository> {
  const repository = await repositoryAt(folder, keys);
  if (!repository) throw new Failure(`${printable(folder)} has no root of trust yet`, { code: 1, fix: `sluice policy root --out ${printable(folder)} --key policy-2026.key` });
  return repository;
}

/** @throws Failure */
export function done<T>(result: Result<T>): T {
  if (!result.ok) throw new Failure(result.why, { code: 1, fix: "nothing was written; name the missing keys with --key" });
  return result.value;
}

/** `90d` in milliseconds. @throws Failure */
export function validFor(text: string | undefined): { readonly validMs?: number } {
  if (text === undefined) return {};
  const ms = durationMs(text);
  if (ms === undefined) throw new Failure(`"${text.slice(0, 40)}" is no length of time`, { code: 2, fix: "write 12h, 90d, …" });
  return { validMs: ms };
}

/** `10%` or `10`. @throws Failure */
export function percent(text: string): number {
  const value = /^(\d{1,3}(?:\.\d{1,2})?)%?$/.exec(text)?.[1];
  if (value === undefined || Number(value) > 100) throw new Failure(`"${text.slice(0, 40)}" is no share`, { code: 2, fix: "write --rollout 10%" });
  return Number(value);
}

/** @throws Failure */
export function channelName(text: string): string {
  if (!CHANNEL.test(text)) throw new Failure(`"${text.slice(0, 40)}" is no name of a channel`, { code: 2, fix: "small letters, digits and hyphens: stable, canary" });
  return text;
}
