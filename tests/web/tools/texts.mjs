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
/** Functions that are given selectors, names and other things for programs. */
const technical =
  /^(?:closest|createElement|getPropertyValue|includes|matches|querySelector(?:All)?|split|startsWith)$/;

const has_words = (text) => /\p{L}/u.test(text.replaceAll("Sallyport", ""));
/** What is the same in each language: a command line, a name (partner.example, host:port, tls_required), a unit. */
const is_name = (text) => /^(?:[\w*-]+(?:[.@:_/][\w*-]+)+|ms|s|JSON|TLS|SHA-256|[A-Z]|&[a-z]+;)$/.test(text.trim());

/** A literal, or several with + between them; undefined for everything else. */
function literal(node) {
  if (node?.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node?.type !== "BinaryExpression" || node.operator !== "+") return undefined;
  const parts = [literal(node.left), literal(node.right)];
  return parts.includes(undefined) ? undefined : parts.join("");
}

/** Two words with a blank between them. */
const is_prose = (text) => /\p{L}{2,}[,.:;]? \p{L}{2,}/u.test(text);

class Reader {
  uses = [];
  /** Literals that are texts of the catalogue, or no texts at all. */
  seen = new Set();
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
        this.shows(
          node.quasis
            .map(({ value }) => value.cooked)
            .join("")
            .replace(/^#\/\S*$/, ""),
          node,
        );
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
    if (technical.test(name)) node.arguments.forEach((one) => this.seen.add(one));
    if (said.has(name) && node.arguments[0]) this.value(node.arguments[0]);
    const texts = node.callee.type === "Identifier" ? marks[name] : undefined;
    if (texts === undefined) return;
    const line = node.loc.start.line;
    const given = node.arguments.slice(name === "tn" ? 1 : 0, name === "tn" ? 3 : 1);
    if (depth === 0 && name !== "msg") this.problems.push(`line ${line}: ${name}() before the language is known`);
    if (given.length < texts || given.some((one) => literal(one) === undefined)) {
      // t(title) of what msg() marked elsewhere
      if (name !== "t" || !["Identifier", "MemberExpression"].includes(given[0]?.type)) {
        this.problems.push(`line ${line}: ${name}() of what is no literal`);
      }
      return;
    }
    for (const one of given) this.seen.add(one);
    const key = literal(given.at(-1));
    const values = node.arguments[name === "tn" ? 3 : 1];
    if (values && !values.properties?.every(({ type }) => type === "Property")) {
      this.problems.push(`line ${line}: the values of ${name}() are not named one by one`);
      return;
    }
    const names = values?.properties.map(({ key: one }) => one.name ?? one.value) ?? [];
    if (name === "tn") names.push("n");
    this.uses.push({ key, one: name === "tn" ? literal(given[0]) : undefined, names, line, is_marked: name === "msg" });
  }

  template(node) {
    const { quasis, expressions } = node.quasi;
    const strings = quasis.map(({ value }) => value.cooked);
    const build = (type, props, ...children) => {
      for (const [name, value] of Object.entries(props ?? {})) {
        if (name === "class" && value?.type) this.seen.add(value);
        const is_named = name === "name" && typeof type !== "string" && typeof value === "string" && is_prose(value);
        const is_read = read.has(name) || is_named;
        if (!is_read) continue;
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

  /** A literal that is prose, wherever it stands. */
  prose(node) {
    const text = node.type === "Literal" ? node.value : node.quasis.map(({ value }) => value.cooked).join("\0");
    if (typeof text === "string" && is_prose(text) && !this.raw.some(({ text: known }) => known === text.trim())) {
      this.shows(text, node);
    }
  }

  /** `depth` counts the functions around: what runs when a file is loaded knows no language yet. */
  walk(node, depth) {
    if (node === null || typeof node !== "object") return;
    if (Array.isArray(node)) {
      for (const one of node) this.walk(one, depth);
      return;
    }
    if (typeof node.type !== "string" || this.seen.has(node)) return;
    if (node.type === "Literal" || node.type === "TemplateLiteral") this.prose(node);
    if (node.type === "CallExpression" || node.type === "NewExpression") this.call(node, depth);
    if (node.type === "TaggedTemplateExpression" && node.tag.name === "html") {
      this.template(node);
      node.quasi.expressions.forEach((one) => this.walk(one, depth));
      return;
    }
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
