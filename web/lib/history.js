// What the node has kept of its own figures and of its peers', as charts of a range that one chooses. A gap in a line
// is a time at which the node was down, or nothing was to be measured.
import { Chart } from "./chart.js";
import { compact, number, rate, span } from "./format.js";
import { html, useMemo } from "./html.js";
import { useRead } from "./live.js";
import { Empty, Notice, Tabs, Wait } from "./parts.js";
import { first_known } from "./points.js";
import { Store, useStore } from "./store.js";

const live = "live";
/** [as the node calls it, in words, seconds of a point, milliseconds until it is read again] */
const ranges = [
  ["2h", "2 hours", 20, 10_000],
  ["3d", "3 days", 600, 60_000],
  ["90d", "90 days", 21_600, 60_000],
];
const chosen = new Store("2h");
const colors = ["--series-1", "--series-2", "--series-3", "--series-4"];

const delay = (value) => (value < 1 ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms` : `${value.toFixed(1)} s`);
const share = (value) => `${(value * 100).toFixed(value === 1 || value === 0 ? 0 : 1)} %`;

// A row a chart: its title, its lines as [label, series], and how values are shown; `times` them makes them per minute.
const waiting = { title: "Waiting stanzas", format: compact, whole: true };
const delays = {
  title: "95 % of stanzas within",
  format: delay,
  least: 0.01,
  lines: [
    ["link", "delay_link"],
    ["peer", "delay_peer"],
    ["queue", "delay_queue"],
  ],
};
const handshakes = {
  title: "Handshakes per minute",
  format: rate,
  times: 60,
  lines: [
    ["good", "handshakes_good"],
    ["failed", "handshakes_failed"],
  ],
};
const stanzas = (title) => ({
  title,
  format: rate,
  lines: [
    ["in", "stanzas_in"],
    ["out", "stanzas_out"],
  ],
});
const streams = (title) => ({
  title,
  format: number,
  whole: true,
  lines: [
    ["in", "streams_in"],
    ["out", "streams_out"],
  ],
});
const queue = [
  ["queued", "queued"],
  ["unacked", "unacknowledged"],
];
const links = {
  title: "Stanzas over router links per second",
  format: rate,
  lines: [
    ["in", "link_in"],
    ["out", "link_out"],
  ],
};
const held = ["held for a link", "held_for_link"];
const refusals = { title: "Refusals per minute", format: rate, times: 60, lines: "refused" };

const of_role = {
  edge: [
    stanzas("Stanzas per second"),
    streams("Streams"),
    { ...waiting, lines: [...queue, held] },
    delays,
    handshakes,
    refusals,
  ],
  core: [
    links,
    stanzas("Stanzas with internal servers per second"),
    streams("Streams with internal servers"),
    { ...waiting, lines: [...queue, held] },
    delays,
    refusals,
  ],
  presence: [
    {
      title: "Stanzas per second",
      format: rate,
      lines: [
        ["to local users", "router_local"],
        ["to other domains", "router_link"],
        ["returned", "router_returned"],
      ],
    },
    links,
    { ...waiting, lines: [held] },
    { ...delays, lines: [["link", "delay_link"]] },
    refusals,
  ],
};
const of_peer = [
  { title: "Availability", format: share, least: 1.05, lines: [["available", "available"]] },
  stanzas("Stanzas per second"),
  streams("Streams"),
  { ...waiting, lines: queue },
  handshakes,
  { title: "Refused stanzas per minute", format: rate, times: 60, lines: [["refused", "refusals"]] },
];

const highest = (values) => values.reduce((most, value) => Math.max(most, value ?? 0), 0);
const scaled = (values, times) =>
  times === 1 ? values : values.map((value) => (value === null ? null : value * times));

/** The lines of a chart, with what the node kept of them; of rules the four that refused most. */
function lines_of({ lines, times = 1 }, series) {
  const found =
    lines === "refused"
      ? series
          .filter(({ name }) => name.startsWith("refused."))
          .map((one) => ({ ...one, label: one.name.slice("refused.".length), weight: highest(one.peaks) }))
          .sort((one, other) => other.weight - one.weight)
          .slice(0, colors.length)
      : lines.flatMap(([label, name]) => series.filter((one) => one.name === name).map((one) => ({ ...one, label })));
  return found.map(({ label, values, peaks }, at) => ({
    label,
    color: colors[at],
    values: scaled(values, times),
    peak: highest(peaks) * times,
  }));
}

/** How much of the time in which a peer was needed it could be reached. */
function Availability({ values, step }) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return html`<p class="note">Nothing was exchanged with this peer.</p>`;
  const up = known.reduce((sum, value) => sum + value, 0) / known.length;
  const away = known.reduce((sum, value) => sum + (1 - value), 0) * step;
  return html`
    <p class="note">
      Available ${share(up)} of the time in which it was needed${away >= 1 ? `, unavailable for ${span(away)}` : ""}.
    </p>
  `;
}

function drawn(charts, answer) {
  const first = first_known(answer);
  const from = Date.parse(answer.from) / 1000;
  const times = Array.from({ length: answer.points - first }, (_, at) => from + (first + at) * answer.step_seconds);
  const series = answer.series.map((one) => ({
    ...one,
    values: one.values.slice(first),
    peaks: one.peaks.slice(first),
  }));
  return { times, rows: charts.map((chart) => ({ ...chart, series: lines_of(chart, series) })) };
}

function Charts({ charts, answer }) {
  // The page around it is drawn each second; lines are drawn anew only when there is something new.
  const { times, rows } = useMemo(() => drawn(charts, answer), [charts, answer]);
  return html`
    <div class="charts">
      ${rows
        .filter(({ series }) => series.length > 0)
        .map(({ title, series, format, whole, least }) => html`
          <${Chart}
            key=${title}
            title=${title}
            times=${times}
            series=${series}
            format=${format}
            whole=${whole}
            least=${least}
            past
          />
        `)}
    </div>
  `;
}

const Ranges = ({ more = [], at }) => html`
  <${Tabs}
    label="Range of the charts"
    tabs=${[...more, ...ranges]}
    at=${at}
    onChange=${(key) => {
      chosen.value = key;
    }}
  />
`;

function Kept({ args, charts, at, what }) {
  const [, , step, every] = ranges.find(([key]) => key === at);
  const names = charts.flatMap(({ lines }) => (lines === "refused" ? [lines] : lines.map(([, name]) => name)));
  const series = [...new Set(names)].join(",");
  const answer = useRead("history", { ...args, range: at, step, series }, { every });
  return html`
    <${Wait} of=${answer}>
      ${(data) => {
        if (!data.kept) return html`<${Empty}>${what}<//>`;
        const available = data.series.find(({ name }) => name === "available");
        return html`
          ${data.trouble && html`<${Notice} tone="warn" title="The history is not stored">${data.trouble}<//>`}
          ${data.lost > 0 && html`
            <p class="note">${number(data.lost)} values were lost while the disk did not work.</p>
          `}
          ${available && html`<${Availability} values=${available.values} step=${data.step_seconds} />`}
          <${Charts} charts=${charts} answer=${data} />
        `;
      }}
    <//>
  `;
}

/** Of the node itself; `children` are its charts of the last minutes. */
export function NodeHistory({ role, children }) {
  const at = useStore(chosen);
  return html`
    <${Ranges} at=${at} more=${[[live, "Last minutes"]]} />
    ${at === live ? children : html`<${Kept} key=${at} args=${{}} charts=${of_role[role]} at=${at} />`}
  `;
}

export function PeerHistory({ domain }) {
  const at = useStore(chosen);
  const range = at === live ? ranges[0][0] : at;
  return html`
    <${Ranges} at=${range} />
    <${Kept}
      key=${range}
      args=${{ peer: domain }}
      charts=${of_peer}
      at=${range}
      what=${`No history is kept of ${domain}: it begins with the first open stream.`}
    />
  `;
}
