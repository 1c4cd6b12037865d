// The domains that we talk with: direction, security, authentication, certificate, address, queue, rates, history, last
// error.
import { Failure } from "../lib/as_said.js";
import { ago, compact, number, rate, word } from "../lib/format.js";
import { outcome_of } from "../lib/handshakes.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { t, tn } from "../lib/i18n.js";
import { useRead } from "../lib/live.js";
import { Cipher, Mono, Page, Panel, State, Tag, Wait } from "../lib/parts.js";
import { useHas } from "../lib/session.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

const arrow = (row) =>
  row.inbound && row.outbound
    ? ["↔", t("both ways")]
    : row.inbound
      ? ["←", word_of("direction", "inbound")]
      : row.outbound
        ? ["→", word_of("direction", "outbound")]
        : ["·", t("no stream")];

/** Stanzas a second of each pair, from one answer to the next. */
function useRates(peers, at) {
  const last = useRef(null);
  const [rates, set] = useState(new Map());
  useEffect(() => {
    if (!peers) return;
    const now = new Map(peers.map((row) => [`${row.remote} ${row.local}`, row.stanzas_in + row.stanzas_out]));
    if (last.current && at > last.current.at) {
      const seconds = (at - last.current.at) / 1000;
      set(
        new Map(
          [...now].map(([key, value]) => [key, Math.max(0, value - (last.current.now.get(key) ?? value)) / seconds]),
        ),
      );
    }
    last.current = { at, now };
  }, [peers, at]);
  return (row) => rates.get(`${row.remote} ${row.local}`) ?? 0;
}

const most_marks = 8;

/** The recorded handshakes of each pair, newest last. */
function useHistory() {
  const answer = useRead(useHas("handshakes.list") ? "handshakes.list" : null, {}, { every: 6_000 });
  return useMemo(() => {
    const found = new Map();
    for (const one of answer.data?.handshakes ?? []) {
      const key = `${one.peer} ${one.local}`;
      if (!found.has(key)) found.set(key, []);
      if (found.get(key).length < most_marks) found.get(key).unshift(one);
    }
    return (row) => found.get(`${row.remote} ${row.local}`) ?? [];
  }, [answer.data]);
}

/** One mark a handshake, the newest at the right; its shape differs too, and the sum is there as words. */
function History({ all }) {
  if (all.length === 0) return null;
  const bad = all.filter(({ good }) => !good).length;
  return html`
    <span
      class="marks"
      role="img"
      aria-label=${tn(all.length, "{bad} of the last {n} handshake failed", "{bad} of the last {n} handshakes failed", {
        bad,
      })}
    >
      ${all.map((one) => html`
        <i
          key=${one.id}
          class=${one.good ? "good" : "bad"}
          title=${`${ago(one.started)}, ${word_of("direction", one.direction)}: ${outcome_of(one)}`}
        ></i>
      `)}
    </span>
  `;
}

const columns_of = (rate_of, history_of) => [
  {
    name: "remote",
    title: t("Domain"),
    opens: true,
    value: (row) => row.remote,
    show: (row) => html`
      <a href=${`#/peer/${encodeURIComponent(row.remote)}`}>${row.remote || t("(not yet known)")}</a>
      <span class="sub">${row.local}</span>
    `,
  },
  {
    name: "state",
    title: t("Direction"),
    value: (row) => `${arrow(row)[1]} ${word_of("state", row.state)}`,
    show: (row) => html`
      <span class="together"><span class="arrow" aria-hidden="true">${arrow(row)[0]}</span> ${arrow(row)[1]}</span>
      <div><${State}>${row.state}<//></div>
    `,
  },
  {
    name: "tls",
    title: "TLS",
    wrap: true,
    value: (row) => row.tls && `${row.tls} ${row.cipher}`,
    show: (row) =>
      row.tls
        ? html`${row.tls}<span class="sub"><${Cipher} name=${row.cipher} /></span>`
        : row.streams > 0
          ? html`<${Tag} tone="warn">${t("none")}<//>`
          : "–",
  },
  {
    name: "method",
    title: t("Authentication"),
    wrap: true,
    value: (row) => (row.method ? `${word(row.method)} ${row.certificate ?? ""}` : ""),
    show: (row) => html`
      ${row.method ? word(row.method) : "–"}
      ${row.certificate && html`
        <span class="sub">
          ${row.certificate === "valid"
            ? t("certificate valid")
            : t("certificate: {verdict}", { verdict: word_of("state", row.certificate) })}
        </span>
      `}
    `,
  },
  {
    name: "address",
    title: t("Address"),
    wrap: true,
    value: (row) => row.address,
    show: (row) => html`
      <${Mono}>${row.address ?? "–"}<//>
      ${row.via ? html`<span class="sub">${t("via {via}", { via: row.via })}</span>` : null}
    `,
  },
  {
    name: "queued",
    title: t("Queue"),
    number: true,
    value: (row) => row.queued,
    show: (row) => html`
      ${number(row.queued)}
      ${row.unacknowledged > 0 && html`
        <span class="sub">${tn(row.unacknowledged, "{n} unacked", "{n} unacked")}</span>
      `}
    `,
  },
  {
    name: "rate",
    title: t("Rate / s"),
    number: true,
    value: rate_of,
    show: (row) => html`
      ${rate(rate_of(row))}
      <span class="sub">
        ${t("narrow|{inbound} in, {outbound} out", {
          inbound: compact(row.stanzas_in),
          outbound: compact(row.stanzas_out),
        })}
      </span>
    `,
  },
  {
    name: "error",
    title: t("History, last error"),
    wide: true,
    value: (row) => row.last_error ?? "",
    show: (row) => html`
      <${History} all=${history_of(row)} />
      ${row.last_error && html`
        <div class="error-text"><${Failure} rule=${row.last_rule} said=${row.last_error} /></div>
      `}
    `,
  },
];

export default function Peers({ status }) {
  const answer = useRead("peers.list", {}, { every: 3_000 });
  const rate_of = useRates(answer.data?.peers, answer.at);
  const history_of = useHistory();
  const columns = columns_of(rate_of, history_of);
  return html`
    <${Page}
      title=${t("Peers")}
      lead=${status.role === "core"
        ? t("What this core carries, and what the edges report about peers outside.")
        : t("Every pair of domains with traffic since this node started.")}
    />
    <${Panel} flush>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Peers")}
            rows=${data.peers}
            columns=${columns}
            first="remote"
            name=${(row) => `${row.remote} ${row.local} ${row.via ?? ""}`}
            tone=${(row) => (row.last_error && row.state !== "open" ? "row-bad" : "")}
            empty=${t("No traffic with any domain since this node started.")}
          />
        `}
      <//>
    <//>
  `;
}
