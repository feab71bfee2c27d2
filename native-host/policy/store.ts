/** Which policy is in force on this machine, now and after every change: machine policy, else the signed bundle that the machine is told to take, else the person's own file, else the last one that held up, else the baseline. */
import { homedir } from "node:os";
import { basename, sep } from "node:path";
import type { HostPaths } from "../home.ts";
import type { BundleSeen } from "../../shared/events/record.ts";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import { BASELINE } from "../../shared/policy/baseline.ts";
import { policyDigest } from "../../shared/policy/canonical.ts";
import { compile, type CompiledPolicy } from "../../shared/policy/compile.ts";
import type { PolicySource } from "../../shared/policy/decision.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { bootstrapPath } from "./bundle/bootstrap.ts";
import { deviceOf, findBundle, type ManagedBundleFound } from "./bundle/managed-bundle.ts";
import type { BundleStatus } from "./bundle/status.ts";
import { floorOf, lastGoodPath, loadLastGood, saveLastGood, textDigest, type FileSource, type LastGood } from "./last-good.ts";
import { machineFiles, machineLocations, readMachinePolicy, type MachineLocations } from "./machine.ts";
import { readPolicyFile, type PolicyFile } from "./policy-file.ts";
import { watchFiles } from "./watch.ts";

export interface AppliedPolicy {
  readonly policy: Policy;
  readonly source: PolicySource;
  /** SHA-256 of the canonical JSON. */
  readonly digest: string;
  readonly compiled: CompiledPolicy;
  /** How it stands with the signed bundle, on a machine that takes one. */
  readonly bundle?: BundleStatus;
  /** The same for records. */
  readonly seen?: BundleSeen;
}

export interface RejectedPolicy {
  readonly source: PolicySource;
  readonly errors: string[];
  readonly kept: { readonly id: string; readonly revision: number } | null;
}

export interface PolicyStore {
  current(): AppliedPolicy;
  /** What stands refused now. */
  rejected(): RejectedPolicy | null;
  /** Called for each policy that comes into force after the first, when the standing of its bundle changes, and again when a refusal is settled by the policy in force. */
  onApplied(callback: (applied: AppliedPolicy) => void): void;
  /** Called for each policy that was refused; at once (next microtask) if one stands refused now. */
  onRejected(callback: (rejected: RejectedPolicy) => void): void;
  close(): void;
}

export interface PolicyOptions {
  readonly paths: HostPaths;
  /** Follow changes of the files; default no. */
  readonly watch?: boolean;
  /** Instead of `paths.policyFile`. */
  readonly file?: string;
  /** Where the administrator's policy lies; for tests. */
  readonly machine?: MachineLocations;
  /** The clock, in Unix milliseconds; for tests. */
  readonly now?: () => number;
}

interface Places {
  readonly state: string;
  readonly file: string;
  readonly machine: MachineLocations;
  /** Somebody asked for this very file: that it is missing is worth a word. */
  readonly named: boolean;
  readonly now: () => number;
}

interface Outcome {
  readonly applied: AppliedPolicy;
  readonly rejected: RejectedPolicy | null;
}

export async function openPolicy(options: PolicyOptions): Promise<PolicyStore> {
  const { paths, file = paths.policyFile, machine = machineLocations(), now: clock = Date.now } = options;
  const applied: ((applied: AppliedPolicy) => void)[] = [];
  const refused: ((rejected: RejectedPolicy) => void)[] = [];
  const places: Places = { state: paths.state, file, machine, named: options.file !== undefined, now: clock };
  let now = await settle(places, null);
  // One after the other, so that a slow reading cannot overwrite a later one.
  let turn: Promise<void> = Promise.resolve();
  let following: Following | null = null;
  let closed = false;

  function update(): Promise<void> {
    turn = turn.then(updateNow);
    return turn;
  }

  async function updateNow(): Promise<void> {
    const before = now;
    now = await settle(places, before.applied);
    // The administrator may have named a bundle meanwhile, or another root.
    if (options.watch && !closed) following = await followBundle(places, update, following);
    // A file that is good again settles its refusal, also when it says what is in force already.
    if (now.applied !== before.applied || (before.rejected && !now.rejected)) for (const callback of applied) callback(now.applied);
    const { rejected } = now;
    if (rejected && JSON.stringify(rejected) !== JSON.stringify(before.rejected)) for (const callback of refused) callback(rejected);
  }

  if (options.watch) following = await followBundle(places, update, null);
  const watching = options.watch ? await watchFiles([file, ...machineFiles(machine), bootstrapPath(machine)], update) : null;
  // A change between the first reading and the watch would otherwise wait for the next one.
  if (watching) await update();
  return {
    current: () => now.applied,
    rejected: () => now.rejected,
    onApplied: (callback) => void applied.push(callback),
    onRejected(callback) {
      refused.push(callback);
      const { rejected } = now;
      if (rejected) queueMicrotask(() => callback(rejected));
    },
    close() {
      closed = true;
      watching?.close();
      following?.close();
    },
  };
}

interface Following {
  readonly rootSha256: string;
  close(): void;
}

/** Polls for the machine's bundle and tells when what is stored has changed; asks nobody on a machine that takes none. */
async function followBundle({ state, machine }: Places, update: () => Promise<void>, before: Following | null): Promise<Following | null> {
  const found = await findBundle(state, machine);
  if (found.kind === "none") {
    before?.close();
    return null;
  }
  const { rootSha256 } = found.bootstrap;
  if (before?.rootSha256 === rootSha256) return before;
  before?.close();
  const [{ startPolling }, { vaultFiles }] = await Promise.all([import("./bundle/poller.ts"), import("./bundle/vault.ts")]);
  const poller = startPolling(state, async () => {
    const now = await findBundle(state, machine);
    return now.kind === "bundle" ? now.bootstrap : null;
  });
  const watching = await watchFiles(vaultFiles(state, rootSha256), update);
  return {
    rootSha256,
    close() {
      poller.close();
      watching.close();
    },
  };
}

/** Reads what is there and says what is in force. The answer depends on files and the clock alone, so that host and guards agree. */
async function settle(places: Places, before: AppliedPolicy | null): Promise<Outcome> {
  const { state, machine } = places;
  const machineFile = await readMachinePolicy(machine);
  if (machineFile.kind !== "absent") return settleFile(places, before, machineFile, await loadLastGood(state, "machine"));
  const found = await findBundle(state, machine);
  if (found.kind === "bundle") return settleBundle(places, found, before);
  const settled = await settleFile(places, before, machineFile, await loadLastGood(state, "machine"));
  if (found.errors.length === 0) return settled;
  const { id, revision } = settled.applied.policy;
  return { applied: settled.applied, rejected: { source: "bundle", errors: found.errors.map(shownIn), kept: { id, revision } } };
}

/** Verified anew at each reading: a stored bundle is trusted no more than one from the network. */
async function settleBundle({ state, now }: Places, { bootstrap, errors }: Extract<ManagedBundleFound, { kind: "bundle" }>, before: AppliedPolicy | null): Promise<Outcome> {
  // Loaded only where a bundle is taken: a guard's start must not pay for it anywhere else.
  const [{ storedPolicy }, { openVault, vaultFolder }, { seen }] = await Promise.all([import("./bundle/stored.ts"), import("./bundle/vault.ts"), import("./bundle/status.ts")]);
  const held = await storedPolicy(bootstrap, await deviceOf(state, bootstrap), openVault(vaultFolder(state, bootstrap.rootSha256)), now());
  const applied = withStatus(appliedOf(held.policy, held.source, before), held.status, seen(held.status, now()), before);
  const all = [...errors.map(shownIn), ...held.errors];
  return { applied, rejected: all.length === 0 ? null : { source: "bundle", errors: all, kept: { id: applied.policy.id, revision: applied.policy.revision } } };
}

/** The same object while nothing that people look at has changed. */
function withStatus(applied: AppliedPolicy, bundle: BundleStatus, seen: BundleSeen, before: AppliedPolicy | null): AppliedPolicy {
  const was = before?.bundle;
  const same = was && was.state === bundle.state && was.version === bundle.version && was.channel === bundle.channel && was.cohort === bundle.cohort && was.failMode === bundle.failMode;
  if (same && applied === before) return before;
  return { ...applied, bundle, seen };
}

async function settleFile({ state, file: localFile, machine, named, now }: Places, before: AppliedPolicy | null, machineFile: PolicyFile, machineGood: LastGood | undefined): Promise<Outcome> {
  // A machine that was managed stays so when its policy is broken, gone or half replaced; the local file is not even read.
  const source: FileSource = machineFile.kind !== "absent" || machineGood ? "machine" : "local";
  const found = source === "machine" ? machineFile : await readPolicyFile(localFile);
  const good = source === "machine" ? machineGood : await loadLastGood(state, "local");

  const judged = await judge(found, source, state, good);
  if (judged.ok) return { applied: appliedOf(judged.value, source, before, good?.policy === judged.value ? good.digest : undefined), rejected: null };

  const keeps = good && (source === "machine" || good.file === localFile) ? good.policy : before?.source === source ? before.policy : null;
  const kept = keeps ? appliedOf(keeps, source, before) : appliedOf(BASELINE, "baseline", before);
  const gone = found.kind === "absent" ? missing(source, keeps !== null, { state, file: localFile, machine, named, now }) : null;
  if (judged.why.length === 0 && gone === null) return { applied: kept, rejected: null };
  const errors = gone === null ? judged.why : [gone];
  return { applied: kept, rejected: { source, errors, kept: { id: kept.policy.id, revision: kept.policy.revision } } };
}

/** What to say of a policy file that is not there; null when nobody expects one. */
function missing(source: FileSource, kept: boolean, { state, file, machine, named }: Places): string | null {
  if (kept) return `${shown(source === "local" ? file : machine.folder)}: the policy file is gone; the last good one stays. To give it up, delete ${shown(lastGoodPath(state, source))} as well`;
  return named ? `${shown(file)}: there is no such file` : null;
}

/** Errors travel into records: no user names. */
function shown(path: string): string {
  return path.startsWith(homedir() + sep) ? `~${path.slice(homedir().length)}` : path;
}

function shownIn(text: string): string {
  return text.replaceAll(homedir() + sep, `~${sep}`);
}

/** A policy that may come into force, or why not; no reasons when there is no file at all. */
async function judge(found: PolicyFile, source: FileSource, state: string, good: LastGood | undefined): Promise<Result<Policy, string[]>> {
  if (found.kind === "absent") return fail([]);
  if (found.kind === "refused") return fail([found.why.replaceAll(found.path, shown(found.path))]);
  const digest = textDigest(found.text);
  // The same bytes, judged before and stored with their outcome: no need to parse them again. Only of the person's own
  // policy: they can write the state folder, and an administrator's text means what it says, not what the state says of it.
  if (source === "local" && good?.textDigest === digest && good.file === found.path && !good.stale) return ok(good.policy);
  // The schema is loaded only for a text that has not been judged before.
  const { fileProblemText, readPolicy } = await import("./read.ts");
  const read = await readPolicy(found.text, found.path);
  if (!read.ok) return fail(read.why.map((problem) => fileProblemText(basename(found.path), problem)));
  const policy = read.value;
  // The machine's file belongs to the administrator, who may go back; a floor out of the person's folder could keep their policy out.
  const floor = source === "local" ? floorOf(good, policy.id) : 0;
  if (policy.revision < floor) return fail([`${basename(found.path)}: revision ${policy.revision} of "${policy.id}" is lower than ${floor}, which was in force before; raise the revision to bring an older text back`]);
  try {
    await saveLastGood(state, source, { file: found.path, textDigest: digest, digest: policyDigest(policy), policy });
  } catch {
    // A full or read-only disk must not keep a good policy from being enforced; the file itself is still there at the next start.
  }
  return ok(policy);
}

/** @param digest where it is known. */
function appliedOf(policy: Policy, source: PolicySource, before: AppliedPolicy | null, digest = policyDigest(policy)): AppliedPolicy {
  if (before && before.digest === digest && before.source === source) return before;
  return { policy, source, digest, compiled: compile(policy, source) };
}
