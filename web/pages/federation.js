// XMPP federation: the fields that operators know from Expressway-E's "Unified Communications > Configuration", in that order,
// one Save, and after it on which nodes the change is in force.
import { html, useEffect, useState } from "../lib/html.js";
import { refresh } from "../lib/live.js";
import { Button, Field, Notice, Page, Panel, Select, State, Steps, Text, Wait, useAction } from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { useForbidden } from "../lib/session.js";

const modes = [["tls_required", "TLS required"], ["tls_optional", "TLS optional"], ["no_tls", "No TLS"]];
const privacy = [["off", "Off"], ["allow_list", "Allow list"], ["deny_list", "Deny list"]];
const on_off = [["true", "On"], ["false", "Off"]];
const watched_ms = 30_000;

/** After a save: this node at once, the others as the chain says; asked often until all are there. */
function InForce({ revision, status, since }) {
  const here = { key: "here", name: `${status.name} (${status.role}, this node)`, state: "in force", text: `settings revision ${revision}` };
  const steps = [here, ...status.chain.map((one) => ({ key: one.step, name: one.step, state: one.state, text: one.reason }))];
  const missing = steps.filter(({ state }) => state !== "in force" && state !== "off");
  useEffect(() => {
    if (missing.length === 0 || Date.now() - since > watched_ms) return undefined;
    const timer = setTimeout(() => refresh("status"), 700);
    return () => clearTimeout(timer);
  });
  const everywhere = missing.length === 0;
  return html`<div class="in-force" role="status" data-in-force=${everywhere ? "all" : "part"}><p><${State} tone=${everywhere ? "good" : "warn"}>${everywhere ? "In force everywhere" : "Not yet in force everywhere"}<//></p><${Steps} steps=${steps} /></div>`;
}

function Form({ settings, status }) {
  const [changed, change] = useState({});
  const [secret, set_secret] = useState(null);
  const [problem, set_problem] = useState(null);
  const [saved, set_saved] = useState(null);
  const [busy, run] = useAction();
  const elsewhere = belongs_elsewhere("federation.enabled", status);
  const forbidden = useForbidden("config.set");
  const locked = elsewhere !== "" || forbidden !== "";
  const value = (name) => (name in changed ? changed[name] : settings.value(name));
  const put = (name, next) => {
    set_saved(null);
    set_problem(null);
    const { [name]: _, ...others } = changed;
    change(next === settings.value(name) ? others : { ...others, [name]: next });
  };
  const dirty = Object.keys(changed).length > 0 || secret !== null;
  const help = (name) => settings.row(`federation.${name}`)?.help;
  const wrong = (name) => (problem && (problem.field === `federation.${name}` || problem.message.startsWith(`federation.${name}`)) ? problem.message : "");
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      const values = { ...changed, ...(secret === null ? {} : { "federation.dialback_secret": secret }) };
      const refused = await save(settings.revision, values, "Success: saved");
      set_problem(refused);
      if (refused) return;
      change({});
      set_secret(null);
      set_saved(Date.now());
    });
  };
  const flag = (name) => (at) => html`<${Select} ...${at} disabled=${locked} options=${on_off} value=${String(value(`federation.${name}`))} onChange=${(next) => put(`federation.${name}`, next === "true")} />`;
  const list = { allow_list: "allow list", deny_list: "deny list" }[value("federation.privacy_mode")];
  return html`<form onSubmit=${submit} class="federation">
    ${elsewhere && html`<${Notice} tone="warn">These settings belong to the ${elsewhere} and come from there. Change them on its page.<//>`}
    ${!elsewhere && forbidden && html`<${Notice}>Nothing can be changed here: it ${forbidden}.<//>`}
    <${Field} label="XMPP federation support" help=${help("enabled")} error=${wrong("enabled")}>${flag("enabled")}<//>
    <${Field} label="Use static routes" help=${help("use_static_routes")} error=${wrong("use_static_routes")}>${(at) => html`<div class="beside">${flag("use_static_routes")(at)}<a href="#/routes">Configure static routes for federated XMPP domains</a></div>`}<//>
    <${Field} label="Dialback secret" required help=${help("dialback_secret")} error=${wrong("dialback_secret")}>${(at) => html`<div class="beside">
      <${Text} ...${at} type="password" name="dialback_secret" autocomplete="new-password" disabled=${locked || secret === null} value=${secret ?? "********"} minlength="16" maxlength="1024" onChange=${set_secret} />
      ${!locked && html`<button type="button" class="button small" onClick=${() => set_secret(secret === null ? "" : null)}>${secret === null ? "Change" : "Keep the old one"}</button>`}</div>`}<//>
    <${Field} label="Security mode" help=${help("security_mode")} error=${wrong("security_mode")}>${(at) => html`<${Select} ...${at} disabled=${locked} options=${modes} value=${value("federation.security_mode")} onChange=${(next) => put("federation.security_mode", next)} />`}<//>
    ${value("federation.security_mode") === "no_tls" ? html`<${Notice} tone="warn">Without TLS everything crosses the Internet in clear and no certificate is looked at. For tests only.<//>`
      : html`<${Field} label="Require client-side security certificates" help=${help("require_client_certificates")} error=${wrong("require_client_certificates")}>${flag("require_client_certificates")}<//>`}
    <${Field} label="Privacy mode" help=${help("privacy_mode")} error=${wrong("privacy_mode")}>${(at) => html`<div class="beside"><${Select} ...${at} disabled=${locked} options=${privacy} value=${value("federation.privacy_mode")} onChange=${(next) => put("federation.privacy_mode", next)} />
      ${list && html`<a href=${`#/lists?list=${value("federation.privacy_mode")}`}>Federated domains ${list}</a>`}</div>`}<//>
    ${value("federation.privacy_mode") === "allow_list" && (settings.value("federation.allow_list") ?? []).length === 0 && html`<${Notice} tone="warn">The allow list is empty: nobody may talk with you.<//>`}
    <${Field} label="Bidirectional streams" help=${help("bidi")} error=${wrong("bidi")}>${(at) => html`<${Select} ...${at} disabled=${locked} options=${[["off", "Off"], ["on", "On"]]} value=${value("federation.bidi")} onChange=${(next) => put("federation.bidi", next)} />`}<//>
    ${problem && html`<${Notice} tone="bad" title="Nothing was changed.">${problem.message}<//>`}
    <div class="form-foot"><${Button} type="submit" kind="primary" verb="config.set" busy=${busy} disabled=${!dirty || elsewhere !== ""}>Save<//>
      ${dirty && html`<button type="button" class="button quiet" onClick=${() => { change({}); set_secret(null); }}>Discard changes</button>`}
      <span class="note">Takes effect at once; streams that it does not concern stay.</span></div>
    ${saved && html`<${InForce} revision=${settings.revision} status=${status} since=${saved} />`}</form>`;
}

export default function Federation({ status }) {
  const settings = useSettings();
  return html`<${Page} title="XMPP federation" lead="Whether and how other XMPP domains reach yours through this gate." />
    <${Panel}><${Wait} of=${settings}>${() => html`<${Form} settings=${settings} status=${status} />`}<//><//>
    <div class="columns"><${Panel} title="Service configuration status">${status.chain.length > 0 ? html`<${Steps} steps=${status.chain.map((one) => ({ key: one.step, name: one.step, state: one.state, text: one.reason }))} />`
      : html`<p class="note">This node goes by its own values: no provisioning is configured, so set the same on the other nodes.</p>`}<//>
    <${Panel} title="Related tasks"><ul class="tasks"><li><a href="#/events?module=s2s">View XMPP federation activity in the event log</a></li><li><a href="#/domains">Domains and chat node aliases that federate</a></li>
      <li><a href="#/exceptions">Exceptions for single domains</a></li><li><a href="#/diagnostics">Find out why a stanza would not pass</a></li></ul><//></div>`;
}
