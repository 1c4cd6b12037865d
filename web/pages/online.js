// Who is online at a presence node: sessions page by page, and log-ins that were refused.
import { act } from "../lib/api.js";
import { AsSaid } from "../lib/as_said.js";
import { SelectField, TextField } from "../lib/fields.js";
import { ago, bytes, number, span, time } from "../lib/format.js";
import { html, useEffect, useState } from "../lib/html.js";
import { msg, t, tn } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Mono, Page, Panel, State, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Table } from "../lib/table.js";

const page_size = 100;
const states = () => [
  ["all", t("session|All")],
  ["connected", t("Connected")],
  ["away", t("Away, may resume")],
];
/** What a client said (RFC 6121 4.7.2.1). */
const presences = new Map([
  ["available", msg("presence|available")],
  ["away", msg("presence|away")],
  ["chat", msg("presence|free to chat")],
  ["dnd", msg("presence|do not disturb")],
  ["xa", msg("presence|long away")],
]);
function presence_text(row) {
  const text = presences.get(row.presence) ?? msg("presence|not available");
  return t(text);
}

/** Presence as its user said it; of a client that is gone, how long it may come back. */
function Presence({ row }) {
  if (row.state === "away") {
    return html`
      <${State} tone="warn">${t("session|gone")}<//>
      <small class="sub">${t("may resume for {time}", { time: span(row.resumable_seconds) })}</small>
    `;
  }
  const there = row.presence !== "unavailable";
  return html`
    <${State} tone=${there ? "good" : "calm"}>${presence_text(row)}<//>
    ${there && html`<small class="sub">${t("priority {priority}", { priority: row.priority })}</small>`}
  `;
}

const LogIn = ({ row }) => html`
  ${row.tls ?? "–"}
  <small class="sub">
    ${row.channel_binding
      ? t("{mechanism}, bound by {binding}", { mechanism: row.mechanism, binding: row.channel_binding })
      : t("{mechanism}, not bound", { mechanism: row.mechanism })}
  </small>
`;

const Waiting = ({ row }) => html`
  ${tn(row.unacknowledged, "{n} sent", "{n} sent")}
  ${row.unacknowledged > 0 && html`<small class="sub">${bytes(row.unacknowledged_bytes)}</small>`}
  <small class="sub">${row.kept === null ? t("kept: unknown") : tn(row.kept, "{n} kept", "{n} kept")}</small>
`;

function Sessions({ shown, busy, end }) {
  const columns = [
    {
      name: "jid",
      title: t("Session"),
      wide: true,
      value: (row) => `${row.jid} ${row.client ?? ""}`,
      show: (row) => html`<b>${row.jid}</b>${row.client && html`<small class="sub">${row.client}</small>`}`,
    },
    {
      name: "presence",
      title: t("Presence"),
      value: (row) => `${row.state} ${presence_text(row)}`,
      show: (row) => html`<${Presence} row=${row} />`,
    },
    {
      name: "address",
      title: t("Address"),
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address}<//>`,
    },
    { name: "since", title: t("Since"), value: (row) => row.since, show: (row) => ago(row.since) },
    {
      name: "login",
      title: t("TLS and log-in"),
      value: (row) => `${row.tls} ${row.mechanism} ${row.channel_binding ?? ""}`,
      show: (row) => html`<${LogIn} row=${row} />`,
    },
    {
      name: "waiting",
      title: t("Waiting"),
      number: true,
      value: (row) => row.unacknowledged + (row.kept ?? 0),
      show: (row) => html`<${Waiting} row=${row} />`,
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <${Button} kind="small danger" verb="clients.end" busy=${busy} onClick=${end(row)}>${t("session|End")}<//>
      `,
    },
  ];
  return html`
    <${Table}
      caption=${t("Sessions")}
      rows=${shown.clients}
      columns=${columns}
      name=${({ jid }) => jid}
      filter=${false}
      empty=${t("No session matches.")}
    />
  `;
}

function Refused() {
  const answer = useRead("clients.refused", { limit: 100 }, { every: 10_000 });
  const columns = [
    { name: "last", title: t("time|Last"), value: (row) => row.last, show: (row) => time(row.last) },
    { name: "count", title: t("Times"), number: true, value: (row) => row.count, show: (row) => number(row.count) },
    {
      name: "address",
      title: t("Address"),
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address}<//>`,
    },
    { name: "user", title: t("User tried"), wrap: true, value: (row) => row.user ?? "–" },
    { name: "mechanism", title: t("Mechanism"), value: (row) => row.mechanism ?? "–" },
    {
      name: "why",
      title: t("Reason"),
      wrap: true,
      value: (row) => `${row.why} ${row.condition}`,
      show: (row) => html`
        <${AsSaid} text=${row.why} />
        <small class="sub">
          ${t("the client was told {condition}", { condition: html`<${AsSaid} text=${row.condition} />` })}
        </small>
      `,
    },
  ];
  return html`
    <${Wait} of=${answer}>
      ${(data) => html`
        <${Table}
          caption=${t("Log-ins refused")}
          rows=${data.refused}
          columns=${columns}
          first="-last"
          name=${(row) => JSON.stringify([row.address, row.user, row.mechanism, row.why])}
          empty=${t("No log-in was refused since this node started.")}
        />
      `}
    <//>
  `;
}

const sums = ({ sessions, away, connections, unauthenticated }) =>
  t("{sessions}, {away}; {connections}, {unauthenticated}.", {
    sessions: tn(sessions, "{n} session", "{n} sessions"),
    away: tn(away, "{n} of them away", "{n} of them away"),
    connections: tn(connections, "{n} connection", "{n} connections"),
    unauthenticated: tn(unauthenticated, "{n} without a log-in", "{n} without a log-in"),
  });

export default function Online() {
  const [filter, set] = useState({ user: "", state: "all" });
  const [asked, ask] = useState(filter);
  // Where each page begins that was turned over so far; the last one is shown.
  const [pages, turn] = useState([""]);
  const [busy, run] = useAction();
  useEffect(() => {
    if (filter === asked) return undefined;
    const later = setTimeout(() => {
      ask(filter);
      turn([""]);
    }, 300); // while somebody types
    return () => clearTimeout(later);
  }, [filter]);
  const answer = useRead("clients.list", { ...asked, limit: page_size, after: pages.at(-1) }, { every: 5_000 });
  const end = (row) => async () => {
    const sure = await confirm({
      title: t("End the session {jid}?", { jid: row.jid }),
      text: t(
        "Its client is disconnected and may log in again. What it did not acknowledge goes to the user's other " +
          "clients, or is kept.",
      ),
      yes: t("End session"),
    });
    if (!sure) return;
    await run(async () => {
      await act("clients.end", { jid: row.jid, number: row.number });
      say(t("The session {jid} was ended.", { jid: row.jid }));
      await refresh("clients.list");
    });
  };
  const { data } = answer;
  return html`
    <${Page} title=${t("Online")} lead=${data ? sums(data) : t("The sessions of this node's users.")} />
    <${Panel} title=${t("Sessions")} flush>
      <div class="form-grid narrow inset">
        <${TextField}
          label=${t("User begins with")}
          name="user"
          value=${filter.user}
          onChange=${(user) => set({ ...filter, user })}
        />
        <${SelectField}
          label=${t("State")}
          options=${states()}
          value=${filter.state}
          onChange=${(state) => set({ ...filter, state })}
        />
      </div>
      <${Wait} of=${answer}>${(page) => html`<${Sessions} shown=${page} busy=${busy} end=${end} />`}<//>
      ${(pages.length > 1 || data?.next) && html`
        <div class="form-row inset">
          <${Button} disabled=${pages.length === 1} onClick=${() => turn(pages.slice(0, -1))}>${t("Previous page")}<//>
          <span class="note" role="status">${t("page {page}", { page: pages.length })}</span>
          <${Button} disabled=${!data?.next} onClick=${() => turn([...pages, data.next])}>${t("Next page")}<//>
        </div>
      `}
    <//>
    <${Panel}
      title=${t("Log-ins refused")}
      note=${t("the latest, those alike as one; a client is never told more than the condition")}
      flush
    >
      <${Refused} />
    <//>
  `;
}
