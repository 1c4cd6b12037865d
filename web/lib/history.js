// What the node has kept of its own figures and of its peers', as charts of a range that one chooses. A gap in a line
// is a time at which the node was down, or nothing was to be measured.
import { AsSaid } from "./as_said.js";
import { Chart } from "./chart.js";
import { compact, duration, number, rate, share, span } from "./format.js";
import { html, useMemo } from "./html.js";
import { msg, t, tn } from "./i18n.js";
import { useRead } from "./live.js";
import { Empty, Notice, Tabs, Wait } from "./parts.js";
import { first_known } from "./points.js";
import { Store, useStore } from "./store.js";
import { rule_text } from "./words.js";

const live = "live";
/** [as the node calls it, in words, seconds of a point, milliseconds until it is read again] */
const ranges = [
  ["2h", msg("2 hours"), 20, 10_000],
  ["3d", msg("3 days"), 600, 60_000],
  ["90d", msg("90 days"), 21_600, 60_000],
];
const chosen = new Store("2h");
const colors = ["--series-1", "--series-2", "--series-3", "--series-4"];

// A row a chart: its title, its lines as [label, series], and how values are shown; `times` them makes them per minute.
const waiting = { title: msg("Waiting stanzas"), format: compact, whole: true };
const delays = {
  title: msg("95 % of stanzas within"),
  format: duration,
  least: 0.01,
  lines: [
    [msg("link"), "delay_link"],
    [msg("peer"), "delay_peer"],
    [msg("queue"), "delay_queue"],
  ],
};
const handshakes = {
  title: msg("Handshakes per minute"),
  format: rate,
  times: 60,
  lines: [
    [msg("handshakes|good"), "handshakes_good"],
    [msg("handshakes|failed"), "handshakes_failed"],
  ],
};
const stanzas = (title) => ({
  title,
  format: rate,
  lines: [
    [msg("in"), "stanzas_in"],
    [msg("out"), "stanzas_out"],
  ],
});
const streams = (title) => ({
  title,
  format: number,
  whole: true,
  lines: [
    [msg("in"), "streams_in"],
    [msg("out"), "streams_out"],
  ],
});
const queue = [
  [msg("queued"), "queued"],
  [msg("unacked"), "unacknowledged"],
];
const links = {
  title: msg("Stanzas over router links per second"),
  format: rate,
  lines: [
    [msg("in"), "link_in"],
    [msg("out"), "link_out"],
  ],
};
const held = [msg("held for a link"), "held_for_link"];
const refusals = { title: msg("Refusals per minute"), format: rate, times: 60, lines: "refused" };

const of_role = {
  edge: [
    stanzas(msg("Stanzas per second")),
    streams(msg("Streams")),
    { ...waiting, lines: [...queue, held] },
    delays,
    handshakes,
    refusals,
  ],
  core: [
    links,
    stanzas(msg("Stanzas with internal servers per second")),
    streams(msg("Streams with internal servers")),
    { ...waiting, lines: [...queue, held] },
    delays,
    refusals,
  ],
  presence: [
    {
      title: msg("Stanzas per second"),
      format: rate,
      lines: [
        [msg("to local users"), "router_local"],
        [msg("to other domains"), "router_link"],
        [msg("returned"), "router_returned"],
      ],
    },
    links,
    { ...waiting, lines: [held] },
    { ...delays, lines: [[msg("link"), "delay_link"]] },
    refusals,
  ],
};
const of_peer = [
  { title: msg("Availability"), format: share, least: 1.05, lines: [[msg("available"), "available"]] },
  stanzas(msg("Stanzas per second")),
  streams(msg("Streams")),
  { ...waiting, lines: queue },
  handshakes,
  { title: msg("Refused stanzas per minute"), format: rate, times: 60, lines: [[msg("refused"), "refusals"]] },
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
          .map((one) => ({ ...one, label: rule_text(one.name.slice("refused.".length)), weight: highest(one.peaks) }))
          .sort((one, other) => other.weight - one.weight)
          .slice(0, colors.length)
      : lines.flatMap(([label, name]) =>
          series.filter((one) => one.name === name).map((one) => ({ ...one, label: t(label) })),
        );
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
  if (known.length === 0) return html`<p class="note">${t("Nothing was exchanged with this peer.")}</p>`;
  const up = known.reduce((sum, value) => sum + value, 0) / known.length;
  const away = known.reduce((sum, value) => sum + (1 - value), 0) * step;
  const said =
    away >= 1
      ? t("Available {share} of the time in which it was needed, unavailable for {away}.", {
          share: share(up),
          away: span(away),
        })
      : t("Available {share} of the time in which it was needed.", { share: share(up) });
  return html`<p class="note">${said}</p>`;
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
            title=${t(title)}
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
    label=${t("Range of the charts")}
    tabs=${[...more, ...ranges].map(([key, text]) => [key, t(text)])}
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
          ${data.trouble && html`
            <${Notice} tone="warn" title=${t("The history is not stored")}><${AsSaid} text=${data.trouble} /><//>
          `}
          ${data.lost > 0 && html`
            <p class="note">
              ${tn(
                data.lost,
                "{n} value was lost while the disk did not work.",
                "{n} values were lost while the disk did not work.",
              )}
            </p>
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
    <${Ranges} at=${at} more=${[[live, msg("Last minutes")]]} />
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
      what=${t("No history is kept of {domain}: it begins with the first open stream.", { domain })}
    />
  `;
}
