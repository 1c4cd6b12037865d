// Entries of the event log, newest first; each says its reason and opens to its facts.
import { reason_of, rest_of } from "./event_text.js";
import { time } from "./format.js";
import { html, useState } from "./html.js";
import { t } from "./i18n.js";
import { Empty, Mono, State } from "./parts.js";
import { typed } from "./typed.js";
import { word_of } from "./words.js";

const tones = {
  error: "bad",
  critical: "bad",
  warn: "warn",
  warning: "warn",
  info: "calm",
  debug: "calm",
  trace: "calm",
};

const facts_of = (event) => Object.entries(event.facts ?? {});

/** The facts of an entry are drawn when it is opened: hundreds of entries stay light. */
function Entry({ event, brief }) {
  const [open, set] = useState(false);
  const reason = reason_of(event);
  return html`
    <details onToggle=${({ currentTarget }) => set(currentTarget.open)}>
      <summary>
        <time datetime=${event.time}>${time(event.time)}</time>
        <${State} tone=${tones[event.level]}>${word_of("level", event.level)}<//>
        ${!brief && html`<span class="module" translate=${false}>${event.module}</span>`}
        <b>${event.event}</b>
        <span class="said-line" lang="en">
          ${reason && html`<span class="reason">${typed(reason)}</span>`}
          <span class="facts-line">${rest_of(event)}</span>
        </span>
      </summary>
      ${open && html`
        <dl class="event-facts">
          <div><dt>${t("number")}</dt><dd>${event.number}</dd></div>
          <div><dt>${t("time")}</dt><dd><${Mono}>${event.time}<//></dd></div>
          <div><dt>${t("module")}</dt><dd>${event.module}</dd></div>
          ${facts_of(event).map(([key, value]) => html`
            <div key=${key}>
              <dt>${key}</dt>
              <dd><${Mono}>${typeof value === "object" ? JSON.stringify(value) : String(value)}<//></dd>
            </div>
          `)}
        </dl>
      `}
    </details>
  `;
}

const most_drawn = 80;

export function EventList({ events, empty = t("No entry."), brief }) {
  const [most, show] = useState(most_drawn);
  if (events.length === 0) return html`<${Empty}>${empty}<//>`;
  return html`
    <ol class=${`events ${brief ? "brief" : ""}`}>
      ${events
        .slice(0, most)
        .map((event) => html`<li key=${event.number}><${Entry} event=${event} brief=${brief} /></li>`)}
    </ol>
    ${events.length > most && html`
      <p class="older">
        <button type="button" class="button" onClick=${() => show(most + most_drawn)}>
          ${t("Show older entries")}
        </button>
      </p>
    `}
  `;
}
