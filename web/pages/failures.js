// Failed sessions: what cannot be reached and why, which of our domains are affected, and what to do: again, block,
// why.
import { act } from "../lib/api.js";
import { Failure } from "../lib/as_said.js";
import { ago, milliseconds, number, span_ahead } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t, tn } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Notice, Page, Panel, Sheet, State, Wait, confirm, say, tone_of, useAction } from "../lib/parts.js";
import { call } from "../lib/session.js";
import { belongs_elsewhere, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";
import { Walk } from "../lib/walk.js";
import { word_of } from "../lib/words.js";

const is_failed = (row) => row.remote && ((row.last_error && row.state !== "open") || row.queued > 0);

/** One row for each peer: every domain of ours that cannot reach it, taken together. */
function by_peer(peers) {
  const found = new Map();
  for (const row of peers.filter(is_failed)) {
    const one = found.get(row.remote) ?? {
      remote: row.remote,
      hurt: [],
      users: new Set(),
      more: 0,
      queued: 0,
      errors: new Map(),
      states: new Set(),
    };
    if (row.local) one.hurt.push(row.local);
    for (const user of row.users ?? []) one.users.add(user);
    one.more += row.users_more ?? 0;
    one.queued += row.queued;
    if (row.last_error) one.errors.set(row.last_error, row.last_rule);
    one.states.add(row.state);
    found.set(row.remote, one);
  }
  return [...found.values()].map((one) => ({
    ...one,
    users: [...one.users].sort(),
    error: [...one.errors.keys()].join("; "),
    state: [...one.states].map((state) => word_of("state", state)).join(", "),
    tone: tone_of([...one.states][0]),
  }));
}

/** When and where the last attempt failed, and when the next one is. */
function Attempt({ domain }) {
  const { data } = useRead("peers.show", { domain }, { every: 5_000 });
  const one = data?.destinations.find(({ last_failure }) => last_failure);
  if (!one) return null;
  return html`
    <span class="sub">
      ${one.last_step && html`${t("at {step}", { step: word_of("stage", one.last_step) })} · `}
      ${ago(one.last_failure)}
      ${one.failures > 1 && html` · ${t("{n} in a row", { n: one.failures })}`}
      ${one.next_retry_seconds > 0 && html` · ${t("next attempt in {time}", {
          time: span_ahead(one.next_retry_seconds),
        })}
      `}
    </span>
  `;
}

const most_named = 3;

/** The local users whose stanzas wait or came back; the node names some and counts the others. */
function Hurt({ users, more }) {
  const [all, show_all] = useState(false);
  if (users.length === 0 && more === 0) return null;
  const named = all ? users : users.slice(0, most_named);
  const others = users.length - named.length;
  return html`
    <div class="sub hurt">
      ${named.map((user) => html`
        <div key=${user}>${user.split("@").map((part, at) => html`${at > 0 && html`@<wbr />`}${part}`)}</div>
      `)}
      ${others > 0 && html`
        <button type="button" class="button quiet small first" onClick=${() => show_all(true)}>
          ${t("and {n} more", { n: others + more })}
        </button>
      `}
      ${others === 0 && more > 0 && html`<div>${t("and {n} more", { n: more })}</div>`}
    </div>
  `;
}

/** Try again, why, block: each row works on its own, so that a slow peer holds up no other. */
function Actions({ row, elsewhere, onWalk }) {
  const [busy, run] = useAction();
  const act_and_look = (task) =>
    run(async () => {
      try {
        await task();
      } finally {
        await refresh("peers.list");
      }
    });
  const again = () =>
    act_and_look(async () => {
      const pong = await act("peers.ping", { domain: row.remote, from: row.hurt[0] }, { wait_ms: 60_000 });
      say(t("{domain} answered in {time}.", { domain: row.remote, time: milliseconds(pong.milliseconds, 1) }));
    });
  const why = () => run(async () => onWalk(await call("why", { from: row.hurt[0], to: row.remote })));
  const block = async () => {
    const sure = await confirm({
      title: t("Block {remote}?", { remote: row.remote }),
      text: t("It goes on the deny list. In the privacy mode Deny list its streams are closed and it is refused."),
      yes: t("Block"),
    });
    if (!sure) return;
    await act_and_look(async () => {
      const done = await act("deny.add", { domain: [row.remote] });
      say(
        t("{remote} is on the deny list.", { remote: row.remote }) + (done.note ? ` ${done.note}` : ""),
        done.note ? "warn" : "good",
      );
    });
  };
  return html`
    <span class="row-buttons">
      <${Button} kind="small primary" verb="peers.ping" busy=${busy} onClick=${again}>${t("Try again")}<//>
      <${Button} kind="small" verb="why" busy=${busy} disabled=${row.hurt.length === 0} onClick=${why}>${t("Why")}<//>
      <${Button}
        kind="small danger"
        verb="deny.add"
        busy=${busy}
        disabled=${elsewhere !== ""}
        title=${elsewhere ? t("The deny list belongs to the {node}.", { node: word_of("role", elsewhere) }) : undefined}
        onClick=${block}
      >
        ${t("Block")}
      <//>
    </span>
  `;
}

export default function Failures({ status }) {
  const answer = useRead("peers.list", {}, { every: 3_000, on: ["setting"] });
  const [walk, set_walk] = useState(null);
  const elsewhere = belongs_elsewhere(useSettings().row("federation.deny_list"), status);
  const columns = [
    {
      name: "remote",
      title: t("Domain"),
      opens: true,
      value: (row) => row.remote,
      show: (row) => html`
        <a href=${`#/peer/${encodeURIComponent(row.remote)}`}>${row.remote}</a>
        <div><${State} tone=${row.tone}>${row.state}<//></div>
      `,
    },
    {
      name: "error",
      title: t("What failed"),
      wide: true,
      value: (row) => row.error,
      show: (row) => html`
        ${[...row.errors].map(([said, rule]) => html`<div key=${said}><${Failure} rule=${rule} said=${said} /></div>`)}
        ${row.errors.size === 0 && t("stanzas waiting")}
        <${Attempt} domain=${row.remote} />
      `,
    },
    {
      name: "hurt",
      title: t("Affected here"),
      value: (row) => [...row.hurt, ...row.users].join(" "),
      show: (row) => html`
        ${row.hurt.map((name) => html`<div key=${name}>${name}</div>`)}
        <${Hurt} users=${row.users} more=${row.more} />
      `,
    },
    {
      name: "queued",
      title: t("Stanzas waiting"),
      number: true,
      value: (row) => row.queued,
      show: (row) => number(row.queued),
    },
    { name: "do", title: "", show: (row) => html`<${Actions} row=${row} elsewhere=${elsewhere} onWalk=${set_walk} />` },
  ];
  return html`
    <${Page}
      title=${t("Failed sessions")}
      lead=${t("Peers that cannot be reached or have stanzas waiting, and which of your users are affected.")}
    />
    <${Panel} flush>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("Failed sessions")}
            rows=${by_peer(data.peers)}
            columns=${columns}
            first="remote"
            name=${({ remote }) => remote}
            empty=${t("No failed sessions.")}
          />
        `}
      <//>
    <//>
    ${status.held_for_link > 0 && html`
      <${Notice} tone="warn">
        ${tn(
          status.held_for_link,
          "{n} stanza is held for a link that is down; the overview shows which.",
          "{n} stanzas are held for a link that is down; the overview shows which.",
        )}
      <//>
    `}
    ${walk && html`
      <${Sheet} title=${t("{from} to {to}", { from: walk.from, to: walk.to })} onClose=${() => set_walk(null)}>
        <${Walk} walk=${walk} />
      <//>
    `}
  `;
}
