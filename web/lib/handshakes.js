// The handshakes that the node recorded with one peer: each step by step; a failure as the difference from the last
// good one.
import { AsSaid } from "./as_said.js";
import { save_json } from "./download.js";
import { ago, milliseconds, time } from "./format.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { t, tn } from "./i18n.js";
import { useRead } from "./live.js";
import { Button, Mono, Notice, Panel, State, Steps, Tag, Wait, useAction } from "./parts.js";
import { call, useHas } from "./session.js";
import { Table } from "./table.js";
import { word_of } from "./words.js";

const said = () => ({ changed: t("changed"), added: t("only now"), missing: t("missing") });

/** "good", or the step at which it failed. */
export const outcome_of = (one) =>
  one.good ? t("good") : t("failed at {step}", { step: word_of("stage", one.failed_at) });

function Difference({ id }) {
  const answer = useRead("handshakes.diff", { handshake: id });
  return html`
    <${Wait} of=${answer}>
      ${({ compared_with: good, differences }) => {
        if (!good) return html`<${Notice}>${t("No good handshake is recorded to compare this one with.")}<//>`;
        const columns = [
          {
            name: "step",
            title: t("Step"),
            still: true,
            value: (row) => word_of("stage", row.step),
            show: (row) => html`<b>${word_of("stage", row.step)}</b>`,
          },
          { name: "fact", title: t("Fact"), still: true, value: (row) => row.fact ?? "–" },
          {
            name: "before",
            title: t("Then"),
            still: true,
            wide: true,
            value: (row) => row.before,
            show: (row) => html`<${Mono}>${row.before ?? "–"}<//>`,
          },
          {
            name: "now",
            title: t("Now"),
            still: true,
            wide: true,
            value: (row) => row.now,
            show: (row) => html`<${Mono}>${row.now ?? "–"}<//>`,
          },
          {
            name: "kind",
            title: t("Difference"),
            still: true,
            value: (row) => row.kind,
            show: (row) => html`
              <${Tag} tone=${row.kind === "missing" ? "bad" : "warn"}>${said()[row.kind] ?? row.kind}<//>
            `,
          },
        ];
        return html`
          <div class="difference">
            <h3>
              ${t("Compared with the last good one, {started} ({id})", {
                started: time(good.started),
                id: html`<${Mono}>${good.id}<//>`,
              })}
            </h3>
            <${Table}
              caption=${t("Differences")}
              filter=${false}
              rows=${differences.map((one, at) => ({ ...one, at }))}
              columns=${columns}
              name=${({ at }) => at}
              tone=${(row) => `diff-${row.kind}`}
              empty=${t("No differences.")}
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
            <b>${one.direction === "inbound" ? t("← inbound") : t("→ outbound")}</b>
            <${State} tone=${one.good ? "good" : "bad"}>${outcome_of(one)}<//>
            <span><${AsSaid} text=${one.outcome} /></span>
            ${one.purpose === "dialback" && html`<${Tag}>${t("dialback only")}<//>`}
            ${one.verdict_id && html`
              <a href=${`#/diagnostics?from=${encodeURIComponent(one.verdict_id)}`}>
                ${t("verdict {id}", { id: html`<${Mono}>${one.verdict_id}<//>` })}
              </a>
            `}
          </div>
          ${!one.good && compares && html`<${Difference} id=${one.id} />`}
          <div class="stream-head">
            <h3>${t("Steps")}</h3>
            <span class="push">
              <${Button} kind="small" verb="handshakes.export" busy=${busy} onClick=${exported}>
                ${t("Export this one")}
              <//>
            </span>
          </div>
          <${Steps}
            steps=${one.steps.map((step, at) => ({
              key: at,
              name: word_of("stage", step.step),
              tone: step.good ? "good" : "bad",
              aside: milliseconds(step.ms, 1),
              text: Object.entries(step.facts).map(([name, value]) => html`
                <span key=${name} class="fact">${name} <${Mono}>${String(value) || "–"}<//></span>
              `),
            }))}
          />
          ${one.left_out > 0 && html`
            <p class="note">
              ${tn(one.left_out, "{n} more step was not recorded.", "{n} more steps were not recorded.")}
            </p>
          `}
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
      title: t("When"),
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
      title: t("Direction"),
      value: (row) => word_of("direction", row.direction),
      show: (row) => html`
        ${word_of("direction", row.direction)}
        ${row.purpose === "dialback" && html`<span class="sub">${t("dialback only")}</span>`}
      `,
    },
    {
      name: "good",
      title: t("Outcome"),
      value: outcome_of,
      show: (row) => html`<${State} tone=${row.good ? "good" : "bad"}>${outcome_of(row)}<//>`,
    },
    {
      name: "outcome",
      title: t("Details"),
      wide: true,
      value: (row) => row.outcome,
      show: (row) => html`<${AsSaid} text=${row.outcome} />`,
    },
    {
      name: "address",
      title: t("Address"),
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address || "–"}<//>`,
    },
    { name: "ms", title: t("Took"), number: true, value: (row) => row.ms, show: (row) => milliseconds(row.ms) },
  ];
  return html`
    <${Panel}
      flush
      title=${t("Recorded handshakes")}
      note=${t("step by step, without keys or stanzas; a failure is compared with the last good one")}
      actions=${html`
        <${Button} verb="handshakes.export" busy=${busy} onClick=${exported}>${t("Export for the peer")}<//>
      `}
    >
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Recorded handshakes")}
            rows=${data.handshakes}
            columns=${columns}
            first="-started"
            name=${({ id }) => id}
            empty=${t("None recorded yet.")}
            below=${({ id }) => id === opened && html`<${Handshake} key=${id} id=${id} />`}
          />
        `}
      <//>
    <//>
  `;
}
