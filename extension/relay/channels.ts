/** One session for each server that this frame talks to. */
import type { EventRecord } from "../../shared/events/record.ts";
import { Grants, keepInMemory } from "../../shared/gate/grants.ts";
import { createSession, newSubstitutes, type Session } from "../../shared/gate/session.ts";
import type { AuthenticationSeen } from "../../shared/mcp/channel.ts";
import type { Substitutes } from "../../shared/inspect/data/substitutes.ts";
import { remoteServer, type ClientIdentity } from "../../shared/mcp/identity.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Channels {
  /** The session with the server behind a URL, begun if need be. Undefined: the URL names no server. */
  find(url: string, authentication: AuthenticationSeen): Session | undefined;
  has(url: string): boolean;
  /** The session with the server that answered, when a redirect led to another than was asked. */
  elsewhere(asked: string, url: string): Session | undefined;
  close(reason: string): void;
}

export function openChannels(client: ClientIdentity, snapshot: Snapshot, record: (record: EventRecord) => void): Channels {
  const sessions = new Map<string, Session>();
  const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
  // What was allowed for a while the background keeps as well, for the page that comes after this one.
  const grants = new Grants(keepInMemory(snapshot.digest));
  let substitutes: Substitutes | undefined;

  function run(session: Session, input: Parameters<Session["step"]>[0]): void {
    for (const effect of session.step(input)) if (effect.kind === "record") record(effect.record);
  }

  const channels: Channels = {
    find(url, authentication) {
      const server = remoteServer(url);
      if (!server) return undefined;
      let session = sessions.get(server.id);
      if (!session) {
        session = createSession({
          channel: { id: crypto.randomUUID(), point: "page", transport: "streamable-http", client, server },
          by: "extension",
          policy: snapshot.policy,
          key: snapshot.key(),
          now: Date.now,
          random,
          grants,
          // The key is known once the policy is; before that nothing is judged.
          substitutes: (substitutes ??= newSubstitutes({ key: snapshot.key(), random })),
          trust: () => snapshot.trust(server.id),
          who: snapshot.who,
        });
        sessions.set(server.id, session);
        run(session, { kind: "open" });
      }
      run(session, { kind: "authentication", seen: authentication });
      return session;
    },
    has(url) {
      const server = remoteServer(url);
      return server !== undefined && sessions.has(server.id);
    },
    elsewhere(asked, url) {
      const server = remoteServer(url);
      return server && server.id !== asked ? channels.find(url, "unknown") : undefined;
    },
    close(reason) {
      for (const session of sessions.values()) run(session, { kind: "close", reason });
      sessions.clear();
    },
  };
  return channels;
}
