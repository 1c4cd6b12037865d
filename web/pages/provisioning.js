// From a setting on the edge to its effect in the IM&P server's table: the chain, the servers that a core provisions,
// the table and the AXL users of a presence node.
import { act } from "../lib/api.js";
import { Check, Field, TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
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
  State,
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

function ServerForm({ server, onClose }) {
  const { form, put, problem, wrong, busy, submit } = useForm(
    { address: server?.address ?? "", username: server?.username ?? "", password: "", no_tls_verify: false },
    async () => {
      if (server) {
        await act("imp-servers.passwd", { address: form.address, username: form.username, password: form.password });
      } else await act("imp-servers.add", form, { wait_ms: 60_000 });
      say(server ? `${form.address} is asked with the new password now.` : `${form.address} is provisioned now.`);
      await refresh("imp-servers.list", "status");
      onClose();
    },
  );
  return html`
    <${Sheet} title=${server ? `Password for ${server.address}` : "New IM&P server"} onClose=${onClose}>
      <form onSubmit=${submit}>
        ${!server && html`
          <${TextField}
            label="Publisher"
            required
            help="host or host:port; its subscribers are found automatically"
            error=${wrong("address")}
            value=${form.address}
            onChange=${put("address")}
          />
        `}
        <${TextField}
          label="User"
          required
          help="with access to the AXL API"
          error=${wrong("username")}
          value=${form.username}
          onChange=${put("username")}
        />
        <${TextField}
          label="Password"
          required
          error=${wrong("password")}
          type="password"
          autocomplete="new-password"
          value=${form.password}
          onChange=${put("password")}
        />
        ${!server && html`
          <${Field} label="TLS">
            ${(at) => html`
              <${Check} ...${at} value=${form.no_tls_verify} onChange=${put("no_tls_verify")}>Accept any certificate<//>
            `}
          <//>
        `}
        ${problem && !["address", "username", "password"].includes(problem.field) && html`
          <${Notice} tone="bad">${problem.message}<//>
        `}
        <${SheetFoot} onClose=${onClose}>
          <${Button}
            type="submit"
            kind="primary"
            verb=${server ? "imp-servers.passwd" : "imp-servers.add"}
            busy=${busy}
          >
            Save
          <//>
        <//>
      </form>
    <//>
  `;
}

function Servers() {
  const answer = useRead("imp-servers.list", {}, { every: 5_000 });
  const [edited, edit] = useState(null);
  const [busy, run] = useAction();
  const again = (address) => () =>
    run(async () => {
      await act("imp-servers.refresh", { address }, { wait_ms: 60_000 });
      say(address ? `${address} was asked again.` : "All servers were asked again.");
      await refresh("imp-servers.list", "status");
    });
  const remove = (address) => async () => {
    const sure = await confirm({
      title: `Forget ${address}?`,
      text: "Our rows stay in its table; you will be told which.",
      yes: "Forget",
    });
    if (!sure) return;
    await run(async () => {
      const { rows_left: left } = await act("imp-servers.remove", { address }, { wait_ms: 60_000 });
      say(
        left?.length > 0
          ? `${address} is forgotten; its table still has ${left.join(", ")}.`
          : `${address} is forgotten.`,
        left?.length > 0 ? "warn" : "good",
      );
      await refresh("imp-servers.list", "status");
    });
  };
  const columns = [
    {
      name: "address",
      title: "Publisher",
      value: (row) => row.address,
      show: (row) => html`
        <b>${row.address}</b>
        <span class="sub">${row.username}${row.tls_verify ? "" : ", any certificate"}</span>
      `,
    },
    { name: "state", title: "State", value: (row) => row.state, show: (row) => html`<${State}>${row.state}<//>` },
    { name: "nodes", title: "Nodes of the cluster", value: (row) => row.nodes.join(", ") },
    {
      name: "rows",
      title: "Our rows",
      wrap: true,
      value: (row) => row.rows.join(" "),
      show: (row) => row.rows.map((one) => html`<div key=${one}><${Mono}>${one}<//></div>`),
    },
    { name: "text", title: "Progress", wrap: true, value: (row) => row.explanation ?? "" },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="imp-servers.refresh" busy=${busy} onClick=${again(row.address)}>Refresh<//>
          <${Button} kind="small" verb="imp-servers.passwd" onClick=${() => edit(row)}>Password<//>
          <${Button} kind="small danger" verb="imp-servers.remove" busy=${busy} onClick=${remove(row.address)}>
            Forget
          <//>
        </span>
      `,
    },
  ];
  return html`
    <${Panel}
      flush
      title="IM&P servers"
      actions=${html`
        <${Button} verb="imp-servers.refresh" busy=${busy} onClick=${again("")}>Refresh all<//>
        <${Button} kind="primary" verb="imp-servers.add" onClick=${() => edit({})}>Add server<//>
      `}
    >
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption="IM&P servers"
            rows=${data.servers}
            columns=${columns}
            filter=${data.servers.length > 5}
            first="address"
            name=${({ address }) => address}
            empty="No IM&P server is provisioned."
          />
        `}
      <//>
    <//>
    ${edited && html`<${ServerForm} server=${edited.address ? edited : null} onClose=${() => edit(null)} />`}
  `;
}

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
    <${Panel} title="Chain" actions=${html`<${Tag}>${status.role}<//>`}>
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
    ${status.role === "core" && has_servers && html`<${Servers} />`}
    ${status.role === "presence" && html`${has_sql && may_ask && html`<${Sql} />`}${has_axl && html`<${AxlUsers} />`}`}
  `;
}
