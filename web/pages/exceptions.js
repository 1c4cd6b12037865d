// Exceptions for single peers: what a row does not mention follows the general settings again.
import { SelectField, TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { word } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Button, Notice, Page, Panel, Sheet, SheetFoot, Wait, confirm, useAction } from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

const general = () => ["", t("Same as the general setting")];
const modes = () => [
  general(),
  ["tls_required", t("TLS required")],
  ["tls_optional", t("TLS optional")],
  ["no_tls", t("No TLS")],
];
const proofs = () => [
  general(),
  ["any", t("Any: no certificate is required")],
  ["certificate", t("Certificate: dialback is not accepted")],
  ["dialback", t("Dialback: certificates are not checked")],
];
const bidi = () => [general(), ["on", t("On")], ["off", t("Off")]];

function limits_of(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(t("limits: not JSON, such as {example}", { example: '{"stanzas_per_second": 50}' }));
  }
}

function Edit({ row, rows, settings, onClose }) {
  const { form, put, problem, busy, submit } = useForm(
    { domain: "", ...row, limits: row?.limits ? JSON.stringify(row.limits) : "" },
    async () => {
      const next = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== "" && value !== null));
      if (next.limits) next.limits = limits_of(next.limits);
      const others = rows.filter((one) => one !== row);
      const refused = await save(
        settings.revision,
        { "federation.peers": [...others, next] },
        t("The exception for {domain} is in force.", { domain: next.domain }),
      );
      if (refused) throw refused;
      onClose();
    },
  );
  return html`
    <${Sheet}
      title=${row ? t("Exception for {domain}", { domain: row.domain }) : t("New exception")}
      onClose=${onClose}
    >
      <form onSubmit=${submit}>
        <${TextField}
          label=${t("Domain")}
          required
          help=${t("a name, or *.name for every name below it")}
          value=${form.domain}
          onChange=${put("domain")}
        />
        <${SelectField}
          label=${t("Security mode")}
          options=${modes()}
          value=${form.security_mode ?? ""}
          onChange=${put("security_mode")}
        />
        <${SelectField}
          label=${t("Authentication")}
          options=${proofs()}
          value=${form.authentication ?? ""}
          onChange=${put("authentication")}
        />
        <${SelectField}
          label=${t("Bidirectional streams")}
          options=${bidi()}
          value=${form.bidi ?? ""}
          onChange=${put("bidi")}
        />
        <${TextField}
          label=${t("Limits")}
          help=${t("names and numbers as JSON; see Limits in the manual")}
          value=${form.limits}
          onChange=${put("limits")}
        />
        <${TextField}
          label=${t("Note")}
          help=${t("why, and until when")}
          value=${form.note ?? ""}
          onChange=${put("note")}
        />
        ${problem && html`<${Notice} tone="bad">${problem.message}<//>`}
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb="config.set" busy=${busy}>${t("Save")}<//>
        <//>
      </form>
    <//>
  `;
}

export default function Exceptions({ status, query }) {
  const settings = useSettings();
  const rows = settings.value("federation.peers") ?? [];
  const [edited, edit] = useState(query.domain ? { domain: query.domain, fresh: true } : null);
  const [busy, run] = useAction();
  const elsewhere = belongs_elsewhere(settings.row("federation.peers"), status);
  const remove = (row) => async () => {
    const sure = await confirm({
      title: t("Remove the exception for {domain}?", { domain: row.domain }),
      text: t("The general settings then apply to it."),
      yes: t("Remove"),
    });
    if (!sure) return;
    await run(async () => {
      const refused = await save(
        settings.revision,
        { "federation.peers": rows.filter((one) => one !== row) },
        t("{domain} follows the general settings again.", { domain: row.domain }),
      );
      if (refused) throw refused;
    });
  };
  const says = (name) => (row) => (row[name] ? word(row[name]) : "–");
  const columns = [
    {
      name: "domain",
      title: t("Domain"),
      opens: true,
      value: (row) => row.domain,
      show: (row) =>
        row.domain.startsWith("*.")
          ? html`<b>${row.domain}</b>`
          : html`<a href=${`#/peer/${encodeURIComponent(row.domain)}`}>${row.domain}</a>`,
    },
    { name: "mode", title: t("Security mode"), value: says("security_mode") },
    { name: "authentication", title: t("Authentication"), value: says("authentication") },
    { name: "bidi", title: t("Bidirectional"), value: says("bidi") },
    {
      name: "limits",
      title: t("Limits"),
      value: (row) =>
        row.limits
          ? Object.entries(row.limits)
              .map(([name, value]) => `${name} ${value}`)
              .join(", ")
          : "–",
    },
    { name: "note", title: t("Note"), wide: true, value: (row) => row.note ?? "" },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="config.set" disabled=${elsewhere !== ""} onClick=${() => edit(row)}>
            ${t("Edit")}
          <//>
          <${Button}
            kind="small danger"
            verb="config.set"
            busy=${busy}
            disabled=${elsewhere !== ""}
            onClick=${remove(row)}
          >
            ${t("Remove")}
          <//>
        </span>
      `,
    },
  ];
  const known = edited && rows.find((row) => row.domain === edited.domain);
  return html`
    <${Page}
      title=${t("Exceptions")}
      lead=${t("Rules for single peers. An exact name wins over a pattern, a longer pattern over a shorter one.")}
      actions=${html`
        <${Button}
          kind="primary"
          verb="config.set"
          disabled=${elsewhere !== "" || settings.data === undefined}
          onClick=${() => edit({ fresh: true })}
        >
          ${t("New exception")}
        <//>
      `}
    />
    ${elsewhere && html`
      <${Notice} tone="warn">
        ${t("Exceptions belong to the {node}; change them there.", { node: word_of("role", elsewhere) })}
      <//>
    `}
    <${Panel} flush>
      <${Wait} of=${settings}>
        ${() => html`
          <${Table}
            caption=${t("Exceptions")}
            rows=${rows}
            columns=${columns}
            first="domain"
            name=${({ domain }) => domain}
            empty=${t("No exceptions: the general settings apply to every peer.")}
          />
        `}
      <//>
    <//>
    ${edited && settings.data && html`
      <${Edit}
        key=${edited.domain}
        row=${known ?? (edited.fresh ? (edited.domain ? { domain: edited.domain } : null) : edited)}
        rows=${rows}
        settings=${settings}
        onClose=${() => edit(null)}
      />
    `}
  `;
}
