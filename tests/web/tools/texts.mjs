// Reads the texts out of the sources of the pages: which of them go through the catalogue (t, tn, msg of
// web/lib/i18n.js), and which are shown past it. Expressions are read by ESLint's parser, templates by htm itself, so
// that what counts is what htm would build: the text of an element, its attributes.
import htm from "htm";
import * as espree from "espree";

/** Attributes of elements and of our components that people read or hear. */
const read = new Set([
  "alt",
  "aria-label",
  "aria-valuetext",
  "aside",
  "caption",
  "cure",
  "empty",
  "help",
  "label",
  "lead",
  "note",
  "placeholder",
  "text",
  "title",
  "what",
  "yes",
]);
/** Elements whose text is typed or copied, not read. */
const typed = new Set(["code"]);
/** Functions whose first argument is read. */
const said = new Set(["say", "Error"]);
const marks = { t: 1, msg: 1, tn: 2 };

const has_words = (text) => /\p{L}/u.test(text.replaceAll("Sallyport", ""));
/** What is the same in each language: a command line, a name (partner.example, host:port, tls_required), a unit. */
const is_name = (text) => /^(?:[\w*-]+(?:[.@:_/][\w*-]+)+|ms|s|JSON|TLS|SHA-256|[A-Z]|&[a-z]+;)$/.test(text.trim());

class Reader {
  uses = [];
  raw = [];
  problems = [];

  constructor(source) {
    this.tree = espree.parse(source, { ecmaVersion: 2023, sourceType: "module", loc: true });
    this.walk(this.tree, 0);
  }

  /** A text that is shown as it stands. */
  shows(text, node) {
    if (has_words(text) && !is_name(text)) this.raw.push({ text: text.trim(), line: node.loc.start.line });
  }

  /** What an expression comes to where people read it: its literals, whichever way it goes. */
  value(node) {
    switch (node?.type) {
      case "Literal":
        if (typeof node.value === "string") this.shows(node.value, node);
        break;
      case "TemplateLiteral":
        this.shows(node.quasis.map(({ value }) => value.cooked).join("").replace(/^#\/\S*$/, ""), node);
        node.expressions.forEach((one) => this.value(one));
        break;
      case "ConditionalExpression":
        this.value(node.consequent);
        this.value(node.alternate);
        break;
      case "LogicalExpression":
        if (node.operator !== "&&") this.value(node.left);
        this.value(node.right);
        break;
      case "BinaryExpression":
        if (node.operator !== "+") break;
        this.value(node.left);
        this.value(node.right);
        break;
      case "ArrayExpression":
        node.elements.forEach((one) => this.value(one));
        break;
      case "ArrowFunctionExpression":
        if (node.body.type !== "BlockStatement") this.value(node.body);
        break;
    }
  }

  call(node, depth) {
    const name = node.callee.name ?? node.callee.property?.name;
    if (said.has(name) && node.arguments[0]) this.value(node.arguments[0]);
    const texts = node.callee.type === "Identifier" ? marks[name] : undefined;
    if (texts === undefined) return;
    const line = node.loc.start.line;
    const given = node.arguments.slice(name === "tn" ? 1 : 0, name === "tn" ? 3 : 1);
    if (depth === 0 && name !== "msg") this.problems.push(`line ${line}: ${name}() before the language is known`);
    if (given.length < texts || given.some((one) => one.type !== "Literal")) {
      // t(title) of what msg() marked elsewhere
      if (name !== "t" || given[0]?.type === "TemplateLiteral") {
        this.problems.push(`line ${line}: ${name}() of what is no literal`);
      }
      return;
    }
    const key = given.at(-1).value;
    const values = node.arguments[name === "tn" ? 3 : 1];
    const names = values?.properties?.map(({ key: one }) => one.name ?? one.value) ?? [];
    if (name === "tn") names.push("n");
    this.uses.push({ key, one: name === "tn" ? given[0].value : undefined, names, line, is_marked: name === "msg" });
  }

  template(node) {
    const { quasis, expressions } = node.quasi;
    const strings = quasis.map(({ value }) => value.cooked);
    const build = (type, props, ...children) => {
      for (const [name, value] of Object.entries(props ?? {})) {
        if (!read.has(name)) continue;
        if (typeof value === "string") this.shows(value, node);
        else if (value?.type) this.value(value);
      }
      if (!typed.has(type)) children.forEach((one) => this.child(one, node));
      return null;
    };
    const made = htm.bind(build)(Object.assign([...strings], { raw: strings }), ...expressions);
    for (const one of [made].flat()) this.child(one, node);
  }

  child(one, node) {
    if (typeof one === "string") this.shows(one, node);
    else if (one?.type) this.value(one);
  }

  /** `depth` counts the functions around: what runs when a file is loaded knows no language yet. */
  walk(node, depth) {
    if (node === null || typeof node !== "object") return;
    if (Array.isArray(node)) {
      for (const one of node) this.walk(one, depth);
      return;
    }
    if (typeof node.type !== "string") return;
    if (node.type === "CallExpression" || node.type === "NewExpression") this.call(node, depth);
    if (node.type === "TaggedTemplateExpression" && node.tag.name === "html") this.template(node);
    if (node.type === "Property" && read.has(node.key.name ?? node.key.value) && !node.computed) this.value(node.value);
    if (node.type === "AssignmentExpression" && ["message", "title"].includes(node.left.property?.name)) {
      this.value(node.right);
    }
    const inner = /Function|PropertyDefinition/.test(node.type) ? depth + 1 : depth;
    for (const [key, value] of Object.entries(node)) if (key !== "loc") this.walk(value, inner);
  }
}

/**
 * `uses`: {key, one, names, line} of each text that goes through the catalogue; `raw`: {text, line} of each that does
 * not; `problems`: calls that cannot be right.
 */
export const texts_of = (source) => new Reader(source);

/** The names in braces of a text. */
export const places_of = (text) => [...text.matchAll(/\{([a-z_0-9]+)\}/gi)].map(([, name]) => name);
