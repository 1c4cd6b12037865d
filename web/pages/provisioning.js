// From a setting on the edge to its effect in the IM&P server's table: the chain, and on a presence node the table and
// the AXL users.
import { act } from "../lib/api.js";
import { TextField } from "../lib/fields.js";
import { html, useState } from "../lib/html.js";
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
    <${Panel} title="run sql" note="select … from, or a change of xmpps2snodes">
      <form class="form-row" onSubmit=${submit}>
        <${TextField}
          wide
          label="Statement"
          error=${problem}
          class="mono"
          size="60"
          value=${statement}
          onChange=${set}
        />
        <${Button} type="submit" verb="run.sql" busy=${busy}>Run<//>
      </form>
      ${answer &&
      (answer.columns
        ? html`
            <${Table}
              caption="Answer"
              filter=${false}
              rows=${answer.rows.map((row, at) => ({ ...row, at }))}
              name=${({ at }) => at}
              empty="No rows."
              columns=${answer.columns.map((name) => ({
                name,
                title: name,
                value: (row) => row[name],
                show: (row) => html`<${Mono}>${row[name]}<//>`,
              }))}
            />
          `
        : html`<${Notice} tone="good">${answer.changed} rows changed.<//>`)}
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
        say(user ? `${name} has a new password.` : `${name} can use AXL now.`);
        await refresh("axl-users.list");
        onClose();
      } catch (refused) {
        set_problem(refused.message);
      }
    });
  };
  return html`
    <${Sheet} title=${user ? `New password for ${user}` : "New AXL user"} onClose=${onClose}>
      <form onSubmit=${submit}>
        ${!user && html`<${TextField} label="Name" required value=${name} onChange=${set_name} />`}
        <${TextField}
          label="Password"
          required
          error=${problem}
          type="password"
          autocomplete="new-password"
          value=${password}
          onChange=${set_password}
        />
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb=${user ? "axl-users.passwd" : "axl-users.add"} busy=${busy}>
            Save
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
      title: `Remove ${name}?`,
      text: "A core that uses this account can no longer provision this node.",
      yes: "Remove",
    });
    if (!sure) return;
    await run(async () => {
      await act("axl-users.remove", { name });
      say(`${name} can no longer use AXL.`);
      await refresh("axl-users.list");
    });
  };
  const columns = [
    { name: "name", title: "Name", value: (row) => row.name, show: (row) => html`<b>${row.name}</b>` },
    { name: "roles", title: "Roles", value: (row) => row.roles.join(", ") },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="axl-users.passwd" onClick=${() => edit(row)}>Password<//>
          <${Button} kind="small danger" verb="axl-users.remove" busy=${busy} onClick=${remove(row.name)}>Remove<//>
        </span>
      `,
    },
  ];
  return html`
    <${Panel}
      flush
      title="AXL users"
      note="who can provision this node"
      actions=${html`<${Button} verb="axl-users.add" onClick=${() => edit({})}>New AXL user<//>`}
    >
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption="AXL users"
            filter=${false}
            rows=${data.users}
            columns=${columns}
            first="name"
            name=${({ name }) => name}
            empty="Nobody can use AXL here."
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
      title="Provisioning"
      lead="A setting changed on the edge reaches the core over SSH, and the IM&P server's table over AXL."
    />
    <${Panel} title="Unified Communications status" actions=${html`<${Tag}>${status.role}<//>`}>
      ${status.chain.length === 0
        ? html`
            <${Empty}>
              ${status.role === "presence"
                ? "This node is at the end of the chain; edge and core show it."
                : "No provisioning is configured: this node uses its own values."}
            <//>
          `
        : html`<${Steps} steps=${chain_steps(status)} />`}
    <//>
    ${status.role === "core" && has_servers && html`
      <p><a href="#/imp-servers">IM and Presence Servers that this core provisions</a></p>
    `}
    ${status.role === "presence" && html`${has_sql && may_ask && html`<${Sql} />`}${has_axl && html`<${AxlUsers} />`}`}
  `;
}
