// XMPP federation: the fields that operators know from Expressway-E's "Unified Communications > Configuration", in that
// order, one Save, and after it on which nodes the change is in force.
import { Field, Select, Text } from "../lib/fields.js";
import { html, useEffect, useState } from "../lib/html.js";
import { t, tn } from "../lib/i18n.js";
import { refresh } from "../lib/live.js";
import {
  Button,
  Notice,
  Page,
  Panel,
  State,
  Steps,
  Wait,
  confirm,
  tone_of,
  useAction,
  chain_steps,
} from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { useForbidden } from "../lib/session.js";
import { setting_help, step_name, word_of } from "../lib/words.js";

const modes = () => [
  ["tls_required", t("TLS required")],
  ["tls_optional", t("TLS optional")],
  ["no_tls", t("No TLS")],
];
const privacy = () => [
  ["off", t("Off")],
  ["allow_list", t("Allow list")],
  ["deny_list", t("Deny list")],
];
const on_off = () => [
  ["true", t("On")],
  ["false", t("Off")],
];
const bidi = () => [
  ["off", t("Off")],
  ["on", t("On")],
];
const watched_ms = 30_000;

/** After a save: this node at once, the others as the chain says; asked often until all are there. */
function InForce({ revision, status, since }) {
  const here = {
    key: "here",
    name: t("{name} ({role}, this node)", { name: status.name, role: word_of("role", status.role) }),
    state: "in force",
    text: t("settings revision {revision}", { revision: String(revision) }),
  };
  const steps = [here, ...chain_steps(status)];
  const missing = steps.filter(({ state }) => state !== "in force" && state !== "off");
  useEffect(() => {
    if (missing.length === 0 || Date.now() - since > watched_ms) return undefined;
    const timer = setTimeout(() => refresh("status"), 700);
    return () => clearTimeout(timer);
  });
  const everywhere = missing.length === 0;
  return html`
    <div class="in-force" role="status" data-in-force=${everywhere ? "all" : "part"}>
      <p>
        <${State} tone=${everywhere ? "good" : "warn"}>
          ${everywhere ? t("In force everywhere") : t("Not yet in force everywhere")}
        <//>
      </p>
      <${Steps} steps=${steps} />
    </div>
  `;
}

/** Asks before federation ends for everybody, and says for whom. */
function switch_off({ streams, chain }) {
  const open = streams.inbound + streams.outbound;
  const text = tn(
    open,
    "{n} stream with another domain is closed at once, and no new one is opened or accepted. What your users send to " +
      "other domains, and what waits for them, is returned to its sender; other domains cannot reach your users.",
    "{n} streams with other domains are closed at once, and no new one is opened or accepted. What your users send " +
      "to other domains, and what waits for them, is returned to its sender; other domains cannot reach your users.",
  );
  const others = chain.length > 0 ? t("The core and the IM&P servers follow within seconds.") : "";
  return confirm({
    title: t("Switch XMPP federation off?"),
    text: `${text} ${others}`,
    yes: t("Switch off"),
  });
}

/** The secret is never shown: null is the one in force. */
const Secret = ({ secret, set_secret, locked, help, error }) => html`
  <${Field} label=${t("Dialback secret")} required help=${help} error=${error}>
    ${(at) => html`
      <div class="beside">
        <${Text}
          ...${at}
          type="password"
          name="dialback_secret"
          autocomplete="new-password"
          disabled=${locked || secret === null}
          value=${secret ?? "********"}
          minlength="16"
          maxlength="1024"
          onChange=${set_secret}
        />
        ${!locked && html`
          <button type="button" class="button small" onClick=${() => set_secret(secret === null ? "" : null)}>
            ${secret === null ? t("Change") : t("Keep the current one")}
          </button>
        `}
      </div>
    `}
  <//>
`;

/** The fields of the settings below `federation.`: what is typed goes before what is in force. */
function useFields(settings) {
  const [changed, change] = useState({});
  const [problem, set_problem] = useState(null);
  const named = (name) => `federation.${name}`;
  const value = (name) => (named(name) in changed ? changed[named(name)] : settings.value(named(name)));
  const put = (name, next) => {
    set_problem(null);
    const others = Object.entries(changed).filter(([one]) => one !== named(name));
    const same = next === settings.value(named(name));
    change(Object.fromEntries(same ? others : [...others, [named(name), next]]));
  };
  const help = (name) => setting_help(settings.row(named(name)));
  const wrong = (name) => (problem?.field === named(name) ? problem.message : "");
  return { changed, change, problem, set_problem, value, put, help, wrong };
}

function Form({ settings, status }) {
  const { changed, change, problem, set_problem, value, put: put_field, help, wrong } = useFields(settings);
  const [secret, set_secret] = useState(null);
  const [saved, set_saved] = useState(null);
  const [busy, run] = useAction();
  const elsewhere = belongs_elsewhere(settings.row("federation.enabled"), status);
  const forbidden = useForbidden("config.set");
  const locked = elsewhere !== "" || forbidden !== "";
  const put = (name) => (next) => {
    set_saved(null);
    put_field(name, next);
  };
  const dirty = Object.keys(changed).length > 0 || secret !== null;
  const discard = () => {
    change({});
    set_secret(null);
  };
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      if (changed["federation.enabled"] === false && !(await switch_off(status))) return;
      const values = { ...changed, ...(secret === null ? {} : { "federation.dialback_secret": secret }) };
      const refused = await save(settings.revision, values, t("Saved."));
      set_problem(refused);
      if (refused) return;
      discard();
      set_saved(Date.now());
    });
  };
  const choice = (name, options) => (at) => html`
    <${Select} ...${at} disabled=${locked} options=${options} value=${value(name)} onChange=${put(name)} />
  `;
  const flag = (name) => (at) => html`
    <${Select}
      ...${at}
      disabled=${locked}
      options=${on_off()}
      value=${String(value(name))}
      onChange=${(next) => put(name)(next === "true")}
    />
  `;
  const field = (name, label, control) => html`
    <${Field} label=${label} help=${help(name)} error=${wrong(name)}>${control}<//>
  `;
  const beside = (control, link) => (at) => html`<div class="beside">${control(at)}${link}</div>`;
  const list = { allow_list: t("Federated domains allow list"), deny_list: t("Federated domains deny list") }[
    value("privacy_mode")
  ];
  const nobody = value("privacy_mode") === "allow_list" && (value("allow_list") ?? []).length === 0;
  return html`
    <form onSubmit=${submit} class="federation">
      ${elsewhere && html`
        <${Notice} tone="warn">
          ${t("These settings belong to the {node}. Change them there.", { node: word_of("role", elsewhere) })}
        <//>
      `}
      ${!elsewhere && forbidden && html`<${Notice}>${t("You cannot change anything here.")} ${forbidden}<//>`}
      ${field("enabled", t("XMPP federation support"), flag("enabled"))}
      ${field(
        "use_static_routes",
        t("Use static routes"),
        beside(
          flag("use_static_routes"),
          html`<a href="#/routes">${t("Configure static routes for federated XMPP domains")}</a>`,
        ),
      )}
      <${Secret}
        secret=${secret}
        set_secret=${set_secret}
        locked=${locked}
        help=${help("dialback_secret")}
        error=${wrong("dialback_secret")}
      />
      ${field("security_mode", t("Security mode"), choice("security_mode", modes()))}
      ${value("security_mode") === "no_tls"
        ? html`
            <${Notice} tone="warn">
              ${t(
                "Without TLS everything crosses the Internet unencrypted and no certificate is checked. " +
                  "For tests only.",
              )}
            <//>
          `
        : field(
            "require_client_certificates",
            t("Require client-side security certificates"),
            flag("require_client_certificates"),
          )}
      ${field(
        "privacy_mode",
        t("Privacy mode"),
        beside(
          choice("privacy_mode", privacy()),
          list && html`<a href=${`#/lists?list=${value("privacy_mode")}`}>${list}</a>`,
        ),
      )}
      ${nobody && html`<${Notice} tone="warn">${t("The allow list is empty: nobody can federate with you.")}<//>`}
      ${field("bidi", t("Bidirectional streams"), choice("bidi", bidi()))}
      ${problem && html`<${Notice} tone="bad" title=${t("Nothing was changed.")}>${problem.message}<//>`}
      <div class="form-foot">
        <${Button} type="submit" kind="primary" verb="config.set" busy=${busy} disabled=${!dirty || elsewhere !== ""}>
          ${t("Save")}
        <//>
        ${dirty && html`<button type="button" class="button quiet" onClick=${discard}>${t("Discard changes")}</button>`}
        <span class="note">${t("Takes effect at once; streams it does not affect stay open.")}</span>
      </div>
      ${saved && html`<${InForce} revision=${settings.revision} status=${status} since=${saved} />`}
    </form>
  `;
}

const missing = (one) => `${step_name(one)}: ${word_of("state", one.state)}${one.reason ? `, ${one.reason}` : ""}`;

/** What the steps of the chain that `belongs` say together: "Configured", or the first that is not in force. */
function configured(chain, belongs, otherwise, tone = "calm") {
  const steps = chain.filter(belongs);
  const open = steps.find(({ state }) => state !== "in force");
  if (open) return { tone: open.state === "off" ? "calm" : tone_of(open.state), text: missing(open) };
  return steps.length > 0 ? { tone: "good", text: t("Configured") } : { tone, text: otherwise };
}

const of_servers = ({ kind }) => kind === "server.told" || kind === "router.loaded_by";

/** The three services of "Unified Communications service configuration status", and what each of them still lacks. */
function services({ chain, dials, links, role, federation_enabled }) {
  const far = role === "core" ? "edge" : "core";
  const down = dials.find((dial) => dial.role === far && dial.state !== "open");
  const linked = links.some(({ far_role, state }) => far_role === far && state === "open");
  const federation = !federation_enabled
    ? { tone: "calm", text: t("Off: XMPP federation support is off") }
    : down
      ? {
          tone: "bad",
          text: down.why
            ? t("the link to {name} is {state}: {why}", {
                name: down.name,
                state: word_of("state", down.state),
                why: down.why,
              })
            : t("the link to {name} is {state}", { name: down.name, state: word_of("state", down.state) }),
        }
      : !linked
        ? { tone: "bad", text: far === "core" ? t("no link to a core") : t("no link to an edge") }
        : configured(chain, (one) => !of_servers(one), t("Configured"), "good");
  return [
    [
      t("SIP registrations and provisioning on Unified CM"),
      { tone: "calm", text: t("None: Sallyport carries XMPP alone") },
    ],
    [
      t("IM and Presence services on Unified CM"),
      configured(chain, of_servers, t("None: no IM&P server is provisioned")),
    ],
    [t("XMPP federation"), federation],
  ];
}

const Status = ({ status }) => html`
  <dl class="services">
    ${services(status).map(([name, { tone, text }]) => html`
      <div key=${name}>
        <dt>${name}</dt>
        <dd>
          <${State} tone=${tone}>${text}<//>
          <a href="#/provisioning">${t("See Unified Communications status")}</a>
        </dd>
      </div>
    `)}
  </dl>
`;

export default function Federation({ status }) {
  const settings = useSettings();
  return html`
    <${Page}
      title=${t("XMPP federation")}
      lead=${t("Whether and how other XMPP domains reach yours through this gateway.")}
    />
    <${Panel}><${Wait} of=${settings}>${() => html`<${Form} settings=${settings} status=${status} />`}<//><//>
    <div class="columns">
      <${Panel} title=${t("Unified Communications service configuration status")}><${Status} status=${status} /><//>
      <${Panel} title=${t("Related tasks")}>
        <ul class="tasks">
          <li><a href="#/events?module=s2s,settings">${t("View XMPP federation activity in the event log")}</a></li>
          <li><a href="#/domains">${t("Domains and chat node aliases that federate")}</a></li>
          <li><a href="#/exceptions">${t("Exceptions for single peers")}</a></li>
          <li><a href="#/diagnostics">${t("Find out why a stanza would not pass")}</a></li>
        </ul>
      <//>
    </div>
  `;
}
