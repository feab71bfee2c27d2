/** One tool call: what was sent, what arrives while it runs, and the result or the reason why there is none. */
import type { Step } from "./connection.ts";
import type { Problem, ToolCard } from "./state.ts";

const STATES: Readonly<Record<ToolCard["state"], string>> = { running: "Running…", done: "Done", refused: "Not done", failed: "Failed" };

export function ToolCallCard({ card }: { card: ToolCard }) {
  const text = card.result?.content.map((block) => block.text ?? block.resource?.text ?? `(${block.type})`).join("\n\n");
  return (
    <article class={`card ${card.state}`} aria-label={`${card.tool} on ${card.server}`} data-state={card.state}>
      <header>
        <b>{card.tool}</b>
        <span class="where">{card.server}</span>
        <span class="state">{STATES[card.state]}</span>
      </header>
      {Object.keys(card.args).length > 0 && (
        <dl class="args">
          {Object.entries(card.args).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {card.steps.length > 0 && <Steps steps={card.steps} />}
      {text !== undefined && card.state === "refused" && (
        <div class="reason" role="alert">
          {text}
        </div>
      )}
      {text !== undefined && card.state === "done" && <div class="result">{clipped(text)}</div>}
      {card.result?.structuredContent !== undefined && card.state === "done" && (
        <details>
          <summary>Structured data</summary>
          <pre tabIndex={0} aria-label="Structured data">{clipped(JSON.stringify(card.result.structuredContent, null, 2))}</pre>
        </details>
      )}
      {card.problem && (
        <div class="reason" role="alert">
          {card.problem.message}
          {card.problem.code !== undefined && <span class="code"> (code {card.problem.code})</span>}
        </div>
      )}
    </article>
  );
}

function Steps({ steps }: { steps: readonly Step[] }) {
  const latest = steps.findLast((step) => step.kind === "progress");
  return (
    <div class="steps">
      {latest && <progress max={latest.total ?? 1} value={latest.progress} aria-label="Progress" />}
      <ol>
        {steps.flatMap((step, at) => (step.kind === "progress" ? [<li key={at}>{step.message ?? `Step ${step.progress}`}</li>] : []))}
      </ol>
      <details>
        <summary>{steps.filter((step) => step.kind === "log").length} log messages</summary>
        <pre tabIndex={0} aria-label="Log messages">{steps.flatMap((step) => (step.kind === "log" ? [JSON.stringify(step.data)] : [])).join("\n")}</pre>
      </details>
    </div>
  );
}

export function ProblemBox({ title, problem }: { title: string; problem: Problem }) {
  return (
    <article class="card failed" aria-label={title}>
      <header>
        <b>{title}</b>
      </header>
      <div class="reason" role="alert">
        {problem.message}
        {problem.code !== undefined && <span class="code"> (code {problem.code})</span>}
      </div>
    </article>
  );
}

/** A 20 MB result must not freeze the page. */
function clipped(text: string): string {
  return text.length > 4_000 ? `${text.slice(0, 4_000)}\n… ${text.length - 4_000} more characters` : text;
}
