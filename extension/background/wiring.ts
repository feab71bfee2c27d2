/** Builds the background's parts and ties them together. Listeners are attached in the first tick, because a worker that wakes for an event drops what nobody listens for. */
import browser, { type Runtime } from "webextension-polyfill";
import type { Feedback } from "../../shared/events/record.ts";
import { storableReason } from "../../shared/gate/ask.ts";
import { ASKS_KEY, GRANTS_KEY, HASH_KEY, RELAY_MARK, SNAPSHOT_KEY, TRUST_KEY, WHO_KEY, type PolicySnapshot, type ProtectionState, type ToRelay } from "../../shared/messages/extension.ts";
import { HOST_NAME, type ToHost } from "../../shared/messages/host.ts";
import { contextOf } from "../../shared/inventory/inventory.ts";
import { BASELINE } from "../../shared/policy/baseline.ts";
import { policyDigest } from "../../shared/policy/canonical.ts";
import { validatePolicy } from "../../shared/policy/schema.ts";
import { SluiceDb } from "../store/db.ts";
import { createLedger, LOST } from "../store/ledger.ts";
import { dayCounts } from "../store/queries.ts";
import { createAskBook, type Holder, type KeptBook } from "./ask-book.ts";
import { badgeOf } from "./badge.ts";
import { createHostLink, type HostPort } from "./host-link.ts";
import { createManagedConfig, MANAGED_KEY } from "./managed-config.ts";
import { answer } from "./messages.ts";
import { coverOpenTabs, gapOf, lateScripts, type TabDoors } from "./open-tabs.ts";
import { createPolicyStore, type StoredPolicy } from "./policy-store.ts";
import { createRecordWriter } from "./record-writer.ts";
import { health, policyRejected, stamp } from "./stamp.ts";
import { createStandingGrants } from "./standing-grants.ts";
import { createTrust, type TrustScores } from "./trust.ts";

/** What the policy store keeps beside the snapshot that the relays read. */
const POLICY_KEY = "policy.kept";
const UPKEEP = "upkeep";

export function wire(): void {
  const db = new SluiceDb();
  const ledger = createLedger(db);
  const local = browser.storage.local;
  const load = async (key: string): Promise<unknown> => (await local.get(key))[key];

  const trust = createTrust({
    load: async () => ((await load(TRUST_KEY)) ?? {}) as TrustScores,
    save: (scores) => local.set({ [TRUST_KEY]: scores }),
  });

  async function store(records: Parameters<typeof ledger.store>[0], toHost: boolean): Promise<void> {
    const snapshot = policy.current();
    const { fresh, servers } = await ledger.store(records, { toHost, context: snapshot ? contextOf(snapshot.policy) : {} });
    if (!fresh.length) return;
    await trust.update(servers);
    if (toHost) host.nudge();
    await paintBadge();
  }

  const writer = createRecordWriter({
    store: (records) => store(records, true),
    after,
    onRefused: (count) => note(writer.write([health("records.lost", `${count} records from a page did not hold up and were left out`)])),
  });

  const policy = createPolicyStore({
    load: async () => {
      const found = await local.get([POLICY_KEY, SNAPSHOT_KEY]);
      return { ...(found[POLICY_KEY] as object | undefined), snapshot: found[SNAPSHOT_KEY] };
    },
    save: ({ snapshot, ...rest }: StoredPolicy) => local.set({ [SNAPSHOT_KEY]: snapshot satisfies PolicySnapshot, [POLICY_KEY]: rest }),
    now: Date.now,
    validate: validatePolicy,
    digest: policyDigest,
    baseline: BASELINE,
    onApplied({ policy: { id, revision }, source, digest }) {
      note(writer.write([stamp({ kind: "policy.applied", policy: { id, revision, source, digest } })]));
    },
    onRejected: (rejected) => note(writer.write([policyRejected(rejected)])),
  });

  const managed = createManagedConfig({
    read: () => browser.storage.managed.get(),
    load: () => load(MANAGED_KEY),
    save: (remembered) => local.set({ [MANAGED_KEY]: remembered }),
    now: Date.now,
    after,
    firstAnswerIsFinal: async () => (await browser.management.getSelf()).installType === "development",
    onState: (next) => note(policy.managed(next).then(paintBadge)),
    onAlarm: (detail) => note(writer.write([health("coverage.gap", detail)])),
  });

  const host = createHostLink({
    open: openHost,
    outbox: ledger,
    version: browser.runtime.getManifest().version,
    browser: browserName(),
    now: Date.now,
    after,
    random: Math.random,
    onPolicyPart: (part) => note(policy.hostPart(part).then(paintBadge)),
    onPolicyRejected: ({ source, errors }) => note(policy.hostRejected(source, errors).then(paintBadge)),
    onRecords: (records) => note(store(records, false)),
    onAsk: (ask) => note(asks.askHost(ask)),
    onAskGone: (ticket) => note(asks.gone(ticket, "gone", null)),
    onAnswered: (receipt) => asks.hostAnswered(receipt),
    onWho: (who) => note(local.set({ [WHO_KEY]: who })),
    onConnected: (version) => note(welcomeHost(version)),
    onLost: (why) => note(writer.write([health("host.lost", why)])),
    onClosed() {
      policy.hostGone();
      // It tells of them anew when it is back.
      note(asks.hostGone());
    },
    onDistrust: (why) => note(writer.write([health("records.lost", why)])),
    onChange: () => note(paintBadge()),
  });

  const asks = createAskBook({
    load: async () => (await browser.storage.session.get(ASKS_KEY))[ASKS_KEY] as KeptBook | undefined,
    save: (book) => browser.storage.session.set({ [ASKS_KEY]: book }),
    now: Date.now,
    grants: createStandingGrants({
      load: async () => (await browser.storage.session.get(GRANTS_KEY))[GRANTS_KEY],
      save: (grants) => browser.storage.session.set({ [GRANTS_KEY]: grants }),
      policy: async () => (await started, policy.current()),
      now: Date.now,
    }),
    tellRelay,
    tellHost: (ticket, given) => host.answer(ticket, given),
    after,
    onChange(open, news) {
      note(paintBadge());
      if (news && open > 0) showPopup();
    },
  });

  async function feedback(about: string, wish: Feedback["wish"], reason: string | null): Promise<void> {
    await writer.write([stamp({ kind: "feedback", about, wish, reason: storableReason(reason) })]);
  }

  async function welcomeHost(version: string): Promise<void> {
    const lost = await ledger.counter(LOST);
    await writer.write([health("host.connected", `version ${version}`), ...(lost ? [health("records.lost", `${lost} records had to give way before the host could take them`)] : [])]);
    if (lost) await ledger.reset(LOST);
  }

  async function state(): Promise<ProtectionState> {
    await started;
    const snapshot = policy.current();
    const { management, values, notices } = managed.current();
    const needsHost = values.requireHost === true && host.state().state === "missing";
    return {
      policy: snapshot && {
        id: snapshot.policy.id,
        title: snapshot.policy.title ?? null,
        revision: snapshot.policy.revision,
        source: snapshot.source,
        mode: snapshot.policy.mode,
        appliedAt: snapshot.appliedAt,
      },
      management,
      host: host.state(),
      rejected: policy.rejected(),
      support: snapshot?.policy.support ?? null,
      organization: values.orgName ?? null,
      notices: needsHost ? [...notices, "Your organization requires the Sluice host program, and it is not there."] : notices,
      // What stands behind the taps (blocking at browser level) is not built yet, and the popup says so.
      blocking: "page-only",
    };
  }

  async function paintBadge(): Promise<void> {
    const look = badgeOf(await state(), await dayCounts(db, Date.now()), await asks.open());
    await Promise.all([
      browser.action.setBadgeText({ text: look.text }),
      browser.action.setBadgeBackgroundColor({ color: look.colour }),
      browser.action.setBadgeTextColor?.({ color: "#ffffff" }),
      browser.action.setTitle({ title: look.title }),
    ]);
  }

  async function upkeep(): Promise<void> {
    while (await ledger.trim());
    await trust.rebuild(await ledger.servers());
    await paintBadge();
  }

  async function cover(): Promise<void> {
    const gap = gapOf(await coverOpenTabs(openTabs, lateScripts((browser.runtime.getManifest().content_scripts ?? []) as Parameters<typeof lateScripts>[0])));
    if (gap) await writer.write([health("coverage.gap", gap)]);
  }

  /** Once a browser session, although the worker starts many times. */
  async function announce(): Promise<void> {
    if ((await browser.storage.session.get("started"))["started"]) return;
    await browser.storage.session.set({ started: true });
    await writer.write([health("extension.started", `version ${browser.runtime.getManifest().version}`)]);
  }

  const doors = { self: browser.runtime.id, home: browser.runtime.getURL(""), receive: writer.receive, asks, feedback, state, discover: host.discover };
  browser.runtime.onMessage.addListener((message: unknown, sender: Runtime.MessageSender) => answer(doors, message, sender));
  browser.storage.onChanged.addListener((_, area) => {
    if (area === "managed") note(managed.changed());
  });
  browser.alarms.onAlarm.addListener(({ name }) => {
    host.connect();
    if (name === UPKEEP) note(upkeep());
  });
  browser.runtime.onInstalled.addListener(({ reason }) => {
    if (reason === "install") note(cover());
  });

  const started = policy.start();
  note(started.then(paintBadge));
  note(ensureHashKey());
  note(managed.start());
  note(ensureAlarms());
  note(announce());
  host.connect();
}

/** To the one document that holds the call: a page that has loaded since in the same frame must not hear of it. */
async function tellRelay({ tab, frame, document }: Holder, message: ToRelay): Promise<{ readonly ok: boolean } | undefined> {
  try {
    const options = document === undefined ? { frameId: frame } : ({ documentId: document } as { frameId?: number });
    const said = (await browser.tabs.sendMessage(tab, message, options)) as { readonly ok?: unknown } | undefined;
    return { ok: said?.ok === true };
  } catch {
    return undefined;
  }
}

let shownAt = 0;
const SHOW_AGAIN_MS = 10_000;

/** Where browsers let us, the window opens by itself; the badge shows it in any case. */
function showPopup(): void {
  if (Date.now() - shownAt < SHOW_AGAIN_MS) return;
  shownAt = Date.now();
  const action = browser.action as { openPopup?: () => Promise<void> };
  // No window has the focus, or the browser does not allow it: then the badge has to do.
  void action.openPopup?.().catch(() => undefined);
}

const openTabs: TabDoors = {
  tabs: async () => (await browser.tabs.query({ url: ["http://*/*", "https://*/*"] })).flatMap((tab) => (tab.id === undefined ? [] : [tab.id])),
  async uncovered(tabId) {
    const probes = (await browser.scripting.executeScript({
      target: { tabId, allFrames: true },
      injectImmediately: true,
      func: (mark: string) => Reflect.get(globalThis, mark) === true,
      args: [RELAY_MARK],
    })) as readonly { readonly documentId?: string; readonly frameId: number; readonly result?: unknown }[];
    return probes.flatMap(({ documentId, frameId, result }) => (result === true ? [] : [documentId ?? String(frameId)]));
  },
  async inject(tabId, documents, { files, world }) {
    // Documents rather than frames: what has navigated since has its own scripts. Firefox knows frames only.
    const target = /^\d+$/.test(documents[0] ?? "") ? { tabId, frameIds: documents.map(Number) } : { tabId, documentIds: [...documents] };
    await browser.scripting.executeScript({ target, files: [...files], world, injectImmediately: true });
  },
};

/** Fingerprints made with this key are of use in this profile only. */
async function ensureHashKey(): Promise<void> {
  if ((await browser.storage.local.get(HASH_KEY))[HASH_KEY]) return;
  const hex = [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  await browser.storage.local.set({ [HASH_KEY]: hex });
}

function browserName(): string {
  if (browser.runtime.getURL("").startsWith("moz-")) return "firefox";
  return navigator.userAgent.includes("Edg/") ? "edge" : "chromium";
}

/** Creating an alarm anew would push it away at every wake. */
async function ensureAlarms(): Promise<void> {
  if (!(await browser.alarms.get("line"))) browser.alarms.create("line", { periodInMinutes: 1 });
  if (!(await browser.alarms.get(UPKEEP))) browser.alarms.create(UPKEEP, { periodInMinutes: 30, delayInMinutes: 1 });
}

function openHost(): HostPort {
  const port = browser.runtime.connectNative(HOST_NAME);
  return {
    post: (message: ToHost) => port.postMessage(message),
    onMessage: (hear) => port.onMessage.addListener(hear),
    // Firefox tells the reason on the port, Chromium in `lastError`.
    onClosed: (closed) => port.onDisconnect.addListener((ended) => closed(ended.error?.message ?? browser.runtime.lastError?.message ?? null)),
    close: () => port.disconnect(),
  };
}

function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** For work that nobody waits for: its failure must be seen, and must not take the worker down. */
function note(work: Promise<unknown>): void {
  work.catch((error: unknown) => console.warn("Sluice:", error instanceof Error ? error.message : "something failed"));
}
