// Characters that make text look like other text: control characters, marks and overrides of direction, isolates,
// joiners, separators of lines, tags (Unicode: Cc, Zl, Zp, Cf). On the pages they are shown as what they are, `\u202e`;
// src/base/deceptive.h says the same.
const deceptive = /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/gu;
const laid_out = /[\n\t]/;

const escaped = (character) =>
  [...Array(character.length).keys()]
    .map((at) => "\\u" + character.charCodeAt(at).toString(16).padStart(4, "0"))
    .join("");

/**
 * Text as it may be shown. Line ends and tabs stay: they are layout, and markup makes them blanks where they are none.
 */
export const visible = (text) =>
  text.replace(deceptive, (character) => (laid_out.test(character) ? character : escaped(character)));

const shown = ["title", "aria-label", "aria-description", "alt", "placeholder", "label", "data-label"];

/** The same for what Preact is told to show: text nodes and the attributes that people read. */
export const visible_child = (child) =>
  typeof child === "string" ? visible(child) : Array.isArray(child) ? child.map(visible_child) : child;
export function visible_props(props) {
  if (!props) return props;
  const all = { ...props };
  for (const name of shown) if (typeof all[name] === "string") all[name] = visible(all[name]);
  return all;
}
