// Who may use this page and the REST interface: accounts, tokens for scripts, sessions; and the audit of what they did.
import { act } from "../lib/api.js";
import { SelectField, TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { date, span, time } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import {
  Button,
  Copy,
  Mono,
  Notice,
  Page,
  Panel,
  Sheet,
  SheetFoot,
  State,
  Tabs,
  Tag,
  Wait,
  confirm,
  say,
  useAction,
} from "../lib/parts.js";
import { session, useForbidden } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

const roles = () => [
  ["read-only", t("Read-only: sees everything")],
  ["operator", t("Operator: checks, pings, closes, logs")],
  ["administrator", t("Administrator: changes everything")],
];
const scopes = () => [
  ["read", t("Read")],
  ["operate", t("Operate")],
  ["administer", t("Administer")],
];

/** What is shown the one time it is made. */
const Once = ({ title, text, aside, onClose }) => html`
  <${Sheet} title=${title} onClose=${onClose}>
    <p>${t("Copy it now: it is shown only once.")}</p>
    <p class="once"><${Mono}>${text}<//> <${Copy} text=${text} /></p>
    ${aside && html`<p class="once"><${Mono}>${aside}<//> <${Copy} text=${aside} /></p>`}
  <//>
`;

function AccountForm({ account, onClose }) {
  const { form, put, problem, wrong, busy, submit } = useForm(
    { name: account?.name ?? "", role: account?.role ?? "operator", password: "" },
    async () => {
      if (!account) await act("admins.add", form);
      if (account && form.role !== account.role) await act("admins.role", { name: form.name, role: form.role });
      if (account && form.password !== "") await act("admins.passwd", { name: form.name, password: form.password });
      say(
        account
          ? t("{name} is changed; the sessions of that account have ended.", { name: form.name })
          : t("{name} can sign in now.", { name: form.name }),
      );
      await refresh("admins.list");
      onClose();
    },
  );
  return html`
    <${Sheet} title=${account ? account.name : t("New administrator")} onClose=${onClose}>
      <form onSubmit=${submit}>
        ${!account && html`
          <${TextField}
            label=${t("Name")}
            required
            error=${wrong("name")}
            name="new-name"
            value=${form.name}
            onChange=${put("name")}
          />
        `}
        <${SelectField}
          label=${t("Role")}
          error=${wrong("role")}
          options=${roles()}
          value=${form.role}
          onChange=${put("role")}
        />
        <${TextField}
          label=${t("Password")}
          required=${!account}
          help=${account ? t("leave empty to keep it") : undefined}
          error=${wrong("password")}
          name="new-password"
          type="password"
          autocomplete="new-password"
          value=${form.password}
          onChange=${put("password")}
        />
        ${problem && !problem.field && html`<${Notice} tone="bad">${problem.message}<//>`}
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb="admins.add" busy=${busy}>${t("Save")}<//>
        <//>
      </form>
    <//>
  `;
}

function Accounts() {
  const answer = useRead("admins.list", {}, { every: 20_000 });
  const me = useStore(session);
  const [edited, edit] = useState(null);
  const [once, show_once] = useState(null);
  const [busy, run] = useAction();
  const remove = (name) => async () => {
    const sure = await confirm({
      title: t("Remove {name}?", { name }),
      text: t("The sessions of the account end at once."),
      yes: t("Remove"),
    });
    if (!sure) return;
    await run(async () => {
      await act("admins.remove", { name });
      say(t("{name} was removed.", { name }));
      await refresh("admins.list");
    });
  };
  const codes = (row) => () =>
    run(async () => {
      const done = await act("admins.totp", { name: row.name, off: row.totp });
      if (!row.totp) {
        show_once({ title: t("Authenticator of {name}", { name: row.name }), text: done.secret, aside: done.uri });
      } else say(t("{name} needs only the password now.", { name: row.name }));
      await refresh("admins.list");
    });
  const columns = [
    {
      name: "name",
      title: t("Name"),
      value: (row) => row.name,
      show: (row) => html`<b>${row.name}</b> ${row.name === me.user && html`<${Tag}>${t("you")}<//>`}`,
    },
    { name: "role", title: t("Role"), value: (row) => word_of("access", row.role) },
    {
      name: "totp",
      title: t("Second factor"),
      value: (row) => (row.totp ? t("on") : t("off")),
      show: (row) => html`<${State} tone=${row.totp ? "good" : "calm"}>${row.totp ? t("on") : t("off")}<//>`,
    },
    { name: "created", title: t("Since"), value: (row) => row.created, show: (row) => date(row.created) },
    { name: "last", title: t("Last sign-in"), value: (row) => row.last_login, show: (row) => time(row.last_login) },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="admins.role" onClick=${() => edit(row)}>${t("Change")}<//>
          <${Button} kind="small" verb="admins.totp" busy=${busy} onClick=${codes(row)}>
            ${row.totp ? t("Turn codes off") : t("Require codes")}
          <//>
          <${Button}
            kind="small danger"
            verb="admins.remove"
            busy=${busy}
            disabled=${row.name === me.user}
            onClick=${remove(row.name)}
          >
            ${t("Remove")}
          <//>
        </span>
      `,
    },
  ];
  return html`
    <${Panel}
      flush
      title=${t("Administrators")}
      actions=${html`
        <${Button} kind="primary" verb="admins.add" onClick=${() => edit({})}>${t("New administrator")}<//>
      `}
    >
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Administrators")}
            rows=${data.admins}
            columns=${columns}
            first="name"
            name=${({ name }) => name}
          />
        `}
      <//>
    <//>
    ${edited && html`<${AccountForm} account=${edited.name ? edited : null} onClose=${() => edit(null)} />`}
    ${once && html`<${Once} ...${once} onClose=${() => show_once(null)} />`}
  `;
}

function TokenForm({ onClose, onMade }) {
  const { form, put, problem, wrong, busy, submit } = useForm(
    { name: "", scope: "read", verbs: "", days: "90" },
    async () => {
      const verbs = form.verbs.split(/[\s,]+/).filter(Boolean);
      const made = await act("tokens.add", {
        name: form.name,
        scope: form.scope,
        days: Number(form.days),
        ...(verbs.length > 0 ? { verbs } : {}),
      });
      await refresh("tokens.list");
      onMade(made);
    },
  );
  return html`
    <${Sheet} title=${t("New token")} onClose=${onClose}>
      <form onSubmit=${submit}>
        <${TextField} label=${t("Name")} required error=${wrong("name")} value=${form.name} onChange=${put("name")} />
        <${SelectField}
          label=${t("Scope")}
          error=${wrong("scope")}
          options=${scopes()}
          value=${form.scope}
          onChange=${put("scope")}
        />
        <${TextField}
          label=${t("Only these verbs")}
          help=${t("such as peers.list; empty: every verb of the scope")}
          error=${wrong("verbs")}
          value=${form.verbs}
          onChange=${put("verbs")}
        />
        <${TextField}
          label=${t("Days valid")}
          error=${wrong("days")}
          type="number"
          min="1"
          max="3650"
          value=${form.days}
          onChange=${put("days")}
        />
        ${problem && !problem.field && html`<${Notice} tone="bad">${problem.message}<//>`}
        <${SheetFoot} onClose=${onClose}>
          <${Button} type="submit" kind="primary" verb="tokens.add" busy=${busy}>${t("Create")}<//>
        <//>
      </form>
    <//>
  `;
}

function Tokens() {
  const answer = useRead("tokens.list", {}, { every: 20_000 });
  const [making, make] = useState(false);
  const [made, show] = useState(null);
  const [busy, run] = useAction();
  const remove = (name) => async () => {
    const sure = await confirm({
      title: t("Revoke the token {name}?", { name }),
      text: t("Whoever uses it is refused at once."),
      yes: t("Revoke"),
    });
    if (!sure) return;
    await run(async () => {
      await act("tokens.remove", { name });
      say(t("The token {name} is revoked.", { name }));
      await refresh("tokens.list");
    });
  };
  const columns = [
    { name: "name", title: t("Name"), value: (row) => row.name, show: (row) => html`<b>${row.name}</b>` },
    { name: "scope", title: t("Scope"), value: (row) => word_of("scope", row.scope) },
    {
      name: "verbs",
      title: t("Verbs"),
      wide: true,
      value: (row) => (Array.isArray(row.verbs) ? row.verbs.join(", ") : row.verbs) || t("every verb of the scope"),
    },
    { name: "author", title: t("Created by"), value: (row) => row.author },
    {
      name: "expires",
      title: t("Valid until"),
      value: (row) => row.expires,
      show: (row) => html`<${State} tone=${row.expired ? "bad" : "good"}>${date(row.expires)}<//>`,
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <${Button} kind="small danger" verb="tokens.remove" busy=${busy} onClick=${remove(row.name)}>${t("Revoke")}<//>
      `,
    },
  ];
  return html`
    <${Panel}
      flush
      title=${t("Tokens")}
      note=${t("for scripts")}
      actions=${html`<${Button} kind="primary" verb="tokens.add" onClick=${() => make(true)}>${t("New token")}<//>`}
    >
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Tokens")}
            rows=${data.tokens}
            columns=${columns}
            first="name"
            name=${({ name }) => name}
            empty=${t("No tokens yet.")}
          />
        `}
      <//>
    <//>
    ${making && html`
      <${TokenForm}
        onClose=${() => make(false)}
        onMade=${(one) => {
          make(false);
          show(one);
        }}
      />
    `}
    ${made && html`
      <${Once} title=${t("Token {name}", { name: made.name })} text=${made.token} onClose=${() => show(null)} />
    `}
  `;
}

function Sessions() {
  const answer = useRead("sessions.list", {}, { every: 10_000 });
  const [busy, run] = useAction();
  const close = (row) => () =>
    run(async () => {
      await act("sessions.close", { number: row.number });
      say(t("Session {number} of {user} has ended.", { number: String(row.number), user: row.user }));
      await refresh("sessions.list");
    });
  const columns = [
    { name: "user", title: t("Who"), value: (row) => row.user, show: (row) => html`<b>${row.user}</b>` },
    {
      name: "address",
      title: t("From"),
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address}<//>`,
    },
    { name: "since", title: t("Since"), value: (row) => row.since, show: (row) => time(row.since) },
    {
      name: "idle",
      title: t("Idle"),
      number: true,
      value: (row) => row.idle_seconds ?? 0,
      show: (row) => span(row.idle_seconds),
    },
    { name: "expires", title: t("session|Ends"), value: (row) => row.expires, show: (row) => time(row.expires) },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <${Button} kind="small danger" verb="sessions.close" busy=${busy} onClick=${close(row)}>${t("session|End")}<//>
      `,
    },
  ];
  return html`
    <${Panel} flush title=${t("Sessions")}>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Sessions")}
            rows=${data.sessions}
            columns=${columns}
            first="user"
            name=${({ number }) => number}
          />
        `}
      <//>
    <//>
  `;
}

function Audit() {
  const answer = useRead("audit", { limit: 300 }, { every: 10_000, on: ["setting"] });
  const says = (args) =>
    args && typeof args === "object"
      ? Object.entries(args)
          .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
          .join(" ")
      : String(args ?? "");
  const columns = [
    { name: "time", title: t("When"), value: (row) => row.number, show: (row) => time(row.time) },
    { name: "author", title: t("Who"), value: (row) => row.author, show: (row) => html`<b>${row.author}</b>` },
    {
      name: "address",
      title: t("From"),
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address || t("socket")}<//>`,
    },
    { name: "verb", title: t("What"), value: (row) => row.verb, show: (row) => html`<${Mono}>${row.verb}<//>` },
    {
      name: "args",
      title: t("With"),
      wide: true,
      value: (row) => says(row.args),
      show: (row) => says(row.args) && html`<${Mono}>${says(row.args)}<//>`,
    },
    {
      name: "outcome",
      title: t("Outcome"),
      value: (row) => row.outcome,
      show: (row) => html`<${State} tone=${row.outcome === "ok" ? "good" : "bad"}>${row.outcome}<//>`,
    },
  ];
  return html`
    <${Panel} flush title=${t("Audit")} note=${t("who changed or asked what, without secrets")}>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Audit")}
            rows=${data.audit}
            columns=${columns}
            first="-time"
            name=${({ number }) => number}
            empty=${t("Nothing yet.")}
          />
        `}
      <//>
    <//>
  `;
}

const views = { accounts: Accounts, tokens: Tokens, sessions: Sessions, audit: Audit };

export default function Access({ query }) {
  const [tab, set] = useState(views[query.tab] ? query.tab : "accounts");
  const forbidden = useForbidden("admins.list");
  const me = useStore(session);
  const View = views[tab];
  return html`
    <${Page}
      title=${t("Administrators")}
      lead=${t("You are {user}, {role}.", { user: me.user, role: word_of("access", me.role) })}
    />
    ${forbidden
      ? html`<${Notice}>${forbidden}<//>`
      : html`
          <${Tabs}
            label=${t("Views")}
            at=${tab}
            onChange=${set}
            tabs=${[
              ["accounts", t("Administrators")],
              ["tokens", t("Tokens")],
              ["sessions", t("Sessions")],
              ["audit", t("Audit")],
            ]}
          />
          <${View} />
        `}
  `;
}
