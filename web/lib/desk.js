// The nodes that work together as one desk: how each of them is, and the way to its pages.
import { hand_over } from "./api.js";
import { Told } from "./as_said.js";
import { html, useState } from "./html.js";
import { msg, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { useRead } from "./live.js";
import { Button, Cure, Notice, Panel, State, say } from "./parts.js";
import { session, useHas } from "./session.js";
import { useStore } from "./store.js";
import { finding_cure, finding_text, word_of } from "./words.js";

const beat_ms = 4_000;
const most_findings = 3;

const states = {
  good: ["good", msg("all is well")],
  warning: ["warn", msg("has warnings")],
  bad: ["bad", msg("has problems")],
  unreachable: ["bad", msg("not reachable")],
  unknown: ["calm", msg("says nothing of itself")],
};
const state_of = (node) => states[node.state] ?? states.unknown;

/** An address that another node told is only followed when it is plainly one of pages. */
const is_origin = (text) => /^https:\/\/[a-z0-9.:[\]-]+$/.test(text ?? "");

/** The page that is shown here, without what it was asked for. */
export const this_page = () => location.hash.replace(/^#\/?/, "").split("?")[0] || "overview";

/** Why somebody who came from another node has to sign in after all, by the code that this node gave. */
const reasons = new Map([
  ["handover-direction", msg("This node does not let anybody in from there without a sign-in.")],
  ["handover-account", msg("There is no account of that name on this node.")],
  ["handover-code", msg("Your account here requires an authenticator code.")],
  ["handover-brought", msg("You were brought to the other node yourself; a hand-over goes one step only.")],
  ["handover-off", msg("Hand-over between nodes is off here.")],
  ["handover-clock", msg("The clocks of the two nodes differ too much.")],
  ["handover-expired", msg("The hand-over has expired, or this node has only just started.")],
]);
function reason(code) {
  const text = reasons.get(code) ?? msg("The hand-over was refused.");
  return t(text);
}

/** Who was brought here by another node and has to sign in: {user, why}; both may be empty. */
export function arrival() {
  const given = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const user = given.get("as") ?? "";
  const code = given.get("handover") ?? "";
  return {
    user: /^[A-Za-z0-9._@-]{0,64}$/.test(user) ? user : "",
    why: code === "" ? "" : reason(code),
  };
}

/** Leaves for the same page of another node: what is posted there is signed by this one, and good once. */
async function post_to(node, page) {
  const { action, token } = await hand_over(node);
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  form.hidden = true;
  for (const [name, value] of Object.entries({ token, page })) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}

function Way({ node, page, children, kind = "" }) {
  const who = useStore(session);
  const [busy, set] = useState(false);
  const go = async () => {
    set(true);
    try {
      await post_to(node.name, page);
    } catch (refusal) {
      set(false);
      say(refusal.message, "bad");
    }
  };
  // Whoever was brought here is not handed on: he signs in there, or still has a session.
  const brought = node.handover && Boolean(who?.by);
  if (node.handover && !brought) {
    return html`<${Button} kind=${kind} busy=${busy} onClick=${go}>${children}<//>`;
  }
  if (!is_origin(node.pages)) return null;
  const as = encodeURIComponent(who?.user ?? "");
  const why = brought ? "&handover=handover-brought" : "";
  const follow = () => location.assign(`${node.pages}/#/${page}?as=${as}${why}`);
  return html`<${Button} kind=${kind} onClick=${follow}>${children}<//>`;
}

const How = ({ node }) => html`
  <p class="note">
    ${t("Where its pages are is not known here. Name them in this node's file:")}
    ${" "}
    <code>[[admin.node]] name = "${node.name}" role = "${node.role}" url = "https://…"</code>
  </p>
`;

function Card({ node }) {
  const [tone, text] = state_of(node);
  const role = word_of("role", node.role);
  const hidden = Math.max(0, node.findings.length - most_findings) + node.more;
  const knows_way = node.self || node.handover || is_origin(node.pages);
  return html`
    <article class=${`desk-card ${node.self ? "self" : ""}`} aria-label=${`${role} ${node.name}`}>
      <header>
        <div class="gate-role">
          <span>${role}</span>
          ${node.self && html`<span class="tag">${t("this node")}</span>`}
        </div>
        <b class="gate-name">${node.name}</b>
        <${State} tone=${tone}>${t(text)}<//>
        ${node.version && html`<small class="sub">${t("version {version}", { version: node.version })}</small>`}
      </header>
      ${node.findings
        .slice(0, most_findings)
        .map((one) => html`
          <${Notice}
            key=${one.text}
            tone=${one.severity === "error" ? "bad" : "warn"}
            title=${html`<${Told} text=${finding_text(one)} said=${one.text} />`}
          >
            ${one.remedy && html`<${Cure} said=${one.remedy}>${finding_cure(one)}<//>`}
          <//>
        `)}
      ${hidden > 0 && html`<p class="note">${t("and {n} more", { n: hidden })}</p>`}
      ${!knows_way && html`<${How} node=${node} />`}
      <footer>
        ${node.self
          ? html`<a class="button" href="#/alarms">${t("Alarms and remedies")}</a>`
          : html`
              <${Way} node=${node} page=${this_page()}>${t("Open on {name}", { name: node.name })}<//>
              ${node.findings.length > 0 && html`
                <${Way} node=${node} page="alarms" kind="quiet">${t("Its alarms")}<//>
              `}
            `}
      </footer>
    </article>
  `;
}

/** A card a node, this one first; nothing where this node knows of no other. */
export function Desk() {
  const has = useHas("nodes.list");
  const { data } = useRead(has ? "nodes.list" : null, {}, { every: beat_ms, on: ["alarm"] });
  if (!data || data.nodes.length < 2) return null;
  return html`
    <${Panel} title=${t("All nodes")} note=${t("as each says of itself")}>
      <div class="desk">${data.nodes.map((node) => html`<${Card} key=${node.name} node=${node} />`)}</div>
    <//>
  `;
}

/** At the top of every page: the way to the same page of the other nodes. */
export function Others() {
  const has = useHas("nodes.list");
  const { data } = useRead(has ? "nodes.list" : null, {}, { every: 2 * beat_ms });
  const others = (data?.nodes ?? []).filter((node) => !node.self && (node.handover || is_origin(node.pages)));
  if (others.length === 0) return null;
  return html`
    <details class="others">
      <summary><${Icon} name="servers" /><span>${t("Other nodes")}</span></summary>
      <ul>
        ${others.map((node) => html`
          <li key=${node.name}>
            <${State} tone=${state_of(node)[0]}>${word_of("role", node.role)}<//>
            <${Way} node=${node} page=${this_page()} kind="quiet small">${node.name}<//>
          </li>
        `)}
      </ul>
    </details>
  `;
}
