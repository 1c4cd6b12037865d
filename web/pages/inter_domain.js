// The switch of a presence node that excludes a federating edge: "Presence > Inter-Domain Federation > XMPP Federation
// > Settings" of a Unified CM IM&P server.
import { Field, Select } from "../lib/fields.js";
import { word } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { Button, Facts, Notice, Page, Panel, State, Wait, useAction } from "../lib/parts.js";
import { useForbidden } from "../lib/session.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";

const setting = "presence.federation_node_status";
const choices = [
  ["off", "Off"],
  ["on", "On"],
];

/** What the node does because of it, in a sentence. */
function effect(value, { rows }) {
  if (value === "on") return "No edge federates for this node: rows for xmpps2snodes are refused, and none is loaded.";
  if (rows === 0) return "An edge can federate for this node; none does: xmpps2snodes has no row.";
  return `An edge federates for this node: xmpps2snodes has ${rows} row${rows === 1 ? "" : "s"}.`;
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
      ${elsewhere && html`<${Notice} tone="warn">This setting belongs to the ${elsewhere}; change it there.<//>`}
      <${Facts}
        rows=${[
          ["Node Status", html`<${State} tone="calm">${word(now)}<//>`],
          ["What it means", effect(now, status.router ?? { rows: 0 }), true],
        ]}
      />
      <${Field} label="XMPP Federation Node Status" help=${settings.row(setting)?.help} error=${problem}>
        ${(at) => html`
          <${Select}
            ...${at}
            disabled=${elsewhere !== "" || forbidden !== ""}
            options=${choices}
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
          Save
        <//>
      </div>
    </form>
  `;
}

export default function InterDomain({ status }) {
  const settings = useSettings();
  return html`
    <${Page}
      title="Inter-Domain Federation"
      lead="Whether this node federates by itself. Leave it off while an edge federates for it."
    />
    <${Panel} title="XMPP Federation Settings">
      <${Wait} of=${settings}>${() => html`<${Form} settings=${settings} status=${status} />`}<//>
    <//>
  `;
}
