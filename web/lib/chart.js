// Charts on uPlot, which is loaded when the first one is shown; its numbers stand beside it as text for those who do
// not see it. Of one that shows the past each moment can be pointed at, with the keyboard too.
import { axis_time, moment } from "./format.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { t } from "./i18n.js";
import { useStore } from "./store.js";
import { theme } from "./theme.js";

let library = null;

function load() {
  library ??= new Promise((done, fail) => {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "vendor/uplot.css" });
    document.head.append(sheet);
    import("../vendor/uplot.js").then((module) => done(module.default), fail);
  });
  return library;
}

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const height = 150;

/** What has no neighbour on either side: no line shows it, so it is a point. */
const alone = ({ data }, which) =>
  data[which].flatMap((value, at, all) => (value != null && all[at - 1] == null && all[at + 1] == null ? [at] : []));

const whole_steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6];

const keys = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };

function options(width, series, format, { whole, least }) {
  const ink = token("--ink-3"),
    grid = { stroke: token("--line"), width: 1 };
  const font = `11px ${token("--sans")}`;
  return {
    width,
    height,
    padding: [8, 26, 0, 0],
    cursor: { y: false, points: { size: 6 } },
    legend: { show: false },
    scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.15, least ?? (whole ? 4 : 1))] } },
    axes: [
      {
        stroke: ink,
        grid: { show: false },
        ticks: { show: false },
        font,
        size: 24,
        space: 90,
        values: (_, times, _axis, _space, step) => times.map((at) => axis_time(at, step)),
      },
      {
        stroke: ink,
        grid,
        ticks: { show: false },
        font,
        size: 46,
        space: 34,
        values: (_, values) => values.map(format),
        ...(whole ? { incrs: whole_steps } : {}),
      },
    ],
    series: [
      {},
      ...series.map(({ label, color }) => ({
        label,
        stroke: token(color),
        width: 1.75,
        points: { show: true, size: 5, width: 0, fill: token(color), filter: alone },
        fill: series.length === 1 ? `${token(color)}22` : undefined,
      })),
    ],
  };
}

/** What a screen reader is told of the moment that is pointed at; arrow keys go through them. */
const pointed = (title, times, series, where, text) => ({
  role: "slider",
  tabindex: 0,
  "aria-label": title,
  "aria-valuemin": 0,
  "aria-valuemax": times.length - 1,
  "aria-valuenow": where,
  "aria-valuetext": `${moment(times[where])}: ${series.map((one) => `${one.label} ${text(one)}`).join(", ")}`,
});

/**
 * `series`: {label, color, values, peak}; `format` makes a value a text; `whole`: there are no parts of one; `least`:
 * the scale reaches so far at least; `past`: moments can be pointed at, and what is shown otherwise is the latest that
 * is known.
 */
export function Chart({ title, times, series, format = String, whole = false, least, past = false }) {
  const place = useRef(null);
  const chart = useRef(null);
  const [at, point] = useState(null);
  const shade = useStore(theme);
  const ready = times.length > 1;
  const values = [times, ...series.map((one) => one.values)];
  useEffect(() => {
    if (!ready) return undefined;
    let wanted = true;
    const fit = new ResizeObserver(([{ contentRect }]) => chart.current?.setSize({ width: contentRect.width, height }));
    load().then((Plot) => {
      if (!wanted || place.current === null) return; // the page was left while the library came
      const plot = options(place.current.clientWidth, series, format, { whole, least });
      plot.hooks = { setCursor: [(one) => point(one.cursor.idx ?? null)] };
      chart.current = new Plot(plot, values, place.current);
      fit.observe(place.current);
    });
    return () => {
      wanted = false;
      fit.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [shade, ready, series.map((one) => one.label).join()]);
  useEffect(() => chart.current?.setData(values), [times]);
  const latest = (all) => (past ? all.findLast((value) => value !== null) : all.at(-1));
  const text = (one) => {
    const value = at === null ? latest(one.values) : one.values[at];
    return value === undefined || value === null ? "–" : format(value);
  };
  const move = (event) => {
    const step = keys[event.key];
    if (step === undefined || chart.current === null) return;
    event.preventDefault();
    const next = Math.min(Math.max((at ?? times.length - 1) + step, 0), times.length - 1);
    chart.current.setCursor({ left: chart.current.valToPos(times[next], "x"), top: 0 });
  };
  const reading = past ? pointed(title, times, series, at ?? times.length - 1, text) : { "aria-hidden": "true" };
  return html`
    <figure class="chart">
      <figcaption>
        <span>${title}</span>
        ${series.map((one) => html`
          <span key=${one.label} class="legend">
            <i class=${one.color.slice(2)}></i>
            ${one.label}
            <b>${text(one)}</b>
            ${one.peak !== undefined && html`<small>${t("peak {peak}", { peak: format(one.peak) })}</small>`}
          </span>
        `)}
        ${past && at !== null && html`<span class="legend">${moment(times[at])}</span>`}
      </figcaption>
      <div class="plot" ref=${place} onKeyDown=${past ? move : undefined} ...${reading}>
        ${ready ? null : html`<span class="empty">${t("Collecting")}</span>`}
      </div>
    </figure>
  `;
}
