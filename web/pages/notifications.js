// Notifications of a presence node, and the action that most of them ask for: the restart of the router.
import { act } from "../lib/api.js";
import { ago, number, time } from "../lib/format.js";
import { html } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Facts, Notice, Page, Panel, State, Wait, confirm, say, typed, useAction } from "../lib/parts.js";
import { Table } from "../lib/table.js";

const tones = { warning: "warn", notice: "warn", information: "calm", debug: "calm" };

const command = " with `sallyport restart router`";

/** What the node says, with a link in place of the command that is a button here. */
function Description({ text, busy, onRestart }) {
  const [before, ...after] = text.split(command);
  if (after.length === 0) return html`<span>${typed(text)}</span>`;
  return html`
    <span>
      ${typed(before)}
      ${" "}
      <${Button} kind="link" verb="restart.router" busy=${busy} onClick=${onRestart}>here<//>
      ${typed(after.join(command))}
    </span>
  `;
}

const found = (count) => `${count} record${count === 1 ? "" : "s"} found`;

export default function Notifications({ status }) {
  const answer = useRead("notifications", {}, { every: 5_000, on: ["log"] });
  const [busy, run] = useAction();
  const restart = async () => {
    const sure = await confirm({
      title: "Restart the router?",
      text: "It loads xmpps2snodes and the node's file as they are now. Links resume; clients and components stay.",
      yes: "Restart router",
      kind: "primary",
    });
    if (!sure) return;
    await run(async () => {
      const done = await act("restart.router");
      say(`The router restarted with ${done.rows} row${done.rows === 1 ? "" : "s"} of xmpps2snodes.`);
      await refresh("notifications", "status");
    });
  };
  const columns = [
    {
      name: "severity",
      title: "Severity",
      value: (row) => row.severity,
      show: (row) => html`<${State} tone=${tones[row.severity] ?? "bad"}>${row.severity}<//>`,
    },
    { name: "count", title: "Count", number: true, value: (row) => row.count, show: (row) => number(row.count) },
    {
      name: "description",
      title: "Description",
      wide: true,
      value: (row) => row.description,
      show: (row) => html`<${Description} text=${row.description} busy=${busy} onRestart=${restart} />`,
    },
    { name: "origin", title: "Origin", value: (row) => row.origin },
    {
      name: "created",
      title: "Created",
      value: (row) => row.created,
      show: (row) => html`${time(row.created)}<span class="sub">${ago(row.created)}</span>`,
    },
  ];
  const pending = status.router?.pending ?? [];
  return html`
    <${Page}
      title="Notifications"
      lead="What the administrator of this presence node should know."
      actions=${html`
        <${Button} kind=${pending.length > 0 ? "primary" : ""} verb="restart.router" busy=${busy} onClick=${restart}>
          Restart router
        <//>
      `}
    />
    ${pending.length > 0 && html`
      <${Notice} tone="warn" title="Changes are waiting for a router restart.">${pending.join(", ")}<//>
    `}
    <${Panel} flush>
      <${Wait} of=${answer}>
        ${(data) => html`
          ${data.notifications.length > 0 && html`
            <p class="inset note" role="status">${found(data.notifications.length)}</p>
          `}
          <${Table}
            caption="Notifications"
            filter=${data.notifications.length > 5}
            rows=${data.notifications}
            columns=${columns}
            first="-created"
            name=${(row) => row.description + row.created}
            empty="No notifications."
          />
        `}
      <//>
    <//>
    ${status.router && html`
      <${Panel} title="Router">
        <${Facts}
          rows=${[
            ["Rows of xmpps2snodes", number(status.router.rows)],
            ["Loaded S2S components", status.router.loaded.join(", ") || "none"],
            ["Gateways reachable over a link", status.router.gateways.join(", ") || "none"],
            ["Domains of this node", status.router.domains.join(", ")],
            ["Changes take effect", status.router.live_changes ? "at once" : "when the router is restarted"],
            ["Other domains cannot be reached", status.router.obstacle],
            ["Table", status.router.table_trouble],
          ]}
        />
      <//>
    `}
  `;
}
