// Every page of every node: drawn without an error, accessible, light and dark, on a desk and on a phone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "./support.mjs";

const names = (pages) => pages.map((page) => page.split(/[/?]/)[0]);

/** The pages of a node's menu, and those that others lead to. */
export async function places(desk) {
  const menu = await desk.menu();
  const more = names(menu).includes("peers") ? ["peer/capulet.lab", "peer/paris.lab", "lists?list=deny_list"] : [];
  const tabs = [
    "settings?tab=history",
    "diagnostics?tab=check",
    "diagnostics?tab=levels",
    "diagnostics?tab=diag",
    "diagnostics?tab=capture",
    "access?tab=tokens",
    "access?tab=sessions",
    "access?tab=audit",
  ];
  return [...menu, ...more, ...tabs, "account"];
}

const file_name = (place) => place.replace(/[^a-z0-9.]+/gi, "-");

/** What is wider than the window, or on a desk than the frame of its table: there every column has its place. */
export const overflow = () => {
  const wide = [...document.querySelectorAll("main *")].filter(
    (one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll, .plot, .facts-line"),
  );
  if (document.documentElement.scrollWidth > innerWidth) wide.push(document.documentElement);
  wide.push(
    ...[...document.querySelectorAll("main .scroll, #menu a")].filter((one) => one.scrollWidth > one.clientWidth + 1),
  );
  return wide.slice(0, 3).map((one) => `wider than its place: ${one.outerHTML.slice(0, 160)}`);
};

export const two_frames = () =>
  new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
  });

const desk_size = { width: 1280, height: 860 },
  phone_size = { width: 390, height: 844 };

/**
 * Pages that are others on the core and on a presence node than on an edge; the rest are looked at on a phone there
 * alone.
 */
export const of_their_own = [
  "overview",
  "domains",
  "federation",
  "provisioning",
  "imp-servers",
  "inter-domain",
  "users",
  "notifications",
  "online",
];

/** One page as an operator may have it: light on a desk, dark on a phone. */
async function look_at(desk, role, place) {
  const { page } = desk;
  await desk.go(place);
  assert.equal(await page.locator("main h1").count(), 1, place);
  assert.deepEqual(
    await page.locator("main .notice.bad").allTextContents(),
    await page
      .locator("main .problems .notice.bad, main .stream .notice.bad, main .desk-card .notice.bad")
      .allTextContents(),
    place,
  );
  assert.deepEqual(await desk.accessibility(), [], place);
  assert.deepEqual(await page.evaluate(overflow), [], place);
  await desk.picture(`${role}-${file_name(place)}`);
  if (role === "edge" || of_their_own.includes(place)) {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize(phone_size);
    await page.evaluate(two_frames); // charts follow a frame later
    assert.deepEqual(await desk.accessibility(), [], `${place}, dark on a phone`);
    assert.deepEqual(await page.evaluate(overflow), [], `${place}, on a phone`);
    await desk.picture(role === "edge" ? `phone-dark-${file_name(place)}` : `phone-dark-${role}-${file_name(place)}`);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(desk_size);
  }
  await desk.calm();
}

export default function reading(stage) {
  for (const role of ["presence", "core", "edge"]) {
    test(`every page of the ${role} is drawn, is accessible in every look and asks nobody else`, async () => {
      const desk = await Desk.signed_in(stage.browser, stage.world, role);
      await desk.page.waitForSelector("#menu a");
      await desk.page.setViewportSize(desk_size);
      const all = await places(desk);
      assert.ok(all.length > 10, all.join());
      for (const place of all) await look_at(desk, role, place);
      await desk.done();
    });
  }

  test("the theme follows the switch and stays after loading again", async () => {
    const desk = await (await Desk.open(stage.browser, stage.world, "edge")).sign_in();
    const ground = () => desk.page.evaluate(() => getComputedStyle(document.body.parentElement).backgroundColor);
    const light = await ground();
    await desk.page.click("button[aria-label='Dark theme']");
    const dark = await ground();
    assert.notEqual(light, dark);
    await desk.page.reload();
    await desk.page.waitForSelector("#main h1");
    assert.equal(await ground(), dark);
    await desk.go("federation");
    assert.equal(await ground(), dark);
    await desk.picture("dark-federation");
    await desk.calm();
    await desk.close();
  });

  test("without scripts the page says what to do", async () => {
    const desk = await Desk.open(stage.browser, stage.world, "edge", { scripts: false });
    await desk.page.goto(`${desk.url}/`);
    assert.match(await desk.page.textContent("body"), /command line/);
    await desk.close();
  });
}
