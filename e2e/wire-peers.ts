/** `node e2e/wire-peers.ts`: real clients and real servers with a guard between them, every message compared: on both sides of the guard byte for byte, and with a run without it. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { parseDocument } from "yaml";
import { readJournal } from "../native-host/journal/reader.ts";
import { buildHost } from "./build.ts";
import { readyPeers } from "./peers.ts";
import { ROOT } from "./places.ts";
import { HOST_BUNDLE } from "./stage.ts";
import { CLIENTS, runClient, type ClientName, type Launch } from "./wire/clients.ts";
import { realPeers, type Peer } from "./wire/peers.ts";
import { compareExactly, compareRuns, readRecording, type Difference, type Direction, type Recording } from "./wire/recording.ts";

interface Row {
  readonly client: ClientName;
  readonly server: string;
  readonly messages: Readonly<Record<Direction, number>>;
  readonly seconds: number;
  /** Between the two sides of the guard. */
  readonly changed: readonly Difference[];
  /** Between the run without and the run with the guard. */
  readonly unlike: readonly Difference[];
}

const RECORDER = join(ROOT, "e2e", "wire", "recorder.ts");

/** The sample policy with all rules and detectors, open to every server; watching only where it would take something out on purpose. */
function makeHome(folder: string, watchOnly: boolean): string {
  const home = join(folder, "home");
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const policy = parseDocument(readFileSync(join(ROOT, "docs", "policy.sample.yaml"), "utf8"));
  policy.setIn(["admission", "default"], "allow");
  policy.deleteIn(["admission", "message"]);
  if (watchOnly) policy.set("mode", "monitor");
  writeFileSync(join(home, "policy.yaml"), policy.toString(), { mode: 0o600 });
  return home;
}

async function compare(client: ClientName, peer: Peer, folder: string, sluice: string): Promise<Row> {
  const start = performance.now();
  const [plain, guarded] = [join(folder, "plain"), join(folder, "guarded")];
  const own = { ...peer.env, SLUICE_HOME: makeHome(folder, peer.watchOnly ?? false) };
  const env = { ...(process.env as Record<string, string>), ...own, PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter) };
  const recorder = (where: string, side: "client" | "server", command: readonly string[]): string[] => [process.execPath, RECORDER, where, side, "--", ...command];
  const go = async (where: string, command: readonly string[]): Promise<void> => {
    rmSync(where, { recursive: true, force: true });
    mkdirSync(where);
    peer.prepare?.();
    const launch: Launch = { command, env, own };
    await runClient(client, peer, launch);
  };
  await go(plain, recorder(plain, "client", peer.command));
  await go(guarded, recorder(guarded, "client", [process.execPath, sluice, "guard", "--client", "wire-peers", "--", ...recorder(guarded, "server", peer.command)]));
  const judged = (await readJournal(join(own.SLUICE_HOME, "journal"))).filter(({ kind }) => kind === "request").length;
  if (judged === 0) throw new Error(`${client} with ${peer.name}: no guard has judged anything, so nothing was compared`);
  const [before, inside, outside] = [readRecording(plain, "client"), readRecording(guarded, "server"), readRecording(guarded, "client")];
  return {
    client,
    server: peer.name,
    messages: { "to-server": inside["to-server"].length, "to-client": inside["to-client"].length },
    seconds: (performance.now() - start) / 1000,
    changed: compareExactly(sides(inside, outside), sides(outside, inside)),
    unlike: compareRuns(before, outside, peer),
  };
}

/** What went in on one side must come out on the other. */
function sides(towardsClientFrom: Recording, towardsServerFrom: Recording): Recording {
  return { "to-client": towardsClientFrom["to-client"], "to-server": towardsServerFrom["to-server"] };
}

function show({ direction, at, expected, got }: Difference): string {
  const [from, to] = [expected ?? "(nothing)", got ?? "(nothing)"];
  const first = [...from].findIndex((char, index) => char !== to[index]);
  const window = (text: string): string => Buffer.from(text.slice(Math.max(0, first - 80), Math.max(0, first) + 160), "latin1").toString("utf8").trim();
  return `    ${direction}, message ${String(at)}:\n      - …${window(from)}\n      + …${window(to)}`;
}

const { values } = parseArgs({ options: { client: { type: "string", multiple: true }, server: { type: "string", multiple: true }, json: { type: "boolean", default: false } } });
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), "sluice-wire-"));
let failed = true;
try {
  await readyPeers(say);
  await buildHost();
  // A copy: another build must not change the guard in the middle of a run.
  cpSync(dirname(HOST_BUNDLE), join(folder, "host"), { recursive: true });
  const rows: Row[] = [];
  for (const peer of realPeers(folder).filter(({ name }) => values.server?.some((wanted) => name.includes(wanted)) ?? true)) {
    for (const client of CLIENTS.filter((name) => values.client?.some((wanted) => name.includes(wanted)) ?? true)) {
      const row = await compare(client, peer, folder, join(folder, "host", "sluice.mjs"));
      rows.push(row);
      const verdict = row.changed.length + row.unlike.length === 0 ? "same" : [row.changed.length > 0 ? "CHANGED by the guard" : "", row.unlike.length > 0 ? "UNLIKE the run without it" : ""].filter(Boolean).join(", ");
      say(`${row.server.padEnd(28)}${client.padEnd(15)}${String(row.messages["to-server"]).padStart(4)} to the server, ${String(row.messages["to-client"]).padStart(4)} to the client: ${verdict} (${row.seconds.toFixed(1)} s)`);
      for (const difference of [...row.changed, ...row.unlike]) say(show(difference));
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  const wrong = rows.filter((row) => row.changed.length + row.unlike.length > 0 || row.messages["to-client"] === 0);
  process.stdout.write(`${String(rows.length)} pairs of real peers, ${String(rows.reduce((sum, { messages }) => sum + messages["to-server"] + messages["to-client"], 0))} messages, ${String(wrong.length)} pairs differ\n`);
  failed = rows.length === 0 || wrong.length > 0;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(failed ? 1 : 0);
