// Exceptions for single peers: what a row does not mention follows the general settings again.
import { SelectField, TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { word } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { Button, Notice, Page, Panel, Sheet, SheetFoot, Wait, confirm, useAction } from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";

const general = ["", "Same as the general setting"];
const modes = [general, ["tls_required", "TLS required"], ["tls_optional", "TLS optional"], ["no_tls", "No TLS"]];
const proofs = [
  ["", "Same as the general setting"],
  ["any", "Any: no certificate is required"],
  ["certificate", "Certificate: dialback is not accepted"],
  ["dialback", "Dialback: certificates are not checked"],
];
const bidi = [general, ["on", "On"], ["off", "Off"]];

function limits_of(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('limits: not JSON, such as {"stanzas_per_second": 50}');
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
        `The exception for ${next.domain} is in force.`,
      );
      if (refused) throw refused;
      onClose();
    },
  );
  return html`
    <${Sheet} title=${row ? `Exception for ${row.domain}` : "New exception"} onClose=${onClose}>
      <form onSubmit=${submit}>
        <${TextField}
          label="Domain"
          required
          help="a name, or *.name for every name below it"
          value=${form.domain}
          onChange=${put("domain")}
        />
        <${SelectField}
          label="Security mode"
          options=${modes}
          value=${form.security_mode ?? ""}
          onChange=${put("security_mode")}
        />
        <${SelectField}
          label="Authentication"
          options=${proofs}
          value=${form.authentication ?? ""}
          onChange=${put("authentication")}
        />
        <${SelectField}
          label="Bidirectional streams"
          options=${bidi}
          value=${form.bidi ?? ""}
          onChange=${put("bidi")}
        />
        <${TextField}
          label="Limits"
          help="names and numbers as JSON; see Limits in the manual"
          value=${form.limits}
          onChange=${put("limits")}
        />
        <${TextField} label="Note" help="why, and until when" value=${form.note ?? ""} onChange=${put("note")} />
        ${problem && html`<${Notice} tone="bad">${problem.message}<//>`}
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb="config.set" busy=${busy}>Save<//>
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
      title: `Remove the exception for ${row.domain}?`,
      text: "The general settings then apply to it.",
      yes: "Remove",
    });
    if (!sure) return;
    await run(async () => {
      const refused = await save(
        settings.revision,
        { "federation.peers": rows.filter((one) => one !== row) },
        `${row.domain} follows the general settings again.`,
      );
      if (refused) throw refused;
    });
  };
  const says = (name) => (row) => (row[name] ? word(row[name]) : "–");
  const columns = [
    {
      name: "domain",
      title: "Domain",
      opens: true,
      value: (row) => row.domain,
      show: (row) =>
        row.domain.startsWith("*.")
          ? html`<b>${row.domain}</b>`
          : html`<a href=${`#/peer/${encodeURIComponent(row.domain)}`}>${row.domain}</a>`,
    },
    { name: "mode", title: "Security mode", value: says("security_mode") },
    { name: "authentication", title: "Authentication", value: says("authentication") },
    { name: "bidi", title: "Bidirectional", value: says("bidi") },
    {
      name: "limits",
      title: "Limits",
      value: (row) =>
        row.limits
          ? Object.entries(row.limits)
              .map(([name, value]) => `${name} ${value}`)
              .join(", ")
          : "–",
    },
    { name: "note", title: "Note", wide: true, value: (row) => row.note ?? "" },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="config.set" disabled=${elsewhere !== ""} onClick=${() => edit(row)}>Edit<//>
          <${Button}
            kind="small danger"
            verb="config.set"
            busy=${busy}
            disabled=${elsewhere !== ""}
            onClick=${remove(row)}
          >
            Remove
          <//>
        </span>
      `,
    },
  ];
  const known = edited && rows.find((row) => row.domain === edited.domain);
  return html`
    <${Page}
      title="Exceptions"
      lead="Rules for single peers. An exact name wins over a pattern, a longer pattern over a shorter one."
      actions=${html`
        <${Button}
          kind="primary"
          verb="config.set"
          disabled=${elsewhere !== "" || settings.data === undefined}
          onClick=${() => edit({ fresh: true })}
        >
          New exception
        <//>
      `}
    />
    ${elsewhere && html`<${Notice} tone="warn">Exceptions belong to the ${elsewhere}; change them there.<//>`}
    <${Panel} flush>
      <${Wait} of=${settings}>
        ${() => html`
          <${Table}
            caption="Exceptions"
            rows=${rows}
            columns=${columns}
            first="domain"
            name=${({ domain }) => domain}
            empty="No exceptions: the general settings apply to every peer."
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
