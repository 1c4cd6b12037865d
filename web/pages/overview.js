// Overview: what is wrong first, then the nodes and their links, rates, peers, what happened last.
import { Failure, Told } from "../lib/as_said.js";
import { Chart } from "../lib/chart.js";
import { Desk } from "../lib/desk.js";
import { EventList } from "../lib/event_list.js";
import { ago, certificate_text, certificate_tone, compact, number, rate } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { NodeHistory } from "../lib/history.js";
import { t, tn } from "../lib/i18n.js";
import { useRead } from "../lib/live.js";
import { MetricCharts } from "../lib/metric_charts.js";
import { Cure, Empty, Notice, Page, Panel, State, Steps, chain_steps } from "../lib/parts.js";
import { samples } from "../lib/samples.js";
import { useHas } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { Trio } from "../lib/trio.js";
import { alarm_text, certificate_use, finding_cure, finding_text } from "../lib/words.js";

/** `page`: where more about it is. */
const Figure = ({ name, value, aside, page }) => html`
  <div class="figure">
    <span>${page ? html`<a href=${`#/${page}`}>${name}</a>` : name}</span>
    <b>${value}</b>
    ${aside && html`<small>${aside}</small>`}
  </div>
`;

const most_problems = 3;

/**
 * What is wrong now, the gravest first and what is no alarm of its own before what is, and a line for the active
 * alarms; those that are problems too are not listed twice.
 */
function Problems({ status }) {
  const [all, show_all] = useState(false);
  const { problems } = status;
  const is = (alarm, { code, key }) => alarm?.code === code && alarm.key === key;
  const alarms = status.alarms.filter((one) => !problems.some(({ alarm }) => is(alarm, one)));
  if (problems.length === 0 && alarms.length === 0) {
    return html`
      <${Notice} tone="good"><strong>${t("All is well.")}</strong> ${t("No problems, no active alarms.")}<//>
    `;
  }
  const weight = ({ severity, alarm }) => (severity === "error" ? 2 : 0) + (alarm ? 0 : 1);
  const sorted = [...problems].sort((one, other) => weight(other) - weight(one));
  const hidden = all ? 0 : Math.max(0, sorted.length - most_problems);
  return html`
    <div class="problems">
      ${sorted
        .slice(0, sorted.length - hidden)
        .map((one) => html`
          <${Notice}
            key=${one.text}
            tone=${one.severity === "error" ? "bad" : "warn"}
            title=${html`<${Told} text=${finding_text(one)} said=${one.text} />`}
          >
            ${one.remedy && html`<${Cure} said=${one.remedy}>${finding_cure(one)}<//>`}
          <//>
        `)}
      ${hidden > 0 && html`
        <button type="button" class="button quiet" onClick=${() => show_all(true)}>
          ${tn(hidden, "Show {n} more problem", "Show {n} more problems")}
        </button>
      `}
      ${alarms.length > 0 && html`
        <${Notice}
          tone=${alarms.some(({ severity }) => severity !== "warning" && severity !== "info") ? "bad" : "warn"}
          title=${tn(alarms.length, "{n} active alarm", "{n} active alarms")}
          actions=${html`<a class="button" href="#/alarms">${t("Alarms and remedies")}</a>`}
        >
          ${alarms.slice(0, 3).map(alarm_text).join("; ")}
          ${alarms.length > 3 ? "; …" : ""}
        <//>
      `}
    </div>
  `;
}

function Figures({ status, last }) {
  const { streams, router } = status;
  return html`
    <div class="figures">
      ${router
        ? html`
            <${Figure}
              name=${t("Rows of xmpps2snodes")}
              value=${number(router.rows)}
              aside=${tn(router.loaded.length, "{n} loaded", "{n} loaded")}
              page="provisioning"
            />
            <${Figure} name=${t("Gateways reached")} value=${number(router.gateways.length)} />
            <${Figure} name=${t("To local users")} value=${compact(router.to_local)} />
            <${Figure} name=${t("To other domains")} value=${compact(router.to_link)} />
            <${Figure} name=${t("Returned")} value=${compact(router.returned)} />
            <${Figure} name=${t("Notifications")} value=${number(router.notifications)} page="notifications" />
          `
        : html`
            <${Figure}
              name=${t("Streams in")}
              value=${number(streams.inbound)}
              aside=${tn(streams.unauthenticated, "{n} unauthenticated", "{n} unauthenticated")}
              page="peers"
            />
            <${Figure}
              name=${t("Streams out")}
              value=${number(streams.outbound)}
              aside=${tn(streams.destinations, "{n} destination", "{n} destinations")}
              page="peers"
            />
            <${Figure}
              name=${t("Stanzas in / s")}
              value=${rate(last?.in ?? 0)}
              aside=${t("{count} in total", { count: compact(streams.stanzas_in) })}
            />
            <${Figure}
              name=${t("Stanzas out / s")}
              value=${rate(last?.out ?? 0)}
              aside=${t("{count} in total", { count: compact(streams.stanzas_out) })}
            />
            <${Figure}
              name=${t("Queued")}
              value=${number(streams.queued)}
              aside=${tn(streams.unacknowledged, "{n} unacknowledged", "{n} unacknowledged")}
              page="failures"
            />
            <${Figure}
              name=${t("Connections refused")}
              value=${number(streams.refused_connections)}
              aside=${tn(streams.verifications, "{n} verification", "{n} verifications")}
            />
          `}
    </div>
  `;
}

function Charts() {
  const all = useStore(samples);
  const times = all.map(({ at }) => at);
  const of = (key) => all.map((sample) => sample[key]);
  return html`
    <div class="charts">
      <${Chart}
        title=${t("Stanzas per second")}
        times=${times}
        format=${(value) => rate(value)}
        series=${[
          { label: t("in"), color: "--series-1", values: of("in") },
          { label: t("out"), color: "--series-2", values: of("out") },
        ]}
      />
      <${Chart}
        title=${t("Streams")}
        times=${times}
        format=${number}
        whole
        series=${[
          { label: t("in"), color: "--series-1", values: of("streams_in") },
          { label: t("out"), color: "--series-2", values: of("streams_out") },
        ]}
      />
      <${Chart}
        title=${t("Waiting stanzas")}
        times=${times}
        format=${compact}
        whole
        series=${[
          { label: t("queued"), color: "--series-2", values: of("queued") },
          { label: t("unacked"), color: "--series-3", values: of("unacknowledged") },
        ]}
      />
      <${MetricCharts} />
    </div>
  `;
}

function Peers() {
  const { data } = useRead("peers.list", {}, { every: 4_000 });
  const rows = (data?.peers ?? []).filter(({ remote }) => remote);
  if (rows.length === 0) return html`<${Empty}>${t("No traffic with any domain since this node started.")}<//>`;
  const weight = (row) => (row.last_error ? 1e12 : 0) + row.queued * 1e6 + row.stanzas_in + row.stanzas_out;
  const shown = [...rows].sort((one, other) => weight(other) - weight(one)).slice(0, 7);
  return html`
    <ul class="rows">
      ${shown.map((row) => html`
        <li key=${`${row.remote} ${row.local} ${row.via ?? ""}`}>
          <a href=${`#/peer/${encodeURIComponent(row.remote)}`}>${row.remote}</a>
          <small class="sub">${row.local}</small>
          <${State} tone=${row.last_error && row.state !== "open" ? "bad" : undefined}>${row.state}<//>
          <span class="push">
            ${t("{in} in", { in: compact(row.stanzas_in) })} · ${t("{out} out", { out: compact(row.stanzas_out) })}
            ${row.queued > 0 && html` · ${tn(row.queued, "{n} queued", "{n} queued")}`}
          </span>
          ${row.last_error && html`
            <span class="sub"><${Failure} rule=${row.last_rule} said=${row.last_error} /></span>
          `}
        </li>
      `)}
    </ul>
  `;
}

function Certificates({ all }) {
  return html`
    <ul class="rows">
      ${all.map((one) => html`
        <li key=${one.file + one.used_for}>
          <span><b>${certificate_use(one)}</b> <span class="sub">${one.subject}</span></span>
          <span class="push"><${State} tone=${certificate_tone(one)}>${certificate_text(one)}<//></span>
        </li>
      `)}
    </ul>
  `;
}

export default function Overview({ status }) {
  const all = useStore(samples);
  const logs = useHas("events");
  const kept = useHas("history");
  const known_peers = useHas("peers.list") && status.role !== "presence";
  const recent = useRead(logs ? "events" : null, { level: "warn", limit: 8 }, { every: 10_000, on: ["alarm"] });
  return html`
    <${Page}
      title=${t("Overview")}
      lead=${t("Started {ago}. Realm {realm}.", { ago: ago(status.started), realm: status.realm })}
    >
      <${Problems} status=${status} />
      <${Desk} />
      <${Panel} title=${t("Nodes and links")}><${Trio} status=${status} /><//>
      <${Figures} status=${status} last=${all.at(-1)} />
      <${Panel}>${kept ? html`<${NodeHistory} role=${status.role}><${Charts} /><//>` : html`<${Charts} />`}<//>
      <div class="masonry">
        ${known_peers && html`
          <${Panel} title=${t("Peers")} actions=${html`<a href="#/peers">${t("All peers")}</a>`}><${Peers} /><//>
        `}
        ${status.chain.length > 0 && html`
          <${Panel}
            title=${t("Provisioning")}
            note=${t("how far settings have come")}
            actions=${html`<a href="#/provisioning">${t("Details")}</a>`}
          >
            <${Steps} steps=${chain_steps(status)} />
          <//>
        `}
        ${logs && html`
          <${Panel}
            title=${t("Latest warnings and errors")}
            actions=${html`<a href="#/events?level=warn">${t("Event log")}</a>`}
          >
            <${EventList}
              events=${[...(recent.data?.events ?? [])].reverse()}
              empty=${t("None since this node started.")}
              brief
            />
          <//>
        `}
        <${Panel} title=${t("This node's certificates")}><${Certificates} all=${status.certificates} /><//>
      </div>
    <//>
  `;
}
