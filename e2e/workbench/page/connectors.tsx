/** The list of MCP servers, each with its state and the SDK that speaks to it. */
import { SDKS, type Sdk } from "./connection.ts";
import { chooseSdk, connect, connectors, disconnect, type Connector } from "./state.ts";

export function Connectors() {
  return (
    <nav class="connectors" aria-label="Connectors">
      <h2>Connectors</h2>
      <ul>
        {connectors.value.map((connector) => (
          <li key={connector.key}>
            <ConnectorCard connector={connector} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function ConnectorCard({ connector }: { connector: Connector }) {
  const { key, title, about, path, state, facts, problem } = connector;
  const on = state === "on";
  const select = `sdk-${key}`;
  return (
    <section class={`connector ${state}`} aria-label={title}>
      <div class="line">
        <span class="dot" aria-hidden="true" />
        <h3>{title}</h3>
      </div>
      <p class="about">{about}</p>
      <p class="address">{path}</p>
      {facts && (
        <p class="facts">
          Connected · {facts.protocolVersion} · {facts.tools.length} tools
        </p>
      )}
      {problem && (
        <p class="problem" role="alert">
          <b>Not connected.</b> {problem.message}
        </p>
      )}
      <div class="actions">
        <label class="hidden" for={select}>
          {title} speaks
        </label>
        <select id={select} value={connector.sdk} disabled={on || state === "connecting"} onChange={(event) => chooseSdk(key, event.currentTarget.value as Sdk)}>
          {Object.entries(SDKS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <button type="button" class={on ? "small" : "small accent"} disabled={state === "connecting"} aria-label={`${on ? "Disconnect" : "Connect"} ${title}`} onClick={() => void (on ? disconnect(key) : connect(key))}>
          {on ? "Disconnect" : state === "connecting" ? "Connecting…" : "Connect"}
        </button>
      </div>
    </section>
  );
}
