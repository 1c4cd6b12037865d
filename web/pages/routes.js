// Static routes: where to connect for a domain in place of DNS.
import { act } from "../lib/api.js";
import { useForm } from "../lib/form.js";
import { html } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Check, Field, Mono, Notice, Page, Panel, Tag, Text, Wait, confirm, say, useAction } from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";

const fresh = { domain: "", address: "", priority: "", weight: "", fall_back_to_dns: false };

function Add() {
  const { form: row, put, problem, wrong, busy, submit, clear } = useForm(fresh, async () => {
    const number = (text) => (text === "" ? undefined : Number(text));
    await act("routes.add", { domain: row.domain, address: row.address.split(/[\s,]+/).filter(Boolean), priority: number(row.priority), weight: number(row.weight), fall_back_to_dns: row.fall_back_to_dns });
    clear();
    say(`The route for ${row.domain} is in force.`);
    await refresh("routes.list", "settings");
  });
  return html`<form class="form-row" onSubmit=${submit}>
    <${Field} label="Domain" error=${wrong("domain")}>${(at) => html`<${Text} ...${at} name="domain" required placeholder="partner.example" value=${row.domain} onChange=${put("domain")} />`}<//>
    <${Field} label="Address" error=${wrong("address")}>${(at) => html`<${Text} ...${at} name="address" required placeholder="host or host:port" value=${row.address} onChange=${put("address")} />`}<//>
    <${Field} label="Priority" error=${wrong("priority")}>${(at) => html`<${Text} ...${at} type="number" min="0" max="65535" placeholder="0" value=${row.priority} onChange=${put("priority")} />`}<//>
    <${Field} label="Weight" error=${wrong("weight")}>${(at) => html`<${Text} ...${at} type="number" min="0" max="65535" placeholder="0" value=${row.weight} onChange=${put("weight")} />`}<//>
    <${Check} value=${row.fall_back_to_dns} onChange=${put("fall_back_to_dns")}>Ask DNS when no address answers<//>
    <${Button} type="submit" kind="primary" verb="routes.add" busy=${busy}>Add<//>
    ${problem && !["domain", "address", "priority", "weight"].includes(problem.field) && html`<${Notice} tone="bad">${problem.message}<//>`}</form>`;
}

export default function Routes({ status }) {
  const routes = useRead("routes.list", {}, { on: ["setting"] });
  const settings = useSettings();
  const [busy, run] = useAction();
  const elsewhere = belongs_elsewhere("federation.static_routes", status);
  const remove = (row) => async () => {
    if (!(await confirm({ title: "Remove the route?", text: `${row.domain} will then be looked up in DNS, unless it has other routes.`, yes: "Remove" }))) return;
    await run(async () => {
      await act("routes.remove", { domain: row.domain, address: row.port ? `${row.address.includes(":") ? `[${row.address}]` : row.address}:${row.port}` : row.address });
      say(`The route for ${row.domain} was removed.`);
      await refresh("routes.list", "settings");
    });
  };
  const switch_on = (enabled) => () => run(async () => {
    const refused = await save(settings.revision, { "federation.use_static_routes": enabled }, enabled ? "Static routes count." : "Static routes do not count any more.");
    if (refused) throw refused;
    await refresh("routes.list");
  });
  const columns = [
    { name: "domain", title: "Domain", value: (row) => row.domain, show: (row) => html`<a href=${`#/peer/${encodeURIComponent(row.domain)}`}>${row.domain}</a>` },
    { name: "address", title: "Address", value: (row) => row.address, show: (row) => html`<${Mono}>${row.address}:${row.port ?? 5269}<//>` },
    { name: "priority", title: "Priority", number: true, value: (row) => row.priority ?? 0 },
    { name: "weight", title: "Weight", number: true, value: (row) => row.weight ?? 0 },
    { name: "dns", title: "When none answers", value: (row) => (row.fall_back_to_dns ? "asks DNS" : "gives up") },
    { name: "remove", title: "", show: (row) => html`<${Button} kind="small danger" verb="routes.remove" busy=${busy} disabled=${elsewhere !== ""} onClick=${remove(row)}>Remove<//>` },
  ];
  return html`<${Page} title="Static routes" lead="Where to connect for a domain in place of DNS. What is demanded of the partner stays: its certificate must be the domain's." />
    <${Wait} of=${routes}>${(data) => html`
      ${data.enabled ? html`<${Notice} tone="good" actions=${html`<${Button} verb="config.set" disabled=${elsewhere !== ""} onClick=${switch_on(false)}>Switch off<//>`}>Static routes count. Their domains are allowed without being on the allow list.<//>`
        : html`<${Notice} tone="warn" actions=${html`<${Button} verb="config.set" disabled=${elsewhere !== ""} onClick=${switch_on(true)}>Use static routes<//>`}>Static routes do not count at the moment: every domain is looked up in DNS.<//>`}
      ${elsewhere ? html`<${Notice} tone="warn">Routes belong to the ${elsewhere}; change them there.<//>` : html`<${Panel} title="Add a route"><${Add} /><//>`}
      <${Panel} flush><${Table} caption="Static routes" rows=${data.value} columns=${columns} first="domain" name=${(row) => `${row.domain} ${row.address} ${row.port}`} empty="No static route: every domain is looked up in DNS." tools=${html`<${Tag}>revision ${data.revision}<//>`} /><//>`}<//>`;
}
