// Diagnostics: why, checks, log levels, the diagnostic log, packet capture. What the node lacks is not shown.
import { act } from "../lib/api.js";
import { save_file } from "../lib/download.js";
import { Select, SelectField } from "../lib/fields.js";
import { bytes, span, time } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useRead } from "../lib/live.js";
import { Button, Mono, Notice, Page, Panel, State, Tabs, Tag, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Report } from "../lib/report.js";
import { useForbidden, verbs } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { Table } from "../lib/table.js";
import { Answer, VerbForm } from "../lib/verb_form.js";
import { verb_help, word_of } from "../lib/words.js";
import { Walk } from "../lib/walk.js";

const choices_of = (names) => names.map((name) => [name, name]);
const levels = choices_of(["debug", "info", "warn", "error", "off"]);

/** A module is offered the levels that it has lines of; a lower one in force is the lowest of these. */
const level_shown = ({ offered, level }) => (!offered || offered.includes(level) ? level : offered[0]);

function Why({ query }) {
  const [walk, set] = useState(null);
  return html`
    <${Panel}
      title=${t("Why")}
      note=${t("every step that a stanza would take, judged by the code of the live path; nothing is sent or changed")}
    >
      <${VerbForm} verb="why" label=${t("Ask")} first=${{ from: query.from ?? "", to: query.to ?? "" }} onDone=${set} />
      ${walk && html`
        <div class="result" role="status">
          ${Array.isArray(walk.steps) ? html`<${Walk} walk=${walk} />` : html`<${Answer} answer=${walk} />`}
        </div>
      `}
    <//>
  `;
}

/** Checks that other roles refuse. */
const role_of_check = { "check.dialback": "edge", "check.axl": "core" };

function Checks({ role }) {
  const known = useStore(verbs);
  const all = [...known.keys()].filter((name) => name.startsWith("check.") && (role_of_check[name] ?? role) === role);
  const [verb, set] = useState(all.includes("check.all") ? "check.all" : all[0]);
  const [reports, show] = useState([]);
  return html`
    <${Panel} title=${t("Check")} note=${verb_help(verb, known.get(verb)?.help)}>
      <${VerbForm} verb=${verb} label=${t("Run")} onDone=${(answer) => show([answer])}>
        <${SelectField}
          label=${t("Which check")}
          name="check"
          options=${all.map((name) => [name, word_of("check", name.slice(6))])}
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
        : html`<${Panel} key=${at} title=${t("Answer")}><${Answer} answer=${report} /><//>`,
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
        level === "reset"
          ? t("{module} logs as the settings say again.", { module })
          : t("{module} logs {level} and above.", { module, level }),
      );
    });
  const columns = [
    { name: "module", title: t("Module"), value: (row) => row.module, show: (row) => html`<${Mono}>${row.module}<//>` },
    {
      name: "printed",
      title: t("In log lines"),
      value: (row) => row.printed,
      show: (row) => html`<${Mono}>${row.printed}<//>`,
    },
    {
      name: "level",
      title: t("Level"),
      value: (row) => row.level,
      show: (row) => html`
        <${Select}
          aria-label=${t("Level of {module}", { module: row.module })}
          disabled=${busy || forbidden !== ""}
          title=${forbidden || undefined}
          options=${row.offered ? choices_of(row.offered) : levels}
          value=${level_shown(row)}
          onChange=${put(row.module)}
        />
      `,
    },
    { name: "origin", title: t("Set by"), value: (row) => word_of("origin", row.origin) },
    {
      name: "left",
      title: t("Reverts"),
      value: (row) => row.seconds_left ?? 0,
      show: (row) => (row.seconds_left ? t("in {time}", { time: span(row.seconds_left) }) : "–"),
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <${Button} kind="small" verb="log.level" busy=${busy} onClick=${() => put(row.module)("reset")}>
          ${t("Reset")}
        <//>
      `,
    },
  ];
  return html`
    <${Panel} title=${t("Log level")} note=${t("until the next restart; set log.modules to keep it")}>
      <${VerbForm}
        verb="log.level"
        label=${t("level|Set")}
        first=${{ module: "all", level: "info" }}
        choices=${{
          level: [...levels, ["reset", t("reset: as the settings say")]],
          ...(answer.data
            ? { module: [["all", t("all modules")], ...answer.data.modules.map(({ module }) => [module, module])] }
            : {}),
        }}
        onDone=${() => done(t("The log level is set."))}
      />
    <//>
    ${lists && html`
      <${Panel} flush title=${t("Modules")}>
        <${Wait} of=${answer}>
          ${(data) => html`
            <${Table}
              caption=${t("Log levels")}
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
    const sure = await confirm({
      title: t("Remove {name}?", { name }),
      text: t("The file is deleted for good."),
      yes: t("Remove"),
    });
    if (!sure) return;
    await run(async () => {
      await act(`${kind}.remove`, { name });
      say(t("{name} was removed.", { name }));
      await answer.refresh();
    });
  };
  const columns = [
    {
      name: "name",
      title: t("Name"),
      value: (row) => row.name,
      show: (row) => html`
        <b>${row.name}</b> ${row.with_secrets && html`<${Tag} tone="warn">${t("contains TLS secrets")}<//>`}
      `,
    },
    { name: "time", title: t("Time"), value: (row) => row.time, show: (row) => time(row.time) },
    { name: "bytes", title: t("Size"), number: true, value: (row) => row.bytes, show: (row) => bytes(row.bytes) },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb=${`${kind}.get`} busy=${busy} onClick=${bring(row.name)}>${t("Download")}<//>
          <${Button} kind="small danger" verb=${`${kind}.remove`} busy=${busy} onClick=${remove(row.name)}>
            ${t("Remove")}
          <//>
        </span>
      `,
    },
  ];
  return html`
    <${Panel} flush title=${t("Files")}>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Files: {title}", { title })}
            rows=${data.files}
            columns=${columns}
            first="-time"
            name=${({ name }) => name}
            empty=${t("No file yet.")}
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
      actions=${html`<${State} tone=${running ? "good" : "calm"}>${running ? t("running") : t("not running")}<//>`}
    >
      ${latest && html`<${Answer} answer=${latest} />`}
      ${running
        ? html`
            ${known.has(`${kind}.marker`) && html`
              <div class="form-part">
                <${VerbForm}
                  verb=${`${kind}.marker`}
                  label=${t("Set marker")}
                  kind=""
                  onDone=${() => done(t("The marker is set."))}
                />
              </div>
            `}
            <div class="form-foot">
              <${Button}
                kind="danger"
                verb=${`${kind}.stop`}
                busy=${busy}
                onClick=${simple(`${kind}.stop`, t("{title} stopped.", { title }))}
              >
                ${t("Stop")}
              <//>
              <span class="note">${t("everything recorded so far is kept")}</span>
            </div>
          `
        : html`
            <div class=${latest ? "form-part" : ""}>
              <${VerbForm}
                verb=${`${kind}.start`}
                label=${t("Start")}
                onDone=${() => done(t("{title} started.", { title }))}
              />
            </div>
          `}
      ${latest && known.has(`${kind}.collect`) && html`
        <div class="form-foot">
          <${Button}
            verb=${`${kind}.collect`}
            busy=${busy}
            onClick=${simple(`${kind}.collect`, t("The archive is complete."))}
          >
            ${t("Collect")}
          <//>
          <span class="note">${t("one archive with logs, settings without secrets, status, versions")}</span>
        </div>
      `}
    <//>
    <${Files} kind=${kind} title=${title} answer=${answer} />
  `;
}

const effects = () => [
  ["reload", t("changed and in force")],
  ["restart", t("needs a restart of the node")],
  ["router-restart", t("needs a restart of the router")],
  ["never", t("without effect, because what is stored by now counts")],
];

/** The keys of each kind in one sentence. */
function changed_keys(changes) {
  const sentences = effects().flatMap(([effect, words]) => {
    const keys = changes.filter((change) => change.effect === effect).map(({ key }) => key);
    return keys.length > 0 ? [`${words}: ${keys.join(", ")}`] : [];
  });
  return sentences.length > 0 ? sentences : [t("nothing in them has changed")];
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
    <${Panel}
      title=${t("Reload")}
      note=${t("certificates and the node's file, as SIGHUP does; streams and links stay open")}
    >
      <${Button} kind="primary" verb="reload" busy=${busy} onClick=${reload}>${t("Reload")}<//>
      ${said && html`
        <div class="result" role="status">
          ${said.tone === "good"
            ? html`
                <${Notice} tone="good" title=${t("Certificates and the node's file are reloaded.")}>
                  <ul>${changed_keys(said.changes).map((one) => html`<li key=${one}>${one}</li>`)}</ul>
                <//>
              `
            : html`
                <${Notice} tone="bad" title=${t("Not everything was reloaded.")}>
                  <ul>${said.complaints.map((one) => html`<li key=${one}>${one}</li>`)}</ul>
                <//>
              `}
        </div>
      `}
    <//>
  `;
}

export default function Diagnostics({ query, status }) {
  const known = useStore(verbs);
  const views = [
    ["why", t("Why"), known.has("why")],
    ["check", t("Checks"), [...known.keys()].some((name) => name.startsWith("check."))],
    ["levels", t("Log levels"), known.has("log.level")],
    ["diag", t("Diagnostic log"), known.has("diag.start")],
    ["capture", t("Packet capture"), known.has("capture.start")],
    ["reload", t("Reload"), known.has("reload")],
  ].filter(([, , has]) => has);
  const [tab, set] = useState(views.some(([key]) => key === query.tab) ? query.tab : views[0]?.[0]);
  if (views.length === 0) {
    return html`<${Page} title=${t("Diagnostics")} /><${Notice}>${t("This node has no diagnostics.")}<//>`;
  }
  return html`
    <${Page} title=${t("Diagnostics")} lead=${t("What fails, at which step, on whose side, and the evidence.")} />
    <${Tabs} label=${t("Tools")} at=${tab} onChange=${set} tabs=${views} />
    ${tab === "why" && html`<${Why} query=${query} />`}
    ${tab === "check" && html`<${Checks} role=${status.role} />`}
    ${tab === "reload" && html`<${Reload} />`}
    ${tab === "levels" && html`<${Levels} />`}
    ${tab === "diag" && html`
      <${Recording}
        kind="diag"
        title=${t("Diagnostic log")}
        note=${t("every log line in a file of its own; optionally with a capture and more detailed levels")}
      />
    `}
    ${tab === "capture" && html`
      <${Recording}
        kind="capture"
        title=${t("Packet capture")}
        note=${t("this node's own ports, limited in size; for Wireshark. TLS secrets only if you ask for them")}
      />
    `}
  `;
}
