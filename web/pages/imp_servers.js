// The IM&P servers that a core provisions over AXL: by their publishers, each with its nodes, our rows in its table and
// how far they have come.
import { act } from "../lib/api.js";
import { Check, Field, TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { refresh, useRead } from "../lib/live.js";
import {
  Button,
  Mono,
  Notice,
  Page,
  Panel,
  Sheet,
  SheetFoot,
  State,
  Wait,
  confirm,
  say,
  useAction,
} from "../lib/parts.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

function ServerForm({ server, onClose }) {
  const { form, put, problem, wrong, busy, submit } = useForm(
    {
      address: server?.address ?? "",
      username: server?.username ?? "",
      password: "",
      no_tls_verify: !(server?.tls_verify ?? true),
    },
    async () => {
      const { address, username, password, no_tls_verify: no_verify } = form;
      if (server) {
        const wanted = { address, username, tls_verify: no_verify ? "off" : "on" };
        const tried =
          password === ""
            ? await act("imp-servers.edit", wanted, { wait_ms: 60_000 })
            : await act("imp-servers.passwd", { ...wanted, password }, { wait_ms: 60_000 });
        say(`${address}: ${tried.explanation}`, tried.verdict === "good" ? "good" : "warn");
      } else {
        await act("imp-servers.add", form, { wait_ms: 60_000 });
        say(t("{address} is provisioned now.", { address }));
      }
      await refresh("imp-servers.list", "status");
      onClose();
    },
  );
  return html`
    <${Sheet} title=${server ? server.address : t("New IM&P server")} onClose=${onClose}>
      <form onSubmit=${submit}>
        ${!server && html`
          <${TextField}
            label=${t("Server")}
            required
            help=${t("host or host:port; its subscribers are found automatically")}
            error=${wrong("address")}
            value=${form.address}
            onChange=${put("address")}
          />
        `}
        <${TextField}
          label=${t("User")}
          required
          help=${t("with access to the AXL API")}
          error=${wrong("username")}
          value=${form.username}
          onChange=${put("username")}
        />
        <${TextField}
          label=${t("Password")}
          required=${!server}
          help=${server ? t("empty: keep the current one") : ""}
          error=${wrong("password")}
          type="password"
          autocomplete="new-password"
          value=${form.password}
          onChange=${put("password")}
        />
        <${Field} label="TLS">
          ${(at) => html`
            <${Check} ...${at} value=${form.no_tls_verify} onChange=${put("no_tls_verify")}>
              ${t("Accept any certificate")}
            <//>
          `}
        <//>
        ${problem && !["address", "username", "password"].includes(problem.field) && html`
          <${Notice} tone="bad">${problem.message}<//>
        `}
        <${SheetFoot} onClose=${onClose}>
          <${Button}
            type="submit"
            kind="primary"
            verb=${server ? "imp-servers.passwd" : "imp-servers.add"}
            busy=${busy}
          >
            ${t("Save")}
          <//>
        <//>
      </form>
    <//>
  `;
}

export default function ImpServers() {
  const answer = useRead("imp-servers.list", {}, { every: 5_000 });
  const [edited, edit] = useState(null);
  const [busy, run] = useAction();
  const again = (address) => () =>
    run(async () => {
      await act("imp-servers.refresh", { address }, { wait_ms: 60_000 });
      say(address ? t("{address} was asked again.", { address }) : t("All servers were asked again."));
      await refresh("imp-servers.list", "status");
    });
  const remove = (address) => async () => {
    const sure = await confirm({
      title: t("Remove {address}?", { address }),
      text: t("Our rows stay in its table; you will be told which."),
      yes: t("Remove"),
    });
    if (!sure) return;
    await run(async () => {
      const { rows_left: left } = await act("imp-servers.remove", { address }, { wait_ms: 60_000 });
      say(
        left?.length > 0
          ? t("{address} is removed; its table still has {rows}.", { address, rows: left.join(", ") })
          : t("{address} is removed.", { address }),
        left?.length > 0 ? "warn" : "good",
      );
      await refresh("imp-servers.list", "status");
    });
  };
  const columns = [
    {
      name: "address",
      title: t("Server"),
      value: (row) => row.address,
      show: (row) => html`
        <b>${row.address}</b>
        <span class="sub">${row.tls_verify ? row.username : t("{user}, any certificate", { user: row.username })}</span>
      `,
    },
    {
      name: "state",
      title: t("State"),
      value: (row) => word_of("state", row.state),
      show: (row) => html`<${State}>${row.state}<//>`,
    },
    { name: "nodes", title: t("Nodes of the cluster"), value: (row) => row.nodes.join(", ") },
    {
      name: "rows",
      title: t("Our rows"),
      wrap: true,
      value: (row) => row.rows.join(" "),
      show: (row) => row.rows.map((one) => html`<div key=${one}><${Mono}>${one}<//></div>`),
    },
    {
      name: "text",
      title: t("Reason"),
      wrap: true,
      value: (row) => (row.state === "active" ? "" : (row.explanation ?? "")),
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          <${Button} kind="small" verb="imp-servers.refresh" busy=${busy} onClick=${again(row.address)}>
            ${t("Refresh")}
          <//>
          <${Button} kind="small" verb="imp-servers.passwd" onClick=${() => edit(row)}>${t("Edit")}<//>
          <${Button} kind="small danger" verb="imp-servers.remove" busy=${busy} onClick=${remove(row.address)}>
            ${t("Remove")}
          <//>
        </span>
      `,
    },
  ];
  return html`
    <${Page}
      title=${t("IM and Presence Servers")}
      lead=${t(
        "The IM&P servers whose table has to name the edges that federate. The core writes it over AXL; {page} shows " +
          "how far settings have come.",
        { page: html`<a href="#/provisioning">${t("Provisioning")}</a>` },
      )}
      actions=${html`
        <${Button} verb="imp-servers.refresh" busy=${busy} onClick=${again("")}>${t("Refresh all")}<//>
        <${Button} kind="primary" verb="imp-servers.add" onClick=${() => edit({})}>${t("Add server")}<//>
      `}
    />
    <${Panel} flush>
      <${Wait} of=${answer}>
        ${(data) => html`
          <${Table}
            caption=${t("IM&P servers")}
            rows=${data.servers}
            columns=${columns}
            filter=${data.servers.length > 5}
            first="address"
            name=${({ address }) => address}
            empty=${t("No IM&P server is provisioned.")}
          />
        `}
      <//>
    <//>
    ${edited && html`<${ServerForm} server=${edited.address ? edited : null} onClose=${() => edit(null)} />`}
  `;
}
