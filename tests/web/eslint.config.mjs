// What is a mistake in web/ and tests/web, for ESLint. How it looks is Prettier's (prettier.config.mjs), which leaves
// alone what it cannot break: long texts and comments are found here.
import js from "@eslint/js";
import globals from "globals";
import htm from "./tools/eslint_htm.mjs";

/** Ways from text to markup that the pages do not go. */
const past_text = [
  "innerHTML",
  "outerHTML",
  "srcdoc",
  "insertAdjacentHTML",
  "setHTMLUnsafe",
  "dangerouslySetInnerHTML",
];
const message = "Markup is made by html`` alone.";
const restricted = [
  ...past_text.map((property) => ({ property, message })),
  ...["write", "writeln"].map((property) => ({ object: "document", property, message })),
];

const language = (names) => ({ ecmaVersion: 2023, sourceType: "module", globals: names });

export default [
  { ignores: ["web/vendor/", "**/node_modules/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { htm },
    rules: {
      "array-callback-return": "error",
      curly: ["error", "multi-line"],
      "dot-notation": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-len": ["error", { code: 120 }],
      "no-constructor-return": "error",
      "no-eval": "error",
      "no-implicit-globals": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-promise-executor-return": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unmodified-loop-condition": "error",
      "no-unreachable-loop": "error",
      "no-unused-expressions": "error",
      "no-unused-vars": ["error", { args: "after-used", caughtErrors: "all" }],
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-promise-reject-errors": "error",
      "htm/safe-template": "error",
    },
  },
  {
    files: ["web/**"],
    languageOptions: language(globals.browser),
    rules: { "no-restricted-properties": ["error", ...restricted] },
  },
  { files: ["web/theme.js"], languageOptions: { sourceType: "script" } },
  // The tests run in node; what they hand to the browser is looked at there.
  { files: ["tests/web/**"], languageOptions: language({ ...globals.node, ...globals.browser }) },
  // Templates in strings are what that test is about.
  { files: ["tests/web/format.test.mjs"], rules: { "no-template-curly-in-string": "off" } },
];
