// Everything without a mouse: the focus is seen, stays in a dialog, and is never lost when a dialog closes, a button
// works or a row goes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "./support.mjs";

/** What has the focus, in words. */
const focused = (page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    return `${one.tagName} ${(one.getAttribute("aria-label") ?? one.textContent).trim().slice(0, 40)}`;
  });

/** Presses Tab until what has the focus fits; the way a person would come there. */
async function tab_to(page, wanted, most = 80) {
  const seen = [];
  for (let step = 0; step < most; ++step) {
    await page.keyboard.press("Tab");
    seen.push(await focused(page));
    if (wanted.test(seen.at(-1))) return;
  }
  assert.fail(`${wanted} was not reached: ${seen.join("; ")}`);
}

const is_inside = (selector) => (page) =>
  page.evaluate((where) => document.activeElement.closest(where) !== null, selector);

export default function keyboard(stage) {
  test("the pages can be used with the keyboard alone", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.go("peers");
    await page.waitForFunction(
      () => document.activeElement.tagName === "H1" && document.activeElement.textContent === "Peers",
    );
    await page.keyboard.press("Tab"); // from here on the browser shows the focus
    await page.evaluate(() => document.querySelector(".skip").focus());
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, "none", "the focus can be seen");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.type), "search");
    await page.keyboard.type("capulet");
    await page.waitForFunction(() => document.querySelectorAll("main tbody tr").length === 1);
    await page.keyboard.press("Escape");
    await page.focus("main tbody tr");
    await page.keyboard.press("ArrowDown");
    assert.ok(await page.evaluate(() => document.activeElement.matches("tbody tr")));
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash.startsWith("#/peer/capulet.lab"));
    const visited = new Set();
    await page.evaluate(() => document.querySelector(".skip").focus());
    for (let step = 0; step < 60; ++step) {
      await page.keyboard.press("Tab");
      const place = await page.evaluate(() => {
        const one = document.activeElement;
        return one === document.body || one.tagName === "H1"
          ? ""
          : `${one.tagName} ${one.textContent.trim().slice(0, 30)} ${getComputedStyle(one).outlineStyle}`;
      });
      if (place) visited.add(place);
    }
    assert.ok(
      ["Ping", "Why", "Close streams"].every((name) => [...visited].some((one) => one.startsWith(`BUTTON ${name}`))),
      [...visited].join("; "),
    );
    assert.ok(![...visited].some((one) => one.endsWith(" none")), [...visited].join("; "));
    await desk.done();
  });

  test("a sheet holds the focus and gives it back, and a button that works keeps it", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.go("exceptions");
    await tab_to(page, /^BUTTON New exception/);
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open] input");
    for (let step = 0; step < 20; ++step) {
      await page.keyboard.press("Tab");
      // Between the last and the first field the browser's own controls have their turn, never the page behind.
      assert.ok(await is_inside("dialog, body:not(:has(:focus))")(page), await focused(page));
    }
    assert.deepEqual(await desk.accessibility(), []);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.equal(await focused(page), "BUTTON New exception");

    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open] input");
    await page.focus("dialog .field:has-text('Domain') input");
    await page.keyboard.type("horatio.example");
    await page.keyboard.press("Enter");
    await page.waitForSelector("main tbody tr:has-text('horatio.example')");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.equal(await focused(page), "BUTTON New exception", "after saving too");

    await tab_to(page, /^TR /);
    await page.focus("main tbody tr:has-text('horatio.example') button:has-text('Remove')");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.textContent === "Cancel", null, { timeout: 5_000 });
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "BUTTON Remove");
    await page.keyboard.press("Enter");
    await page.waitForSelector("main tbody tr:has-text('horatio.example')", { state: "detached" });
    assert.match(await focused(page), /^TR paris\.lab/, "the row below has it now");
    assert.ok(
      !(await stage.world.setting("edge", "federation.peers")).some(({ domain }) => domain === "horatio.example"),
    );

    await desk.go("peer/capulet.lab");
    await tab_to(page, /^BUTTON Ping/);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".said :text('answered in')");
    assert.equal(await focused(page), "BUTTON Ping");
    await desk.done();
  });

  test("tabs, columns and the menu of a phone obey the keys", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.go("diagnostics");
    await tab_to(page, /^BUTTON Why/);
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), "BUTTON Checks");
    await page.waitForSelector("main select[name=check]");
    await desk.go("peers");
    const first = () => page.locator("main tbody tr >> nth=0").textContent();
    const before = await first();
    await tab_to(page, /^BUTTON Domain/);
    await page.keyboard.press("Enter");
    assert.notEqual(await first(), before);
    assert.equal(await page.getAttribute("main th >> nth=0", "aria-sort"), "descending");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.focus("button[aria-label=Menu]");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#menu.open");
    await desk.picture("phone-menu", { whole: false });
    assert.deepEqual(await desk.accessibility(), []);
    await tab_to(page, /^A Event log/);
    await page.keyboard.press("Escape");
    await page.waitForSelector("#menu.open", { state: "detached" });
    assert.equal(await focused(page), "BUTTON Menu");
    await page.setViewportSize({ width: 1440, height: 900 });
    await desk.done();
  });
}
