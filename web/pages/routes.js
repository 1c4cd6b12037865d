// Static routes: where to connect for a domain instead of DNS.
import { act } from "../lib/api.js";
import { Check, Field, Text, TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Mono, Notice, Page, Panel, Tag, Wait, confirm, say, useAction } from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

const fresh = { domain: "", address: "", priority: "", weight: "", fall_back_to_dns: false };

function Add() {
  const {
    form: row,
    put,
    problem,
    wrong,
    busy,
    submit,
    clear,
  } = useForm(fresh, async () => {
    const number = (text) => (text === "" ? undefined : Number(text));
    await act("routes.add", {
      domain: row.domain,
      address: row.address.split(/[\s,]+/).filter(Boolean),
      priority: number(row.priority),
      weight: number(row.weight),
      fall_back_to_dns: row.fall_back_to_dns,
    });
    clear();
    say(t("The route for {domain} is in force.", { domain: row.domain }));
    await refresh("routes.list", "settings");
  });
  return html`
    <form class="form-row" onSubmit=${submit}>
      <${Field} label=${t("Domain")} error=${wrong("domain")}>
        ${(at) => html`
          <${Text}
            ...${at}
            name="domain"
            required
            placeholder="partner.example"
            value=${row.domain}
            onChange=${put("domain")}
          />
        `}
      <//>
      <${Field} label=${t("Address")} error=${wrong("address")}>
        ${(at) => html`
          <${Text}
            ...${at}
            name="address"
            required
            placeholder=${t("host or host:port")}
            value=${row.address}
            onChange=${put("address")}
          />
        `}
      <//>
      <${TextField}
        label=${t("Priority")}
        error=${wrong("priority")}
        type="number"
        min="0"
        max="65535"
        placeholder="0"
        value=${row.priority}
        onChange=${put("priority")}
      />
      <${TextField}
        label=${t("Weight")}
        error=${wrong("weight")}
        type="number"
        min="0"
        max="65535"
        placeholder="0"
        value=${row.weight}
        onChange=${put("weight")}
      />
      <${Check} value=${row.fall_back_to_dns} onChange=${put("fall_back_to_dns")}>
        ${t("Ask DNS when no address answers")}
      <//>
      <${Button} type="submit" kind="primary" verb="routes.add" busy=${busy}>${t("Add")}<//>
      ${problem && !["domain", "address", "priority", "weight"].includes(problem.field) && html`
        <${Notice} tone="bad">${problem.message}<//>
      `}
    </form>
  `;
}

/** Whether static routes are used, and the button that changes it. */
function InUse({ enabled, locked, settings }) {
  const [busy, run] = useAction();
  const use = () =>
    run(async () => {
      const refused = await save(
        settings.revision,
        { "federation.use_static_routes": !enabled },
        enabled ? t("Static routes are no longer used.") : t("Static routes are in use."),
      );
      if (refused) throw refused;
      await refresh("routes.list");
    });
  const button = html`
    <${Button} verb="config.set" busy=${busy} disabled=${locked} onClick=${use}>
      ${enabled ? t("Switch off") : t("Use static routes")}
    <//>
  `;
  return html`
    <${Notice} tone=${enabled ? "good" : "warn"} actions=${button}>
      ${enabled
        ? t("Static routes are in use. Their domains are allowed even if they are not on the allow list.")
        : t("Static routes are not in use: every domain is looked up in DNS.")}
    <//>
  `;
}

const address_of = ({ address, port }) =>
  port ? `${address.includes(":") ? `[${address}]` : address}:${port}` : address;

export default function Routes({ status }) {
  const routes = useRead("routes.list", {}, { on: ["setting"] });
  const settings = useSettings();
  const [busy, run] = useAction();
  const elsewhere = belongs_elsewhere(settings.row("federation.static_routes"), status);
  const remove = (row) => async () => {
    const sure = await confirm({
      title: t("Remove the route?"),
      text: t("{domain} will then be looked up in DNS, unless it has other routes.", { domain: row.domain }),
      yes: t("Remove"),
    });
    if (!sure) return;
    await run(async () => {
      await act("routes.remove", {
        domain: row.domain,
        address: address_of(row),
      });
      say(t("The route for {domain} was removed.", { domain: row.domain }));
      await refresh("routes.list", "settings");
    });
  };
  const columns = [
    {
      name: "domain",
      title: t("Domain"),
      opens: true,
      value: (row) => row.domain,
      show: (row) => html`<a href=${`#/peer/${encodeURIComponent(row.domain)}`}>${row.domain}</a>`,
    },
    {
      name: "address",
      title: t("Address"),
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address}:${row.port ?? 5269}<//>`,
    },
    { name: "priority", title: t("Priority"), number: true, value: (row) => row.priority ?? 0 },
    { name: "weight", title: t("Weight"), number: true, value: (row) => row.weight ?? 0 },
    {
      name: "dns",
      title: t("When none answers"),
      value: (row) => (row.fall_back_to_dns ? t("asks DNS") : t("gives up")),
    },
    {
      name: "remove",
      title: "",
      show: (row) => html`
        <${Button}
          kind="small danger"
          verb="routes.remove"
          busy=${busy}
          disabled=${elsewhere !== ""}
          onClick=${remove(row)}
        >
          ${t("Remove")}
        <//>
      `,
    },
  ];
  return html`
    <${Page}
      title=${t("Static routes")}
      lead=${t("Where to connect for a domain instead of asking DNS. The certificate must still be the domain's.")}
    />
    <${Wait} of=${routes}>
      ${(data) => html`
        <${InUse} enabled=${data.enabled} locked=${elsewhere !== ""} settings=${settings} />
        ${elsewhere
          ? html`
              <${Notice} tone="warn">
                ${t("Routes belong to the {node}; change them there.", { node: word_of("role", elsewhere) })}
              <//>
            `
          : html`<${Panel} title=${t("Add a route")}><${Add} /><//>`}
        <${Panel} flush>
          <${Table}
            caption=${t("Static routes")}
            rows=${data.value}
            columns=${columns}
            first="domain"
            name=${(row) => `${row.domain} ${row.address} ${row.port}`}
            empty=${t("No static routes: every domain is looked up in DNS.")}
            tools=${html`<${Tag}>${t("revision {revision}", { revision: String(data.revision) })}<//>`}
          />
        <//>
      `}
    <//>
  `;
}
