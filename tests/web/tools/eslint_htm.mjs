// Rules of ESLint for the templates of htm: what comes from elsewhere becomes text and nothing else. htm hands text
// nodes to the document, so that a peer's markup is shown as what it is (threat T78); what is left are the places where
// text chooses what an element is or does: its name, its addresses, its attributes as a whole.
const is_htm = (node) => node.tag.type === "Identifier" && node.tag.name === "html";

/** A component by its name: `Panel`, `page.Show`. */
const is_component = (node) =>
  (node.type === "Identifier" && /^[A-Z]/.test(node.name)) ||
  (node.type === "MemberExpression" && !node.computed && /^[A-Z]/.test(node.property.name));

/** An address within these pages: a template that begins with "#/", whatever follows. */
const is_inside = (node) => node.type === "TemplateLiteral" && node.quasis[0].value.raw.startsWith("#/");

const addresses = /\s(?:href|src|action|formaction|poster|data)=(["']?)$/;

/** The name of the element whose tag is open where `text` ends; empty when none is. */
const open_element = (text) => /<([^\s/>]*)[^<>]*$/.exec(text)?.[1] ?? "";

const safe_template = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      name: "An element's name comes from a component (its name begins with a capital letter), never from a value.",
      address: "An address is a template that begins with #/: any other could be a script.",
      markup: "Nothing sets markup: what an element shows are its children.",
      inline: "The content security policy knows no inline style or script.",
      spread: "Onto an element go the attributes that a component was given, under a name of its own.",
      call: "html is a tag: called as a function it would take text from elsewhere for a template.",
    },
  },
  create: (context) => ({
    CallExpression(node) {
      if (node.callee.type === "Identifier" && node.callee.name === "html") context.report({ node, messageId: "call" });
    },
    TaggedTemplateExpression(node) {
      if (!is_htm(node)) return;
      const report = (at, messageId) => context.report({ node: at, messageId });
      let before = "";
      node.quasi.quasis.forEach((quasi, at) => {
        const { raw } = quasi.value;
        if (/dangerouslySetInnerHTML|\ssrcdoc=/.test(raw)) report(quasi, "markup");
        if (/\sstyle=|\son[a-z]+=["']/.test(raw)) report(quasi, "inline");
        before += raw;
        const value = node.quasi.expressions[at];
        if (value === undefined) return;
        const address = addresses.exec(before);
        if (/<\/?$/.test(before) && !is_component(value)) report(value, "name");
        if (address && (address[1] !== "" || !is_inside(value))) report(value, "address");
        if (/\s\.\.\.$/.test(before) && /^[a-z]/.test(open_element(before)) && value.type !== "Identifier") {
          report(value, "spread");
        }
        before += "X"; // a component's name, or a value
      });
    },
  }),
};

export default { rules: { "safe-template": safe_template } };
