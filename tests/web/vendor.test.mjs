// The third-party files are those of their packages but for the changes that web/vendor/README.md names, and the pages
// name no other host.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "..", "..", "web");
const packaged = (path) => readFileSync(join(here, "node_modules", path), "utf8");
const ours = (path) => readFileSync(join(web, path), "utf8");
const unmapped = (text) => text.replace(/^\/\/# sourceMappingURL=.*\n?/m, "");

test("vendored files are those of the pinned packages", () => {
  assert.equal(ours("vendor/preact.js").trimEnd(), unmapped(packaged("preact/dist/preact.mjs")).trimEnd());
  assert.equal(
    ours("vendor/hooks.js").trimEnd(),
    unmapped(packaged("preact/hooks/dist/hooks.mjs")).replace('from"preact"', 'from"./preact.js"').trimEnd(),
  );
  assert.equal(ours("vendor/htm.js"), packaged("htm/dist/htm.module.js"));
  assert.equal(ours("vendor/uplot.js"), `${packaged("uplot/dist/uPlot.iife.min.js")}export default uPlot;\n`);
  assert.equal(ours("vendor/uplot.css"), packaged("uplot/dist/uPlot.min.css"));
  for (const name of ["preact", "htm", "uplot"]) {
    assert.equal(ours(`vendor/LICENSE.${name}`), packaged(`${name}/LICENSE`));
    const { version } = JSON.parse(packaged(`${name}/package.json`));
    assert.match(ours("vendor/README.md"), new RegExp(`\\| ${name} \\| ${version.replaceAll(".", "\\.")} \\|`));
  }
});

const files = (folder) =>
  readdirSync(join(web, folder), { withFileTypes: true }).flatMap((one) =>
    one.isDirectory() ? files(join(folder, one.name)) : join(folder, one.name),
  );

test("no file of ours sets markup, runs text as code or names another host", () => {
  const sources = files(".").filter((path) => /\.(js|html|css)$/.test(path) && !path.startsWith("vendor"));
  assert.ok(sources.length > 30);
  for (const path of sources) {
    const text = ours(path);
    assert.doesNotMatch(
      text,
      /innerHTML|outerHTML|dangerouslySetInnerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/,
      path,
    );
    // A name space is no host, and neither is a form to fill in.
    const named = text.replaceAll('"http://www.w3.org/', "").replaceAll("https://…", "");
    assert.doesNotMatch(named, /https?:\/\/|[\s"'(]\/\/[a-z]/, path);
    if (path.endsWith(".html")) assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=/, path);
  }
});

test("every page of the table has its file, and every file of pages/ its row", async () => {
  const table = ours("pages.js");
  const named = [...table.matchAll(/import\("\.\/pages\/([a-z_]+)\.js"\)/g)].map(([, name]) => name).sort();
  assert.deepEqual(
    files("pages")
      .map((path) => path.replace(/^pages\/|\.js$/g, ""))
      .filter((name) => name !== "login")
      .sort(),
    named,
  );
});
