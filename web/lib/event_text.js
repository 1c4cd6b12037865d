// What an entry of the event log says in one line: the reason first, in the node's own words, then its other facts.

/** The facts that say why or what, in the order in which they make a sentence. */
const saying = ["text", "Detail", "detail", "description", "what", "why"]; // "detail": entries of before

const plain = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));
const facts_of = (event) => Object.entries(event.facts ?? {}).map(([key, value]) => [key, plain(value)]);

/** "the certificate for link expires within 30 days: edge.pem, 19 days left"; empty when the entry gives no reason. */
export function reason_of(event) {
  const facts = new Map(facts_of(event));
  return saying
    .map((key) => facts.get(key) ?? "")
    .filter((text, at, all) => text !== "" && all.indexOf(text) === at)
    .join(": ");
}

/** All that is no part of the reason: "pair montague.lab:tybalt.lab, step tcp, attempt 3". */
export const rest_of = (event) =>
  facts_of(event)
    .filter(([key, value]) => !saying.includes(key) && value !== "")
    .map(([key, value]) => `${key.replaceAll("_", " ")} ${value}`)
    .join(", ");

/** What is searched: the facts as lines of the log have them too. */
export const fact_text = (event) =>
  `${reason_of(event)} ${rest_of(event)} ${facts_of(event)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ")}`;
