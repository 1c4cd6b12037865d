// The accounts of a presence node.
import { act } from "../lib/api.js";
import { TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { date, number } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Notice, Page, Panel, Sheet, SheetFoot, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Table } from "../lib/table.js";

function Password({ user, onClose }) {
  const { form, put, problem, wrong, busy, submit } = useForm({ user: user ?? "", password: "" }, async () => {
    await act(user ? "users.passwd" : "users.add", form);
    say(
      user
        ? t("{user} has a new password; its clients have to log in again.", { user: form.user })
        : t("{user} was added.", { user: form.user }),
    );
    await refresh("users.list");
    onClose();
  });
  return html`
    <${Sheet} title=${user ? t("New password for {user}", { user }) : t("New user")} onClose=${onClose}>
      <form onSubmit=${submit}>
        ${!user && html`
          <${TextField}
            label=${t("User")}
            required
            help=${t("localpart@domain")}
            error=${wrong("user")}
            value=${form.user}
            onChange=${put("user")}
          />
        `}
        <${TextField}
          label=${t("Password")}
          required
          error=${wrong("password")}
          type="password"
          autocomplete="new-password"
          value=${form.password}
          onChange=${put("password")}
        />
        ${problem && !problem.field && html`<${Notice} tone="bad">${problem.message}<//>`}
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb=${user ? "users.passwd" : "users.add"} busy=${busy}>
            ${t("Save")}
          <//>
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
      title: t("Remove {user}?", { user }),
      text: t("Its contacts and waiting stanzas are deleted too. This cannot be undone."),
      yes: t("Remove"),
    });
    if (!sure) return;
    await run(async () => {
      await act("users.remove", { user });
      say(t("{user} was removed.", { user }));
      await refresh("users.list");
    });
  };
  const columns = [
    { name: "user", title: t("User"), value: (row) => row.user, show: (row) => html`<b>${row.user}</b>` },
    { name: "created", title: t("Since"), value: (row) => row.created, show: (row) => date(row.created) },
    {
      name: "contacts",
      title: t("Contacts"),
      number: true,
      value: (row) => row.contacts,
      show: (row) => number(row.contacts),
    },
    {
      name: "waiting",
      title: t("Stanzas waiting"),
      number: true,
      value: (row) => row.waiting,
      show: (row) => number(row.waiting),
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="users.passwd" onClick=${() => edit({ user: row.user })}>${t("Password")}<//>
          <${Button} kind="small danger" verb="users.remove" busy=${busy} onClick=${remove(row.user)}>${t("Remove")}<//>
        </span>
      `,
    },
  ];
  return html`
    <${Page}
      title=${t("Users")}
      lead=${t("Accounts whose clients log in to this presence node.")}
      actions=${html`<${Button} kind="primary" verb="users.add" onClick=${() => edit({})}>${t("New user")}<//>`}
    />
    <${Panel} flush>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Users")}
            rows=${data.users}
            columns=${columns}
            first="user"
            name=${({ user }) => user}
            empty=${t("No users yet.")}
          />
        `}
      <//>
    <//>
    ${edited && html`<${Password} user=${edited.user} onClose=${() => edit(null)} />`}
  `;
}
