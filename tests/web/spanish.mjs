// The pages in Spanish: because the browser asks for it, or because the account has chosen it. Every page of every node
// is drawn in it, nothing is left in English but what is marked so, and the longer words fit on a phone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { find_page } from "../../web/pages.js";
import { of_their_own, overflow, places, two_frames } from "./reading.mjs";
import { Desk, root } from "./support.mjs";

const words = JSON.parse(readFileSync(join(root, "web", "lang", "es.json"), "utf8"));
const { texts } = words;

/** English texts that have another one in Spanish. */
const english = Object.entries(texts)
  .filter(([key, said]) => key !== said && typeof said === "string")
  .map(([key]) => key.replace(/^[a-z ]+\|/, ""));

/** What people read of the page that is one of `known`, and not marked as English. */
const left_over = (known) => {
  const all = new Set(known);
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim();
    const place = walk.currentNode.parentElement;
    const is_name = place.closest("[lang=en], [translate=no], code, .mono") || place.value === text; // of a choice
    if (all.has(text) && !is_name) found.push(text);
  }
  for (const one of document.querySelectorAll("[title], [aria-label], [placeholder]")) {
    for (const name of ["title", "aria-label", "placeholder"]) {
      if (all.has(one.getAttribute(name))) found.push(`${name}: ${one.getAttribute(name)}`);
    }
  }
  return found;
};

const spoken = (page) => page.evaluate(() => document.documentElement.lang);
const until_spoken = (page, tag) => page.waitForFunction((wanted) => document.documentElement.lang === wanted, tag);

const desk_size = { width: 1280, height: 860 },
  phone_size = { width: 390, height: 844 };

async function look_at(desk, role, place) {
  const { page } = desk;
  await desk.go(place);
  assert.equal(await spoken(page), "es", place);
  assert.deepEqual(await page.evaluate(left_over, english), [], `${place} of the ${role}`);
  assert.deepEqual(await page.evaluate(overflow), [], `${place} of the ${role}`);
  if (role === "edge" || of_their_own.includes(place)) {
    await page.setViewportSize(phone_size);
    await page.evaluate(two_frames);
    assert.deepEqual(await page.evaluate(overflow), [], `${place} of the ${role}, on a phone`);
    await desk.picture(`es-phone-${role}-${place.replace(/[^a-z0-9.]+/gi, "-")}`);
    await page.setViewportSize(desk_size);
  }
}

export default function spanish(stage) {
  test("who asks in Spanish is answered in Spanish, before and after signing in", async () => {
    const desk = await Desk.open(stage.browser, stage.world, "edge", { locale: "es-MX" });
    const { page } = desk;
    await page.goto(`${desk.url}/`);
    await page.waitForSelector("button[type=submit]:text-is('Iniciar sesión')");
    assert.equal(await spoken(page), "es");
    assert.deepEqual(await page.evaluate(left_over, english), []);
    await page.fill("input[name=user]", "anna");
    await page.fill("input[name=password]", "not the password");
    await page.click("button[type=submit]");
    await page.waitForSelector("[role=alert]");
    await desk.picture("es-login", { whole: false });
    await desk.sign_in();
    assert.equal(await page.title(), "Resumen – Sallyport");
    assert.deepEqual(await desk.accessibility(), []);
    await desk.calm();
    await desk.close();
  });

  test("whom another node sent is told in Spanish why a sign-in is needed, whatever the address says", async () => {
    for (const [code, why] of [
      ["handover-direction", "This node does not let anybody in from there without a sign-in."],
      ["constructor", "The hand-over was refused."],
    ]) {
      const desk = await Desk.open(stage.browser, stage.world, "core", { locale: "es-ES" });
      const { page } = desk;
      await page.goto(`${desk.url}/#/events?as=anna&handover=${code}`);
      const said = await page.textContent(".login [role=status]");
      assert.equal(said.trim(), `${texts[why]} ${texts["Sign in to go on."]}`);
      assert.equal(await page.inputValue("input[name=user]"), "anna");
      assert.deepEqual(await page.evaluate(left_over, english), []);
      await desk.calm();
      await desk.close();
    }
  });

  for (const role of ["presence", "core", "edge"]) {
    test(`every page of the ${role} is in Spanish, and fits`, async () => {
      const desk = await (await Desk.open(stage.browser, stage.world, role, { locale: "es-ES" })).sign_in();
      const { page } = desk;
      await page.setViewportSize(desk_size);
      await page.waitForSelector("#menu a");
      for (const path of await desk.menu()) {
        assert.equal((await page.textContent(`#menu a[href='#/${path}']`)).trim(), texts[find_page(path).title]);
      }
      for (const place of await places(desk)) await look_at(desk, role, place);
      await desk.calm();
      await desk.close();
    });
  }

  test("what checks find, what nodes tell and why a peer fails is in Spanish, but for what others said", async () => {
    const desk = await (await Desk.open(stage.browser, stage.world, "edge", { locale: "es-ES" })).sign_in();
    const { page } = desk;
    const in_english = (place) => page.locator(`${place} [lang=en]`).allTextContents();
    await stage.world.order({ do: "fail" });
    await desk.go("peer/paris.lab");
    await page.click("main button:text-is('Comprobar DNS y TLS')");
    await page.waitForSelector(
      "main .report:has-text('TLS') .findings li:has-text('su administrador necesita otro certificado')",
    );
    assert.deepEqual(await in_english("main .report .findings"), []);
    await desk.picture("es-checks");
    await desk.go("failures");
    for (const [name, why] of [
      ["tybalt.lab", words.rules.tcp],
      ["paris.lab", words.rules.tls],
    ]) {
      const row = page.locator(`main tbody tr:has(a:text-is('${name}'))`);
      assert.ok((await row.textContent()).includes(why), name);
    }
    await desk.go("overview");
    const outline = words.findings["node.outline"].text;
    await page.waitForSelector(`.desk-card:not(.self) :text-is("${outline}")`);
    await page.waitForSelector(`.desk-card.self :text("caduca en menos de 30 días")`);
    await desk.calm();
    await desk.close();
  });

  test("in the event log and among the log levels each word has its place", async () => {
    const desk = await (await Desk.open(stage.browser, stage.world, "edge", { locale: "es-ES" })).sign_in();
    const { page } = desk;
    await page.setViewportSize(desk_size);
    await desk.go("events");
    await page.waitForSelector(".events li");
    const over = await page.$$eval(".events summary", (all) =>
      all
        .filter((one) => {
          const [level, module] = [one.querySelector(".state"), one.querySelector(".module")];
          return level.getBoundingClientRect().right > module.getBoundingClientRect().left;
        })
        .map((one) => one.textContent),
    );
    assert.deepEqual(over, []);
    await desk.go("diagnostics?tab=levels");
    const levels = await page.$$eval("main tbody select", (all) => all.map((one) => one.value));
    assert.ok(levels.length > 5);
    assert.ok(levels.every(Boolean), `each shows the level in force: ${levels}`);
    await desk.go("diagnostics?tab=check");
    const checks = await page.$$eval("select[name=check] option", (all) => all.map((one) => one.value));
    assert.ok(checks.includes("check.dialback") && !checks.includes("check.axl"), "what the role can do");
    await desk.calm();
    await desk.close();
  });

  test("an account has a language of its own, which goes before the browser's and changes at once", async () => {
    const [name, password] = ["elena", "a long password of elena"];
    await stage.world.order({ do: "account", role: "core", name, password });
    const desk = await Desk.open(stage.browser, stage.world, "core", { locale: "en-GB" });
    const { page } = desk;
    const kept = () => page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).result.language);
    await page.goto(`${desk.url}/`);
    await page.fill("input[name=user]", name);
    await page.fill("input[name=password]", password);
    await page.press("input[name=password]", "Enter");
    await page.waitForSelector("#main h1");
    await desk.go("account");
    assert.deepEqual([await spoken(page), await page.textContent("h1"), await kept()], ["en", "Your account", null]);
    await page.evaluate(() => {
      window.same = true;
    });
    await page.selectOption("select[name=language]", "es");
    await until_spoken(page, "es");
    await page.waitForSelector("h1:text-is('Su cuenta')");
    await page.waitForSelector(".said :text('Estas páginas están en español.')");
    assert.deepEqual([await page.title(), await kept()], ["Su cuenta – Sallyport", "es"]);
    assert.ok(await page.evaluate(() => window.same), "the page was not loaded again");
    await desk.picture("es-account", { whole: false });
    await page.reload();
    await page.waitForSelector("h1:text-is('Su cuenta')");
    assert.equal(await spoken(page), "es", "the account's, though the browser asks for English");
    await page.selectOption("select[name=language]", "en");
    await page.waitForSelector("h1:text-is('Your account')");
    assert.equal(await kept(), "en");
    await page.selectOption("select[name=language]", "");
    await page.waitForFunction(async () => {
      const answer = await fetch("/api/v1/session");
      return (await answer.json()).result.language === null;
    });
    assert.equal(await spoken(page), "en");
    await desk.calm();
    await desk.close();
  });
}
