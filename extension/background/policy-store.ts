/** Decides which policy is in force, and says so to the relays by one atomic write. Browser policy beats the host, the host beats what was stored, and a policy that does not hold up is rejected whole while the old one stays. */
import { scanJson } from "../../shared/base/json.ts";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { PolicySnapshot, ProtectionState } from "../../shared/messages/extension.ts";
import type { PolicySource } from "../../shared/policy/decision.ts";
import type { Policy } from "../../shared/policy/language.ts";
import type { ManagedState, ManagedValues } from "./managed-config.ts";
import { createPolicyParts, type PolicyPart } from "./policy-parts.ts";

/** A policy as it was handed over, before browser policy overlays its mode and support address. */
interface Handed {
  readonly policy: Policy;
  readonly source: PolicySource;
  readonly digest: string;
}

export interface StoredPolicy {
  readonly snapshot: PolicySnapshot;
  readonly handed: Handed;
  /** Highest revision seen per source and policy id. */
  readonly floors: Readonly<Record<string, number>>;
  readonly rejected: ProtectionState["rejected"];
}

export interface PolicyDoors {
  load(): Promise<unknown>;
  /** Must write everything at once: relays pick the snapshot up from storage. */
  save(stored: StoredPolicy): Promise<void>;
  now(): number;
  validate(value: unknown): Result<Policy, readonly { readonly path: readonly (string | number)[]; readonly message: string; readonly fix?: string }[]>;
  digest(policy: Policy): string;
  readonly baseline: Policy;
  onApplied(snapshot: PolicySnapshot): void;
  onRejected(rejected: { readonly source: PolicySource; readonly errors: readonly string[]; readonly kept: { readonly id: string; readonly revision: number } }): void;
}

export interface PolicyStore {
  start(): Promise<void>;
  /** Null only before `start` has read the store. */
  current(): PolicySnapshot | null;
  rejected(): ProtectionState["rejected"];
  managed(state: ManagedState): Promise<void>;
  hostPart(part: PolicyPart): Promise<void>;
  /** The host itself refused a policy and kept its old one. */
  hostRejected(source: PolicySource, errors: readonly string[]): Promise<void>;
  hostGone(): void;
}

interface Offer {
  readonly source: PolicySource;
  readonly text: string;
  /** Absent: browser policy carries none. */
  readonly digest?: string;
}

export function createPolicyStore(doors: PolicyDoors): PolicyStore {
  const parts = createPolicyParts();
  let stored: StoredPolicy | null = null;
  let managed: ManagedState = { management: "unknown", values: {}, notices: [] };
  let offer: Offer | null = null;
  // One change after the other, so that two of them cannot each save half of the truth.
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn(run: () => Promise<void>): Promise<void> {
    const next = turn.then(run);
    turn = next.catch(() => undefined);
    return next;
  }

  async function load(): Promise<StoredPolicy> {
    if (stored) return stored;
    const found = parseStored(await doors.load(), doors);
    if (found && found.handed.source !== "baseline") return (stored = found);
    const handed: Handed = { policy: doors.baseline, source: "baseline", digest: doors.digest(doors.baseline) };
    if (found?.handed.digest === handed.digest) return (stored = found);
    stored = { snapshot: overlay(handed, {}), handed, floors: found?.floors ?? {}, rejected: null };
    await doors.save(stored);
    doors.onApplied(stored.snapshot);
    return stored;
  }

  function overlay(handed: Handed, values: ManagedValues): PolicySnapshot {
    const { policy } = handed;
    const effective: Policy = {
      ...policy,
      ...(values.mode && { mode: values.mode }),
      ...(values.supportUrl && { support: { ...policy.support, url: values.supportUrl } }),
    };
    return { policy: effective, source: handed.source, digest: doors.digest(effective), appliedAt: doors.now() };
  }

  async function put(next: StoredPolicy): Promise<void> {
    const before = stored;
    await doors.save((stored = next));
    if (before?.snapshot !== next.snapshot) doors.onApplied(next.snapshot);
  }

  /** Puts a policy in force, or only the overlay of the one that is. */
  async function apply(handed: Handed, accepted: boolean): Promise<void> {
    const now = await load();
    const fresh = overlay(handed, managed.values);
    const same = fresh.digest === now.snapshot.digest && fresh.source === now.snapshot.source;
    const rejected = accepted ? null : now.rejected;
    if (same && rejected === now.rejected) return;
    const floors = { ...now.floors, [floorKey(handed)]: handed.policy.revision };
    await put({ snapshot: same ? now.snapshot : fresh, handed, floors, rejected });
  }

  async function reject(source: PolicySource, errors: readonly string[], ours: boolean): Promise<void> {
    const now = await load();
    // Host and browser repeat themselves at every start; one record is enough.
    if (now.rejected?.source === source && now.rejected.errors.join("\n") === errors.join("\n")) return;
    await put({ ...now, rejected: { time: doors.now(), source, errors } });
    const { id, revision } = now.handed.policy;
    if (ours) doors.onRejected({ source, errors, kept: { id, revision } });
  }

  async function judge(next: Offer): Promise<void> {
    const read = readPolicy(next, doors);
    if (!read.ok) return reject(next.source, read.why, true);
    const handed: Handed = { policy: read.value, source: next.source, digest: doors.digest(read.value) };
    const floor = (await load()).floors[floorKey(handed)] ?? 0;
    if (handed.policy.revision < floor)
      return reject(next.source, [`revision: ${handed.policy.revision} is older than revision ${floor}, which was already in force. Give the policy a higher revision.`], true);
    await apply(handed, true);
  }

  /** Everything known is weighed again after each change. */
  async function choose(): Promise<void> {
    const { management, values } = managed;
    if (values.policy !== undefined) return judge({ source: "managed", text: values.policy });
    // Until it is clear whether an organization manages this browser, nobody else may loosen the built-in policy.
    if (management === "unknown") return;
    if (!offer) return apply((await load()).handed, false);
    if (management === "managed" && (offer.source === "local" || offer.source === "baseline")) {
      await apply((await load()).handed, false);
      if (offer.source === "local") await reject("local", ["Your organization manages this browser, so a personal policy file is not used."], true);
      return;
    }
    await judge(offer);
  }

  return {
    start: () => inTurn(async () => void (await load())),
    current: () => stored?.snapshot ?? null,
    rejected: () => stored?.rejected ?? null,
    managed: (state) =>
      inTurn(async () => {
        managed = state;
        await choose();
      }),
    hostPart: (part) =>
      inTurn(async () => {
        const done = parts.add(part);
        if (done.kind === "waiting") return;
        // Kept for the day on which browser policy stops carrying one; until then nothing of it counts.
        if (done.kind === "whole" && done.source !== "managed") offer = { source: done.source, text: done.text, digest: done.digest };
        if (managed.values.policy !== undefined) return;
        if (done.kind === "bad") return reject(done.source, [done.why], true);
        if (done.source === "managed") return reject("managed", ["The host program claims to speak for the browser's own policy. Only the browser can hand that over."], true);
        await choose();
      }),
    hostRejected: (source, errors) =>
      inTurn(async () => {
        // The host has written its own record of this; here it is only shown.
        if (managed.values.policy === undefined) await reject(source, errors, false);
      }),
    hostGone: () => parts.clear(),
  };
}

function floorKey(handed: Handed): string {
  return `${handed.source} ${handed.policy.id}`;
}

function readPolicy(offer: Offer, doors: PolicyDoors): Result<Policy, readonly string[]> {
  const scanned = scanJson(offer.text);
  if (!scanned.ok) return fail([`The policy is not valid JSON: ${scanned.why.message}, at character ${scanned.why.at + 1}.`]);
  const checked = doors.validate(JSON.parse(offer.text));
  if (!checked.ok) return fail(checked.why.map(({ path, message, fix }) => `${path.length ? `${path.join(".")}: ` : ""}${message}${fix ? ` ${fix}` : ""}`));
  if (offer.digest !== undefined && doors.digest(checked.value) !== offer.digest) return fail(["The policy does not match its digest: it was changed or damaged on the way."]);
  return ok(checked.value);
}

/** The store is our own, but an update of the extension may have sharpened the language since. */
function parseStored(value: unknown, doors: PolicyDoors): StoredPolicy | null {
  if (typeof value !== "object" || value === null) return null;
  const { snapshot, handed, floors, rejected } = value as StoredPolicy;
  if (!snapshot || !handed || !floors) return null;
  if (!doors.validate(handed.policy).ok || !doors.validate(snapshot.policy).ok) return null;
  return { snapshot, handed, floors, rejected: rejected ?? null };
}
