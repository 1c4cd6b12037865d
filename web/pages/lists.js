// Allow and deny lists; the privacy mode says which of them is used.
import { act } from "../lib/api.js";
import { Field, Text } from "../lib/fields.js";
import { number, word } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { msg, t, tn } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Notice, Page, Panel, Tabs, Wait, confirm, say, useAction } from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

const lists = {
  allow_list: {
    verb: "allow",
    title: msg("Allow list"),
    says: msg("Only these domains can federate with you."),
    added: (n, name) => tn(n, "{name} is on the allow list.", "{n} names are on the allow list.", { name }),
    asks: (name) => t("Remove {name} from the allow list?", { name }),
    removed: (name) => t("{name} was removed from the allow list.", { name }),
  },
  deny_list: {
    verb: "deny",
    title: msg("Deny list"),
    says: msg("Every domain except these can federate with you."),
    added: (n, name) => tn(n, "{name} is on the deny list.", "{n} names are on the deny list.", { name }),
    asks: (name) => t("Remove {name} from the deny list?", { name }),
    removed: (name) => t("{name} was removed from the deny list.", { name }),
  },
};

function List({ which, settings, locked }) {
  const { verb, added, asks, removed } = lists[which];
  const title = t(lists[which].title),
    says = t(lists[which].says);
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
        say(added(names.length, names[0]));
        await refresh(`${verb}.list`, "settings");
      } catch (refused) {
        set_problem(refused.message);
      }
    });
  };
  const remove = (name) => async () => {
    const sure = await confirm({
      title: asks(name),
      text: says,
      yes: t("Remove"),
    });
    if (!sure) return;
    await run(async () => {
      await act(`${verb}.remove`, { domain: [name] });
      say(removed(name));
      await refresh(`${verb}.list`, "settings");
    });
  };
  const use = () =>
    run(async () => {
      const refused = await save(
        settings.revision,
        { "federation.privacy_mode": which },
        t("Privacy mode: {title}", { title }),
      );
      if (refused) throw refused;
    });
  const columns = [
    { name: "name", title: t("Name"), value: (row) => row.name, show: (row) => html`<b>${row.name}</b>` },
    {
      name: "covers",
      title: t("Covers"),
      value: (row) =>
        row.name.startsWith("*.") ? t("every name below {name}", { name: row.name.slice(2) }) : t("only this name"),
    },
    {
      name: "remove",
      title: "",
      show: (row) => html`
        <${Button} kind="small" verb=${`${verb}.remove`} busy=${busy} disabled=${locked} onClick=${remove(row.name)}>
          ${t("Remove")}
        <//>
      `,
    },
  ];
  return html`
    ${mode === which
      ? html`
          <${Notice} tone="good">${t("This list is in use: privacy mode is {mode}.", { mode: word(mode) })} ${says}<//>
        `
      : html`
          <${Notice}
            tone="warn"
            actions=${html`
              <${Button} verb="config.set" busy=${busy} disabled=${locked} onClick=${use}>${t("Use this list")}<//>
            `}
          >
            ${t("This list is not in use: privacy mode is {mode}.", { mode: word(mode) })}
          <//>
        `}
    <${Panel} flush title=${title}>
      <form class="form-row inset" onSubmit=${add}>
        <${Field}
          label=${t("Domains")}
          help=${t("*.partner.example covers every name below it; separate several names with spaces")}
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
        <${Button} type="submit" kind="primary" verb=${`${verb}.add`} busy=${busy} disabled=${locked}>${t("Add")}<//>
      </form>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${title}
            columns=${columns}
            first="name"
            rows=${data.value.map((name) => ({ name }))}
            name=${({ name }) => name}
            empty=${t("The list is empty.")}
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
      title=${t("Allow and deny lists")}
      lead=${t("Who can federate with your domains. Names are compared in canonical form.")}
    />
    ${elsewhere && html`
      <${Notice} tone="warn">
        ${t("The lists belong to the {node}; change them there.", { node: word_of("role", elsewhere) })}
      <//>
    `}
    <${Tabs}
      label=${t("Lists")}
      at=${which}
      onChange=${choose}
      tabs=${Object.entries(lists).map(([key, { title }]) => [
        key,
        `${t(title)} (${number((settings.value(`federation.${key}`) ?? []).length)})`,
      ])}
    />
    <${Wait} of=${settings}>
      ${() => html`<${List} key=${which} which=${which} settings=${settings} locked=${elsewhere !== ""} />`}
    <//>
  `;
}
