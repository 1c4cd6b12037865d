// Tables: sorted by any column, filtered as one types (the key `/` goes to the filter), walked with the arrow keys; on
// a phone each row is a card.
import { number as count_text } from "./format.js";
import { Fragment, html, useLayoutEffect, useMemo, useRef, useState } from "./html.js";
import { spoken, t } from "./i18n.js";
import { Empty } from "./parts.js";

/** In the order of the language's alphabet. */
const order = () => new Intl.Collator(spoken(), { numeric: true, sensitivity: "base" });

const plain = (value) => (value === null || value === undefined ? "" : value);
const compare = (one, other, collator) =>
  typeof one === "number" && typeof other === "number"
    ? one - other
    : collator.compare(String(plain(one)), String(plain(other)));

const opening = "td.opens :is(a, button:not([disabled]))";

const rows_of = (body) => [...body.children].filter((one) => !one.matches(".below"));

/** Up, down, Home and End go from row to row; Enter follows the row's first link or button. */
function walk(event) {
  const row = event.target.closest("tbody tr");
  // What is below a row has keys of its own.
  if (row === null || row.matches(".below") || row.closest("table") !== event.currentTarget) return;
  if (event.target !== row && event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (event.target.matches("input, select, textarea")) return;
  const rows = rows_of(row.parentElement);
  const at = rows.indexOf(row);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to !== undefined) {
    const next = rows[Math.max(0, Math.min(to, rows.length - 1))];
    for (const one of rows) one.tabIndex = one === next ? 0 : -1;
    next.focus();
    event.preventDefault();
  } else if (event.key === "Enter") {
    row.querySelector("a, button:not([disabled])")?.click();
  }
}

/** A click beside the controls of a row does what its opening link or button does; marking text opens nothing. */
function open_row(event) {
  if (event.target.closest("a, button, input, select, textarea, label") || String(getSelection()) !== "") return;
  event.currentTarget.querySelector(`:scope > ${opening}`)?.click();
}

/** When the row that had the focus is gone, its neighbour gets it; without one, the page's heading. */
function useFocusKept() {
  const table = useRef(null);
  const row = table.current?.contains(document.activeElement)
    ? document.activeElement.closest("tbody tr:not(.below)")
    : null;
  const at = row ? rows_of(row.parentElement).indexOf(row) : -1;
  useLayoutEffect(() => {
    if (at < 0 || row.isConnected) return;
    const left = [...table.current.querySelectorAll("tbody tr:not(.below)")];
    const next = left[Math.min(at, left.length - 1)] ?? document.querySelector("main h1");
    for (const one of left) one.tabIndex = one === next ? 0 : -1;
    next?.focus();
  });
  return table;
}

/** The rows in which every word of `wanted` is found, in the order that was chosen. */
function chosen(rows, columns, wanted, { by, down }) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const text_of = (row) => {
    const values = columns.map(({ value }) => (value ? plain(value(row)) : ""));
    return values.join(" ").toLowerCase();
  };
  const fits = (row) => {
    const text = text_of(row);
    return words.every((one) => text.includes(one));
  };
  const kept = words.length === 0 ? [...rows] : rows.filter(fits);
  const column = columns.find(({ name }) => name === by);
  const collator = order();
  if (column) kept.sort((one, other) => compare(column.value(one), column.value(other), collator) * (down ? -1 : 1));
  return kept;
}

const Filter = ({ caption, wanted, want }) => html`
  <input
    type="search"
    class="filter"
    placeholder=${t("Filter")}
    aria-label=${t("Filter {caption}", { caption })}
    aria-keyshortcuts="/"
    value=${wanted}
    onInput=${(event) => want(event.target.value)}
  />
`;

/** The title of a column; a button where the column sorts. */
function Title({ column, sorted, sort }) {
  const { name, title, number, value, still } = column;
  const sorts = value && !still;
  const here = sorted.by === name;
  const direction = !here ? "none" : sorted.down ? "descending" : "ascending";
  const choose = () => sort({ by: name, down: here ? !sorted.down : Boolean(number) });
  return html`
    <th scope="col" class=${number ? "number" : ""} aria-sort=${sorts ? direction : undefined}>
      ${sorts
        ? html`<button type="button" onClick=${choose}>${title}</button>`
        : title || html`<span class="visually-hidden">${t("Actions")}</span>`}
    </th>
  `;
}

function Cell({ column, row }) {
  const { title, number, value, show, wide, wrap, opens } = column;
  const looks = [number && "number", wide ? "wide" : wrap && "wrap", !title && "row-actions", opens && "opens"];
  return html`
    <td data-label=${title} class=${looks.filter(Boolean).join(" ")}>
      <div>${show ? show(row) : plain(value(row))}</div>
    </td>
  `;
}

/**
 * `columns`: {name, title, value, show, number, wide, wrap, still, opens}: `value` gives what is sorted and filtered,
 * `show` what is seen; the link or button of a column that `opens` is the whole row's. `below` gives what stands under
 * a row, if anything. `first`: the column sorted by at first, with "-" before it for descending.
 */
export function Table({
  columns,
  rows,
  name,
  caption,
  empty = t("Nothing to show."),
  first = "",
  filter = true,
  most = 500,
  tone,
  tools,
  below = () => null,
}) {
  const [sorted, sort] = useState({ by: first.replace(/^-/, ""), down: first.startsWith("-") });
  const [wanted, want] = useState("");
  const place = useFocusKept();
  const shown = useMemo(() => chosen(rows, columns, wanted, sorted), [rows, wanted, sorted]);
  const count =
    shown.length === rows.length
      ? count_text(rows.length)
      : t("{shown} of {all}", { shown: shown.length, all: rows.length });
  const titles = columns.map((column) => html`
    <${Title} key=${column.name} column=${column} sorted=${sorted} sort=${sort} />
  `);
  const cells = (row) => columns.map((column) => html`<${Cell} key=${column.name} column=${column} row=${row} />`);
  const opens = columns.some((column) => column.opens);
  const body = shown.slice(0, most).map((row, at) => {
    const under = below(row);
    return html`
      <${Fragment} key=${name(row)}>
        <tr tabindex=${at === 0 ? 0 : -1} class=${tone ? tone(row) : ""} onClick=${opens ? open_row : undefined}>
          ${cells(row)}
        </tr>
        ${under && html`<tr class="below"><td class="wide" colspan=${columns.length}>${under}</td></tr>`}
      <//>
    `;
  });
  return html`
    <div class="table" ref=${place}>
      ${rows.length > 0 && (filter || tools) && html`
        <div class="tools">
          ${filter && html`<${Filter} caption=${caption} wanted=${wanted} want=${want} />`}
          ${tools}
          <span class="count" role="status">${count}</span>
        </div>
      `}
      ${shown.length === 0
        ? html`<${Empty}>${wanted === "" ? empty : t("Nothing matches the filter.")}<//>`
        : html`
            <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
              <table onKeyDown=${walk}>
                <caption class="visually-hidden">${caption}</caption>
                <thead><tr>${titles}</tr></thead>
                <tbody>${body}</tbody>
              </table>
            </div>
          `}
      ${shown.length > most && html`
        <p class="note">${t("Only the first {most} are shown; use the filter to find others.", { most })}</p>
      `}
    </div>
  `;
}
