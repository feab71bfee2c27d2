/** `sluice guard --url URL`: a pipe towards the client, HTTP towards the server, and the policy in between. */
import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import process from "node:process";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Channel } from "../../../shared/mcp/channel.ts";
import type { ClientIdentity } from "../../../shared/mcp/identity.ts";
import { openGatekeeper, type GatekeeperOptions } from "../gatekeeper.ts";
import { pump } from "../pump.ts";
import { openRemote, type Remote } from "./remote.ts";
import { withoutSecrets, type Target } from "./target.ts";
import { openWire } from "./wire.ts";

export interface UrlGuardOptions extends GatekeeperOptions {
  readonly target: Target;
  readonly client: ClientIdentity;
}

/** A client that has closed its side still reads the answers it asked for, for as long as they keep coming. */
const LAST_WORDS_MS = 3000;
const LINE_END = 10;

/** Runs until the client is gone. @returns the exit code: 0, or 128 + signal. */
export async function runUrlGuard(options: UrlGuardOptions): Promise<number> {
  const { target } = options;
  // The command line ends when its output breaks; a guard first takes leave of the server.
  process.stdout.removeAllListeners("error");
  process.stderr.on("error", () => {});
  const { promise: told, resolve: tell } = Promise.withResolvers<{ reason: string; code: number }>();
  process.stdout.on("error", () => tell({ reason: "client stopped reading", code: 0 }));
  // For good, not once: the journal lets a signal kill that nobody listens to.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => tell({ reason: `client sent ${signal}`, code: 128 + constants.signals[signal] }));

  const keeper = await openGatekeeper(options);
  for (const warning of target.warnings) keeper.say(warning);
  const seen: { remote?: Remote } = {};
  const channel: Channel = {
    id: randomUUID(),
    point: "http",
    get transport() {
      return seen.remote?.transport ?? "streamable-http";
    },
    client: options.client,
    server: target.server,
  };
  const gate = keeper.admit(channel);
  let written = 0;
  const remote = openRemote({
    target,
    wire: openWire(),
    gate,
    say: (text) => keeper.sayOnce(withoutSecrets(text, target)),
    gap: (text) => keeper.gap(withoutSecrets(text, target)),
    write(line) {
      written++;
      return writeLine(process.stdout, line);
    },
  });
  seen.remote = remote;

  const pieces: Buffer[] = [];
  /** Sends what has come as one message. */
  const send = async (): Promise<void> => {
    const text = Buffer.concat(pieces.splice(0)).toString("utf8").trim();
    if (text !== "") await remote.send(text);
  };
  const toServer = new Writable({
    decodeStrings: true,
    // A long message comes in several pieces, the last one with its line end.
    write(chunk: Buffer, _encoding, taken) {
      pieces.push(chunk);
      if (chunk.at(-1) !== LINE_END) return taken();
      void send().then(() => taken());
    },
    final(sent) {
      void send().then(() => sent());
    },
  });
  const flow = pump({
    session: gate.session,
    desk: gate.desk,
    direction: "to-server",
    from: process.stdin,
    to: toServer,
    back: process.stdout,
    onRecord: ({ record }) => gate.record(record),
    onPassed: gate.passed,
    onStray: () => {},
    onFailure: (name) => keeper.sayOnce(`a message could not be judged because of an error in Sluice (${name}); it was not handed on`),
  });
  void flow.done.then(async () => {
    // What still waits to be sent counts as well, but a server that answers nothing keeps no guard alive.
    const sent = new Promise<void>((resolve) => toServer.end(resolve));
    const quiet = sent.then(() => remote.quiet()).then(() => true);
    for (let before = -1; written !== before; ) {
      before = written;
      if (await Promise.race([quiet, sleep(LAST_WORDS_MS, false, { ref: false })])) break;
    }
    tell({ reason: "client closed", code: 0 });
  });

  const end = await told;
  await remote.close();
  gate.close(end.reason);
  await keeper.close();
  process.stdin.destroy();
  return end.code;
}

/** Undefined where the reader takes more at once. One that is gone holds nobody up. */
function writeLine(to: Writable, line: string): Promise<void> | undefined {
  if (!to.writable || to.write(`${line}\n`)) return undefined;
  return new Promise((resolve) => {
    const events = ["drain", "close", "error"] as const;
    const goOn = (): void => {
      for (const event of events) to.off(event, goOn);
      resolve();
    };
    for (const event of events) to.once(event, goOn);
  });
}
