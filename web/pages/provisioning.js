// From a setting on the edge to its effect in the IM&P server's table: the chain, and on a presence node the table and
// the AXL users.
import { act } from "../lib/api.js";
import { TextField } from "../lib/fields.js";
import { html, useState } from "../lib/html.js";
import { t, tn } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import {
  Button,
  Empty,
  Mono,
  Notice,
  Page,
  Panel,
  Sheet,
  SheetFoot,
  Steps,
  Tag,
  Wait,
  confirm,
  say,
  useAction,
  chain_steps,
} from "../lib/parts.js";
import { call, useForbidden, useHas } from "../lib/session.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

function Sql() {
  const [statement, set] = useState("select * from xmpps2snodes");
  const [answer, set_answer] = useState(null);
  const [problem, set_problem] = useState("");
  const [busy, run] = useAction();
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      try {
        set_answer(await call("run.sql", { statement: [statement] }));
        set_problem("");
      } catch (refused) {
        set_problem(refused.message);
      }
    });
  };
  return html`
    <${Panel} title=${"run sql"} note=${t("select … from, or a change of xmpps2snodes")}>
      <form class="form-row" onSubmit=${submit}>
        <${TextField}
          wide
          label=${t("Statement")}
          error=${problem}
          class="mono"
          size="60"
          value=${statement}
          onChange=${set}
        />
        <${Button} type="submit" verb="run.sql" busy=${busy}>${t("Run")}<//>
      </form>
      ${answer &&
      (answer.columns
        ? html`
            <${Table}
              caption=${t("Answer")}
              filter=${false}
              rows=${answer.rows.map((row, at) => ({ ...row, at }))}
              name=${({ at }) => at}
              empty=${t("No rows.")}
              columns=${answer.columns.map((name) => ({
                name,
                title: name,
                value: (row) => row[name],
                show: (row) => html`<${Mono}>${row[name]}<//>`,
              }))}
            />
          `
        : html`<${Notice} tone="good">${tn(answer.changed, "{n} row changed.", "{n} rows changed.")}<//>`)}
    <//>
  `;
}

function AxlForm({ user, onClose }) {
  const [name, set_name] = useState(user ?? "");
  const [password, set_password] = useState("");
  const [problem, set_problem] = useState("");
  const [busy, run] = useAction();
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      try {
        await act(user ? "axl-users.passwd" : "axl-users.add", { name, password });
        say(user ? t("{name} has a new password.", { name }) : t("{name} can use AXL now.", { name }));
        await refresh("axl-users.list");
        onClose();
      } catch (refused) {
        set_problem(refused.message);
      }
    });
  };
  return html`
    <${Sheet} title=${user ? t("New password for {user}", { user }) : t("New AXL user")} onClose=${onClose}>
      <form onSubmit=${submit}>
        ${!user && html`<${TextField} label=${t("Name")} required value=${name} onChange=${set_name} />`}
        <${TextField}
          label=${t("Password")}
          required
          error=${problem}
          type="password"
          autocomplete="new-password"
          value=${password}
          onChange=${set_password}
        />
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb=${user ? "axl-users.passwd" : "axl-users.add"} busy=${busy}>
            ${t("Save")}
          <//>
        <//>
      </form>
    <//>
  `;
}

function AxlUsers() {
  const answer = useRead("axl-users.list", {}, { every: 15_000 });
  const [edited, edit] = useState(null);
  const [busy, run] = useAction();
  const remove = (name) => async () => {
    const sure = await confirm({
      title: t("Remove {name}?", { name }),
      text: t("A core that uses this account can no longer provision this node."),
      yes: t("Remove"),
    });
    if (!sure) return;
    await run(async () => {
      await act("axl-users.remove", { name });
      say(t("{name} can no longer use AXL.", { name }));
      await refresh("axl-users.list");
    });
  };
  const columns = [
    { name: "name", title: t("Name"), value: (row) => row.name, show: (row) => html`<b>${row.name}</b>` },
    { name: "roles", title: t("Roles"), value: (row) => row.roles.join(", ") },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="axl-users.passwd" onClick=${() => edit(row)}>${t("Password")}<//>
          <${Button} kind="small danger" verb="axl-users.remove" busy=${busy} onClick=${remove(row.name)}>
            ${t("Remove")}
          <//>
        </span>
      `,
    },
  ];
  return html`
    <${Panel}
      flush
      title=${t("AXL users")}
      note=${t("who can provision this node")}
      actions=${html`<${Button} verb="axl-users.add" onClick=${() => edit({})}>${t("New AXL user")}<//>`}
    >
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("AXL users")}
            filter=${false}
            rows=${data.users}
            columns=${columns}
            first="name"
            name=${({ name }) => name}
            empty=${t("Nobody can use AXL here.")}
          />
        `}
      <//>
    <//>
    ${edited && html`<${AxlForm} user=${edited.name} onClose=${() => edit(null)} />`}
  `;
}

export default function Provisioning({ status }) {
  const may_ask = useForbidden("run.sql") === "";
  const has_sql = useHas("run.sql"),
    has_servers = useHas("imp-servers.list"),
    has_axl = useHas("axl-users.list");
  return html`
    <${Page}
      title=${t("Provisioning")}
      lead=${t("A setting changed on the edge reaches the core over SSH, and the IM&P server's table over AXL.")}
    />
    <${Panel} title=${t("Unified Communications status")} actions=${html`<${Tag}>${word_of("role", status.role)}<//>`}>
      ${status.chain.length === 0
        ? html`
            <${Empty}>
              ${status.role === "presence"
                ? t("This node is at the end of the chain; edge and core show it.")
                : t("No provisioning is configured: this node uses its own values.")}
            <//>
          `
        : html`<${Steps} steps=${chain_steps(status)} />`}
    <//>
    ${status.role === "core" && has_servers && html`
      <p><a href="#/imp-servers">${t("IM and Presence Servers that this core provisions")}</a></p>
    `}
    ${status.role === "presence" && html`${has_sql && may_ask && html`<${Sql} />`}${has_axl && html`<${AxlUsers} />`}`}
  `;
}
