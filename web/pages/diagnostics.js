// Diagnostics: why, checks, log levels, the diagnostic log, packet capture. What the node lacks is not shown.
import { act, address_of } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Empty, Mono, Notice, Page, Panel, Select, State, Tabs, Tag, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Report } from "../lib/report.js";
import { useHas, verbs } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { Table } from "../lib/table.js";
import { Answer, VerbForm } from "../lib/verb_form.js";
import { Walk } from "../lib/walk.js";

const levels = ["trace", "debug", "info", "warn", "error", "off"].map((name) => [name, name]);

function Why({ query }) {
  const [walk, set] = useState(null);
  return html`<${Panel} title="Why" note="walks what a stanza would meet, with the code of the live path and without sending; nothing is changed">
    <${VerbForm} verb="why" label="Ask" first=${{ from: query.from ?? "", to: query.to ?? "" }} onDone=${set} />
    ${walk && html`<div class="result" role="status">${Array.isArray(walk.steps) ? html`<${Walk} walk=${walk} />` : html`<${Answer} answer=${walk} />`}</div>`}<//>`;
}

function Checks() {
  const known = useStore(verbs);
  const all = [...known.keys()].filter((name) => name.startsWith("check."));
  const [verb, set] = useState(all.includes("check.all") ? "check.all" : all[0]);
  const [reports, show] = useState([]);
  return html`<${Panel} title="Check" note=${known.get(verb)?.help}><div class="form-row"><div class="field"><label for="check-kind">Check</label><div class="control">
      <${Select} id="check-kind" options=${all.map((name) => [name, name.slice(6)])} value=${verb} onChange=${(next) => { set(next); show([]); }} /></div></div></div>
    <${VerbForm} key=${verb} verb=${verb} label="Run" onDone=${(answer) => show(answer.reports ?? answer.checks ?? [answer])} /><//>
    ${reports.map((report, at) => (report.findings ? html`<${Report} key=${at} report=${report} />` : html`<${Panel} key=${at} title="Answer"><${Answer} answer=${report} /><//>`))}`;
}

function Levels() {
  const listed = useHas("log.levels") ? "log.levels" : useHas("log.list") ? "log.list" : null;
  const answer = useRead(listed, {});
  const rows = answer.data?.levels ?? answer.data?.modules ?? [];
  const [busy, run] = useAction();
  const put = (module) => (level) => run(async () => {
    await act("log.level", { module, level });
    say(`${module} logs ${level} and above.`);
    if (listed) await refresh(listed);
  });
  const columns = [
    { name: "module", title: "Module", value: (row) => row.module, show: (row) => html`<${Mono}>${row.module}<//>` },
    { name: "level", title: "Level", value: (row) => row.level, show: (row) => html`<${Select} aria-label=${`Level of ${row.module}`} disabled=${busy} options=${levels} value=${row.level} onChange=${put(row.module)} />` },
    ...[...new Set(rows.flatMap(Object.keys))].filter((key) => key !== "module" && key !== "level").map((key) => ({ name: key, title: key.replaceAll("_", " "), value: (row) => (row[key] === null || row[key] === undefined ? "–" : typeof row[key] === "object" ? JSON.stringify(row[key]) : String(row[key])) })),
  ];
  return html`<${Panel} title="Log level" note="how much a module logs, until the next start; the setting log.modules lasts"><${VerbForm} verb="log.level" label="Set" first=${{ module: "all", level: "info" }} onDone=${async (done) => { say(`${done.module} logs ${done.level} and above.`); if (listed) await refresh(listed); }} /><//>
    ${listed && html`<${Panel} flush title="Modules"><${Wait} of=${answer}>${() => html`<${Table} caption="Log levels" rows=${rows} columns=${columns} first="module" name=${({ module }) => module} />`}<//><//>`}`;
}

/** Diagnostic logs and captures are of one kind: a verb that starts, one that stops, one that lists finished files. */
function Recording({ kind, title, note, files }) {
  const known = useStore(verbs);
  const listed = known.has(`${kind}.list`) ? `${kind}.list` : known.has(`${kind}.status`) ? `${kind}.status` : null;
  const answer = useRead(listed, {}, { every: 3_000 });
  const [busy, run] = useAction();
  const data = answer.data ?? {};
  const running = data.running ?? data.current ?? null;
  const done = async (what) => {
    say(what);
    if (listed) await refresh(listed);
  };
  const simple = (verb, what) => () => run(async () => {
    await act(verb);
    await done(what);
  });
  const remove = (name) => async () => {
    if (!(await confirm({ title: `Remove ${name}?`, text: "The file is gone then.", yes: "Remove" }))) return;
    await run(async () => {
      await act(`${kind}.remove`, { name });
      await done(`${name} was removed.`);
    });
  };
  const rows = data[files] ?? data.files ?? data.archives ?? data.captures ?? [];
  const keys = [...new Set(rows.flatMap(Object.keys))];
  const columns = [...keys.map((key) => ({ name: key, title: key.replaceAll("_", " "), value: (row) => (typeof row[key] === "number" ? row[key] : String(row[key] ?? "–")) })),
    { name: "do", title: "", show: (row) => html`<span class="row-buttons">${known.has(`${kind}.download`) && html`<a class="button small" href=${address_of(`${kind}.download`, { name: row.name })} download>Download</a>`}${known.has(`${kind}.remove`) && html`<${Button} kind="small danger" verb=${`${kind}.remove`} busy=${busy} onClick=${remove(row.name)}>Remove<//>`}</span>` }];
  return html`<${Panel} title=${title} note=${note} actions=${html`<${State} tone=${running ? "good" : "calm"}>${running ? "running" : "not running"}<//>`}>
      ${running ? html`<${Answer} answer=${running} /><div class="form-foot">${known.has(`${kind}.marker`) && html`<${VerbForm} verb=${`${kind}.marker`} label="Set marker" kind="" onDone=${() => done("The marker stands in the log.")} />`}
          <${Button} kind="danger" verb=${`${kind}.stop`} busy=${busy} onClick=${simple(`${kind}.stop`, `${title} stopped.`)}>Stop<//></div>`
        : html`<${VerbForm} verb=${`${kind}.start`} label="Start" onDone=${() => done(`${title} runs.`)} />`}
      ${known.has(`${kind}.collect`) && html`<div class="form-foot"><${Button} verb=${`${kind}.collect`} busy=${busy} onClick=${simple(`${kind}.collect`, "The archive is collected.")}>Collect<//><span class="note">one archive with logs, settings without secrets, status, versions</span></div>`}<//>
    ${listed && html`<${Panel} flush title="Files"><${Wait} of=${answer}>${() => (rows.length === 0 ? html`<${Empty}>No file yet.<//>` : html`<${Table} caption=${`Files: ${title}`} rows=${rows} columns=${columns} name=${({ name }) => name} />`)}<//><//>`}`;
}

export default function Diagnostics({ query }) {
  const known = useStore(verbs);
  const views = [["why", "Why", known.has("why")], ["check", "Checks", [...known.keys()].some((name) => name.startsWith("check."))], ["levels", "Log levels", known.has("log.level")],
    ["diag", "Diagnostic log", known.has("diag.start")], ["capture", "Packet capture", known.has("capture.start")]].filter(([, , has]) => has);
  const [tab, set] = useState(views.some(([key]) => key === query.tab) ? query.tab : views[0]?.[0]);
  if (views.length === 0) return html`<${Page} title="Diagnostics" /><${Notice}>This node has no diagnostics.<//>`;
  return html`<${Page} title="Diagnostics" lead="Whose fault it is, at which step, and the proof of it." />
    <${Tabs} label="Tools" at=${tab} onChange=${set} tabs=${views} />
    ${tab === "why" && html`<${Why} query=${query} />`}${tab === "check" && html`<${Checks} />`}${tab === "levels" && html`<${Levels} />`}
    ${tab === "diag" && html`<${Recording} kind="diag" title="Diagnostic log" note="every line into a file of its own, on wish with a capture and more talkative modules" files="diagnoses" />`}
    ${tab === "capture" && html`<${Recording} kind="capture" title="Packet capture" note="of this node's own ports, bounded; opens in Wireshark" files="captures" /><${Tag}>The TLS secrets go into the file only when you ask for it.<//>`}`;
}
