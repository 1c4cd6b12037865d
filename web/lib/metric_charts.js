// Charts from /metrics where the node has it: how long a stanza takes, how many handshakes succeed and fail.
import { Chart } from "./chart.js";
import { rate } from "./format.js";
import { html, useEffect, useState } from "./html.js";
import { read_metrics } from "./api.js";
import { families, quantile, total } from "./open_metrics.js";

const beat_ms = 5_000;
const most = 180;

/** What one reading says; rates and quantiles come from two. */
function reading(text) {
  const all = families(text);
  const pick = (part) => [...all.keys()].find((name) => name.includes(part));
  return { at: Date.now() / 1000, all, delivery: pick("delivery_seconds"), handshakes: pick("handshakes") };
}

function between(before, now) {
  const seconds = now.at - before.at;
  const grown = (family, labels) => (family && seconds > 0 ? Math.max(0, total(now.all.get(family), labels) - total(before.all.get(family) ?? [], labels)) / seconds : 0);
  return {
    at: now.at, p50: now.delivery ? quantile(before.all.get(now.delivery) ?? [], now.all.get(now.delivery), 0.5) : null, p99: now.delivery ? quantile(before.all.get(now.delivery) ?? [], now.all.get(now.delivery), 0.99) : null,
    good: grown(now.handshakes, { outcome: "success" }), bad: grown(now.handshakes, { outcome: "failure" }),
  };
}

const milliseconds = (value) => (value < 1 ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms` : `${value.toFixed(1)} s`);

export function Latency() {
  const [points, set] = useState(null);
  useEffect(() => {
    let last = null, timer = 0, wanted = true;
    const look = async () => {
      const text = await read_metrics().catch(() => null);
      if (!wanted || text === null) return;
      const now = reading(text);
      if (last) set((old) => [...(old ?? []), between(last, now)].slice(-most));
      else set([]);
      last = now;
      timer = setTimeout(look, beat_ms);
    };
    look();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, []);
  if (points === null) return null;
  const times = points.map(({ at }) => at);
  const of = (key) => points.map((point) => point[key]);
  return html`<${Chart} title="Until acknowledged" times=${times} format=${milliseconds} series=${[{ label: "half", color: "--series-1", values: of("p50") }, { label: "99 %", color: "--series-3", values: of("p99") }]} />
    <${Chart} title="Handshakes a second" times=${times} format=${rate} series=${[{ label: "good", color: "--series-1", values: of("good") }, { label: "failed", color: "--series-4", values: of("bad") }]} />`;
}
