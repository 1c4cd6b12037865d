// The handshakes that the node recorded with one peer: each step by step; a failure as the difference from the last
// good one.
import { save_json } from "./download.js";
import { ago, time } from "./format.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { useRead } from "./live.js";
import { Button, Mono, Notice, Panel, State, Steps, Tag, Wait, useAction } from "./parts.js";
import { call, useHas } from "./session.js";
import { Table } from "./table.js";

const said = { changed: "changed", added: "only now", missing: "missing" };

function Difference({ id }) {
  const answer = useRead("handshakes.diff", { handshake: id });
  return html`
    <${Wait} of=${answer}>
      ${({ compared_with: good, differences }) => {
        if (!good) return html`<${Notice}>No good handshake is recorded to compare this one with.<//>`;
        const columns = [
          {
            name: "step",
            title: "Step",
            still: true,
            value: (row) => row.step,
            show: (row) => html`<b>${row.step}</b>`,
          },
          { name: "fact", title: "Fact", still: true, value: (row) => row.fact ?? "–" },
          {
            name: "before",
            title: "Then",
            still: true,
            wide: true,
            value: (row) => row.before,
            show: (row) => html`<${Mono}>${row.before ?? "–"}<//>`,
          },
          {
            name: "now",
            title: "Now",
            still: true,
            wide: true,
            value: (row) => row.now,
            show: (row) => html`<${Mono}>${row.now ?? "–"}<//>`,
          },
          {
            name: "kind",
            title: "Difference",
            still: true,
            value: (row) => row.kind,
            show: (row) => html`
              <${Tag} tone=${row.kind === "missing" ? "bad" : "warn"}>${said[row.kind] ?? row.kind}<//>
            `,
          },
        ];
        return html`
          <div class="difference">
            <h3>Compared with the last good one, ${time(good.started)} (<${Mono}>${good.id}<//>)</h3>
            <${Table}
              caption="Differences"
              filter=${false}
              rows=${differences.map((one, at) => ({ ...one, at }))}
              columns=${columns}
              name=${({ at }) => at}
              tone=${(row) => `diff-${row.kind}`}
              empty="No differences."
            />
          </div>
        `;
      }}
    <//>
  `;
}

function Handshake({ id }) {
  const answer = useRead("handshakes.show", { handshake: id });
  const compares = useHas("handshakes.diff");
  const place = useRef(null);
  const [busy, run] = useAction();
  const exported = () =>
    run(async () => save_json(`handshake-${id}.json`, await call("handshakes.export", { peer: id })));
  const there = answer.data !== undefined;
  useEffect(() => {
    if (there) place.current?.scrollIntoView({ block: "nearest" });
  }, [there]);
  return html`
    <${Wait} of=${answer}>
      ${(one) => html`
        <div class="handshake" ref=${place}>
          <div class="stream-head">
            <b>${one.direction === "inbound" ? "← inbound" : "→ outbound"}</b>
            <${State} tone=${one.good ? "good" : "bad"}>${one.good ? "good" : `failed at ${one.failed_at}`}<//>
            <span>${one.outcome}</span>
            ${one.purpose === "dialback" && html`<${Tag}>dialback only<//>`}
            ${one.verdict_id && html`
              <a href=${`#/diagnostics?from=${encodeURIComponent(one.verdict_id)}`}>
                verdict <${Mono}>${one.verdict_id}<//>
              </a>
            `}
          </div>
          ${!one.good && compares && html`<${Difference} id=${one.id} />`}
          <div class="stream-head">
            <h3>Steps</h3>
            <span class="push">
              <${Button} kind="small" verb="handshakes.export" busy=${busy} onClick=${exported}>Export this one<//>
            </span>
          </div>
          <${Steps}
            steps=${one.steps.map((step, at) => ({
              key: at,
              name: step.step,
              tone: step.good ? "good" : "bad",
              aside: `${step.ms.toFixed(1)} ms`,
              text: Object.entries(step.facts).map(([name, value]) => html`
                <span key=${name} class="fact">${name} <${Mono}>${String(value) || "–"}<//></span>
              `),
            }))}
          />
          ${one.left_out > 0 && html`<p class="note">${one.left_out} more steps were not recorded.</p>`}
        </div>
      `}
    <//>
  `;
}

export function Handshakes({ domain }) {
  const answer = useRead("handshakes.list", { peer: domain }, { every: 5_000 });
  const [opened, open] = useState(null);
  const [busy, run] = useAction();
  const exported = () =>
    run(async () => save_json(`handshakes-${domain}.json`, await call("handshakes.export", { peer: domain })));
  const columns = [
    {
      name: "started",
      title: "When",
      opens: true,
      value: (row) => row.started,
      show: (row) => html`
        <button
          type="button"
          class="button quiet small first"
          aria-expanded=${opened === row.id ? "true" : "false"}
          onClick=${() => open(opened === row.id ? null : row.id)}
        >
          ${time(row.started)}
        </button>
        <span class="sub">${ago(row.started)}</span>
      `,
    },
    {
      name: "direction",
      title: "Direction",
      value: (row) => row.direction,
      show: (row) => html`
        ${row.direction}
        ${row.purpose === "dialback" && html`<span class="sub">dialback only</span>`}
      `,
    },
    {
      name: "good",
      title: "Outcome",
      value: (row) => (row.good ? "good" : `failed at ${row.failed_at}`),
      show: (row) => html`
        <${State} tone=${row.good ? "good" : "bad"}>${row.good ? "good" : `failed at ${row.failed_at}`}<//>
      `,
    },
    { name: "outcome", title: "Details", wide: true, value: (row) => row.outcome },
    {
      name: "address",
      title: "Address",
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address || "–"}<//>`,
    },
    { name: "ms", title: "Took", number: true, value: (row) => row.ms, show: (row) => `${row.ms.toFixed(0)} ms` },
  ];
  return html`
    <${Panel}
      flush
      title="Recorded handshakes"
      note="step by step, without keys or stanzas; a failure is compared with the last good one"
      actions=${html`<${Button} verb="handshakes.export" busy=${busy} onClick=${exported}>Export for the peer<//>`}
    >
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption="Recorded handshakes"
            rows=${data.handshakes}
            columns=${columns}
            first="-started"
            name=${({ id }) => id}
            empty="None recorded yet."
            below=${({ id }) => id === opened && html`<${Handshake} key=${id} id=${id} />`}
          />
        `}
      <//>
    <//>
  `;
}
