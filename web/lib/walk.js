// The answer of `why`: the steps that a stanza would take, the first that stops it, where to change that.
import { html } from "./html.js";
import { Cure, Mono, Notice, Steps } from "./parts.js";

export const Walk = ({ walk }) => html`<${Notice} tone=${walk.passes ? "good" : "bad"} title=${walk.passes ? "It would pass." : "It would not pass."}>
    ${walk.blocked_by}${walk.change && html`<${Cure}>${walk.change}<//>`}${walk.verdict_id && html`<p class="note">Verdict <${Mono}>${walk.verdict_id}<//></p>`}<//>
  <${Steps} steps=${walk.steps.map((one, at) => ({ key: at, name: one.step, tone: one.passes ? "good" : "bad", text: one.text, cure: one.passes ? null : one.change }))} />`;
