/** The two directions between client and server, joined by one session: policy in, records out, until the server has ended and its last words are through. */
import { randomUUID } from "node:crypto";
import process from "node:process";
import type { Effect } from "../../shared/gate/session.ts";
import { launchedServer, unwrapGuard } from "../../shared/mcp/launch.ts";
import type { GuardedChild } from "./child.ts";
import type { Ending } from "./ending.ts";
import { openGatekeeper } from "./gatekeeper.ts";
import { lastWords } from "./last-words.ts";
import { pump } from "./pump.ts";
import type { GuardOptions } from "./stdio.ts";

/** @returns the exit code to end with. */
export async function bridge(child: GuardedChild, ending: Ending, options: GuardOptions): Promise<number> {
  const keeper = await openGatekeeper(options);
  if (unwrapGuard(options).kind === "guarded") keeper.say("this command starts a guard of its own; one is enough, and two judge everything twice");
  const gate = keeper.admit({ id: randomUUID(), point: "stdio", transport: "stdio", client: options.client, server: launchedServer(options.command, options.args) });
  const common = {
    session: gate.session,
    onRecord: ({ record }: Extract<Effect, { kind: "record" }>) => gate.record(record),
    onStray: (bytes: Uint8Array) => void process.stderr.write(bytes),
    onFailure: (name: string) => keeper.sayOnce(`a message could not be judged because of an error in Sluice (${name}); it was not handed on`),
  };
  const toServer = pump({ ...common, direction: "to-server", from: process.stdin, to: child.stdin, back: process.stdout });
  const toClient = pump({ ...common, direction: "to-client", from: child.stdout, to: process.stdout, back: child.stdin });
  void toServer.done.then(() => ending.inputClosed(child.stdin));
  child.stdout.on("data", () => ending.heard());
  child.listening();
  // That it breaks is how we learn that the client is gone.
  process.stdout.on("error", () => ending.clientGone(child.stdin));

  const end = await ending.ended;
  // Nothing is left to pass signals on to: from here on they end the guard.
  ending.release();
  await lastWords(toClient);
  gate.close(end.reason);
  await keeper.close();
  return end.code;
}
