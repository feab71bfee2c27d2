/** What was blocked or redacted today: what, why, what next; the rest on demand. */
import { useSignal } from "@preact/signals";
import type { ProtectionState } from "../../shared/messages/extension.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import type { ServerEntry } from "../../shared/inventory/entry.ts";
import type { Today as TodayData } from "../store/queries.ts";
import { CopyButton, Fact, Link } from "./details.tsx";
import { Feedback, type OnFeedback } from "./feedback.tsx";
import { happenings, type Happening } from "./happening.ts";
import { Icon } from "./icons.tsx";
import { clock, count } from "./words.ts";

const FIRST = 6;

export function Today({ today, servers, support, onFeedback }: { today: TodayData | null; servers: ReadonlyMap<string, ServerEntry>; support: ProtectionState["support"]; onFeedback: OnFeedback }) {
  const all = useSignal(false);
  const list = today ? happenings(today.rows, servers) : [];
  const shown = all.value ? list : list.slice(0, FIRST);
  return (
    <section aria-labelledby="today">
      <div class="section-head">
        <h2 id="today">Today</h2>
        {today && <Tally counts={today.counts} />}
      </div>
      {today && !list.length && (
        <div class="empty">
          <p class="empty-title">Nothing was stopped today.</p>
          <p>When an AI app sends something that your policy forbids, or a server answers with it, you will read here what it was, why, and what you can do.</p>
        </div>
      )}
      {support?.url && today && today.counts.block > 0 && (
        <p class="help">
          Blocked, but you need it? <Link href={support.url}>Ask {plainText(support.name ?? "for help", 60)}</Link> and give the event number.
        </p>
      )}
      <ul class="cards">
        {shown.map((happening) => (
          <li key={happening.key}>
            <Item happening={happening} support={support} onFeedback={onFeedback} />
          </li>
        ))}
      </ul>
      {list.length > FIRST && (
        <button type="button" class="quiet wide" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? "Show fewer" : `Show ${list.length - FIRST} more`}
        </button>
      )}
    </section>
  );
}

function Tally({ counts }: { counts: TodayData["counts"] }) {
  const { block, redact, watch } = counts;
  if (!block && !redact && !watch) return null;
  return (
    <p class="tally">
      {block > 0 && <span class="tone-block">{block.toLocaleString("en")} blocked</span>}
      {redact > 0 && <span class="tone-redact">{redact.toLocaleString("en")} redacted</span>}
      {watch > 0 && <span class="tone-watch">{watch.toLocaleString("en")} noted</span>}
    </p>
  );
}

function Item({ happening, support, onFeedback }: { happening: Happening; support: ProtectionState["support"]; onFeedback: OnFeedback }) {
  const { verdict, verb, what, named, joins, server, address, app, why, data, next, learnMore, explanation, times, last, id } = happening;
  return (
    <details class={`card item tone-${verdict}`}>
      <summary>
        <span class="badge-icon">
          <Icon name={verdict} />
        </span>
        <span class="item-body">
          <span class="item-top">
            <span class="verb">{verb}</span>
            <span class="when">
              {times > 1 && <span class="times">{times}×</span>}
              <time dateTime={new Date(last).toISOString()}>{clock(last)}</time>
            </span>
          </span>
          <span class="what">
            <bdi class={named ? "name" : undefined}>{what}</bdi> {joins[0]} <bdi class="name">{server}</bdi>{" "}
            <span class="by">
              {joins[1]} <bdi>{app}</bdi>
            </span>
          </span>
          <span class="why">{why}</span>
          {data.length > 0 && (
            <span class="data">
              {data.slice(0, 4).map(({ title, count: many, previews }) => (
                <span class="datum" key={title}>
                  {title}
                  {previews[0] && <code>{previews[0]}</code>}
                  {many > 1 && <span class="times">×{many}</span>}
                </span>
              ))}
              {data.length > 4 && <span class="datum">and {data.length - 4} more</span>}
            </span>
          )}
          <span class="next">{next}</span>
        </span>
      </summary>
      <div class="item-more">
        <p class="links">
          {learnMore && <Link href={learnMore}>Learn more</Link>}
          {support?.url && <Link href={support.url}>Ask {plainText(support.name ?? "for help", 60)}</Link>}
        </p>
        <dl>
          <Fact name="App">{app}</Fact>
          <Fact name="Server" mono>
            {address}
          </Fact>
          <Fact name="Happened">{times > 1 ? `${count(times, "time")} today, last at ${clock(last)}` : `at ${clock(last)}`}</Fact>
        </dl>
        {explanation.length > 0 && (
          <>
            <h3>How it was decided</h3>
            <ul class="reasons">
              {explanation.map((line) => (
                <li key={line}>
                  <bdi>{line}</bdi>
                </li>
              ))}
            </ul>
          </>
        )}
        <p class="reference">
          <span>
            Event <code>{id}</code>
          </span>
          <CopyButton text={id} label="Copy number" />
        </p>
        {verdict !== "watch" && <Feedback event={id} support={support} onFeedback={onFeedback} />}
      </div>
    </details>
  );
}
