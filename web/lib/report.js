// What a check found: the verdict, the findings with their remedies, the facts.
import { Told } from "./as_said.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { Cure, Mono, Panel, State, Tag } from "./parts.js";
import { finding_cure, finding_text, word_of } from "./words.js";

const plain = (value) =>
  Array.isArray(value)
    ? value.map(plain).join(", ")
    : value !== null && typeof value === "object"
      ? Object.entries(value)
          .map(([key, one]) => `${key} ${plain(one)}`)
          .join(", ")
      : String(value ?? "–");
const pairs = (facts) =>
  Array.isArray(facts)
    ? facts.map((one) => (one && typeof one === "object" && "name" in one ? [one.name, one.value] : ["", plain(one)]))
    : Object.entries(facts ?? {});

export function Findings({ report }) {
  return html`
    <ul class="findings">
      ${(report.findings ?? []).map((one, at) => html`
        <li key=${at}>
          <${State} tone=${one.grade === "note" ? "calm" : undefined}>${one.grade}<//>
          <div>
            ${one.check && html`<${Tag}>${word_of("check", one.check)}<//> `}
            <${Told} text=${finding_text(one)} said=${one.text} />
            ${one.remedy && html`<${Cure} said=${one.remedy}>${finding_cure(one)}<//>`}
          </div>
        </li>
      `)}
    </ul>
    ${pairs(report.facts).length > 0 && html`
      <details class="more">
        <summary>${t("Facts")}</summary>
        <dl class="event-facts" lang="en">
          ${pairs(report.facts).map(([name, value], at) => html`
            <div key=${at}><dt>${name}</dt><dd><${Mono}>${plain(value)}<//></dd></div>
          `)}
        </dl>
      </details>
    `}
  `;
}

export function Report({ report, onClose }) {
  const verdict = report.verdict;
  return html`
    <${Panel}
      title=${t("Check {check} {domain}", { check: word_of("check", report.check ?? ""), domain: report.domain ?? "" })}
      class="report"
      actions=${html`
        <${State}>${verdict}<//>
        ${onClose && html`<button type="button" class="button quiet small" onClick=${onClose}>${t("Close")}</button>`}
      `}
    >
      <div role="status"><${Findings} report=${report} /></div>
    <//>
  `;
}
