// The edge, the core and what is behind them, as this node sees them: who is linked to whom, and how the link is.
import { AsSaid } from "./as_said.js";
import { number, span } from "./format.js";
import { html } from "./html.js";
import { t, tn } from "./i18n.js";
import { Mono, State, tone_of } from "./parts.js";
import { word_of } from "./words.js";

const links_of = (n) => tn(n, "{n} link", "{n} links");
const streams_of = (n) => tn(n, "{n} stream", "{n} streams");
const grave = ["good", "calm", "warn", "bad"];

/** One far node: its links (one a shard) and dials taken together. */
function far_nodes(status) {
  const found = new Map();
  // A link names its far node by the realm; the whole name stands in the chain where settings go that way.
  const names = new Map(
    status.chain
      .map(({ about }) => about ?? "")
      .filter((name) => name.includes("."))
      .map((name) => [name.replaceAll(".", "-"), name]),
  );
  const of = (name, role) => {
    const realm = name.replaceAll(".", "-");
    if (!found.has(realm)) found.set(realm, { name: names.get(realm) ?? name, role, links: [], dials: [] });
    const one = found.get(realm);
    if (name.includes(".")) one.name = name;
    return one;
  };
  for (const dial of status.dials) of(dial.name, dial.role).dials.push(dial);
  for (const link of status.links) of(link.far_realm, link.far_role).links.push(link);
  return [...found.values()];
}

function joint_of({ links, dials }) {
  const sum = (key) => links.reduce((all, link) => all + link[key], 0);
  const states = (links.length > 0 ? links : dials).map(({ state }) => state);
  const state = states.reduce(
    (worst, one) => (grave.indexOf(tone_of(one)) > grave.indexOf(tone_of(worst)) ? one : worst),
    states[0] ?? "down",
  );
  return {
    state,
    links: links.length,
    tls: links[0]?.tls,
    sent: sum("sent"),
    received: sum("received"),
    waiting: sum("unacknowledged"),
    resumed: sum("resumptions"),
    open: links[0]?.open_seconds,
    why: dials.find(({ why }) => why)?.why,
  };
}

function Joint({ far, reverse }) {
  const joint = joint_of(far);
  const tone = tone_of(joint.state);
  return html`
    <div class=${`joint ${tone}`}>
      <span class="wire" aria-hidden="true"></span>
      <div class="joint-text">
        <${State} tone=${tone}>${joint.state}<//>
        <span>${joint.tls ?? t("no TLS yet")} · ${links_of(joint.links)}</span>
        <span title=${t("stanzas over the link: to this node, from this node")}>
          ${reverse ? "→" : "←"} ${number(joint.received)} ${reverse ? "←" : "→"} ${number(joint.sent)}
        </span>
        ${joint.waiting > 0 && html`<span>${tn(joint.waiting, "{n} unacknowledged", "{n} unacknowledged")}</span>`}
        ${joint.resumed > 0 && html`<span>${t("resumed {resumed}×", { resumed: joint.resumed })}</span>`}
        ${joint.open ? html`<span>${t("up {time}", { time: span(joint.open) })}</span>` : null}
        ${joint.why && html`<span class="why"><${AsSaid} text=${joint.why} /></span>`}
      </div>
    </div>
  `;
}

function Gate({ name, role, self, children }) {
  return html`
    <div class=${`gate ${self ? "self" : ""}`}>
      <div class="gate-role">
        <span>${word_of("role", role)}</span>
        ${self && html`<span class="tag">${t("this node")}</span>`}
      </div>
      <div class="gate-name">${name.split(".").map((label, at) => html`${at > 0 && html`.<wbr />`}${label}`)}</div>
      <div class="gate-text">${children}</div>
    </div>
  `;
}

function Far({ far }) {
  const domains = [...new Set(far.links.flatMap((link) => link.domains))];
  return html`
    <${Gate} name=${far.name} role=${far.role}>
      ${far.links[0]
        ? html`<${Mono}>${far.links[0].remote_address}<//>`
        : far.dials[0] && html`<${Mono}>${far.dials[0].address}<//>`}
      ${domains.length > 0 && html`
        <span title=${domains.join("\n")}>
          ${tn(domains.length, "{n} domain: {names}", "{n} domains: {names}", {
            names: domains.slice(0, 2).join(", ") + (domains.length > 2 ? ", …" : ""),
          })}
        </span>
      `}
    <//>
  `;
}

const Side = ({ all, reverse }) =>
  all.length > 0 &&
  html`
    <div class="side">
      ${all.map((far) => html`
        <div class="reach" key=${far.name}>
          ${reverse
            ? html`<${Far} far=${far} /><${Joint} far=${far} reverse />`
            : html`<${Joint} far=${far} /><${Far} far=${far} />`}
        </div>
      `)}
    </div>
  `;

const Stub = ({ name, text, tone, wire }) => html`
  <div class="reach stub">
    <div class="gate outside"><div class="gate-role">${name}</div><div class="gate-text">${text}</div></div>
    <div class=${`joint ${tone}`}>
      <span class="wire" aria-hidden="true"></span>
      <div class="joint-text">${wire}</div>
    </div>
  </div>
`;

export function Trio({ status }) {
  const all = far_nodes(status);
  const outward = status.role === "core" ? "edge" : status.role === "presence" ? "core" : null;
  const left = all.filter(({ role }) => role === outward),
    right = all.filter(({ role }) => role !== outward);
  const { inbound, outbound } = status.streams;
  return html`
    <div class="trio">
      ${status.role === "edge" && html`
        <div class="side">
          <${Stub}
            name=${t("Internet")}
            text=${tn(status.streams.destinations, "{n} destination", "{n} destinations")}
            tone=${status.federation_enabled ? "good" : "calm"}
            wire=${html`
              <${State} tone=${status.federation_enabled ? "good" : "calm"}>
                ${status.federation_enabled ? t("federating") : t("federation off")}
              <//>
              <span>${t("{inbound} in, {outbound} out", { inbound: streams_of(inbound), outbound })}</span>
            `}
          />
        </div>
      `}
      <${Side} all=${left} reverse />
      <${Gate} name=${status.name} role=${status.role} self>
        <span>
          ${t("up {time}", { time: span(status.uptime_seconds) })}
          ${" · "}
          ${tn(status.threads, "{n} shard", "{n} shards")}
        </span>
        <span>
          ${t("version {version}, settings revision {revision}", {
            version: status.version,
            revision: String(status.revision),
          })}
        </span>
        ${status.held_for_link > 0 && html`
          <span>${tn(status.held_for_link, "{n} stanza held for a link", "{n} stanzas held for a link")}</span>
        `}
      <//>
      <${Side} all=${right} />
    </div>
  `;
}
