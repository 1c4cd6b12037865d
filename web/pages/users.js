// The accounts of a presence node.
import { act } from "../lib/api.js";
import { TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { date, number } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Notice, Page, Panel, Sheet, SheetFoot, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Table } from "../lib/table.js";

function Password({ user, onClose }) {
  const { form, put, problem, wrong, busy, submit } = useForm({ user: user ?? "", password: "" }, async () => {
    await act(user ? "users.passwd" : "users.add", form);
    say(user ? `${form.user} has a new password; its clients have to log in again.` : `${form.user} was added.`);
    await refresh("users.list");
    onClose();
  });
  return html`
    <${Sheet} title=${user ? `New password for ${user}` : "New user"} onClose=${onClose}>
      <form onSubmit=${submit}>
        ${!user && html`
          <${TextField}
            label="User"
            required
            help="localpart@domain"
            error=${wrong("user")}
            value=${form.user}
            onChange=${put("user")}
          />
        `}
        <${TextField}
          label="Password"
          required
          error=${wrong("password")}
          type="password"
          autocomplete="new-password"
          value=${form.password}
          onChange=${put("password")}
        />
        ${problem && !problem.field && html`<${Notice} tone="bad">${problem.message}<//>`}
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb=${user ? "users.passwd" : "users.add"} busy=${busy}>Save<//>
        <//>
      </form>
    <//>
  `;
}

export default function Users() {
  const answer = useRead("users.list", {}, { every: 15_000 });
  const [edited, edit] = useState(null);
  const [busy, run] = useAction();
  const remove = (user) => async () => {
    const sure = await confirm({
      title: `Remove ${user}?`,
      text: "Its contacts and waiting stanzas are deleted too. This cannot be undone.",
      yes: "Remove",
    });
    if (!sure) return;
    await run(async () => {
      await act("users.remove", { user });
      say(`${user} was removed.`);
      await refresh("users.list");
    });
  };
  const columns = [
    { name: "user", title: "User", value: (row) => row.user, show: (row) => html`<b>${row.user}</b>` },
    { name: "created", title: "Since", value: (row) => row.created, show: (row) => date(row.created) },
    {
      name: "contacts",
      title: "Contacts",
      number: true,
      value: (row) => row.contacts,
      show: (row) => number(row.contacts),
    },
    {
      name: "waiting",
      title: "Stanzas waiting",
      number: true,
      value: (row) => row.waiting,
      show: (row) => number(row.waiting),
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="users.passwd" onClick=${() => edit({ user: row.user })}>Password<//>
          <${Button} kind="small danger" verb="users.remove" busy=${busy} onClick=${remove(row.user)}>Remove<//>
        </span>
      `,
    },
  ];
  return html`
    <${Page}
      title="Users"
      lead="Accounts whose clients log in to this presence node."
      actions=${html`<${Button} kind="primary" verb="users.add" onClick=${() => edit({})}>New user<//>`}
    />
    <${Panel} flush>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption="Users"
            rows=${data.users}
            columns=${columns}
            first="user"
            name=${({ user }) => user}
            empty="No users yet."
          />
        `}
      <//>
    <//>
    ${edited && html`<${Password} user=${edited.user} onClose=${() => edit(null)} />`}
  `;
}
