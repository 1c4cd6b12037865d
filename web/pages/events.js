// The event log: filtered by the node, followed live.
import { Field, SelectField, TextField } from "../lib/fields.js";
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { EventList } from "../lib/event_list.js";
import { fact_text } from "../lib/event_text.js";
import { t, tn } from "../lib/i18n.js";
import { line, listen, useRead } from "../lib/live.js";
import { useHas } from "../lib/session.js";
import { Page, Panel, State, Wait } from "../lib/parts.js";
import { useStore } from "../lib/store.js";

const levels = () => [
  ["", t("All levels")],
  ["debug", t("Debug and above")],
  ["info", t("Info and above")],
  ["warn", t("Warnings and errors")],
  ["error", t("Errors")],
];
const spans = () => [
  ["", t("Since the node started")],
  ["10m", t("Last 10 minutes")],
  ["1h", t("Last hour")],
  ["24h", t("Last day")],
  ["7d", t("Last week")],
];
const ranks = ["trace", "debug", "info", "warn", "error"];
const most = 400;

/** Whether an entry that came by itself belongs to what was asked for; it is new, so `since` is always met. */
const fits = (event, { level, module, peer, code }) =>
  (level === "" || ranks.indexOf(event.level) >= ranks.indexOf(level)) &&
  (module === "" || module.split(",").includes(event.module)) &&
  event.event.startsWith(code) &&
  (peer === "" || Object.values(event.facts ?? {}).some((value) => String(value).includes(peer)));

export default function Events({ query }) {
  const [filter, set] = useState({
    level: query.level ?? "info",
    module: query.module ?? "",
    peer: query.peer ?? "",
    code: query.code ?? "",
    since: query.since ?? "",
  });
  const [asked, ask] = useState(filter);
  const [follow, set_follow] = useState(true);
  const [words, set_words] = useState("");
  const [fresh, set_fresh] = useState([]);
  const live = useStore(line);
  const answer = useRead("events", { ...asked, limit: most }, { every: follow && live !== "live" ? 3_000 : 0 });
  useEffect(() => {
    if (filter === asked) return undefined;
    const timer = setTimeout(() => ask(filter), 300); // while somebody types
    return () => clearTimeout(timer);
  }, [filter]);
  useEffect(
    () => (follow ? listen("log", (event) => set_fresh((old) => [...old, event].slice(-most))) : undefined),
    [follow],
  );
  const put = (name) => (value) => set({ ...filter, [name]: value });
  const shown = useMemo(() => {
    const old = answer.data?.events ?? [];
    const last = old.at(-1)?.number ?? 0;
    const all = [...old, ...fresh.filter((event) => event.number > last && fits(event, asked))].slice(-most).reverse();
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    return wanted.length === 0
      ? all
      : all.filter((event) => {
          const text = `${event.event} ${event.module} ${fact_text(event)}`.toLowerCase();
          return wanted.every((one) => text.includes(one));
        });
  }, [answer.data, fresh, words]);
  const levelled = useRead(useHas("log.levels") ? "log.levels" : null, {});
  const known = [
    ...new Set(
      [...(levelled.data?.modules ?? []), ...(answer.data?.events ?? [])]
        .map(({ module }) => module)
        .concat(filter.module || []),
    ),
  ].sort();
  return html`
    <${Page}
      title=${t("Event log")}
      lead=${t("Newest first. Open an entry to see its facts.")}
      actions=${html`
        <${State} tone=${follow ? (live === "live" ? "good" : "warn") : "calm"}>
          ${follow ? (live === "live" ? t("following") : t("refreshing every 3 s")) : t("paused")}
        <//>
        <button
          type="button"
          class="button"
          aria-pressed=${follow ? "true" : "false"}
          onClick=${() => set_follow(!follow)}
        >
          ${follow ? t("Pause") : t("Follow")}
        </button>
      `}
    />
    <${Panel} flush>
      <div class="form-grid narrow inset">
        <${Field} label=${t("Words")}>
          ${(at) => html`
            <input
              type="search"
              ...${at}
              aria-keyshortcuts="/"
              value=${words}
              onInput=${(event) => set_words(event.target.value)}
            />
          `}
        <//>
        <${SelectField} label=${t("Level")} options=${levels()} value=${filter.level} onChange=${put("level")} />
        <${SelectField}
          label=${t("Module")}
          options=${[["", t("All modules")], ...known.map((name) => [name, name.replaceAll(",", ", ")])]}
          value=${filter.module}
          onChange=${put("module")}
        />
        <${TextField} label=${t("Domain or address")} value=${filter.peer} onChange=${put("peer")} />
        <${TextField}
          label=${t("Code begins with")}
          placeholder="s2s.dialback"
          value=${filter.code}
          onChange=${put("code")}
        />
        <${SelectField} label=${t("Time")} options=${spans()} value=${filter.since} onChange=${put("since")} />
      </div>
      <p class="inset note" role="status">
        ${shown.length === most
          ? tn(
              most,
              "{n} entry, the newest; narrow the filters to see older ones",
              "{n} entries, the newest; narrow the filters to see older ones",
            )
          : tn(shown.length, "{n} entry", "{n} entries")}
      </p>
      <${Wait} of=${answer}>${() => html`<${EventList} events=${shown} empty=${t("No entry matches.")} />`}<//>
    <//>
  `;
}
