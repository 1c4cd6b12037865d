// What a node, a peer or a library said in its own words, which is English: marked so, for those who listen.
import { html } from "./html.js";
import { spoken } from "./i18n.js";
import { typed } from "./typed.js";

export const AsSaid = ({ text }) =>
  spoken() === "en" || !text ? typed(text ?? "") : html`<span lang="en">${typed(text)}</span>`;
