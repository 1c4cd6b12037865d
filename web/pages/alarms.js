// Alarms: which are active, since when, why, and what fixes them; which were cleared recently.
import { act } from "../lib/api.js";
import { AsSaid } from "../lib/as_said.js";
import { Text } from "../lib/fields.js";
import { ago, number, time } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t, tn } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Cure, Empty, Mono, Page, Panel, State, Tag, Wait, say, useAction } from "../lib/parts.js";
import { useHas } from "../lib/session.js";
import { Table } from "../lib/table.js";
import { alarm_cure, alarm_text } from "../lib/words.js";

function Active({ alarm }) {
  const [busy, run] = useAction();
  const can = useHas("alarms.ack");
  const [note, set_note] = useState("");
  const acknowledge = (event) => {
    event.preventDefault();
    run(async () => {
      await act("alarms.ack", { number: alarm.number, note });
      say(t("{code} is acknowledged; it stays active until its cause is gone.", { code: alarm.code }));
      await refresh("alarms", "status");
    });
  };
  const who = alarm.acknowledged_by;
  return html`
    <li class=${`alarm ${alarm.severity === "error" || alarm.severity === "critical" ? "bad" : "warn"}`}>
      <div>
        <h3>
          <${State} tone=${alarm.severity === "warning" ? "warn" : "bad"}>${alarm.severity}<//> ${alarm_text(alarm)}
        </h3>
        ${alarm.detail && html`<p><${AsSaid} text=${alarm.detail} /></p>`}
        <${Cure} said=${alarm.cure}>${alarm_cure(alarm)}<//>
        <p class="note">
          <${Mono}>${alarm.code}<//>
          ${" · "}
          ${t("since {time} ({ago})", { time: time(alarm.first), ago: ago(alarm.first) })}
          ${alarm.count > 1 && html` · ${tn(alarm.count, "{n} time, last {ago}", "{n} times, last {ago}", {
              ago: ago(alarm.last),
            })}
          `}
          ${who ? html` · <${Tag}>${t("acknowledged by {who}", { who })}<//> ${alarm.note}` : null}
        </p>
      </div>
      ${can && !who && html`
        <form class="acknowledge" onSubmit=${acknowledge}>
          <${Text}
            aria-label=${t("Note")}
            placeholder=${t("What is being done")}
            maxlength="200"
            value=${note}
            onChange=${set_note}
          />
          <${Button} type="submit" verb="alarms.ack" busy=${busy}>${t("Acknowledge")}<//>
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
      title: t("Alarm"),
      wide: true,
      value: alarm_text,
      show: (row) => html`${alarm_text(row)}<span class="sub"><${AsSaid} text=${row.detail} /></span>`,
    },
    { name: "code", title: t("Code"), value: (row) => row.code, show: (row) => html`<${Mono}>${row.code}<//>` },
    { name: "count", title: t("Times"), number: true, value: (row) => row.count },
    { name: "first", title: t("Raised"), value: (row) => row.first, show: (row) => time(row.first) },
    { name: "lowered", title: t("Cleared"), value: (row) => row.lowered, show: (row) => time(row.lowered) },
  ];
  return html`
    <${Page}
      title=${t("Alarms")}
      lead=${t("An alarm stays active until its cause is gone; looking at it does not clear it.")}
    />
    <${Wait} of=${answer}>
      ${(data) => html`
        <${Panel} title=${t("Active")} note=${number(data.alarms.length)}>
          <div aria-live="polite">
            ${data.alarms.length === 0
              ? html`<${Empty}>${t("No active alarms.")}<//>`
              : html`
                  <ul class="alarm-list">
                    ${data.alarms.map((one) => html`<${Active} key=${one.code + one.key} alarm=${one} />`)}
                  </ul>
                `}
          </div>
        <//>
        <${Panel} flush title=${t("Recently cleared")}>
          <${Table}
            caption=${t("Recently cleared")}
            rows=${data.lowered ?? []}
            columns=${columns}
            first="-lowered"
            name=${(row) => row.code + row.key + row.lowered}
            empty=${t("None since this node started.")}
          />
        <//>
      `}
    <//>
  `;
}
