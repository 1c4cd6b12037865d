// A verb as a form: its fields, their help and what is required come from the node's own description, so that a verb
// that the node learns has a form here at once. And its answer as facts and tables.
import { Check, Field, Select, Text } from "./fields.js";
import { time } from "./format.js";
import { html, useState } from "./html.js";
import { t } from "./i18n.js";
import { Button, Facts, Mono, Notice, useAction } from "./parts.js";
import { call, verbs } from "./session.js";
import { useStore } from "./store.js";
import { Table } from "./table.js";
import { argument_help, word_of } from "./words.js";

/** The name of an argument or of a member of an answer, as a title. */
function title_of(name) {
  const text = String(word_of("name", name));
  return `${text[0].toUpperCase()}${text.slice(1)}`.replaceAll("_", " ");
}

function value_of({ type }, text) {
  if (type === "integer" || type === "number") return text === "" ? undefined : Number(text);
  if (type === "list") return text.split(/[\s,]+/).filter(Boolean);
  return text;
}

/**
 * `first` are values to begin with, `fixed` values that are not asked for, `choices` the values that a field may have;
 * `onDone` gets the answer, and `children` stand before the fields.
 */
export function VerbForm({
  verb,
  label,
  first = {},
  fixed = {},
  choices = {},
  kind = "primary",
  onDone,
  wait_ms = 120_000,
  children,
}) {
  const known = useStore(verbs).get(verb);
  const [form, set] = useState(first);
  const [problem, set_problem] = useState(null);
  const [busy, run] = useAction();
  if (!known) return null;
  const fields = known.args.filter(({ name }) => !(name in fixed));
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      try {
        const given = fields
          .map((one) => [
            one.name,
            one.type === "boolean" ? form[one.name] === true : value_of(one, form[one.name] ?? ""),
          ])
          .filter(([, value]) => !(Array.isArray(value) && value.length === 0));
        const answer = await call(verb, { ...Object.fromEntries(given), ...fixed }, { wait_ms });
        set_problem(null);
        await onDone?.(answer);
      } catch (refused) {
        set_problem(refused);
      }
    });
  };
  const put = (name) => (value) => set({ ...form, [name]: value });
  const wrong = (name) => (problem?.field === name ? problem.message : "");
  const control = (one) => (at) =>
    choices[one.name]
      ? html`
          <${Select}
            ...${at}
            name=${one.name}
            options=${choices[one.name]}
            value=${form[one.name] ?? ""}
            onChange=${put(one.name)}
          />
        `
      : html`
          <${Text}
            ...${at}
            name=${one.name}
            required=${one.required}
            type=${one.secret ? "password" : one.type === "integer" ? "number" : "text"}
            value=${form[one.name] ?? ""}
            onChange=${put(one.name)}
          />
        `;
  return html`
    <form class="form-grid" onSubmit=${submit}>
      ${children}
      ${fields.map((one) =>
        one.type === "boolean"
          ? html`
              <${Check} key=${one.name} value=${form[one.name] === true} onChange=${put(one.name)}>
                ${title_of(one.name)}
                <span class="sub">${argument_help(verb, one)}</span>
              <//>
            `
          : html`
              <${Field}
                key=${one.name}
                label=${title_of(one.name)}
                required=${one.required}
                help=${argument_help(verb, one)}
                error=${wrong(one.name)}
              >
                ${control(one)}
              <//>
            `,
      )}
      <div class="form-end"><${Button} type="submit" kind=${kind} verb=${verb} busy=${busy}>${label}<//></div>
      ${problem && !fields.some(({ name }) => name === problem.field) && html`
        <${Notice} tone="bad">${problem.message}<//>
      `}
    </form>
  `;
}

const is_object = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const is_table = (value) => Array.isArray(value) && value.length > 0 && value.every(is_object);
const is_time = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value);

function plain(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (Array.isArray(value)) return value.map(plain).join(", ") || t("none");
  if (is_object(value)) {
    return (
      Object.entries(value)
        .map(([name, one]) => `${word_of("name", name)} ${plain(one)}`)
        .join(", ") || t("none")
    );
  }
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  return is_time(value) ? time(value) : String(value);
}

function Rows({ name, rows }) {
  const keys = [...new Set(rows.flatMap(Object.keys))];
  return html`
    <${Table}
      caption=${title_of(name)}
      filter=${rows.length > 8}
      rows=${rows.map((row, at) => ({ ...row, at }))}
      name=${({ at }) => at}
      columns=${keys.map((key) => ({
        name: key,
        title: title_of(key),
        number: rows.every((row) => typeof row[key] === "number"),
        value: (row) => (typeof row[key] === "number" ? row[key] : plain(row[key])),
        show: (row) => html`<${Mono}>${plain(row[key])}<//>`,
      }))}
    />
  `;
}

/** Any answer of a verb: facts first, then its tables. */
export function Answer({ answer }) {
  if (!is_object(answer)) return html`<p><${Mono}>${plain(answer)}<//></p>`;
  const entries = Object.entries(answer);
  const tables = entries.filter(([, value]) => is_table(value));
  return html`
    <${Facts}
      rows=${entries
        .filter(([, value]) => !is_table(value))
        .map(([name, value]) => [title_of(name), html`<${Mono}>${plain(value)}<//>`])}
    />
    ${tables.map(([name, rows]) => html`<${Rows} key=${name} name=${name} rows=${rows} />`)}
  `;
}
