// One peer: its streams, its handshakes step by step with the difference from the last good one, why, check, ping,
// close.
import { act } from "../lib/api.js";
import { Failure } from "../lib/as_said.js";
import { bytes, date, milliseconds, number, span, span_ahead, time, word } from "../lib/format.js";
import { Handshakes } from "../lib/handshakes.js";
import { PeerHistory } from "../lib/history.js";
import { html, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { EventList } from "../lib/event_list.js";
import { t, tn } from "../lib/i18n.js";
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
import { word_of } from "../lib/words.js";

function Certificate({ certificate, verdict }) {
  if (!certificate) {
    return html`
      <p class="note">
        ${verdict
          ? t("Certificate: {verdict}", { verdict: word_of("state", verdict) })
          : t("The peer presented no certificate.")}
      </p>
    `;
  }
  const { accepted } = certificate;
  return html`
    <${Facts}
      rows=${[
        [
          t("Certificate"),
          html`
            <${State} tone=${accepted ? "good" : "warn"}>
              ${accepted ? word_of("state", certificate.verdict) : t("not valid")}
            <//>
          `,
        ],
        [t("Reason"), accepted ? null : certificate.verdict, true],
        [t("Subject"), html`<${Mono}>${certificate.subject}<//>`],
        [t("Issuer"), html`<${Mono}>${certificate.issuer}<//>`],
        [t("Expires"), date(certificate.not_after)],
        ["SHA-256", html`<${Mono}>${certificate.sha256}<//>`, true],
      ]}
    />
  `;
}

function Stream({ stream }) {
  return html`
    <div class="stream">
      <div class="stream-head">
        <b>${stream.direction === "inbound" ? t("← inbound") : t("→ outbound")}</b>
        <${State}>${stream.state}<//>
        ${stream.dialback_only && html`<${Tag}>${t("dialback only")}<//>`}
        ${stream.bidirectional && html`<${Tag}>${t("bidirectional")}<//>`}
        ${stream.acknowledgements && html`<${Tag}>${t("acknowledgements")}<//>`}
        <span class="push note">${t("stream {id}", { id: html`<${Mono}>${stream.id}<//>` })}</span>
      </div>
      <${Facts}
        rows=${[
          [
            t("Addresses"),
            html`
              <${Mono}>
                ${stream.local_address} ${stream.direction === "inbound" ? "←" : "→"} ${stream.remote_address}
              <//>
            `,
          ],
          [
            "TLS",
            stream.tls
              ? html`${stream.tls}, <${Cipher} name=${stream.cipher} />`
              : html`<${Tag} tone="warn">${t("none")}<//>`,
          ],
          [t("duration|Open"), span(stream.open_seconds)],
          [t("Idle"), stream.quiet_seconds === null ? "–" : span(stream.quiet_seconds)],
          [
            t("Stanzas"),
            t("{inbound} in, {outbound} out", {
              inbound: number(stream.stanzas_in),
              outbound: number(stream.stanzas_out),
            }),
          ],
          [
            t("Bytes"),
            t("{inbound} in, {outbound} out", { inbound: bytes(stream.bytes_in), outbound: bytes(stream.bytes_out) }),
          ],
          [t("Unacknowledged"), number(stream.unacknowledged)],
          [t("Shard"), stream.shard],
          [
            t("Pairs"),
            stream.pairs.length === 0
              ? t("none authenticated yet")
              : html`
                  ${stream.pairs.map((pair) => html`
                    <div key=${pair.local + pair.remote}>
                      ${pair.local} – ${pair.remote}: ${word(pair.method)}
                      ${pair.pending ? `, ${word_of("state", "pending")}` : ""}
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
    <div class="stream-head"><b>${t("Outbound from {local}", { local: one.local })}</b> <${State}>${one.state}<//></div>
    <${Facts}
      rows=${[
        [t("Queued"), `${number(one.queued)} (${bytes(one.queued_bytes)})`],
        [t("Unacknowledged"), number(one.unacknowledged)],
        [t("Failures in a row"), number(one.failures)],
        [t("Last step"), one.last_step && word_of("stage", one.last_step)],
        [t("Last success"), one.last_success && time(one.last_success)],
        [t("Last failure"), one.last_failure && time(one.last_failure)],
        [
          t("Next attempt"),
          one.next_retry_seconds > 0 ? t("in {time}", { time: span_ahead(one.next_retry_seconds) }) : null,
        ],
      ]}
    />
    ${one.last_error && html`
      <${Notice} tone=${one.state === "open" ? "warn" : "bad"} title=${t("Last error")}>
        <${Failure} rule=${one.last_rule} said=${one.last_error} />
      <//>
    `}
  </div>
`;

function Policy({ policy }) {
  const yes = (value) => (value ? t("yes") : t("no"));
  return html`
    <${Facts}
      rows=${[
        [t("Security mode"), word(policy.security_mode)],
        [t("Certificate required"), yes(policy.certificate_required)],
        ["SASL EXTERNAL", yes(policy.external)],
        [t("Dialback"), yes(policy.dialback)],
        [t("Bidirectional"), yes(policy.bidirectional)],
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
      say(t("{domain} answered in {time}.", { domain, time: milliseconds(pong.milliseconds, 1) }));
      await refresh("peers.show");
    });
  const close = () =>
    run(async () => {
      const sure = await confirm({
        title: t("Close the streams with {domain}?", { domain }),
        text: t("The next stanza opens new ones. What is unacknowledged is sent again or answered with an error."),
        yes: t("Close them"),
      });
      if (!sure) return;
      const { closed } = await act("peers.close", { domain });
      say(tn(closed, "{n} stream closed.", "{n} streams closed."));
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
      <${Button} verb="peers.ping" busy=${busy} onClick=${ping}>${t("Ping")}<//>
      <${Button} verb="why" busy=${busy} disabled=${!local} onClick=${ask_why}>${t("Why")}<//>
      <${Button} verb="check.dns" busy=${busy} onClick=${check("check.dns", "check.tls")}>${t("Check DNS and TLS")}<//>
      ${can_all && html`<${Button} verb="check.all" busy=${busy} onClick=${check("check.all")}>${t("Check all")}<//>`}
      <a class="button" href=${`#/exceptions?domain=${encodeURIComponent(domain)}`}>${t("Exception")}</a>
      <${Button} kind="danger" verb="peers.close" busy=${busy} onClick=${close}>${t("Close streams")}<//>
    </div>
    ${walk && html`
      <div class="columns">
        ${walk.map((one) => html`
          <${Panel} key=${one.from} title=${t("{from} to {to}", { from: one.from, to: one.to })}>
            <${Walk} walk=${one} />
          <//>
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
    <${Page} title=${domain || t("Peer")} lead=${html`<a href="#/peers">${t("Peers")}</a> / ${domain}`} />
    <${Tools} domain=${domain} local=${local} />
    <${Wait} of=${answer}>
      ${(data) => html`
        ${!data.known && html`<${Notice}>${t("No traffic with {domain} since this node started.", { domain })}<//>`}
        <${Panel} title=${t("Streams")} note=${tn(data.streams.length, "{n} open", "{n} open")}>
          ${data.streams.length === 0
            ? html`<${Empty}>${t("No stream is open.")}<//>`
            : data.streams.map((one) => html`<${Stream} key=${one.id + one.direction} stream=${one} />`)}
        <//>
        <div class="columns">
          ${data.destinations.length > 0 && html`
            <${Panel} title=${t("Outbound")}>
              ${data.destinations.map((one) => html`<${Destination} key=${one.local} one=${one} />`)}
            <//>
          `}
          <${Panel} title=${t("Policy for this peer")}><${Policy} policy=${data.policy} /><//>
          ${data.described.length > 0 && html`
            <${Panel} title=${t("As reported by the edge")}>
              <div class="stack">
                ${data.described.map((one, at) => html`
                  <${Facts}
                    key=${at}
                    rows=${[
                      [t("Edge"), one.edge],
                      [t("Pair"), `${one.local} – ${one.remote}`],
                      [t("Direction"), word_of("direction", one.direction)],
                      [t("Authentication"), word(one.method)],
                      ["TLS", one.tls && html`${one.tls}, <${Cipher} name=${one.cipher} />`],
                      [t("Address"), html`<${Mono}>${one.address}<//>`],
                      [t("Since"), time(one.since)],
                      [t("Verdict"), html`<${Mono}>${one.verdict}<//>`],
                    ]}
                  />
                `)}
              </div>
            <//>
          `}
        </div>
      `}
    <//>
    ${kept && html`<${Panel} title=${t("Over time")}><${PeerHistory} domain=${domain} /><//>`}
    ${recorded && html`<${Handshakes} domain=${domain} />`}
    <${Panel}
      title=${t("In the event log")}
      actions=${html`<a href=${`#/events?peer=${encodeURIComponent(domain)}`}>${t("All entries")}</a>`}
    >
      <${EventList}
        events=${[...(log.data?.events ?? [])].reverse()}
        brief
        empty=${t("No entry mentions {domain}.", { domain })}
      />
    <//>
  `;
}
