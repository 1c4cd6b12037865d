// The tools that lay out and judge web/: what Prettier's plugin writes builds what was built before, at any width, and
// what the rule for templates refuses is refused.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Linter } from "eslint";
import htm from "htm";
import { check, format } from "prettier";
import { parsers } from "prettier/plugins/babel";
import eslint_htm from "./tools/eslint_htm.mjs";
import prettier_config from "./prettier.config.mjs";

const web = fileURLToPath(new URL("../../web", import.meta.url));
const sources = readdirSync(web, { recursive: true }).filter((path) => /^(?!vendor).*\.js$/.test(path));
const laid_out = (text, width) => format(text, { ...prettier_config, parser: "babel", printWidth: width });

// What a source says, whatever its layout: its tree, with templates as htm reads them. --------------------------------
const layout = ["start", "end", "__contentEnd", "loc", "range", "extra", "comments", "tokens", "errors"];
const shown = (child) => (typeof child === "string" ? child.replace(/\s+/g, " ") : child); // as a browser shows it
const build = htm.bind((type, props, ...children) => ({ type, props, children: children.map(shown) }));

function template({ quasis, expressions }) {
  const values = expressions.map((one, at) => {
    const said = meaning(one);
    return { [`value ${at}`]: said, toString: () => JSON.stringify(said) };
  });
  return [
    build(
      quasis.map(({ value }) => value.raw),
      ...values,
    ),
  ]
    .flat()
    .map(shown);
}

function meaning(node) {
  if (Array.isArray(node)) return node.map(meaning);
  if (node === null || typeof node !== "object") return node;
  if (node.type === "TaggedTemplateExpression" && node.tag.name === "html") return { html: template(node.quasi) };
  const parts = Object.entries(node).filter(([key]) => !layout.includes(key));
  return Object.fromEntries(parts.map(([key, value]) => [key, meaning(value)]));
}

const means = async (text) => JSON.stringify(meaning((await parsers.babel.parse(text, {})).program));

const samples = {
  "blanks between children count": "html`<p>${a} ${b}<b>c</b> <i>d</i> ${e}</p>`",
  "line ends between children do not": "html`<p>\n  <b>${a}</b>\n  ${b}\n</p>\n${c}`",
  "a text begins and ends with blanks": "html`<b> ${a} text of several words ${b} </b> and ${c} more.`",
  "a text touches what stands beside it": "html`<p>the ${kind} “${name}”, (<b>${n}</b>), and ${last}.</p>`",
  "a text that begins on its own line": "html`<p>${a}\n text with words\n <b>x</b>\n end</p>`",
  "attributes of every kind": "html`<i a=1 b='two  blanks' c=\"x ${d} y\" e=${f} ...${g} h i=${`#/${j}`}/>`",
  "components, fragments and their ends": "html`<${A} b=${c}><${D}/><//><><p>x</p></><${E}>y</${E}>`",
  "templates in templates":
    "html`<ul>${all.map((one) => html`<li key=${one}>${one && html` <b>${one}</b>`}</li>`)}</ul>`",
  "one of several": "html`${a ? html`<p>${a}</p>` : b ? html`<i>b</i>` : null}${c || d}${e && f && html`<u>${e}</u>`}`",
  "a blank that is written": "html`<p>${a}${' '}<b>${b}</b>${' '}${c}</p>`",
  "an address with slashes": "html`<a href=#/x/y/z>${a}</a><img src=/a.png />`",
};

test("layout leaves what a template builds, and is the same the second time", async () => {
  for (const [what, text] of Object.entries(samples)) {
    for (const width of [10, 40, 80, 400]) {
      const once = await laid_out(text, width);
      assert.ok((await means(once)) === (await means(text)), `${what}, ${width} columns:\n${once}`);
      assert.equal(await laid_out(once, width), once, what);
    }
  }
});

test("what all pages build is the same at any width", async () => {
  assert.ok(sources.length > 40);
  for (const path of sources) {
    const text = readFileSync(`${web}/${path}`, "utf8");
    const said = await means(text);
    for (const width of [40, 400]) {
      assert.ok((await means(await laid_out(text, width))) === said, `${path}, ${width} columns`);
    }
  }
});

test("a template that htm would take for another one is an error, not a guess", async () => {
  for (const text of [
    "html`<p>${a}`",
    "html`<b>x</b></p>`",
    "html`<p class=>`",
    "html`<h${n}>x<//>`",
    'html`<p a="b"c />`',
  ]) {
    await assert.rejects(laid_out(text, 120), SyntaxError, text);
  }
});

test("what is not laid out is found", async () => {
  const options = { ...prettier_config, parser: "babel" };
  assert.equal(await check("const a = html`<p>${b}</p>`;\n", options), true);
  assert.equal(await check("const a = html`<p>\n${b}</p>`;\n", options), false);
});

test("a template that lets text choose an element, an address or markup is refused", () => {
  const config = { plugins: { htm: eslint_htm }, rules: { "htm/safe-template": "error" } };
  const found = (code) => new Linter().verify(code, config).map(({ messageId, message }) => messageId ?? message);
  const good = [
    "html`<${Panel} a=${b} ...${c}><${page.Show} /><//>`",
    "html`<a href=${`#/peer/${encodeURIComponent(a)}`} data-x=${b}>${c}</a>`",
    "html`<input ...${more} onInput=${f} /><b class=${`x ${y}`}>${z.text}</b>`",
  ];
  const bad = {
    name: ["html`<${row.kind} />`", "html`<b></b><${kind}>x<//>`", "html`<${views[tab]} />`"],
    address: [
      "html`<a href=${a}>x</a>`",
      "html`<a href=${`${a}`}>x</a>`",
      'html`<a x=${y} href="${a}">x</a>`',
      "html`<form action=${a.b} />`",
    ],
    markup: ["html`<p dangerouslySetInnerHTML=${a} />`", "html`<iframe srcdoc=${a} />`"],
    inline: ["html`<p style=${a} />`", 'html`<p onclick="x()" />`'],
    spread: ["html`<p ...${row.facts} />`", "html`<${A}><p a=${b} ...${c()} /><//>`"],
    call: ["html([text])"],
  };
  for (const code of good) assert.deepEqual(found(code), [], code);
  for (const [name, all] of Object.entries(bad)) for (const code of all) assert.deepEqual(found(code), [name], code);
});
