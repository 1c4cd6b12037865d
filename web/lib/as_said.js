// What a node, a peer or a library said in its own words, which is English: marked so, for those who listen.
import { html } from "./html.js";
import { spoken } from "./i18n.js";
import { typed } from "./typed.js";
import { translated_rule } from "./words.js";

export const AsSaid = ({ text }) =>
  spoken() === "en" ? typed(text ?? "") : html`<span lang="en">${typed(text ?? "")}</span>`;

/** Why something failed: the words of the rule that explains it, where they are translated, before what was said. */
export function Failure({ rule, said }) {
  const text = rule && translated_rule(rule);
  return text ? html`${text}: <${AsSaid} text=${said} />` : html`<${AsSaid} text=${said} />`;
}

/** `text` is how `said` is shown in the chosen language: the same words where nobody has translated them. */
export const Told = ({ text, said }) => (text === said ? html`<${AsSaid} text=${said} />` : typed(text));
