// Sentences of the node in which `…` marks what one types.
import { html } from "./html.js";

export const typed = (text) =>
  String(text)
    .split("`")
    .map((part, at) => (at % 2 === 1 ? html`<code key=${at}>${part}</code>` : part));
