// The catalogue: every text of the pages goes through it, and each language has all of them, with the same values and a
// form for each plural. The words of the node's own tables are compared with the node in api/test_words.py.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fill, speak, t, tn } from "../../web/lib/i18n.js";
import { best_of, languages } from "../../web/lib/languages.js";
import { alarm_text, finding_cure, finding_text, step_name, word_of } from "../../web/lib/words.js";
import { ago, compact, duration, number, rate, share } from "../../web/lib/format.js";
import { places_of, texts_of } from "./tools/texts.mjs";

const web = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "web");
const ours = (path) => readFileSync(join(web, path), "utf8");
const sources = readdirSync(web, { recursive: true })
  .filter((path) => path.endsWith(".js") && !path.startsWith("vendor"))
  .map((path) => [path, texts_of(ours(path))]);
const uses = new Map(sources.flatMap(([, { uses: all }]) => all).map((one) => [one.key, one]));
const catalogues = languages.slice(1).map(([tag]) => [tag, JSON.parse(ours(`lang/${tag}.json`))]);

/** What is the same in each language, and where it stands. */
const names = new Map([
  ["(prefers-color-scheme: dark)", "lib/theme.js"], // CSS
  ["in force", "lib/parts.js pages/federation.js"], // a state, as the node calls it
  ["expires soon", "lib/format.js"], // states of certificates
  ["not valid yet", "lib/format.js"],
  ["with `sallyport restart router`", "pages/notifications.js"], // a command in a sentence of the node
  ["SASL EXTERNAL", "pages/peer.js"],
  ["select * from xmpps2snodes", "pages/provisioning.js"],
  ["run sql", "pages/provisioning.js"], // the command of the IM&P server
]);

test("no page shows a text past the catalogue, or asks for one before the language is known", () => {
  assert.ok(sources.length > 50 && uses.size > 600, "the sources were found");
  const past = sources.flatMap(([path, { raw, problems }]) => [
    ...raw
      .filter(({ text }) => !names.get(text)?.split(" ").includes(path))
      .map(({ text, line }) => `${path}:${line}: ${text}`),
    ...problems.map((problem) => `${path}: ${problem}`),
  ]);
  assert.deepEqual(past, []);
  const all = new Set(sources.flatMap(([path, { raw }]) => raw.map(({ text }) => `${path} ${text}`)));
  for (const [text, paths] of names) {
    for (const path of paths.split(" ")) assert.ok(all.has(`${path} ${text}`), `${path} no longer has "${text}"`);
  }
});

describe("the scanner finds", () => {
  const raw = (source) => texts_of(source).raw.map(({ text }) => text);
  const at = "const show = () =>";
  for (const [what, source, found] of [
    ["text of an element", `${at} html\`<p>Some text</p>\``, ["Some text"]],
    ["one word of it", `${at} html\`<p>\${x} open</p>\``, ["open"]],
    ["an attribute", `${at} html\`<input placeholder="Your name" name="user_name" />\``, ["Your name"]],
    ["a property of a component", `${at} html\`<\${Panel} title=\${x ? "on" : t("off")} />\``, ["on"]],
    ["a choice within an element", `${at} html\`<b>\${a ? "yes" : b ?? "perhaps"}</b>\``, ["yes", "perhaps"]],
    ["a template within one", `${at} html\`<ul>\${all.map((x) => html\`<li>item</li>\`)}</ul>\``, ["item"]],
    ["a column of a table", `${at} [{ title: "Name", value: (row) => row.name }]`, ["Name"]],
    ["what is said", `${at} say(\`\${name} gone\`)`, ["gone"]],
    ["prose in a variable", `const words = "two words"`, ["two words"]],
    ["nothing in what is typed", `${at} html\`<p><code>sallyport init</code></p>\``, []],
    ["nothing in a class", `${at} html\`<p class=\${\`big red \${x}\`}>\${t("Text")}</p>\``, []],
    ["nothing in names", `${at} html\`<\${Field} name="a_b" placeholder="partner.example" />\``, []],
  ]) {
    test(what, () => assert.deepEqual(raw(source), found));
  }
  test("a text that is asked for too early, or is no literal", () => {
    assert.match(texts_of('const a = t("Early");').problems[0], /before the language/);
    assert.match(texts_of(`${at} t(\`A \${b}\`)`).problems[0], /no literal/);
    assert.deepEqual(texts_of('const a = msg("Marked");').problems, []);
  });
  test("keys with their values, in one piece or in several", () => {
    const [one, other] = texts_of(`${at} [t("A " + "{b}", { b }), tn(n, "{n} x", "{n} xs")]`).uses;
    assert.deepEqual([one.key, one.names], ["A {b}", ["b"]]);
    assert.deepEqual([other.one, other.key, other.names], ["{n} x", "{n} xs", ["n"]]);
  });
});

test("each value of a text is given, and no other", () => {
  for (const [, { uses: all }] of sources) {
    for (const { key, one, names: given, is_marked, line } of all) {
      const wanted = [...places_of(key), ...places_of(one ?? "")];
      if (!is_marked) assert.deepEqual([...new Set(given)].sort(), [...new Set(wanted)].sort(), `line ${line}: ${key}`);
    }
  }
});

/** The categories that whole numbers fall into. */
const categories = (tag) => {
  const rules = new Intl.PluralRules(tag);
  return [...new Set(Array.from({ length: 1000 }, (_, n) => rules.select(n)))].sort();
};

/** All texts below a value, with the way to them. */
const leaves = (value, way = []) =>
  typeof value === "string"
    ? [[way.join(" / "), value]]
    : Object.entries(value).flatMap(([name, one]) => leaves(one, [...way, name]));

for (const [tag, catalogue] of catalogues) {
  describe(`the catalogue of ${tag}`, () => {
    test("has every text, and none that no page uses", () => {
      assert.deepEqual([...uses.keys()].filter((key) => !Object.hasOwn(catalogue.texts, key)).sort(), []);
      assert.deepEqual(
        Object.keys(catalogue.texts)
          .filter((key) => !uses.has(key))
          .sort(),
        [],
      );
    });

    test("has the same values in each text, and a form for each plural", () => {
      for (const [key, found] of Object.entries(catalogue.texts)) {
        const { one } = uses.get(key);
        const places = places_of(key).sort();
        if (one === undefined) {
          assert.equal(typeof found, "string", key);
          assert.deepEqual(places_of(found).sort(), places, key);
        } else {
          assert.deepEqual(Object.keys(found).sort(), categories(tag), key);
          const known = new Set([...places, ...places_of(one)]);
          for (const form of Object.values(found)) {
            for (const place of places_of(form)) assert.ok(known.has(place), `${key}: {${place}}`);
          }
          assert.deepEqual(places_of(found.other).sort(), places, key);
        }
      }
    });

    test("is complete: nothing is empty, and nothing is laid out", () => {
      for (const [way, text] of leaves(catalogue)) {
        assert.equal(text, text.trim(), way);
        assert.ok(text.length > 0 && !/[\n\t]| {2}/.test(text), way);
      }
    });
  });
}

test("the first language that there is, in the order of the browser", () => {
  assert.equal(best_of(["fr-CA", "es-MX", "en"]), "es");
  assert.equal(best_of(["EN-gb", "es"]), "en");
  assert.equal(best_of(["fr"]), "en");
  assert.equal(best_of([undefined]), "en");
});

describe("in Spanish", () => {
  const spanish = (run) => () => {
    speak("es", Object.fromEntries(catalogues).es);
    try {
      run();
    } finally {
      speak("en", null);
    }
  };
  test(
    "texts, their values and their plurals",
    spanish(() => {
      assert.equal(t("Overview"), "Resumen");
      assert.equal(t("session|Ends"), "Termina");
      assert.equal(t("Remove {name}?", { name: "a.test" }), "¿Quitar a.test?");
      const said = [0, 1, 12_345].map((n) => tn(n, "{n} day left", "{n} days left"));
      assert.deepEqual(said, ["quedan 0 días", "queda 1 día", "quedan 12.345 días"]);
      assert.equal(t("A text of tomorrow, {when}", { when: "maybe" }), "A text of tomorrow, maybe");
      assert.equal(tn(1, "{n} newer", "{n} newer ones"), "1 newer");
    }),
  );
  test(
    "numbers, shares and times",
    spanish(() => {
      assert.deepEqual([number(12_345), rate(3.14), compact(25_000_000)], ["12.345", "3,1", "25 M"].map(same));
      assert.deepEqual([duration(0.0004), duration(1.5), share(0.995)].map(plain), ["0,4 ms", "1,5 s", "99,5 %"]);
      assert.equal(ago(new Date(Date.now() - 90_500).toISOString()), "hace 1 min 30 s");
    }),
  );
  test(
    "what the node says, by the names it carries",
    spanish(() => {
      assert.equal(word_of("state", "in force"), "en vigor");
      assert.equal(word_of("state", "a new one"), "a new one");
      const alarm = { code: "link.down", key: "core1", text: "the link to core1 is down", own_text: false };
      assert.equal(alarm_text(alarm), "el enlace con core1 está caído");
      assert.equal(alarm_text({ ...alarm, text: "another", own_text: true }), "another");
      const values = { n: "1" };
      const held = { text: "1 stanza is held", remedy: "look", code: "link.held", remedy_code: "link.held", values };
      assert.equal(finding_text(held), "1 stanza está retenida para un enlace caído");
      assert.match(finding_text({ ...held, values: { n: "2" } }), /^2 stanzas están/);
      assert.match(finding_cure(held), /muestra cuáles/);
      assert.equal(finding_cure({ ...held, remedy_code: null }), "look");
      const down = { text: "", code: "link.down", values: { key: "core1", detail: "timed out" } };
      assert.equal(finding_text(down), "el enlace con core1 está caído: timed out");
      assert.equal(finding_text({ text: "new", code: "no.such", values: {} }), "new");
      assert.equal(
        step_name({ step: "told to the IM&P server a:1", kind: "server.told", about: "a:1" }),
        "comunicado al servidor IM&P a:1",
      );
    }),
  );
});

const same = (text) => text.replace(" ", "\u00a0");
const plain = (text) => text.replaceAll("\u00a0", " ");

test("a value that is an element stays one", () => {
  const made = { type: "b" };
  assert.deepEqual(fill("in {where}, {n}", { where: made, n: 2 }), ["in ", made, ", ", "2", ""]);
  assert.equal(t("stream|open"), "open");
});
