// One peer: its streams, its handshakes step by step with the difference from the last good one, why, check, ping,
// close.
import { act } from "../lib/api.js";
import { bytes, date, number, span, time, word } from "../lib/format.js";
import { Handshakes } from "../lib/handshakes.js";
import { PeerHistory } from "../lib/history.js";
import { html, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { EventList } from "../lib/event_list.js";
import {
  Button,
  Cipher,
  Empty,
  Facts,
  Mono,
  Notice,
  Page,
  Panel,
  State,
  Tag,
  Wait,
  confirm,
  say,
  useAction,
} from "../lib/parts.js";
import { Report } from "../lib/report.js";
import { call, useHas } from "../lib/session.js";
import { Walk } from "../lib/walk.js";

function Certificate({ certificate, verdict }) {
  if (!certificate) {
    return html`<p class="note">${verdict ? `Certificate: ${verdict}` : "The peer presented no certificate."}</p>`;
  }
  const { accepted } = certificate;
  return html`
    <${Facts}
      rows=${[
        [
          "Certificate",
          html`<${State} tone=${accepted ? "good" : "warn"}>${accepted ? certificate.verdict : "not valid"}<//>`,
        ],
        ["Reason", accepted ? null : certificate.verdict, true],
        ["Subject", html`<${Mono}>${certificate.subject}<//>`],
        ["Issuer", html`<${Mono}>${certificate.issuer}<//>`],
        ["Expires", date(certificate.not_after)],
        ["SHA-256", html`<${Mono}>${certificate.sha256}<//>`, true],
      ]}
    />
  `;
}

function Stream({ stream }) {
  return html`
    <div class="stream">
      <div class="stream-head">
        <b>${stream.direction === "inbound" ? "← inbound" : "→ outbound"}</b>
        <${State}>${stream.state}<//>
        ${stream.dialback_only && html`<${Tag}>dialback only<//>`}
        ${stream.bidirectional && html`<${Tag}>bidirectional<//>`}
        ${stream.acknowledgements && html`<${Tag}>acknowledgements<//>`}
        <span class="push note">stream <${Mono}>${stream.id}<//></span>
      </div>
      <${Facts}
        rows=${[
          [
            "Addresses",
            html`
              <${Mono}>
                ${stream.local_address} ${stream.direction === "inbound" ? "←" : "→"} ${stream.remote_address}
              <//>
            `,
          ],
          [
            "TLS",
            stream.tls ? html`${stream.tls}, <${Cipher} name=${stream.cipher} />` : html`<${Tag} tone="warn">none<//>`,
          ],
          ["Open", span(stream.open_seconds)],
          ["Idle", stream.quiet_seconds === null ? "–" : span(stream.quiet_seconds)],
          ["Stanzas", `${number(stream.stanzas_in)} in, ${number(stream.stanzas_out)} out`],
          ["Bytes", `${bytes(stream.bytes_in)} in, ${bytes(stream.bytes_out)} out`],
          ["Unacknowledged", number(stream.unacknowledged)],
          ["Shard", stream.shard],
          [
            "Pairs",
            stream.pairs.length === 0
              ? "none authenticated yet"
              : html`
                  ${stream.pairs.map((pair) => html`
                    <div key=${pair.local + pair.remote}>
                      ${pair.local} – ${pair.remote}: ${word(pair.method)}
                      ${pair.pending ? ", pending" : ""}
                    </div>
                  `)}
                `,
            true,
          ],
        ]}
      />
      <${Certificate} certificate=${stream.certificate} verdict=${stream.certificate_verdict} />
    </div>
  `;
}

const Destination = ({ one }) => html`
  <div class="stream">
    <div class="stream-head"><b>Outbound from ${one.local}</b> <${State}>${one.state}<//></div>
    <${Facts}
      rows=${[
        ["Queued", `${number(one.queued)} (${bytes(one.queued_bytes)})`],
        ["Unacknowledged", number(one.unacknowledged)],
        ["Failures in a row", number(one.failures)],
        ["Last step", one.last_step],
        ["Last success", one.last_success && time(one.last_success)],
        ["Last failure", one.last_failure && time(one.last_failure)],
        ["Next attempt", one.next_retry_seconds > 0 ? `in ${span(one.next_retry_seconds)}` : null],
      ]}
    />
    ${one.last_error && html`
      <${Notice} tone=${one.state === "open" ? "warn" : "bad"} title="Last error">${one.last_error}<//>
    `}
  </div>
`;

function Policy({ policy }) {
  const yes = (value) => (value ? "yes" : "no");
  return html`
    <${Facts}
      rows=${[
        ["Security mode", word(policy.security_mode)],
        ["Certificate required", yes(policy.certificate_required)],
        ["SASL EXTERNAL", yes(policy.external)],
        ["Dialback", yes(policy.dialback)],
        ["Bidirectional", yes(policy.bidirectional)],
      ]}
    />
  `;
}

function Tools({ domain, local }) {
  const [busy, run] = useAction();
  const [walk, set_walk] = useState(null);
  const [reports, set_reports] = useState([]);
  const can_all = useHas("check.all");
  const ping = () =>
    run(async () => {
      const pong = await act("peers.ping", { domain }, { wait_ms: 60_000 });
      say(`${domain} answered in ${pong.milliseconds.toFixed(1)} ms.`);
      await refresh("peers.show");
    });
  const close = () =>
    run(async () => {
      const sure = await confirm({
        title: `Close the streams with ${domain}?`,
        text: "The next stanza opens new ones. What is unacknowledged is sent again or answered with an error.",
        yes: "Close them",
      });
      if (!sure) return;
      const { closed } = await act("peers.close", { domain });
      say(`${closed} stream${closed === 1 ? "" : "s"} closed.`);
      await refresh("peers.show");
    });
  const ask_why = () =>
    run(async () =>
      set_walk([await call("why", { from: local, to: domain }), await call("why", { from: domain, to: local })]),
    );
  const check =
    (...verbs) =>
    () =>
      run(async () => {
        const found = [];
        for (const verb of verbs) found.push(await call(verb, { domain }, { wait_ms: 60_000 }));
        set_reports(found);
      });
  return html`
    <div class="actions tools-row">
      <${Button} verb="peers.ping" busy=${busy} onClick=${ping}>Ping<//>
      <${Button} verb="why" busy=${busy} disabled=${!local} onClick=${ask_why}>Why<//>
      <${Button} verb="check.dns" busy=${busy} onClick=${check("check.dns", "check.tls")}>Check DNS and TLS<//>
      ${can_all && html`<${Button} verb="check.all" busy=${busy} onClick=${check("check.all")}>Check all<//>`}
      <a class="button" href=${`#/exceptions?domain=${encodeURIComponent(domain)}`}>Exception</a>
      <${Button} kind="danger" verb="peers.close" busy=${busy} onClick=${close}>Close streams<//>
    </div>
    ${walk && html`
      <div class="columns">
        ${walk.map((one) => html`
          <${Panel} key=${one.from} title=${`${one.from} to ${one.to}`}><${Walk} walk=${one} /><//>
        `)}
      </div>
    `}
    ${reports.map((report) => html`
      <${Report}
        key=${report.check}
        report=${report}
        onClose=${() => set_reports(reports.filter((one) => one !== report))}
      />
    `)}
  `;
}

export default function Peer({ rest }) {
  const domain = rest[0] ?? "";
  const answer = useRead("peers.show", { domain }, { every: 3_000 });
  const settings = useRead("settings", {});
  const recorded = useHas("handshakes.list");
  const kept = useHas("history");
  const log = useRead(useHas("events") ? "events" : null, { peer: domain, limit: 12 }, { every: 10_000 });
  const ours = (settings.data?.settings ?? []).find(({ name }) => name === "federation.domains")?.value ?? [];
  const local = answer.data?.peers[0]?.local || ours.find((name) => !name.startsWith("*."));
  return html`
    <${Page} title=${domain || "Peer"} lead=${html`<a href="#/peers">Peers</a> / ${domain}`} />
    <${Tools} domain=${domain} local=${local} />
    <${Wait} of=${answer}>
      ${(data) => html`
        ${!data.known && html`<${Notice}>No traffic with ${domain} since this node started.<//>`}
        <${Panel} title="Streams" note=${`${data.streams.length} open`}>
          ${data.streams.length === 0
            ? html`<${Empty}>No stream is open.<//>`
            : data.streams.map((one) => html`<${Stream} key=${one.id + one.direction} stream=${one} />`)}
        <//>
        <div class="columns">
          ${data.destinations.length > 0 && html`
            <${Panel} title="Outbound">
              ${data.destinations.map((one) => html`<${Destination} key=${one.local} one=${one} />`)}
            <//>
          `}
          <${Panel} title="Policy for this peer"><${Policy} policy=${data.policy} /><//>
          ${data.described.length > 0 && html`
            <${Panel} title="As reported by the edge">
              <div class="stack">
                ${data.described.map((one, at) => html`
                  <${Facts}
                    key=${at}
                    rows=${[
                      ["Edge", one.edge],
                      ["Pair", `${one.local} – ${one.remote}`],
                      ["Direction", one.direction],
                      ["Authentication", word(one.method)],
                      ["TLS", one.tls && html`${one.tls}, <${Cipher} name=${one.cipher} />`],
                      ["Address", html`<${Mono}>${one.address}<//>`],
                      ["Since", time(one.since)],
                      ["Verdict", html`<${Mono}>${one.verdict}<//>`],
                    ]}
                  />
                `)}
              </div>
            <//>
          `}
        </div>
      `}
    <//>
    ${kept && html`<${Panel} title="Over time"><${PeerHistory} domain=${domain} /><//>`}
    ${recorded && html`<${Handshakes} domain=${domain} />`}
    <${Panel}
      title="In the event log"
      actions=${html`<a href=${`#/events?peer=${encodeURIComponent(domain)}`}>All entries</a>`}
    >
      <${EventList} events=${[...(log.data?.events ?? [])].reverse()} brief empty=${`No entry mentions ${domain}.`} />
    <//>
  `;
}
