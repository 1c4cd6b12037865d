// The switch of a presence node that excludes a federating edge: "Presence > Inter-Domain Federation > XMPP Federation
// > Settings" of a Unified CM IM&P server.
import { Field, Select } from "../lib/fields.js";
import { word } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t, tn } from "../lib/i18n.js";
import { Button, Facts, Notice, Page, Panel, State, Wait, useAction } from "../lib/parts.js";
import { useForbidden } from "../lib/session.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { setting_help, word_of } from "../lib/words.js";

const setting = "presence.federation_node_status";
const choices = () => [
  ["off", t("Off")],
  ["on", t("On")],
];

/** What the node does because of it, in a sentence. */
function effect(value, { rows }) {
  if (value === "on") {
    return t("No edge federates for this node: rows for xmpps2snodes are refused, and none is loaded.");
  }
  if (rows === 0) return t("An edge can federate for this node; none does: xmpps2snodes has no row.");
  return tn(
    rows,
    "An edge federates for this node: xmpps2snodes has {n} row.",
    "An edge federates for this node: xmpps2snodes has {n} rows.",
  );
}

function Form({ settings, status }) {
  const now = settings.value(setting);
  const [chosen, choose] = useState(null);
  const [problem, set_problem] = useState("");
  const [busy, run] = useAction();
  const elsewhere = belongs_elsewhere(settings.row(setting), status);
  const forbidden = useForbidden("config.set");
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      const refused = await save(settings.revision, { [setting]: chosen });
      set_problem(refused?.message ?? "");
      if (!refused) choose(null);
    });
  };
  const put = (value) => {
    set_problem("");
    choose(value === now ? null : value);
  };
  return html`
    <form onSubmit=${submit}>
      ${elsewhere && html`
        <${Notice} tone="warn">
          ${t("This setting belongs to the {node}; change it there.", { node: word_of("role", elsewhere) })}
        <//>
      `}
      <${Facts}
        rows=${[
          [t("Node Status"), html`<${State} tone="calm">${word(now)}<//>`],
          [t("What it means"), effect(now, status.router ?? { rows: 0 }), true],
        ]}
      />
      <${Field} label=${t("XMPP Federation Node Status")} help=${setting_help(settings.row(setting))} error=${problem}>
        ${(at) => html`
          <${Select}
            ...${at}
            disabled=${elsewhere !== "" || forbidden !== ""}
            options=${choices()}
            value=${chosen ?? now}
            onChange=${put}
          />
        `}
      <//>
      <div class="form-foot">
        <${Button}
          type="submit"
          kind="primary"
          verb="config.set"
          busy=${busy}
          disabled=${chosen === null || elsewhere !== ""}
        >
          ${t("Save")}
        <//>
      </div>
    </form>
  `;
}

export default function InterDomain({ status }) {
  const settings = useSettings();
  return html`
    <${Page}
      title=${t("Inter-Domain Federation")}
      lead=${t("Whether this node federates by itself. Leave it off while an edge federates for it.")}
    />
    <${Panel} title=${t("XMPP Federation Settings")}>
      <${Wait} of=${settings}>${() => html`<${Form} settings=${settings} status=${status} />`}<//>
    <//>
  `;
}
