// Tables: sorted by any column, filtered as one types (the key `/` goes to the filter), walked with the arrow keys; on a phone
// each row is a card.
import { html, useLayoutEffect, useMemo, useRef, useState } from "./html.js";
import { Empty } from "./parts.js";

const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

const plain = (value) => (value === null || value === undefined ? "" : value);
const compare = (one, other) => (typeof one === "number" && typeof other === "number" ? one - other : order.compare(String(plain(one)), String(plain(other))));

/** Up, down, Home and End go from row to row; Enter follows the row's first link or button. */
function walk(event) {
  const row = event.target.closest("tbody tr");
  if (row === null || (event.target !== row && event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  if (event.target.matches("input, select, textarea")) return;
  const rows = [...row.parentElement.children];
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

/** When the row that had the focus is gone, its neighbour gets it; without one, the page's heading. */
function useFocusKept() {
  const table = useRef(null);
  const row = table.current?.contains(document.activeElement) ? document.activeElement.closest("tbody tr") : null;
  const at = row ? [...row.parentElement.children].indexOf(row) : -1;
  useLayoutEffect(() => {
    if (at < 0 || row.isConnected) return;
    const left = [...table.current.querySelectorAll("tbody tr")];
    const next = left[Math.min(at, left.length - 1)] ?? document.querySelector("main h1");
    for (const one of left) one.tabIndex = one === next ? 0 : -1;
    next?.focus();
  });
  return table;
}

/**
 * `columns`: {name, title, value, show, number, wide, wrap, still}: `value` gives what is sorted and filtered, `show` what is seen.
 * `first`: the column sorted by at first, with "-" before it for descending.
 */
export function Table({ columns, rows, name, caption, empty = "Nothing here.", first = "", filter = true, most = 500, tone, tools }) {
  const [sorted, sort] = useState({ by: first.replace(/^-/, ""), down: first.startsWith("-") });
  const [wanted, want] = useState("");
  const place = useFocusKept();
  const shown = useMemo(() => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (row) => columns.map(({ value }) => (value ? plain(value(row)) : "")).join(" ").toLowerCase();
    const kept = words.length === 0 ? [...rows] : rows.filter((row) => { const all = text(row); return words.every((one) => all.includes(one)); });
    const column = columns.find((one) => one.name === sorted.by);
    if (column) kept.sort((one, other) => compare(column.value(one), column.value(other)) * (sorted.down ? -1 : 1));
    return kept;
  }, [rows, wanted, sorted]);
  const by = (column) => () => sort({ by: column.name, down: sorted.by === column.name ? !sorted.down : Boolean(column.number) });
  const direction = (column) => (sorted.by !== column.name ? "none" : sorted.down ? "descending" : "ascending");
  return html`<div class="table" ref=${place}>
    ${rows.length > 0 && (filter || tools) && html`<div class="tools">${filter && html`<input type="search" class="filter" placeholder="Filter" aria-label=${`Filter ${caption}`}
      aria-keyshortcuts="/" value=${wanted} onInput=${(event) => want(event.target.value)} />`}${tools}
      <span class="count" role="status">${shown.length === rows.length ? `${rows.length}` : `${shown.length} of ${rows.length}`}</span></div>`}
    ${shown.length === 0 ? html`<${Empty}>${wanted === "" ? empty : "Nothing fits the filter."}<//>`
      : html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}><table onKeyDown=${walk}><caption class="visually-hidden">${caption}</caption>
        <thead><tr>${columns.map((column) => html`<th key=${column.name} scope="col" class=${column.number ? "number" : ""} aria-sort=${column.value && !column.still ? direction(column) : undefined}>
          ${column.value && !column.still ? html`<button type="button" onClick=${by(column)}>${column.title}</button>` : column.title ? column.title : html`<span class="visually-hidden">Actions</span>`}</th>`)}</tr></thead>
        <tbody>${shown.slice(0, most).map((row, at) => html`<tr key=${name(row)} tabindex=${at === 0 ? 0 : -1} class=${tone ? tone(row) : ""}>
          ${columns.map((column) => html`<td key=${column.name} data-label=${column.title} class=${`${column.number ? "number" : ""} ${column.wide ? "wide" : column.wrap ? "wrap" : ""} ${column.title ? "" : "row-actions"}`}>
            <div>${column.show ? column.show(row) : plain(column.value(row))}</div></td>`)}</tr>`)}</tbody></table></div>`}
    ${shown.length > most && html`<p class="note">The first ${most} are shown; filter to see others.</p>`}</div>`;
}
