// Which language the pages have: the one of the account, or else the first of the browser's that there is.
import { act } from "./api.js";
import { speak } from "./i18n.js";
import { best_of } from "./languages.js";
import { Store } from "./store.js";

/** The tag of the language that is shown; whoever draws texts is drawn again when it changes. */
export const language = new Store("en");
/** What the account has chosen; empty: as the browser asks. */
export const chosen = new Store("");

const asked = () => best_of(navigator.languages ?? [navigator.language]);

async function catalogue_of(tag) {
  if (tag === "en") return null;
  const response = await fetch(`lang/${tag}.json`);
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

let latest = 0;

/**
 * Shows the pages in the language `wanted`, or in the browser's when it is empty. When its texts cannot be brought, the
 * pages are in English.
 */
export async function speak_in(wanted) {
  const mine = ++latest;
  chosen.value = wanted ?? "";
  let tag = wanted ? best_of([wanted]) : asked();
  const loaded = await catalogue_of(tag).catch(() => {
    tag = "en";
    return null;
  });
  if (mine !== latest) return; // another one was asked for meanwhile
  speak(tag, loaded);
  document.documentElement.lang = tag;
  language.value = tag;
}

/** Keeps the choice with the account and shows it. */
export async function choose(wanted) {
  await act("account.language", { language: wanted });
  await speak_in(wanted);
}

addEventListener("languagechange", () => {
  if (chosen.value === "") speak_in("");
});
