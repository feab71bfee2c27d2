/** Call any tool of any connected server by hand. */
import { useSignal } from "@preact/signals";
import type { ToolInfo } from "./connection.ts";
import { call, connectors } from "./state.ts";

export function ToolPanel({ open }: { open: boolean }) {
  const chosenServer = useSignal("");
  const chosenTool = useSignal("");
  /** Undefined until the person edits: then the template of the chosen tool stands there. */
  const edited = useSignal<string | undefined>(undefined);
  const fault = useSignal("");
  const running = useSignal(false);

  const ready = connectors.value.filter((connector) => connector.state === "on");
  const server = ready.find((connector) => connector.key === chosenServer.value) ?? ready[0];
  const tools = server?.facts?.tools ?? [];
  const tool = tools.find((each) => each.name === chosenTool.value) ?? tools[0];

  const args = edited.value ?? (tool ? template(tool) : "{}");

  const choose = (name: string): void => {
    chosenTool.value = name;
    edited.value = undefined;
    fault.value = "";
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!server || !tool) return;
    let parsed: unknown;
    try {
      parsed = JSON.parse(args);
    } catch (error) {
      fault.value = error instanceof Error ? error.message : String(error);
      return;
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      fault.value = "Arguments must be a JSON object.";
      return;
    }
    fault.value = "";
    running.value = true;
    await call(server.key, tool.name, parsed as Record<string, unknown>);
    running.value = false;
  };

  return (
    <aside id="tool-panel" class="panel" hidden={!open} aria-label="Tool panel">
      <h2>Call a tool by hand</h2>
      {ready.length === 0 ? (
        <p class="empty">Connect a server to see its tools.</p>
      ) : (
        <form onSubmit={(event) => void submit(event)}>
          <label for="panel-server">Server</label>
          <select
            id="panel-server"
            value={server?.key}
            onChange={(event) => {
              chosenServer.value = event.currentTarget.value;
              choose("");
            }}
          >
            {ready.map((connector) => (
              <option key={connector.key} value={connector.key}>
                {connector.title}
              </option>
            ))}
          </select>
          <label for="panel-tool">Tool</label>
          <select id="panel-tool" value={tool?.name} onChange={(event) => choose(event.currentTarget.value)}>
            {tools.map((each) => (
              <option key={each.name} value={each.name}>
                {each.title ?? each.name}
              </option>
            ))}
          </select>
          {tool?.description !== undefined && <p class="about">{tool.description}</p>}
          <label for="panel-args">Arguments (JSON)</label>
          <textarea id="panel-args" rows={7} spellcheck={false} value={args} aria-invalid={fault.value !== ""} aria-describedby="panel-fault" onInput={(event) => (edited.value = event.currentTarget.value)} />
          <p id="panel-fault" class="problem" role="alert">
            {fault.value}
          </p>
          <button type="submit" class="accent" disabled={running.value}>
            Call {tool?.name}
          </button>
        </form>
      )}
    </aside>
  );
}

/** Arguments to start from: each required property with an empty value of its type. */
function template({ inputSchema }: ToolInfo): string {
  const { properties = {}, required = [] } = inputSchema as { properties?: Record<string, { type?: string; default?: unknown }>; required?: string[] };
  const empty: Readonly<Record<string, unknown>> = { string: "", number: 0, integer: 1, boolean: false, array: [], object: {} };
  const start = Object.fromEntries(required.map((name) => [name, properties[name]?.default ?? empty[properties[name]?.type ?? "string"] ?? null]));
  return JSON.stringify(start, null, 2);
}
