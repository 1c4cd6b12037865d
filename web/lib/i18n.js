// The texts of the pages in the language that was chosen. English stands in the sources and is the key into the
// catalogue (web/lang/*.json, docs/decisions/0030-texts-and-their-catalogue.md). Which language it is: language.js; the
// words of the node: words.js.
//
//   t("Remove {name}?", { name })                  a text; values in braces
//   t("session|Ends")                              what stands before the bar tells two meanings apart; it is not shown
//   tn(3, "{n} stream", "{n} streams")             by the plural rules of the language
//   msg("Overview")                                marks a text in a table; it is shown with t(…)
//
// Each argument that names a text is a literal: i18n.test.mjs reads them out of the sources.

let language = "en";
let catalogue = {};
let plural = new Intl.PluralRules(language);
let count = new Intl.NumberFormat(language);

/** From now on texts are those of `tag`, which `loaded` holds; null for English. */
export function speak(tag, loaded) {
  language = tag;
  catalogue = loaded ?? {};
  plural = new Intl.PluralRules(tag);
  count = new Intl.NumberFormat(tag);
}

/** The tag of the language, for Intl. */
export const spoken = () => language;

/** What the catalogue has under these names, one within the other; undefined in English. */
export const entry = (...names) =>
  names.reduce((at, name) => (at && Object.hasOwn(at, name) ? at[name] : undefined), catalogue);

/** The category of a number in the language: "one", "other" and so on. */
export const plural_of = (n) => plural.select(n);

export const msg = (text) => text;

const shown = (text) => text.replace(/^[a-z ]+\|/, "");
const place = /\{([a-z_0-9]+)\}/i;
const written = (value) => (typeof value === "number" ? count.format(value) : value);
const is_plain = (value) => typeof value === "string" || typeof value === "number";

/** The text with its values; children of an element when one of them is more than text. */
export function fill(text, values) {
  if (values === undefined) return text;
  const parts = text.split(place).map((part, at) => (at % 2 === 0 ? part : written(values[part] ?? "")));
  return parts.every(is_plain) ? parts.join("") : parts;
}

/** A text in the chosen language; one that the catalogue lacks is shown in English. */
export const t = (text, values) => fill(entry("texts", text) ?? shown(text), values);

/** The text that fits `n`; the catalogue has it under `many`, a form for each plural category of the language. */
export function tn(n, one, many, values) {
  const forms = entry("texts", many);
  const english = n === 1 ? one : many;
  return fill(forms?.[plural_of(n)] ?? forms?.other ?? shown(english), { n, ...values });
}
