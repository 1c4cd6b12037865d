// Allow and deny lists; the privacy mode says which of them is used.
import { act } from "../lib/api.js";
import { Field, Text } from "../lib/fields.js";
import { word } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Notice, Page, Panel, Tabs, Wait, confirm, say, useAction } from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";

const lists = {
  allow_list: { verb: "allow", title: "Allow list", says: "Only these domains can federate with you." },
  deny_list: { verb: "deny", title: "Deny list", says: "Every domain except these can federate with you." },
};

function List({ which, settings, locked }) {
  const { verb, title, says } = lists[which];
  const answer = useRead(`${verb}.list`, {}, { on: ["setting"] });
  const [text, set_text] = useState("");
  const [problem, set_problem] = useState("");
  const [busy, run] = useAction();
  const mode = settings.value("federation.privacy_mode");
  const add = (event) => {
    event.preventDefault();
    run(async () => {
      const names = text.split(/[\s,;]+/).filter(Boolean);
      try {
        await act(`${verb}.add`, { domain: names });
        set_text("");
        set_problem("");
        say(
          names.length === 1
            ? `${names[0]} is on the ${title.toLowerCase()}.`
            : `${names.length} names are on the ${title.toLowerCase()}.`,
        );
        await refresh(`${verb}.list`, "settings");
      } catch (refused) {
        set_problem(refused.message);
      }
    });
  };
  const remove = (name) => async () => {
    const sure = await confirm({ title: `Remove ${name} from the ${title.toLowerCase()}?`, text: says, yes: "Remove" });
    if (!sure) return;
    await run(async () => {
      await act(`${verb}.remove`, { domain: [name] });
      say(`${name} was removed from the ${title.toLowerCase()}.`);
      await refresh(`${verb}.list`, "settings");
    });
  };
  const use = () =>
    run(async () => {
      const refused = await save(settings.revision, { "federation.privacy_mode": which }, `Privacy mode: ${title}`);
      if (refused) throw refused;
    });
  const columns = [
    { name: "name", title: "Name", value: (row) => row.name, show: (row) => html`<b>${row.name}</b>` },
    {
      name: "covers",
      title: "Covers",
      value: (row) => (row.name.startsWith("*.") ? `every name below ${row.name.slice(2)}` : "only this name"),
    },
    {
      name: "remove",
      title: "",
      show: (row) => html`
        <${Button} kind="small" verb=${`${verb}.remove`} busy=${busy} disabled=${locked} onClick=${remove(row.name)}>
          Remove
        <//>
      `,
    },
  ];
  return html`
    ${mode === which
      ? html`<${Notice} tone="good">This list is in use: privacy mode is ${word(mode)}. ${says}<//>`
      : html`
          <${Notice}
            tone="warn"
            actions=${html`
              <${Button} verb="config.set" busy=${busy} disabled=${locked} onClick=${use}>Use this list<//>
            `}
          >
            This list is not in use: privacy mode is ${word(mode)}.
          <//>
        `}
    <${Panel} flush title=${title}>
      <form class="form-row inset" onSubmit=${add}>
        <${Field}
          label="Domains"
          help="*.partner.example covers every name below it; separate several names with spaces"
          error=${problem}
        >
          ${(at) => html`
            <${Text}
              ...${at}
              name="names"
              required
              disabled=${locked}
              placeholder="partner.example"
              value=${text}
              onChange=${set_text}
            />
          `}
        <//>
        <${Button} type="submit" kind="primary" verb=${`${verb}.add`} busy=${busy} disabled=${locked}>Add<//>
      </form>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${title}
            columns=${columns}
            first="name"
            rows=${data.value.map((name) => ({ name }))}
            name=${({ name }) => name}
            empty=${which === "allow_list" ? "The list is empty." : "The list is empty."}
          />
        `}
      <//>
    <//>
  `;
}

export default function Lists({ status, query }) {
  const settings = useSettings();
  const [chosen, choose] = useState(lists[query.list] ? query.list : null);
  const mode = settings.value("federation.privacy_mode");
  const which = chosen ?? (lists[mode] ? mode : "allow_list");
  const elsewhere = belongs_elsewhere(settings.row("federation.allow_list"), status);
  return html`
    <${Page}
      title="Allow and deny lists"
      lead="Who can federate with your domains. Names are compared in canonical form."
    />
    ${elsewhere && html`<${Notice} tone="warn">The lists belong to the ${elsewhere}; change them there.<//>`}
    <${Tabs}
      label="Lists"
      at=${which}
      onChange=${choose}
      tabs=${Object.entries(lists).map(([key, { title }]) => [
        key,
        `${title} (${(settings.value(`federation.${key}`) ?? []).length})`,
      ])}
    />
    <${Wait} of=${settings}>
      ${() => html`<${List} key=${which} which=${which} settings=${settings} locked=${elsewhere !== ""} />`}
    <//>
  `;
}
