// The answer of `why`: the steps that a stanza would take, the first that stops it, where that is set.
import { AsSaid } from "./as_said.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { Mono, Notice, Steps } from "./parts.js";
import { word_of } from "./words.js";

const SetIn = ({ name }) => name && html`<p class="cure"><span>${t("Set in")}</span> <${Mono}>${name}<//></p>`;

export const Walk = ({ walk }) => html`
  <div class="walk">
    <${Notice}
      tone=${walk.passes ? "good" : "bad"}
      title=${walk.passes ? t("It would pass.") : t("It would not pass.")}
    >
      <${AsSaid} text=${walk.blocked_by} />
      <${SetIn} name=${walk.change} />
      ${walk.verdict_id && html`
        <p class="note">${t("Verdict {id}", { id: html`<${Mono}>${walk.verdict_id}<//>` })}</p>
      `}
    <//>
    <${Steps}
      steps=${walk.steps.map((one, at) => ({
        key: at,
        name: word_of("gate", one.step),
        tone: one.passes ? "good" : "bad",
        text: html`<${AsSaid} text=${one.text} />${!one.passes && html`<${SetIn} name=${one.change} />`}`,
      }))}
    />
  </div>
`;
