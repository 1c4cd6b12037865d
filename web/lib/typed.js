// Sentences of the node in which `…` marks what one types.
import { html } from "./html.js";
import { visible } from "./visible.js";

/** Children for an element, or what a component returns: nobody else looks at the latter (visible.js). */
export const typed = (text) =>
  visible(String(text))
    .split("`")
    .map((part, at) => (at % 2 === 1 ? html`<code key=${at}>${part}</code>` : part));
