// Diagnostics: why, checks, log levels, the diagnostic log, packet capture. What the node lacks is not shown.
import { act } from "../lib/api.js";
import { save_file } from "../lib/download.js";
import { Select, SelectField } from "../lib/fields.js";
import { bytes, span, time } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { useRead } from "../lib/live.js";
import { Button, Mono, Notice, Page, Panel, State, Tabs, Tag, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Report } from "../lib/report.js";
import { useForbidden, verbs } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { Table } from "../lib/table.js";
import { Answer, VerbForm } from "../lib/verb_form.js";
import { Walk } from "../lib/walk.js";

const choices_of = (names) => names.map((name) => [name, name]);
const levels = choices_of(["debug", "info", "warn", "error", "off"]);

function Why({ query }) {
  const [walk, set] = useState(null);
  return html`
    <${Panel}
      title="Why"
      note="every step that a stanza would take, judged by the code of the live path; nothing is sent or changed"
    >
      <${VerbForm} verb="why" label="Ask" first=${{ from: query.from ?? "", to: query.to ?? "" }} onDone=${set} />
      ${walk && html`
        <div class="result" role="status">
          ${Array.isArray(walk.steps) ? html`<${Walk} walk=${walk} />` : html`<${Answer} answer=${walk} />`}
        </div>
      `}
    <//>
  `;
}

function Checks() {
  const known = useStore(verbs);
  const all = [...known.keys()].filter((name) => name.startsWith("check."));
  const [verb, set] = useState(all.includes("check.all") ? "check.all" : all[0]);
  const [reports, show] = useState([]);
  return html`
    <${Panel} title="Check" note=${known.get(verb)?.help}>
      <${VerbForm} verb=${verb} label="Run" onDone=${(answer) => show([answer])}>
        <${SelectField}
          label="Which check"
          name="check"
          options=${all.map((name) => [name, name.slice(6)])}
          value=${verb}
          onChange=${(next) => {
            set(next);
            show([]);
          }}
        />
      <//>
    <//>
    ${reports.map((report, at) =>
      report.findings
        ? html`<${Report} key=${at} report=${report} />`
        : html`<${Panel} key=${at} title="Answer"><${Answer} answer=${report} /><//>`,
    )}
  `;
}

function Levels() {
  const lists = useStore(verbs).has("log.levels");
  const answer = useRead(lists ? "log.levels" : null, {}, { every: 5_000 });
  const [busy, run] = useAction();
  const forbidden = useForbidden("log.level");
  const done = async (said) => {
    say(said);
    if (lists) await answer.refresh();
  };
  const put = (module) => (level) =>
    run(async () => {
      await act("log.level", { module, level });
      await done(
        level === "reset" ? `${module} logs as the settings say again.` : `${module} logs ${level} and above.`,
      );
    });
  const columns = [
    { name: "module", title: "Module", value: (row) => row.module, show: (row) => html`<${Mono}>${row.module}<//>` },
    {
      name: "printed",
      title: "In log lines",
      value: (row) => row.printed,
      show: (row) => html`<${Mono}>${row.printed}<//>`,
    },
    {
      name: "level",
      title: "Level",
      value: (row) => row.level,
      show: (row) => html`
        <${Select}
          aria-label=${`Level of ${row.module}`}
          disabled=${busy || forbidden !== ""}
          title=${forbidden || undefined}
          options=${row.offered ? choices_of(row.offered) : levels}
          value=${row.level}
          onChange=${put(row.module)}
        />
      `,
    },
    { name: "origin", title: "Set by", value: (row) => row.origin },
    {
      name: "left",
      title: "Reverts",
      value: (row) => row.seconds_left ?? 0,
      show: (row) => (row.seconds_left ? `in ${span(row.seconds_left)}` : "–"),
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <${Button} kind="small" verb="log.level" busy=${busy} onClick=${() => put(row.module)("reset")}>Reset<//>
      `,
    },
  ];
  return html`
    <${Panel} title="Log level" note="until the next restart; set log.modules to keep it">
      <${VerbForm}
        verb="log.level"
        label="Set"
        first=${{ module: "all", level: "info" }}
        choices=${{
          level: [...levels, ["reset", "reset: as the settings say"]],
          ...(answer.data
            ? { module: [["all", "all modules"], ...answer.data.modules.map(({ module }) => [module, module])] }
            : {}),
        }}
        onDone=${() => done("The log level is set.")}
      />
    <//>
    ${lists && html`
      <${Panel} flush title="Modules">
        <${Wait} of=${answer}>
          ${(data) => html`
            <${Table}
              caption="Log levels"
              rows=${data.modules}
              columns=${columns}
              first="module"
              name=${({ module }) => module}
            />
          `}
        <//>
      <//>
    `}
  `;
}

/** What was recorded: to bring and to remove. */
function Files({ kind, title, answer }) {
  const [busy, run] = useAction();
  const bring = (name) => () => run(() => save_file(`${kind}.get`, name));
  const remove = (name) => async () => {
    const sure = await confirm({ title: `Remove ${name}?`, text: "The file is deleted for good.", yes: "Remove" });
    if (!sure) return;
    await run(async () => {
      await act(`${kind}.remove`, { name });
      say(`${name} was removed.`);
      await answer.refresh();
    });
  };
  const columns = [
    {
      name: "name",
      title: "Name",
      value: (row) => row.name,
      show: (row) => html`<b>${row.name}</b> ${row.with_secrets && html`<${Tag} tone="warn">contains TLS secrets<//>`}`,
    },
    { name: "time", title: "Time", value: (row) => row.time, show: (row) => time(row.time) },
    { name: "bytes", title: "Size", number: true, value: (row) => row.bytes, show: (row) => bytes(row.bytes) },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb=${`${kind}.get`} busy=${busy} onClick=${bring(row.name)}>Download<//>
          <${Button} kind="small danger" verb=${`${kind}.remove`} busy=${busy} onClick=${remove(row.name)}>Remove<//>
        </span>
      `,
    },
  ];
  return html`
    <${Panel} flush title="Files">
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${`Files: ${title}`}
            rows=${data.files}
            columns=${columns}
            first="-time"
            name=${({ name }) => name}
            empty="No file yet."
          />
        `}
      <//>
    <//>
  `;
}

/** Diagnostic logs and captures are of one kind: what runs, what ended last, its files. */
function Recording({ kind, title, note }) {
  const known = useStore(verbs);
  const answer = useRead(`${kind}.list`, {}, { every: 3_000 });
  const [busy, run] = useAction();
  const latest = answer.data?.running ?? answer.data?.latest ?? answer.data?.last ?? null;
  const running = latest?.state === "running";
  const done = async (what) => {
    say(what);
    await answer.refresh();
  };
  const simple = (verb, what) => () =>
    run(async () => {
      await act(verb, {}, { wait_ms: 120_000 });
      await done(what);
    });
  return html`
    <${Panel}
      title=${title}
      note=${note}
      actions=${html`<${State} tone=${running ? "good" : "calm"}>${running ? "running" : "not running"}<//>`}
    >
      ${latest && html`<${Answer} answer=${latest} />`}
      ${running
        ? html`
            ${known.has(`${kind}.marker`) && html`
              <div class="form-part">
                <${VerbForm}
                  verb=${`${kind}.marker`}
                  label="Set marker"
                  kind=""
                  onDone=${() => done("The marker is set.")}
                />
              </div>
            `}
            <div class="form-foot">
              <${Button}
                kind="danger"
                verb=${`${kind}.stop`}
                busy=${busy}
                onClick=${simple(`${kind}.stop`, `${title} stopped.`)}
              >
                Stop
              <//>
              <span class="note">everything recorded so far is kept</span>
            </div>
          `
        : html`
            <div class=${latest ? "form-part" : ""}>
              <${VerbForm} verb=${`${kind}.start`} label="Start" onDone=${() => done(`${title} started.`)} />
            </div>
          `}
      ${latest && known.has(`${kind}.collect`) && html`
        <div class="form-foot">
          <${Button}
            verb=${`${kind}.collect`}
            busy=${busy}
            onClick=${simple(`${kind}.collect`, "The archive is complete.")}
          >
            Collect
          <//>
          <span class="note">one archive with logs, settings without secrets, status, versions</span>
        </div>
      `}
    <//>
    <${Files} kind=${kind} title=${title} answer=${answer} />
  `;
}

const effects = [
  ["reload", "changed and in force"],
  ["restart", "needs a restart of the node"],
  ["router-restart", "needs a restart of the router"],
  ["never", "without effect, because what is stored by now counts"],
];

/** The keys of each kind in one sentence. */
function changed_keys(changes) {
  const sentences = effects.flatMap(([effect, words]) => {
    const keys = changes.filter((change) => change.effect === effect).map(({ key }) => key);
    return keys.length > 0 ? [`${words}: ${keys.join(", ")}`] : [];
  });
  return sentences.length > 0 ? sentences : ["nothing in them has changed"];
}

/** Reads certificates and the node's file again; what changed, or what the node objects to, a line each. */
function Reload() {
  const [said, set] = useState(null);
  const [busy, run] = useAction();
  const reload = () =>
    run(async () => {
      set(null);
      try {
        const { changes } = await act("reload", {}, { wait_ms: 60_000 });
        set({ tone: "good", changes });
      } catch (refused) {
        set({ tone: "bad", complaints: refused.message.split("\n") });
      }
    });
  return html`
    <${Panel} title="Reload" note="certificates and the node's file, as SIGHUP does; streams and links stay open">
      <${Button} kind="primary" verb="reload" busy=${busy} onClick=${reload}>Reload<//>
      ${said && html`
        <div class="result" role="status">
          ${said.tone === "good"
            ? html`
                <${Notice} tone="good" title="Certificates and the node's file are reloaded.">
                  <ul>${changed_keys(said.changes).map((one) => html`<li key=${one}>${one}</li>`)}</ul>
                <//>
              `
            : html`
                <${Notice} tone="bad" title="Not everything was reloaded.">
                  <ul>${said.complaints.map((one) => html`<li key=${one}>${one}</li>`)}</ul>
                <//>
              `}
        </div>
      `}
    <//>
  `;
}

export default function Diagnostics({ query }) {
  const known = useStore(verbs);
  const views = [
    ["why", "Why", known.has("why")],
    ["check", "Checks", [...known.keys()].some((name) => name.startsWith("check."))],
    ["levels", "Log levels", known.has("log.level")],
    ["diag", "Diagnostic log", known.has("diag.start")],
    ["capture", "Packet capture", known.has("capture.start")],
    ["reload", "Reload", known.has("reload")],
  ].filter(([, , has]) => has);
  const [tab, set] = useState(views.some(([key]) => key === query.tab) ? query.tab : views[0]?.[0]);
  if (views.length === 0) return html`<${Page} title="Diagnostics" /><${Notice}>This node has no diagnostics.<//>`;
  return html`
    <${Page} title="Diagnostics" lead="What fails, at which step, on whose side, and the evidence." />
    <${Tabs} label="Tools" at=${tab} onChange=${set} tabs=${views} />
    ${tab === "why" && html`<${Why} query=${query} />`}
    ${tab === "check" && html`<${Checks} />`}
    ${tab === "reload" && html`<${Reload} />`}
    ${tab === "levels" && html`<${Levels} />`}
    ${tab === "diag" && html`
      <${Recording}
        kind="diag"
        title="Diagnostic log"
        note="every log line in a file of its own; optionally with a capture and more detailed levels"
      />
    `}
    ${tab === "capture" && html`
      <${Recording}
        kind="capture"
        title="Packet capture"
        note="this node's own ports, limited in size; for Wireshark. TLS secrets only if you ask for them"
      />
    `}
  `;
}
