// The domains that we talk with: direction, security, proof, address, queue, rates, last error.
import { compact, number, rate, word } from "../lib/format.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { useRead } from "../lib/live.js";
import { Mono, Page, Panel, State, Tag, Wait } from "../lib/parts.js";
import { Table } from "../lib/table.js";

const arrow = (row) => (row.inbound && row.outbound ? ["↔", "both"] : row.inbound ? ["←", "inbound"] : row.outbound ? ["→", "outbound"] : ["·", "none"]);

/** Stanzas a second of each pair, from one answer to the next. */
function useRates(peers, at) {
  const last = useRef(null);
  const [rates, set] = useState(new Map());
  useEffect(() => {
    if (!peers) return;
    const now = new Map(peers.map((row) => [`${row.remote} ${row.local}`, row.stanzas_in + row.stanzas_out]));
    if (last.current && at > last.current.at) {
      const seconds = (at - last.current.at) / 1000;
      set(new Map([...now].map(([key, value]) => [key, Math.max(0, value - (last.current.now.get(key) ?? value)) / seconds])));
    }
    last.current = { at, now };
  }, [peers, at]);
  return (row) => rates.get(`${row.remote} ${row.local}`) ?? 0;
}

export default function Peers({ status }) {
  const answer = useRead("peers.list", {}, { every: 3_000 });
  const rate_of = useRates(answer.data?.peers, answer.at);
  const columns = [
    { name: "remote", title: "Domain", value: (row) => row.remote, show: (row) => html`<a href=${`#/peer/${encodeURIComponent(row.remote)}`}>${row.remote || "(not named yet)"}</a><span class="sub">${row.local}</span>` },
    { name: "direction", title: "Direction", value: (row) => arrow(row)[1], show: (row) => html`<span class="together"><span class="arrow" aria-hidden="true">${arrow(row)[0]}</span> ${arrow(row)[1]}</span>` },
    { name: "state", title: "State", value: (row) => row.state, show: (row) => html`<${State}>${row.state}<//>` },
    { name: "tls", title: "TLS", value: (row) => row.tls, show: (row) => (row.tls ? html`${row.tls}<span class="sub"><${Mono}>${row.cipher}<//></span>` : row.streams > 0 ? html`<${Tag} tone="warn">none<//>` : "–") },
    { name: "method", title: "Authentication", value: (row) => (row.method ? word(row.method) : "–") },
    { name: "address", title: "Address", value: (row) => row.address, show: (row) => html`<${Mono}>${row.address ?? "–"}<//>${row.via ? html`<span class="sub">via ${row.via}</span>` : null}` },
    { name: "queued", title: "Queue", number: true, value: (row) => row.queued, show: (row) => html`${number(row.queued)}${row.unacknowledged > 0 && html`<span class="sub">${number(row.unacknowledged)} unacked</span>`}` },
    { name: "rate", title: "Rate / s", number: true, value: rate_of, show: (row) => rate(rate_of(row)) },
    { name: "in", title: "In", number: true, value: (row) => row.stanzas_in, show: (row) => compact(row.stanzas_in) },
    { name: "out", title: "Out", number: true, value: (row) => row.stanzas_out, show: (row) => compact(row.stanzas_out) },
    { name: "error", title: "Last error", wide: true, value: (row) => row.last_error ?? "", show: (row) => row.last_error && html`<span class="error-text">${row.last_error}</span>` },
  ];
  return html`<${Page} title="Peers" lead=${status.role === "core" ? "What this core carries, and what the edges told about the partners outside." : "Every pair of domains that has talked since the start."} />
    <${Panel} flush><${Wait} of=${answer}>${(data) => html`<${Table} caption="Peers" rows=${data.peers} columns=${columns} first="remote" name=${(row) => `${row.remote} ${row.local} ${row.via ?? ""}`}
      tone=${(row) => (row.last_error && row.state !== "open" ? "row-bad" : "")} empty="No domain has been talked with since the start." />`}<//><//>`;
}
