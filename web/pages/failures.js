// Failed sessions: what cannot be reached and why, which of our domains are hurt, and what to do: again, block, why.
import { act } from "../lib/api.js";
import { ago, number, span } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Notice, Page, Panel, Sheet, State, Wait, confirm, say, useAction } from "../lib/parts.js";
import { call } from "../lib/session.js";
import { belongs_elsewhere } from "../lib/settings.js";
import { Table } from "../lib/table.js";
import { Walk } from "../lib/walk.js";

const is_failed = (row) => row.remote && ((row.last_error && row.state !== "open") || row.queued > 0);

/** One row a partner: every domain of ours that cannot reach it, taken together. */
function by_partner(peers) {
  const found = new Map();
  for (const row of peers.filter(is_failed)) {
    const one = found.get(row.remote) ?? { remote: row.remote, hurt: [], queued: 0, errors: new Set(), states: new Set() };
    if (row.local) one.hurt.push(row.local);
    one.queued += row.queued;
    if (row.last_error) one.errors.add(row.last_error);
    one.states.add(row.state);
    found.set(row.remote, one);
  }
  return [...found.values()].map((one) => ({ ...one, error: [...one.errors].join("; "), state: [...one.states].join(", ") }));
}

/** When and where the last attempt failed, and when the next one is. */
function Attempt({ domain }) {
  const { data } = useRead("peers.show", { domain }, { every: 5_000 });
  const one = data?.destinations.find(({ last_failure }) => last_failure);
  if (!one) return null;
  return html`<span class="sub">${one.last_step ? `at ${one.last_step}, ` : ""}${ago(one.last_failure)}${one.failures > 1 ? `, ${number(one.failures)} in a row` : ""}${one.next_retry_seconds > 0 ? `, again in ${span(one.next_retry_seconds)}` : ""}</span>`;
}

export default function Failures({ status }) {
  const answer = useRead("peers.list", {}, { every: 3_000, on: ["setting"] });
  const [working, work] = useState("");
  const [walk, set_walk] = useState(null);
  const [, run] = useAction();
  const elsewhere = belongs_elsewhere("federation.deny_list", status);
  const busy_with = (domain, task) => run(async () => {
    work(domain);
    try {
      await task();
    } finally {
      work("");
      await refresh("peers.list");
    }
  });
  const again = (row) => () => busy_with(row.remote, async () => {
    const pong = await act("peers.ping", { domain: row.remote, from: row.hurt[0] }, { wait_ms: 60_000 });
    say(`${row.remote} answered in ${pong.milliseconds.toFixed(1)} ms.`);
  });
  const block = (row) => async () => {
    if (!(await confirm({ title: `Block ${row.remote}?`, text: "It goes on the deny list: with privacy mode Deny list nothing is exchanged with it any more, and its streams are closed.", yes: "Block" }))) return;
    await busy_with(row.remote, async () => {
      const done = await act("deny.add", { domain: [row.remote] });
      say(done.note ? `${row.remote} is on the deny list. ${done.note}` : `${row.remote} is on the deny list.`, done.note ? "warn" : "good");
    });
  };
  const why = (row) => () => busy_with(row.remote, async () => set_walk(await call("why", { from: row.hurt[0], to: row.remote })));
  const columns = [
    { name: "remote", title: "Domain", value: (row) => row.remote, show: (row) => html`<a href=${`#/peer/${encodeURIComponent(row.remote)}`}>${row.remote}</a><div><${State}>${row.state}<//></div>` },
    { name: "error", title: "What failed", wide: true, value: (row) => row.error, show: (row) => html`${row.error || "stanzas wait"}<${Attempt} domain=${row.remote} />` },
    { name: "hurt", title: "Hurt here", value: (row) => row.hurt.join(" "), show: (row) => html`${row.hurt.map((name) => html`<div key=${name}>${name}</div>`)}` },
    { name: "queued", title: "Stanzas waiting", number: true, value: (row) => row.queued, show: (row) => number(row.queued) },
    { name: "do", title: "", show: (row) => html`<span class="row-buttons"><${Button} kind="small primary" verb="peers.ping" busy=${working === row.remote} onClick=${again(row)}>Try again<//><${Button} kind="small" verb="why" busy=${working === row.remote} disabled=${row.hurt.length === 0} onClick=${why(row)}>Why<//>
      <${Button} kind="small danger" verb="deny.add" busy=${working === row.remote} disabled=${elsewhere !== ""} title=${elsewhere ? `the deny list belongs to the ${elsewhere}` : undefined} onClick=${block(row)}>Block<//></span>` },
  ];
  return html`<${Page} title="Failed sessions" lead="Partners that cannot be reached or that wait, and whom of yours it hurts." />
    <${Panel} flush><${Wait} of=${answer}>${(data) => html`<${Table} caption="Failed sessions" rows=${by_partner(data.peers)} columns=${columns} first="remote" name=${({ remote }) => remote} empty="Every session works." />`}<//><//>
    ${status.held_for_link > 0 && html`<${Notice} tone="warn">${number(status.held_for_link)} stanzas are held for a link that is down; the overview shows which.<//>`}
    ${walk && html`<${Sheet} title=${`${walk.from} to ${walk.to}`} onClose=${() => set_walk(null)}><${Walk} walk=${walk} /><//>`}`;
}
