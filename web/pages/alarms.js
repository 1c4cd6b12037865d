// Alarms: what stands, since when, why, and what mends it; what was lowered lately.
import { act } from "../lib/api.js";
import { ago, number, time } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Cure, Empty, Mono, Page, Panel, State, Tag, Text, Wait, say, useAction } from "../lib/parts.js";
import { useHas } from "../lib/session.js";
import { Table } from "../lib/table.js";

function Standing({ alarm }) {
  const [busy, run] = useAction();
  const can = useHas("alarms.ack");
  const [note, set_note] = useState("");
  const acknowledge = (event) => {
    event.preventDefault();
    run(async () => {
      await act("alarms.ack", { number: alarm.number, note });
      say(`${alarm.code} is acknowledged; it stands until its cause is gone.`);
      await refresh("alarms", "status");
    });
  };
  const who = alarm.acknowledged_by;
  return html`<li class=${`alarm ${alarm.severity === "error" || alarm.severity === "critical" ? "bad" : "warn"}`}><div><h3><${State} tone=${alarm.severity === "warning" ? "warn" : "bad"}>${alarm.severity}<//> ${alarm.text}</h3>
    ${alarm.detail && html`<p>${alarm.detail}</p>`}<${Cure}>${alarm.cure}<//>
    <p class="note"><${Mono}>${alarm.code}<//> · since ${time(alarm.first)} (${ago(alarm.first)})${alarm.count > 1 ? ` · ${number(alarm.count)} times, the last ${ago(alarm.last)}` : ""}${who ? html` · <${Tag}>acknowledged by ${who}<//> ${alarm.note}` : null}</p></div>
    ${can && !who && html`<form class="acknowledge" onSubmit=${acknowledge}><${Text} aria-label="Note" placeholder="What is being done" maxlength="200" value=${note} onChange=${set_note} /><${Button} type="submit" verb="alarms.ack" busy=${busy}>Acknowledge<//></form>`}</li>`;
}

export default function Alarms() {
  const answer = useRead("alarms", { all: true }, { every: 10_000, on: ["alarm"] });
  const columns = [
    { name: "text", title: "Alarm", wide: true, value: (row) => row.text, show: (row) => html`${row.text}<span class="sub">${row.detail}</span>` },
    { name: "code", title: "Code", value: (row) => row.code, show: (row) => html`<${Mono}>${row.code}<//>` },
    { name: "count", title: "Times", number: true, value: (row) => row.count },
    { name: "first", title: "Raised", value: (row) => row.first, show: (row) => time(row.first) },
    { name: "lowered", title: "Lowered", value: (row) => row.lowered, show: (row) => time(row.lowered) },
  ];
  return html`<${Page} title="Alarms" lead="An alarm stands until its cause is gone; it is not taken off by looking at it." />
    <${Wait} of=${answer}>${(data) => html`<${Panel} title="Standing" note=${`${data.alarms.length}`}><div aria-live="polite">${data.alarms.length === 0 ? html`<${Empty}>No alarm stands.<//>` : html`<ul class="alarm-list">${data.alarms.map((one) => html`<${Standing} key=${one.code + one.key} alarm=${one} />`)}</ul>`}</div><//>
      <${Panel} flush title="Lowered lately"><${Table} caption="Lowered lately" rows=${data.lowered ?? []} columns=${columns} first="-lowered" name=${(row) => row.code + row.key + row.lowered} empty="None since the start." /><//>`}<//>`;
}
