// Charts from /metrics where the node has it (their names are the manual's): how long each hop takes, how handshakes
// end.
import { read_metrics } from "./api.js";
import { Chart } from "./chart.js";
import { duration, rate } from "./format.js";
import { html, useEffect, useState } from "./html.js";
import { t } from "./i18n.js";
import { families, quantile, total } from "./open_metrics.js";

const beat_ms = 5_000,
  first_beat_ms = 1_500;
const most = 180;
const hops = "sallyport_hop_seconds",
  handshakes = "sallyport_handshakes";

/** What happened between two readings. */
function between(before, now) {
  const of = (reading, name) => reading.all.get(name) ?? [];
  const slow = (hop) => quantile(of(before, hops), of(now, hops), 0.95, { hop });
  const grown = (labels) =>
    Math.max(0, total(of(now, handshakes), labels) - total(of(before, handshakes), labels)) / (now.at - before.at);
  return {
    at: now.at,
    link: slow("link"),
    s2s: slow("s2s"),
    queue: slow("s2s_queue"),
    good: grown({ outcome: "success" }),
    bad: grown({ outcome: "failure" }),
  };
}

export function MetricCharts() {
  const [points, set] = useState(null);
  useEffect(() => {
    let last = null,
      timer = 0,
      wanted = true;
    const look = async () => {
      const text = await read_metrics().catch(() => null);
      if (!wanted || text === null) return;
      const now = { at: Date.now() / 1000, all: families(text) };
      const point = last && between(last, now);
      set((old) => (point ? [...(old ?? []), point].slice(-most) : []));
      last = now;
      timer = setTimeout(look, point ? beat_ms : first_beat_ms);
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
  return html`
    <${Chart}
      title=${t("95 % of stanzas within")}
      times=${times}
      format=${duration}
      series=${[
        { label: t("link"), color: "--series-1", values: of("link") },
        { label: t("peer"), color: "--series-2", values: of("s2s") },
        { label: t("queue"), color: "--series-3", values: of("queue") },
      ]}
    />
    <${Chart}
      title=${t("Handshakes per second")}
      times=${times}
      format=${rate}
      series=${[
        { label: t("handshakes|good"), color: "--series-1", values: of("good") },
        { label: t("handshakes|failed"), color: "--series-4", values: of("bad") },
      ]}
    />
  `;
}
