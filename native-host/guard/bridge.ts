/** The two directions between client and server, joined by one session: policy in, records out, until the server has ended and its last words are through. */
import { randomUUID } from "node:crypto";
import process from "node:process";
import type { Effect, Session } from "../../shared/gate/session.ts";
import { launchedServer, unwrapGuard } from "../../shared/mcp/launch.ts";
import type { GuardedChild } from "./child.ts";
import type { Ending } from "./ending.ts";
import { openGatekeeper } from "./gatekeeper.ts";
import { lastWords } from "./last-words.ts";
import { pump, type Flow } from "./pump.ts";
import type { GuardOptions } from "./stdio.ts";

/** What a server says that the policy has refused since reaches nobody. */
const DROPPED: readonly Effect[] = [{ kind: "drop" }];
/** What a shell says of a command that may not be run. */
const REFUSED_CODE = 126;

/** @returns the exit code to end with. */
export async function bridge(child: GuardedChild, ending: Ending, options: GuardOptions): Promise<number> {
  const keeper = await openGatekeeper(options);
  if (unwrapGuard(options).kind === "guarded") keeper.say("this command starts a guard of its own; one is enough, and two judge everything twice");
  const gate = keeper.admit({ id: randomUUID(), point: "stdio", transport: "stdio", client: options.client, server: launchedServer(options.command, options.args) });
  let refused: Promise<string> | null = null;
  const common = {
    desk: gate.desk,
    onRecord: ({ record }: Extract<Effect, { kind: "record" }>) => gate.record(record),
    onPassed: gate.passed,
    onStray: (bytes: Uint8Array) => void process.stderr.write(bytes),
    onFailure: (name: string) => keeper.sayOnce(`a message could not be judged because of an error in Sluice (${name}); it was not handed on`),
  };
  const toServer = pump({ ...common, session: gate.session, direction: "to-server", from: process.stdin, to: child.stdin, back: process.stdout });
  const heard: Session = { channel: gate.session.channel, step: (input) => (refused ? [...DROPPED] : gate.session.step(input)), skim: (...message) => (refused ? [...DROPPED] : gate.session.skim(...message)), records: () => gate.session.records() };
  const toClient = pump({ ...common, session: heard, direction: "to-client", from: child.stdout, to: process.stdout, back: child.stdin });
  void toServer.done.then(() => ending.inputClosed(child.stdin));
  child.stdout.on("data", () => ending.heard());
  child.listening();
  // That it breaks is how we learn that the client is gone.
  process.stdout.on("error", () => ending.clientGone(child.stdin));
  gate.whenRefused(() => {
    refused = clientGone(toServer);
    keeper.say("the policy does not allow this server; it was ended, and every request to it is refused. Once the policy allows it, restart this server in your app");
    for (const effect of gate.session.step({ kind: "abandoned" })) {
      if (effect.kind === "record") gate.record(effect.record);
      else if (effect.kind === "replace") process.stdout.write(`${effect.text}\n`);
    }
    ending.refused(child.stdin);
  });

  const end = await ending.ended;
  // Nothing is left to pass signals on to: from here on they end the guard.
  ending.release();
  await lastWords(toClient);
  // The client is told why, whatever it asks, for as long as it asks. Without us it would only see its server die.
  const reason = refused ? `${end.reason}; ${await refused}` : end.reason;
  gate.close(reason);
  await keeper.close();
  return refused ? REFUSED_CODE : end.code;
}

/** Resolves, with a reason for the journal, once the client is gone or wants the guard to end. */
function clientGone(toServer: Flow): Promise<string> {
  return new Promise((resolve) => {
    void toServer.done.then(() => resolve("client closed"));
    if (process.stdout.errored) resolve("client stopped reading");
    process.stdout.once("error", () => resolve("client stopped reading"));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve(`client sent ${signal}`));
  });
}
