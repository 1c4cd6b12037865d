// Notifications of a presence node, and the action that most of them ask for: the restart of the router.
import { act } from "../lib/api.js";
import { ago, number, time } from "../lib/format.js";
import { html } from "../lib/html.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Facts, Notice, Page, Panel, State, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Table } from "../lib/table.js";

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
      show: (row) => html`
        <${State}
          tone=${row.severity === "info"
            ? "calm"
            : row.severity === "error" || row.severity === "critical"
              ? "bad"
              : "warn"}
        >
          ${row.severity}
        <//>
      `,
    },
    { name: "description", title: "Description", wide: true, value: (row) => row.description },
    { name: "origin", title: "Origin", value: (row) => row.origin },
    { name: "count", title: "Times", number: true, value: (row) => row.count, show: (row) => number(row.count) },
    {
      name: "created",
      title: "Since",
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
          <${Table}
            caption="Notifications"
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
