// A Prettier plugin: lays out the templates of htm (html`...`) as Prettier lays out the code around them. Prettier
// itself takes them for HTML, where a line end between two tags is a blank; htm drops it. Only what htm drops is ever
// added or taken away here: line ends between children, blanks between attributes. Within a text a blank may become a
// line end, which shows as the same blank. format.test.mjs holds the layout to what htm builds.
import { doc } from "prettier";
import * as babel from "prettier/plugins/babel";
import * as estree from "prettier/plugins/estree";

const { fill, group, indent, join, line, literalline, softline } = doc.builders;
const printer = estree.printers.estree;

/** An expression between two strings of the template stands in its text as one character of a private area. */
const first_field = 0xf0000;
const field = (at) => String.fromCodePoint(first_field + at);
const is_field = /^[\u{f0000}-\u{ffffd}]$/u;
const fields = /([\u{f0000}-\u{ffffd}])/u;

// Reading: children {text} or {field} or {name, attributes, children, close}; a text keeps the blanks that htm keeps. -
const one_field = String.raw`[\u{f0000}-\u{ffffd}]`;
const set_to = String.raw`"[^"]*"|'[^']*'|(?:[^\s/>"']|/(?!>))+`;
const grammar = {
  close: /<\/[^>]*>/uy,
  open: /<([\u{f0000}-\u{ffffd}]|[^\s/>\u{f0000}-\u{ffffd}]*)(?=[\s/>])/uy,
  attribute: new RegExp(String.raw`\s*(\.\.\.${one_field}|[^\s=/>]+(?:=(?:${set_to}))?)(?=[\s>]|/>)`, "uy"),
  end: /\s*(\/?>)/uy,
  field: /[\u{f0000}-\u{ffffd}]/uy,
  text: /[^<\u{f0000}-\u{ffffd}]+/uy,
};

class Template {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  take(what) {
    grammar[what].lastIndex = this.at;
    const found = grammar[what].exec(this.text);
    if (found) this.at = grammar[what].lastIndex;
    return found;
  }

  /** Children up to the tag that closes them, or to the end. */
  children() {
    const all = [];
    while (this.at < this.text.length) {
      const close = this.take("close");
      if (close) return { all, close: close[0] };
      const open = this.take("open");
      if (open) all.push(this.element(open[1]));
      else if (this.take("field")) all.push({ field: this.text.slice(this.at - 2, this.at) });
      else all.push(this.words());
    }
    return { all, close: "" };
  }

  element(name) {
    const attributes = [];
    let end;
    while (!(end = this.take("end"))) {
      const attribute = this.take("attribute");
      if (!attribute) {
        throw new SyntaxError(`a template of htm cannot be read at: ${this.text.slice(this.at, this.at + 40)}`);
      }
      attributes.push(attribute[1]);
    }
    if (end[1] === "/>") return { name, attributes };
    const { all, close } = this.children();
    if (close === "") throw new SyntaxError(`a template of htm does not close <${name}`);
    return { name, attributes, children: all, close };
  }

  words() {
    const found = this.take("text");
    if (!found) throw new SyntaxError(`a template of htm cannot be read at: ${this.text.slice(this.at, this.at + 40)}`);
    const [raw] = found;
    return { text: raw.replace(/^\s*\n\s*|\s*\n\s*$/g, ""), before: /^\s*\n/.test(raw), after: /\n\s*$/.test(raw) };
  }
}

// Writing -------------------------------------------------------------------------------------------------------------
const verbatim = (text, expressions) =>
  text
    .split(fields)
    .map((part) =>
      is_field.test(part) ? expressions[part.codePointAt(0) - first_field] : join(literalline, part.split("\n")),
    );

/**
 * Runs of what stays together, each a list of pieces between which a blank may become a line end: the words of a text,
 * with the children that touch them. A line may end between two runs.
 */
function runs_of(children, expressions) {
  const runs = [];
  let joined = false; // whether the next child touches the last run
  const add = (touches, first, ...others) => {
    if (touches) runs.at(-1).at(-1).push(first);
    else runs.push([[first]]);
    for (const piece of others) runs.at(-1).push([piece]);
  };
  for (const child of children) {
    if (child.text === undefined) {
      const one = child.field === undefined ? element(child, expressions) : verbatim(child.field, expressions);
      add(joined, one);
      joined = false;
    } else if (child.text !== "") {
      const [, lead, words, trail] = /^([ \t\n]*)(.*?)([ \t\n]*)$/s.exec(child.text);
      const [first, ...others] = words.split(/[ \t\n]+/);
      add(runs.length > 0 && !child.before, `${lead && " "}${first}`, ...others);
      if (trail) add(true, " ");
      joined = !child.after;
    }
  }
  return runs.map((pieces) => (pieces.length === 1 ? pieces[0] : fill(join(line, pieces))));
}

const leads = (children, at) => /^[ \t]/.test(children.at(at)?.text ?? "");
const trails = (children) => /[ \t]$/.test(children.at(-1)?.text ?? "");

/** Between two tags: on lines of their own when they do not fit beside them. A blank that counts stays where it is. */
function inside(open, children, close, expressions) {
  const runs = join(softline, runs_of(children, expressions));
  return group([open, indent([leads(children, 0) ? "" : softline, runs]), trails(children) ? "" : softline, close]);
}

function element({ name, attributes, children, close }, expressions) {
  const tag = ["<", verbatim(name, expressions)];
  const all = attributes.map((one) => verbatim(one, expressions));
  const list = all.length > 0 ? indent([line, join(line, all)]) : "";
  if (children === undefined) return group([tag, list, line, "/>"]);
  const open = group([tag, list, all.length > 0 ? softline : "", ">"]);
  const written = verbatim(close, expressions);
  return children.every(({ text }) => text === "")
    ? group([open, written])
    : inside(open, children, written, expressions);
}

const is_htm = (node) =>
  node?.type === "TaggedTemplateExpression" && node.tag.type === "Identifier" && node.tag.name === "html";

function print_expression(path, print) {
  const { node } = path;
  const hugs = node.type === "LogicalExpression" && node.operator === "&&" && node.right.htm && !node.comments;
  const written = hugs ? [path.call(print, "left"), " && ", path.call(print, "right")] : print();
  return ["${", written, "}"];
}

function print_template(path, print) {
  const strings = path.node.htm;
  const expressions = path.map(() => print_expression(path, print), "quasi", "expressions");
  const text = strings.map((string, at) => (at === 0 ? string : field(at - 1) + string)).join("");
  const template = new Template(text);
  const { all, close } = template.children();
  if (close !== "") throw new SyntaxError(`a template of htm closes what it did not open: ${close}`);
  return inside("html`", all, "`", expressions);
}

/**
 * Marks the templates. Prettier keeps a template that begins with a line end, and an arrow's element, beside what
 * stands before.
 */
function mark(node, parent) {
  if (node === null || typeof node !== "object") return;
  if (Array.isArray(node)) {
    for (const one of node) mark(one, parent);
    return;
  }
  if (typeof node.type !== "string") return;
  for (const [key, value] of Object.entries(node)) {
    if (key !== "comments" && key !== "tokens" && key !== "loc") mark(value, node);
  }
  if (!is_htm(node)) return;
  node.htm = node.quasi.quasis.map(({ value }) => value.raw);
  node.quasi.quasis[0].value = { ...node.quasi.quasis[0].value, raw: `\n${node.htm[0]}` };
  if (parent?.type === "ArrowFunctionExpression" && parent.body === node) node.type = "JSXElement";
}

export const parsers = {
  babel: {
    ...babel.parsers.babel,
    async parse(text, options) {
      const tree = await babel.parsers.babel.parse(text, options);
      mark(tree, null);
      return tree;
    },
  },
};

export const printers = {
  estree: {
    ...printer,
    print: (path, options, print, args) =>
      path.node.htm ? print_template(path, print) : printer.print(path, options, print, args),
    embed: (path, options) => (path.parent?.htm ? undefined : printer.embed(path, options)),
    getVisitorKeys: (node, keys) => (node.htm ? ["tag", "quasi"] : printer.getVisitorKeys(node, keys)),
  },
};
