/** What is connected: servers with their risk and its evidence, and the apps that use them. */
import type { ProtectionState } from "../../shared/messages/extension.ts";
import { classInfo } from "../../shared/inspect/data/classes.ts";
import { bringsApps, bringsSkills, isStale, type ClientEntry, type ListName, type ServerEntry } from "../../shared/inventory/entry.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import { scoreServer } from "../../shared/inventory/score.ts";
import type { Connected as ConnectedData } from "../store/queries.ts";
import { Chip, Fact } from "./details.tsx";
import { count, moment, POINT_WORDS, RISK_WORDS, serverAddress, serverName, TRANSPORT_WORDS } from "./words.ts";

export function Connected({ connected, host, now, onDiscover }: { connected: ConnectedData | null; host: ProtectionState["host"] | null; now: number; onDiscover(): void }) {
  const servers = connected?.servers ?? [];
  const clients = connected?.clients ?? [];
  const names = new Map(clients.map((client) => [client.id, plainText(client.name, 80)]));
  return (
    <section aria-labelledby="connected">
      <div class="section-head">
        <h2 id="connected">Connected</h2>
        {connected && servers.length > 0 && (
          <p class="tally">
            {count(servers.length, "server")}, {count(clients.length, "app")}
          </p>
        )}
      </div>
      {connected && !servers.length && (
        <div class="empty">
          <p class="empty-title">No MCP servers seen yet.</p>
          <p>A server appears here as soon as an AI app in this browser talks to one.{host?.state === "connected" ? " Sluice can also look into the settings of the AI apps on this computer." : ""}</p>
        </div>
      )}
      {servers.length > 0 && (
        <>
          <h3 id="servers">Servers</h3>
          <ul class="cards" aria-labelledby="servers">
            {servers.map((entry) => (
              <li key={entry.id}>
                <Server entry={entry} names={names} now={now} />
              </li>
            ))}
          </ul>
        </>
      )}
      {clients.length > 0 && (
        <>
          <h3 id="clients">Apps that use them</h3>
          <ul class="rows" aria-labelledby="clients">
            {clients.map((entry) => (
              <li key={entry.id}>
                <Client entry={entry} now={now} />
              </li>
            ))}
          </ul>
        </>
      )}
      {host?.state === "connected" && (
        <button type="button" class="quiet wide" onClick={onDiscover}>
          Look for AI apps on this computer
        </button>
      )}
    </section>
  );
}

function Server({ entry, names, now }: { entry: ServerEntry; names: ReadonlyMap<string, string>; now: number }) {
  const { score, level, coverage, evidence, caps } = scoreServer(entry);
  const version = entry.self?.version ?? (entry.identity.kind === "local" ? entry.identity.package?.version : undefined);
  const address = serverAddress(entry.identity);
  const lost = evidence.filter((each) => each.points > 0);
  const fine = evidence.filter((each) => each.points === 0);
  return (
    <details class="card server">
      <summary>
        <span class="grow">
          <span class="server-name">
            <bdi class="name">{serverName(entry.identity, entry)}</bdi>
            {version && <bdi class="version">{plainText(version, 40)}</bdi>}
          </span>
          <span class="mono clip" title={address}>
            <bdi>{address}</bdi>
          </span>
          <span class="meta">
            {entry.dataSource.kind === "unknown" ? "Data source not known" : entry.dataSource.name}
            {" · "}
            {entry.clients.map((id) => names.get(id) ?? plainText(id, 60)).slice(0, 3).join(", ")}
            {entry.clients.length > 3 && ` and ${entry.clients.length - 3} more`}
          </span>
        </span>
        <Chip tone={`risk-${level}`}>{RISK_WORDS[level]}</Chip>
      </summary>
      <div class="item-more">
        <h3>
          Trust {score} of 100 <span class="soft">from {Math.round(coverage * 100)} % of what counts</span>
        </h3>
        <ul class="evidence">
          {caps.map(({ at, text }) => (
            <li key={text}>
              <span class="points lost">≤ {at}</span>
              <span>{text}</span>
            </li>
          ))}
          {[...lost, ...fine].map(({ points, text }) => (
            <li key={text}>
              <span class={points > 0 ? "points lost" : "points"}>{points > 0 ? `−${points}` : "ok"}</span>
              <bdi>{text}</bdi>
            </li>
          ))}
        </ul>
        <dl>
          <Fact name={entry.identity.kind === "local" ? "Command" : "Address"} mono>
            {address}
          </Fact>
          <Fact name="Calls itself">{entry.self && `${entry.self.title ?? entry.self.name}${entry.self.version ? `, ${entry.self.version}` : ""}`}</Fact>
          <Fact name="Configured as">{[...new Set(entry.places.filter((place) => !place.removed).map((place) => `${place.name} in ${plainText(place.where, 120)}`))].join("; ")}</Fact>
          <Fact name="Data source">{entry.dataSource.kind !== "unknown" && `${entry.dataSource.name}, because of ${plainText(entry.dataSource.evidence.join(", "), 200)}`}</Fact>
          <Fact name="Transport">{entry.transports.map((transport) => TRANSPORT_WORDS[transport]).join(", ")}</Fact>
          <Fact name="MCP version">{entry.protocolVersions.join(", ") || "not seen yet"}</Fact>
          <Fact name="Tools">{entry.tools.length > 0 && `${entry.tools.length}: ${plainText(entry.tools.map((tool) => tool.name).slice(0, 12).join(", "), 300)}${entry.tools.length > 12 ? " …" : ""}`}</Fact>
          <Fact name="Prompts">{entry.prompts?.length > 0 && offered(entry, "prompts", count(entry.prompts.length, "prompt"))}</Fact>
          <Fact name="Resources">{entry.resources?.length > 0 && offered(entry, "resources", resourceWords(entry.resources))}</Fact>
          <Fact name="Instructions">{entry.instructions && `${count(entry.instructions.length, "character")} for the AI model${entry.instructions.digests.length > 1 ? ", changed since first seen" : ""}`}</Fact>
          <Fact name="Also brings">{entry.lists && [bringsApps(entry) && "apps of its own", bringsSkills(entry) && "skills"].filter(Boolean).join(", ")}</Fact>
          <Fact name="Data seen">{entry.dataClasses.map(({ class: name, count: many }) => `${classInfo(name).title} (${many})`).join(", ")}</Fact>
          <Fact name="Traffic">{`${count(entry.counts.requests, "request")}, ${entry.counts.blocked} blocked, ${count(entry.counts.redacted, "value")} redacted`}</Fact>
          <Fact name="First seen">{moment(entry.firstSeen, now)}</Fact>
          <Fact name="Last seen">{moment(entry.lastSeen, now)}</Fact>
        </dl>
      </div>
    </details>
  );
}

function offered(entry: ServerEntry, list: ListName, words: string): string {
  return isStale(entry, list) ? `${words}; the server says that this has changed since` : words;
}

function resourceWords(resources: ServerEntry["resources"]): string {
  const patterns = resources.filter(({ template }) => template).length;
  const single = resources.length - patterns;
  return [single > 0 && count(single, "resource"), patterns > 0 && count(patterns, "pattern")].filter(Boolean).join(", ");
}

function Client({ entry, now }: { entry: ClientEntry; now: number }) {
  return (
    <div class="client">
      <span class="grow">
        <bdi class="name">{plainText(entry.name, 80) || "An unknown app"}</bdi>
        {entry.version && <bdi class="version">{plainText(entry.version, 40)}</bdi>}
        <span class="meta">
          {entry.points.map((point) => POINT_WORDS[point]).join(", ")} · {count(entry.servers.length, "server")}
        </span>
      </span>
      <span class="meta right">
        {moment(entry.lastSeen, now)}
      </span>
    </div>
  );
}
