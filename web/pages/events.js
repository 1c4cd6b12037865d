// The event log: filtered by the node, followed live.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { EventList, fact_text } from "../lib/event_list.js";
import { line, listen, useRead } from "../lib/live.js";
import { Field, Page, Panel, Select, State, Tag, Text, Wait } from "../lib/parts.js";
import { useStore } from "../lib/store.js";

const modules = ["node", "settings", "s2s", "link", "dns", "tcp", "tls", "routing", "admin", "axl"];
const levels = [["", "Every level"], ["debug", "Debug and above"], ["info", "Info and above"], ["warn", "Warnings and errors"], ["error", "Errors"]];
const ranks = ["trace", "debug", "info", "warn", "error"];
const most = 400;

const fits = (event, { level, module, peer }) => (level === "" || ranks.indexOf(event.level) >= ranks.indexOf(level)) && (module === "" || event.module === module)
  && (peer === "" || Object.values(event.facts ?? {}).some((value) => String(value).includes(peer)));

export default function Events({ query }) {
  const [filter, set] = useState({ level: query.level ?? "info", module: query.module ?? "", peer: query.peer ?? "" });
  const [asked, ask] = useState(filter);
  const [follow, set_follow] = useState(true);
  const [words, set_words] = useState("");
  const [fresh, set_fresh] = useState([]);
  const live = useStore(line);
  const answer = useRead("events", { ...asked, limit: most }, { every: follow && live !== "live" ? 3_000 : 0 });
  useEffect(() => {
    if (filter === asked) return undefined;
    const timer = setTimeout(() => ask(filter), 300);  // while somebody types
    return () => clearTimeout(timer);
  }, [filter]);
  useEffect(() => (follow ? listen("log", (event) => set_fresh((old) => [...old, event].slice(-most))) : undefined), [follow]);
  const put = (name) => (value) => set({ ...filter, [name]: value });
  const shown = useMemo(() => {
    const old = answer.data?.events ?? [];
    const last = old.at(-1)?.number ?? 0;
    const all = [...old, ...fresh.filter((event) => event.number > last && fits(event, asked))].slice(-most).reverse();
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    return wanted.length === 0 ? all : all.filter((event) => { const text = `${event.event} ${event.module} ${fact_text(event)}`.toLowerCase(); return wanted.every((one) => text.includes(one)); });
  }, [answer.data, fresh, words]);
  const known = [...new Set([...modules, ...(answer.data?.events ?? []).map(({ module }) => module)])];
  return html`<${Page} title="Event log" lead="What happened, newest first. An entry opens to its facts." actions=${html`<${State} tone=${follow ? (live === "live" ? "good" : "warn") : "calm"}>${follow ? (live === "live" ? "following" : "asking every 3 s") : "held"}<//>
      <button type="button" class="button" aria-pressed=${follow ? "true" : "false"} onClick=${() => set_follow(!follow)}>${follow ? "Hold" : "Follow"}</button>`} />
    <${Panel} flush><div class="form-row inset"><${Field} label="Words">${(at) => html`<input type="search" ...${at} aria-keyshortcuts="/" value=${words} onInput=${(event) => set_words(event.target.value)} />`}<//>
      <${Field} label="Level">${(at) => html`<${Select} ...${at} options=${levels} value=${filter.level} onChange=${put("level")} />`}<//>
      <${Field} label="Module">${(at) => html`<${Select} ...${at} options=${[["", "Every module"], ...known.map((name) => [name, name])]} value=${filter.module} onChange=${put("module")} />`}<//>
      <${Field} label="Domain or address">${(at) => html`<${Text} ...${at} value=${filter.peer} onChange=${put("peer")} />`}<//><${Tag}>${shown.length}<//></div>
      <${Wait} of=${answer}>${() => html`<${EventList} events=${shown} empty="No entry fits." />`}<//><//>`;
}
