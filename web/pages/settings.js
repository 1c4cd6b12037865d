// Every setting of the schema with its value, help and default; and who changed what.
import { Field, Text } from "../lib/fields.js";
import { time, value_text } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useRead } from "../lib/live.js";
import { Button, Mono, Page, Panel, Sheet, SheetFoot, Tabs, Tag, Wait, useAction } from "../lib/parts.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";
import { setting_help, setting_values } from "../lib/words.js";

function Edit({ row, settings, onClose }) {
  const [text, set] = useState(
    row.secret
      ? ""
      : typeof row.value === "string"
        ? row.value
        : JSON.stringify(row.value, null, row.type === "table" ? 1 : 0),
  );
  const [problem, set_problem] = useState("");
  const [busy, run] = useAction();
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      let value = text;
      if (row.type !== "string" && row.type !== "enum") {
        try {
          value = JSON.parse(text);
        } catch {
          return set_problem(t("This is not valid JSON."));
        }
      }
      const refused = await save(
        settings.revision,
        { [row.name]: value },
        t("{name} is in force.", { name: row.name }),
      );
      if (refused) return set_problem(refused.message);
      return onClose();
    });
  };
  return html`
    <${Sheet} title=${row.name} onClose=${onClose}>
      <p class="note">${setting_help(row)}</p>
      <form onSubmit=${submit}>
        <${Field} wide label=${t("Value")} help=${setting_values(row)} error=${problem}>
          ${(at) =>
            row.type === "table" || row.type === "list"
              ? html`
                  <textarea
                    ...${at}
                    rows="8"
                    class="mono"
                    spellcheck=${false}
                    value=${text}
                    onInput=${(event) => set(event.target.value)}
                  ></textarea>
                `
              : html`
                  <${Text}
                    ...${at}
                    type=${row.secret ? "password" : "text"}
                    autocomplete="new-password"
                    value=${text}
                    onChange=${set}
                  />
                `}
        <//>
        <p class="note">${t("Default: {value}", { value: html`<${Mono}>${JSON.stringify(row.default)}<//>` })}</p>
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb="config.set" busy=${busy}>${t("Save")}<//>
        <//>
      </form>
    <//>
  `;
}

function Values({ settings, status }) {
  const [edited, edit] = useState(null);
  const changed = (row) => JSON.stringify(row.value) !== JSON.stringify(row.default);
  const columns = [
    { name: "name", title: t("Setting"), value: (row) => row.name, show: (row) => html`<${Mono}>${row.name}<//>` },
    {
      name: "value",
      title: t("Value"),
      wide: true,
      value: (row) => value_text(row.value),
      show: (row) => html`
        ${value_text(row.value)} ${changed(row) && !row.secret ? html`<${Tag}>${t("changed")}<//>` : null}
      `,
    },
    { name: "help", title: t("What it does"), wide: true, value: setting_help },
    {
      name: "do",
      title: "",
      show: (row) =>
        row.page
          ? html`<a class="button small" href=${`#/${row.page}`}>${t("Page")}</a>`
          : html`
              <${Button}
                kind="small"
                verb="config.set"
                disabled=${belongs_elsewhere(row, status) !== ""}
                onClick=${() => edit(row)}
              >
                ${t("Edit")}
              <//>
            `,
    },
  ];
  return html`
    <${Panel} flush>
      <${Table}
        caption=${t("Settings")}
        rows=${settings.data.settings}
        columns=${columns}
        name=${({ name }) => name}
        tools=${html`<${Tag}>${t("revision {revision}", { revision: String(settings.revision) })}<//>`}
      />
    <//>
    ${edited && html`<${Edit} row=${edited} settings=${settings} onClose=${() => edit(null)} />`}
  `;
}

function History() {
  const answer = useRead("config.history", { limit: 200 }, { on: ["setting"] });
  const columns = [
    { name: "time", title: t("When"), value: (row) => row.time, show: (row) => time(row.time) },
    { name: "revision", title: t("Revision"), number: true, value: (row) => row.revision },
    { name: "name", title: t("Setting"), value: (row) => row.name, show: (row) => html`<${Mono}>${row.name}<//>` },
    { name: "from", title: t("value|From"), wrap: true, value: (row) => value_text(row.from) },
    { name: "to", title: t("value|To"), wrap: true, value: (row) => value_text(row.to) },
    { name: "author", title: t("Who"), wrap: true, value: (row) => row.author },
  ];
  return html`
    <${Panel} flush>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("History of settings")}
            rows=${data.changes ?? data.history ?? []}
            columns=${columns}
            first="-revision"
            name=${(row) => `${row.revision} ${row.name}`}
            empty=${t("No changes yet.")}
          />
        `}
      <//>
    <//>
  `;
}

export default function AllSettings({ status, query }) {
  const settings = useSettings();
  const [tab, set] = useState(query.tab === "history" ? "history" : "values");
  return html`
    <${Page} title=${t("All settings")} lead=${t("The names are the same in the command line, REST and the log.")} />
    <${Tabs}
      label=${t("Views")}
      at=${tab}
      onChange=${set}
      tabs=${[
        ["values", t("Values")],
        ["history", t("History")],
      ]}
    />
    ${tab === "history"
      ? html`<${History} />`
      : html`<${Wait} of=${settings}>${() => html`<${Values} settings=${settings} status=${status} />`}<//>`}
  `;
}
