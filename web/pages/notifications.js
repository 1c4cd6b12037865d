// Notifications of a presence node, and the action that most of them ask for: the restart of the router.
import { act } from "../lib/api.js";
import { AsSaid } from "../lib/as_said.js";
import { ago, number, time } from "../lib/format.js";
import { html } from "../lib/html.js";
import { t, tn } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import { Button, Facts, Notice, Page, Panel, State, Wait, confirm, say, useAction } from "../lib/parts.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

const tones = { warning: "warn", notice: "warn", information: "calm", debug: "calm" };

const command = " with `sallyport restart router`";

/** What the node says, with a link in place of the command that is a button here. */
function Description({ text, busy, onRestart }) {
  const [before, ...after] = text.split(command);
  if (after.length === 0) return html`<${AsSaid} text=${text} />`;
  return html`
    <span>
      <${AsSaid} text=${before} />
      ${" "}
      <${Button} kind="link" verb="restart.router" busy=${busy} onClick=${onRestart}>${t("here")}<//>
      <${AsSaid} text=${after.join(command)} />
    </span>
  `;
}

const found = (n) => tn(n, "{n} record found", "{n} records found");

export default function Notifications({ status }) {
  const answer = useRead("notifications", {}, { every: 5_000, on: ["log"] });
  const [busy, run] = useAction();
  const restart = async () => {
    const sure = await confirm({
      title: t("Restart the router?"),
      text: t("It loads xmpps2snodes and the node's file as they are now. Links resume; clients and components stay."),
      yes: t("Restart router"),
      kind: "primary",
    });
    if (!sure) return;
    await run(async () => {
      const done = await act("restart.router");
      say(
        tn(
          done.rows,
          "The router restarted with {n} row of xmpps2snodes.",
          "The router restarted with {n} rows of xmpps2snodes.",
        ),
      );
      await refresh("notifications", "status");
    });
  };
  const columns = [
    {
      name: "severity",
      title: t("Severity"),
      value: (row) => word_of("severity", row.severity),
      show: (row) => html`<${State} tone=${tones[row.severity] ?? "bad"}>${word_of("severity", row.severity)}<//>`,
    },
    { name: "count", title: t("Count"), number: true, value: (row) => row.count, show: (row) => number(row.count) },
    {
      name: "description",
      title: t("Description"),
      wide: true,
      value: (row) => row.description,
      show: (row) => html`<${Description} text=${row.description} busy=${busy} onRestart=${restart} />`,
    },
    { name: "origin", title: t("Origin"), value: (row) => row.origin },
    {
      name: "created",
      title: t("Created"),
      value: (row) => row.created,
      show: (row) => html`${time(row.created)}<span class="sub">${ago(row.created)}</span>`,
    },
  ];
  const pending = status.router?.pending ?? [];
  return html`
    <${Page}
      title=${t("Notifications")}
      lead=${t("What the administrator of this presence node should know.")}
      actions=${html`
        <${Button} kind=${pending.length > 0 ? "primary" : ""} verb="restart.router" busy=${busy} onClick=${restart}>
          ${t("Restart router")}
        <//>
      `}
    />
    ${pending.length > 0 && html`
      <${Notice} tone="warn" title=${t("Changes are waiting for a router restart.")}>${pending.join(", ")}<//>
    `}
    <${Panel} flush>
      <${Wait} of=${answer}>
        ${(data) => html`
          ${data.notifications.length > 0 && html`
            <p class="inset note" role="status">${found(data.notifications.length)}</p>
          `}
          <${Table}
            caption=${t("Notifications")}
            filter=${data.notifications.length > 5}
            rows=${data.notifications}
            columns=${columns}
            first="-created"
            name=${(row) => row.description + row.created}
            empty=${t("No notifications.")}
          />
        `}
      <//>
    <//>
    ${status.router && html`
      <${Panel} title=${t("Router")}>
        <${Facts}
          rows=${[
            [t("Rows of xmpps2snodes"), number(status.router.rows)],
            [t("Loaded S2S components"), status.router.loaded.join(", ") || "none"],
            [t("Gateways reachable over a link"), status.router.gateways.join(", ") || "none"],
            [t("Domains of this node"), status.router.domains.join(", ")],
            [t("Changes take effect"), status.router.live_changes ? t("at once") : t("when the router is restarted")],
            [t("Other domains cannot be reached"), status.router.obstacle],
            [t("Table"), status.router.table_trouble],
          ]}
        />
      <//>
    `}
  `;
}
