// Who is online at a presence node: sessions page by page, and log-ins that were refused.
import { act } from "../lib/api.js";
import { SelectField, TextField } from "../lib/fields.js";
import { ago, bytes, number, span, time } from "../lib/format.js";
import { html, useEffect, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Mono, Page, Panel, State, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Table } from "../lib/table.js";

const page_size = 100;
const many = (count, name) => `${number(count)} ${name}${count === 1 ? "" : "s"}`;
const states = [
  ["all", "All sessions"],
  ["connected", "Connected"],
  ["away", "Away, may resume"],
];
const words = { available: "available", away: "away", chat: "free to chat", dnd: "do not disturb", xa: "long away" };

/** Presence as its user said it; of a client that is gone, how long it may come back. */
function Presence({ row }) {
  if (row.state === "away") return html`<${State} tone="warn">gone, may resume for ${span(row.resumable_seconds)}<//>`;
  const there = row.presence !== "unavailable";
  return html`
    <${State} tone=${there ? "good" : "calm"}>${words[row.presence] ?? "connected, not available"}<//>
    ${there && html`<small class="sub">priority ${row.priority}</small>`}
  `;
}

const LogIn = ({ row }) => html`
  ${row.tls ?? "–"}
  <small class="sub">
    ${row.mechanism}
    ${row.channel_binding ? `, bound by ${row.channel_binding}` : ", not bound"}
  </small>
`;

const Waiting = ({ row }) => html`
  ${number(row.unacknowledged)} sent
  <small class="sub">
    ${row.unacknowledged > 0 ? `${bytes(row.unacknowledged_bytes)}, ` : ""}
    ${number(row.kept)} kept
  </small>
`;

function Sessions({ shown, busy, end }) {
  const columns = [
    {
      name: "jid",
      title: "Session",
      wrap: true,
      value: (row) => `${row.jid} ${row.client ?? ""}`,
      show: (row) => html`<b>${row.jid}</b>${row.client && html`<small class="sub">${row.client}</small>`}`,
    },
    {
      name: "presence",
      title: "Presence",
      value: (row) => `${row.state} ${row.presence}`,
      show: (row) => html`<${Presence} row=${row} />`,
    },
    {
      name: "address",
      title: "Address",
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address}<//>`,
    },
    { name: "since", title: "Since", value: (row) => row.since, show: (row) => ago(row.since) },
    {
      name: "login",
      title: "TLS and log-in",
      value: (row) => `${row.tls} ${row.mechanism} ${row.channel_binding ?? ""}`,
      show: (row) => html`<${LogIn} row=${row} />`,
    },
    {
      name: "waiting",
      title: "Waiting",
      number: true,
      value: (row) => row.unacknowledged + (row.kept ?? 0),
      show: (row) => html`<${Waiting} row=${row} />`,
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <${Button} kind="small danger" verb="clients.end" busy=${busy} onClick=${end(row)}>End session<//>
      `,
    },
  ];
  return html`
    <${Table}
      caption="Sessions"
      rows=${shown.clients}
      columns=${columns}
      name=${({ jid }) => jid}
      filter=${false}
      empty="No sessions that fit."
    />
  `;
}

function Refused() {
  const answer = useRead("clients.refused", { limit: 100 }, { every: 10_000 });
  const columns = [
    { name: "last", title: "Last", value: (row) => row.last, show: (row) => time(row.last) },
    { name: "count", title: "Times", number: true, value: (row) => row.count, show: (row) => number(row.count) },
    {
      name: "address",
      title: "Address",
      value: (row) => row.address,
      show: (row) => html`<${Mono}>${row.address}<//>`,
    },
    { name: "user", title: "User tried", wrap: true, value: (row) => row.user ?? "–" },
    { name: "mechanism", title: "Mechanism", value: (row) => row.mechanism ?? "–" },
    {
      name: "why",
      title: "Reason",
      wrap: true,
      value: (row) => `${row.why} ${row.condition}`,
      show: (row) => html`${row.why}<small class="sub">the client was told ${row.condition}</small>`,
    },
  ];
  return html`
    <${Wait} of=${answer}>
      ${(data) => html`
        <${Table}
          caption="Log-ins refused"
          rows=${data.refused}
          columns=${columns}
          first="-last"
          name=${(row) => JSON.stringify([row.address, row.user, row.mechanism, row.why])}
          empty="No log-ins were refused since the node started."
        />
      `}
    <//>
  `;
}

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
      title: `End the session ${row.jid}?`,
      text:
        "Its client is disconnected and may log in again. What it did not acknowledge goes to the user's other " +
        "clients, or is kept.",
      yes: "End session",
    });
    if (!sure) return;
    await run(async () => {
      await act("clients.end", { jid: row.jid, number: row.number });
      say(`The session ${row.jid} was ended.`);
      await refresh("clients.list");
    });
  };
  const { data } = answer;
  return html`
    <${Page}
      title="Online"
      lead=${data
        ? `${many(data.sessions, "session")}, ${number(data.away)} of them away; ` +
          `${many(data.connections, "connection")}, ${number(data.unauthenticated)} without a log-in.`
        : "The sessions of this node's users."}
    />
    <${Panel} title="Sessions" flush>
      <div class="form-grid narrow inset">
        <${TextField}
          label="User begins with"
          name="user"
          value=${filter.user}
          onChange=${(user) => set({ ...filter, user })}
        />
        <${SelectField}
          label="State"
          options=${states}
          value=${filter.state}
          onChange=${(state) => set({ ...filter, state })}
        />
      </div>
      <${Wait} of=${answer}>${(page) => html`<${Sessions} shown=${page} busy=${busy} end=${end} />`}<//>
      ${(pages.length > 1 || data?.next) && html`
        <div class="form-row inset">
          <${Button} disabled=${pages.length === 1} onClick=${() => turn(pages.slice(0, -1))}>Previous page<//>
          <span class="note" role="status">page ${pages.length}</span>
          <${Button} disabled=${!data?.next} onClick=${() => turn([...pages, data.next])}>Next page<//>
        </div>
      `}
    <//>
    <${Panel}
      title="Log-ins refused"
      note="the latest, those alike as one; a client is never told more than the condition"
      flush
    >
      <${Refused} />
    <//>
  `;
}
