// Alarms: which are active, since when, why, and what fixes them; which were cleared recently.
import { act } from "../lib/api.js";
import { Text } from "../lib/fields.js";
import { ago, number, time } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Cure, Empty, Mono, Page, Panel, State, Tag, Wait, say, useAction } from "../lib/parts.js";
import { useHas } from "../lib/session.js";
import { Table } from "../lib/table.js";

function Active({ alarm }) {
  const [busy, run] = useAction();
  const can = useHas("alarms.ack");
  const [note, set_note] = useState("");
  const acknowledge = (event) => {
    event.preventDefault();
    run(async () => {
      await act("alarms.ack", { number: alarm.number, note });
      say(`${alarm.code} is acknowledged; it stays active until its cause is gone.`);
      await refresh("alarms", "status");
    });
  };
  const who = alarm.acknowledged_by;
  return html`
    <li class=${`alarm ${alarm.severity === "error" || alarm.severity === "critical" ? "bad" : "warn"}`}>
      <div>
        <h3><${State} tone=${alarm.severity === "warning" ? "warn" : "bad"}>${alarm.severity}<//> ${alarm.text}</h3>
        ${alarm.detail && html`<p>${alarm.detail}</p>`}
        <${Cure}>${alarm.cure}<//>
        <p class="note">
          <${Mono}>${alarm.code}<//> ·
          since ${time(alarm.first)} (${ago(alarm.first)})${alarm.count > 1
            ? ` · ${number(alarm.count)} times, last ${ago(alarm.last)}`
            : ""}
          ${who ? html` · <${Tag}>acknowledged by ${who}<//> ${alarm.note}` : null}
        </p>
      </div>
      ${can && !who && html`
        <form class="acknowledge" onSubmit=${acknowledge}>
          <${Text}
            aria-label="Note"
            placeholder="What is being done"
            maxlength="200"
            value=${note}
            onChange=${set_note}
          />
          <${Button} type="submit" verb="alarms.ack" busy=${busy}>Acknowledge<//>
        </form>
      `}
    </li>
  `;
}

export default function Alarms() {
  const answer = useRead("alarms", { all: true }, { every: 10_000, on: ["alarm"] });
  const columns = [
    {
      name: "text",
      title: "Alarm",
      wide: true,
      value: (row) => row.text,
      show: (row) => html`${row.text}<span class="sub">${row.detail}</span>`,
    },
    { name: "code", title: "Code", value: (row) => row.code, show: (row) => html`<${Mono}>${row.code}<//>` },
    { name: "count", title: "Times", number: true, value: (row) => row.count },
    { name: "first", title: "Raised", value: (row) => row.first, show: (row) => time(row.first) },
    { name: "lowered", title: "Cleared", value: (row) => row.lowered, show: (row) => time(row.lowered) },
  ];
  return html`
    <${Page} title="Alarms" lead="An alarm stays active until its cause is gone; looking at it does not clear it." />
    <${Wait} of=${answer}>
      ${(data) => html`
        <${Panel} title="Active" note=${`${data.alarms.length}`}>
          <div aria-live="polite">
            ${data.alarms.length === 0
              ? html`<${Empty}>No active alarms.<//>`
              : html`
                  <ul class="alarm-list">
                    ${data.alarms.map((one) => html`<${Active} key=${one.code + one.key} alarm=${one} />`)}
                  </ul>
                `}
          </div>
        <//>
        <${Panel} flush title="Recently cleared">
          <${Table}
            caption="Recently cleared"
            rows=${data.lowered ?? []}
            columns=${columns}
            first="-lowered"
            name=${(row) => row.code + row.key + row.lowered}
            empty="None since this node started."
          />
        <//>
      `}
    <//>
  `;
}
