// Our domains and chat node aliases that federate: what DNS says about each, and on an edge whether a certificate
// covers it.
import { Field, Text } from "../lib/fields.js";
import { certificate_text, certificate_tone } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Button, Notice, Page, Panel, State, Wait, confirm, useAction } from "../lib/parts.js";
import { Report } from "../lib/report.js";
import { call } from "../lib/session.js";
import { belongs_elsewhere, save, useSettings } from "../lib/settings.js";
import { Table } from "../lib/table.js";
import { word_of } from "../lib/words.js";

/** RFC 6125 6.4.3: a star stands for one whole label, the leftmost. */
const covers = (name, domain) =>
  name === domain || (name.startsWith("*.") && domain.slice(domain.indexOf(".") + 1) === name.slice(2));

/**
 * Where the node itself looks whether a certificate covers each of our domains (`check`): on an edge, unless nothing is
 * encrypted.
 */
const is_judged = ({ role, security_mode }) => role === "edge" && security_mode !== "no_tls";

/** As grave as the node says; of a pattern it says nothing. */
function certificate_of(domain, certificates) {
  if (domain.startsWith("*.")) return { tone: "calm", text: "" };
  const found = certificates
    .filter(({ use, names }) => use === "s2s" && names.some((name) => covers(name, domain)))
    .sort((one, other) => other.days_left - one.days_left)[0];
  if (!found) return { tone: "warn", text: t("not covered") };
  return {
    tone: certificate_tone(found),
    text:
      found.state === "expired"
        ? t("covered by an expired one")
        : t("covered, {time}", { time: certificate_text(found) }),
  };
}

/** Who has a domain: a node behind a link; of a core else a server inside, unless the node says that nobody has it. */
function server_of(name, { role, links, problems }) {
  const far = links.find((link) => link.domains.includes(name))?.far_realm;
  const unserved = problems.some(({ code, values }) => code === "domain.unserved" && values.domain === name);
  return far ?? (role === "core" && !unserved ? t("an internal server") : "");
}

export default function Domains({ status }) {
  const settings = useSettings();
  const [text, set_text] = useState("");
  const [problem, set_problem] = useState("");
  const [report, set_report] = useState(null);
  const [busy, run] = useAction();
  const elsewhere = belongs_elsewhere(settings.row("federation.domains"), status);
  const domains = settings.value("federation.domains") ?? [];
  const put = async (next, done) => {
    const refused = await save(settings.revision, { "federation.domains": next }, done);
    set_problem(refused?.message ?? "");
    return refused === null;
  };
  const add = (event) => {
    event.preventDefault();
    const names = text.split(/[\s,;]+/).filter(Boolean);
    run(async () => {
      if (
        await put(
          [...domains, ...names.filter((name) => !domains.includes(name))],
          t("{names} federates.", { names: names.join(", ") }),
        )
      ) {
        set_text("");
      }
    });
  };
  const remove = (name) => async () => {
    const sure = await confirm({
      title: t("Stop federating {name}?", { name }),
      text: t("Its streams with other domains are closed; other servers are told that it is unknown here."),
      yes: t("Stop federating"),
    });
    if (!sure) return;
    await run(() =>
      put(
        domains.filter((one) => one !== name),
        t("{name} no longer federates.", { name }),
      ),
    );
  };
  const look = (name) => () => run(async () => set_report({ name, found: await call("check.dns", { domain: name }) }));
  const columns = [
    { name: "name", title: t("Domain or alias"), value: (row) => row.name, show: (row) => html`<b>${row.name}</b>` },
    is_judged(status) && {
      name: "certificate",
      title: t("This node's certificate"),
      value: (row) => row.certificate.text,
      show: (row) => row.certificate.text && html`<${State} tone=${row.certificate.tone}>${row.certificate.text}<//>`,
    },
    {
      name: "served",
      title: status.role === "core" ? t("Served by") : t("Served over the link by"),
      value: (row) => row.served,
      show: (row) => row.served || html`<span class="sub">${t("nobody right now")}</span>`,
    },
    {
      name: "do",
      title: "",
      show: (row) => html`
        <span class="row-buttons">
          ${!row.name.startsWith("*.") && html`
            <${Button} kind="small" verb="check.dns" busy=${busy} onClick=${look(row.name)}>${t("Check DNS")}<//>
          `}
          <${Button}
            kind="small danger"
            verb="config.set"
            busy=${busy}
            disabled=${elsewhere !== ""}
            onClick=${remove(row.name)}
          >
            ${t("Remove")}
          <//>
        </span>
      `,
    },
  ].filter(Boolean);
  const rows = domains.map((name) => ({
    name,
    certificate: certificate_of(name, status.certificates),
    served: server_of(name, status),
  }));
  return html`
    <${Page}
      title=${t("Domains and chat node aliases")}
      lead=${t(
        "Your names that other servers can reach. Each needs an SRV record, a certificate and an internal server.",
      )}
    />
    ${elsewhere && html`
      <${Notice} tone="warn">
        ${t("The domains belong to the {node}; change them there.", { node: word_of("role", elsewhere) })}
      <//>
    `}
    ${!elsewhere && html`
      <${Panel} title=${t("Add")}>
        <form class="form-row" onSubmit=${add}>
          <${Field} label=${t("Domain or chat node alias")} error=${problem}>
            ${(at) => html`
              <${Text}
                ...${at}
                name="domain"
                required
                placeholder="rooms.example.org"
                value=${text}
                onChange=${set_text}
              />
            `}
          <//>
          <${Button} type="submit" kind="primary" verb="config.set" busy=${busy}>${t("Add")}<//>
        </form>
      <//>
    `}
    <${Panel} flush>
      <${Wait} of=${settings}>
        ${() => html`
          <${Table}
            caption=${t("Domains")}
            rows=${rows}
            columns=${columns}
            first="name"
            name=${({ name }) => name}
            empty=${t("None of your domains federates.")}
            below=${({ name }) =>
              report?.name === name && html`<${Report} report=${report.found} onClose=${() => set_report(null)} />`}
          />
        `}
      <//>
    <//>
  `;
}
