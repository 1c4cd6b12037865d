// The languages of the pages, a row each: its tag (BCP 47) and its own name. All but the first have their texts in
// web/lang/<tag>.json; English is the text in the sources.
export const languages = [
  ["en", "English"],
  ["es", "Español"],
];

const known = (tag) => languages.find(([one]) => one === String(tag).toLowerCase().split("-")[0])?.[0];

/** The first of `wanted` that there is: "es-MX" is "es". Nothing that is known: the first of the table. */
export const best_of = (wanted) => wanted.map(known).find(Boolean) ?? languages[0][0];
