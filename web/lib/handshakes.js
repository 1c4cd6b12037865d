// The handshakes that the node recorded with one partner: each step by step; a failure as the difference from the last good one.
import { ago, time } from "./format.js";
import { html, useState } from "./html.js";
import { useRead } from "./live.js";
import { Cure, Empty, Mono, Panel, State, Steps, Tag, Wait } from "./parts.js";
import { Table } from "./table.js";

const inbound = (one) => one.direction === "inbound" || one.inbound === true;
const at_ms = (step) => step.at_ms ?? step.milliseconds ?? (step.at === undefined ? undefined : step.at * 1000);
const facts_of = (facts) => (Array.isArray(facts) ? facts.map((one) => (Array.isArray(one) ? one : [one.name, one.value])) : Object.entries(facts ?? {}));
const plain = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value ?? "–"));

const said = { changed: "other", added: "only this time", missing: "did not come" };

function Differences({ all, compared }) {
  if (all.length === 0) return null;
  return html`<h3>Difference from the last good one${compared && html` <${Mono}>${compared}<//>`}</h3><div class="scroll" tabindex="0" role="region" aria-label="Differences"><table class="difference"><thead><tr><th scope="col">Step</th><th scope="col">Fact</th><th scope="col">Then</th><th scope="col">Now</th><th scope="col"><span class="visually-hidden">Kind</span></th></tr></thead>
    <tbody>${all.map((one, at) => html`<tr key=${at} class=${`diff-${one.kind}`}><td data-label="Step">${one.step}</td><td data-label="Fact">${one.fact || "–"}</td><td data-label="Then"><${Mono}>${plain(one.before)}<//></td><td data-label="Now"><${Mono}>${plain(one.now)}<//></td><td data-label="Kind"><${Tag} tone=${one.kind === "missing" ? "bad" : "warn"}>${said[one.kind] ?? one.kind}<//></td></tr>`)}</tbody></table></div>`;
}

function Handshake({ id, domain, download }) {
  const answer = useRead("handshakes.show", { id });
  return html`<${Wait} of=${answer}>${(data) => {
    const one = data.handshake ?? data;
    const difference = data.differences ?? data.difference ?? one.differences ?? [];
    const rows = Array.isArray(difference) ? difference : difference.differences ?? [];
    return html`<div class="handshake"><div class="stream-head"><b>${inbound(one) ? "← inbound" : "→ outbound"}</b><${State} tone=${one.good ? "good" : "bad"}>${one.good ? "good" : `failed at ${one.failed_at}`}<//> ${one.result}
        <span class="push"><a class="button small" href=${download(id)} download=${`handshake-${domain}-${id}.json`}>Export for the partner</a></span></div>
      ${one.verdict_id && html`<p class="note">Verdict <${Mono}>${one.verdict_id}<//></p>`}${(data.remedy ?? one.remedy) && html`<${Cure}>${data.remedy ?? one.remedy}<//>`}
      ${!one.good && html`<${Differences} all=${rows} compared=${data.compared_with ?? data.good ?? data.before} />`}
      <h3>Steps</h3><${Steps} steps=${(one.steps ?? []).map((step, at) => ({ key: at, name: step.name ?? step.step, tone: step.good === false ? "bad" : "good", aside: at_ms(step) === undefined ? "" : `${at_ms(step).toFixed(1)} ms`,
        text: facts_of(step.facts).map(([name, value]) => html`<span key=${name} class="fact">${name} <${Mono}>${plain(value)}<//></span>`) }))} /></div>`;
  }}<//>`;
}

export function Handshakes({ domain, download }) {
  const answer = useRead("handshakes.list", { peer: domain }, { every: 5_000 });
  const [opened, open] = useState(null);
  const columns = [
    { name: "started", title: "When", value: (row) => row.started, show: (row) => html`<button type="button" class="button quiet small" aria-expanded=${opened === row.id ? "true" : "false"} onClick=${() => open(opened === row.id ? null : row.id)}>${time(row.started)}</button><span class="sub">${ago(row.started)}</span>` },
    { name: "direction", title: "Direction", value: (row) => (inbound(row) ? "inbound" : "outbound") },
    { name: "good", title: "Outcome", value: (row) => (row.good ? "good" : `failed at ${row.failed_at}`), show: (row) => html`<${State} tone=${row.good ? "good" : "bad"}>${row.good ? "good" : `failed at ${row.failed_at}`}<//>` },
    { name: "result", title: "How, or why not", wide: true, value: (row) => row.result },
    { name: "address", title: "Address", value: (row) => row.address, show: (row) => html`<${Mono}>${row.address || "–"}<//>` },
    { name: "took", title: "Took", number: true, value: (row) => row.took_ms ?? (row.took_seconds ?? row.took ?? 0) * 1000, show: (row) => `${(row.took_ms ?? (row.took_seconds ?? row.took ?? 0) * 1000).toFixed(0)} ms` },
  ];
  return html`<${Panel} flush title="Recorded handshakes" note="keys and stanzas are never recorded"><${Wait} of=${answer}>${(data) => html`<${Table} caption="Recorded handshakes" rows=${data.handshakes ?? []} columns=${columns} first="-started" name=${({ id }) => id} empty="None is recorded yet." />`}<//>
    ${opened ? html`<div class="inset"><${Handshake} key=${opened} id=${opened} domain=${domain} download=${download} /></div>` : answer.data && html`<${Empty}>A handshake opens to its steps.<//>`}<//>`;
}
