// What an eye finds and a tree of elements does not: text over other text, text that is cut, marks and rows that
// promise what they do not keep.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "./support.mjs";

const desk_size = { width: 1440, height: 900 },
  phone_size = { width: 390, height: 844 };

/** The facts whose text does not stay in its column. */
const spilled = () =>
  [...document.querySelectorAll("main .facts dd")]
    .filter((one) => {
      const place = one.getBoundingClientRect();
      const text = document.createRange();
      text.selectNodeContents(one);
      return [...text.getClientRects()].some((part) => part.right > place.right + 1);
    })
    .map((one) => one.textContent);

export default function looks(stage) {
  test("why a certificate is not accepted stands in its own place, whole, on a phone too", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    const sentence = "the certificate chain is not accepted: self-signed certificate in certificate chain";
    await stage.world.order({ do: "chat" });
    await desk.changed("peers/show", ({ streams }) => {
      for (const { certificate } of streams) {
        if (certificate) Object.assign(certificate, { accepted: false, verdict: sentence });
      }
    });
    await desk.go("peer/capulet.lab");
    await page.waitForSelector(`main .stream:has-text("${sentence}")`);
    for (const [name, size] of [
      ["certificate", desk_size],
      ["phone-certificate", phone_size],
    ]) {
      await page.setViewportSize(size);
      assert.deepEqual(await page.evaluate(spilled), [], name);
      await desk.picture(name);
    }
    assert.equal(await page.textContent("main .stream .state.warn"), "not valid");
    await page.setViewportSize(desk_size);
    await desk.unchanged();
    await desk.done();
  });

  test("a warning says its reason first, and all of it, on the overview, in the log and on a phone", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    const facts = {
      code: "certificate.expiring",
      key: "s2s montague.lab",
      text: "the certificate for s2s montague.lab expires within 30 days",
      why: "/etc/sallyport/certificates/montague.lab/the-one-of-the-public-authority.pem, 19 days left",
      cure: "renew it, then `sallyport reload`",
    };
    const first = "main .events li:has-text('the-one-of-the-public-authority') >> nth=0";
    for (const place of ["overview", "events?level=warn"]) {
      await desk.go("peers");
      await desk.changed("events", ({ events }) => Object.assign(events.at(-1), { event: "alarm.raised", facts }));
      await desk.go(place);
      await page.waitForSelector(first);
      for (const size of [desk_size, phone_size]) {
        await page.setViewportSize(size);
        const shown = await page.locator(first).evaluate((one) => {
          const reason = one.querySelector(".reason");
          const above = one.querySelector(".facts-line").getBoundingClientRect().top;
          return {
            text: reason.textContent,
            whole: reason.scrollWidth <= reason.clientWidth + 1 && reason.getBoundingClientRect().bottom <= above + 1,
            rest: one.querySelector(".facts-line").textContent,
          };
        });
        assert.match(shown.text, /^the certificate for s2s.* expires within 30 days: .*pem, 19 days left$/);
        assert.ok(shown.whole, `${place} at ${size.width}: the whole of it, before the rest`);
        assert.doesNotMatch(shown.rest, /=|text |why /);
        await desk.picture(`reasons-${place.split("?")[0]}-${size.width}`);
      }
      await page.setViewportSize(desk_size);
      await desk.unchanged();
    }
    await desk.done();
  });

  test("a row changes under the pointer only if a click on it opens something", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    const look_of = (row) =>
      row.evaluate((one) => `${getComputedStyle(one).backgroundColor} ${getComputedStyle(one).cursor}`);
    const under_pointer = async (selector) => {
      const row = page.locator(selector);
      await page.mouse.move(0, 0);
      const before = await look_of(row);
      await row.locator("td >> nth=1").hover({ position: { x: 2, y: 2 } });
      return [before, await look_of(row)];
    };
    await desk.go("lists?list=deny_list");
    const [still, same] = await under_pointer("main tbody tr >> nth=0");
    assert.equal(same, still, "nothing opens here");
    await desk.go("peers");
    const peer = "main tbody tr:has-text('mantua.lab')";
    const [before, after] = await under_pointer(peer);
    assert.notEqual(after, before);
    assert.match(after, /pointer/);
    await page.click(`${peer} >> td >> nth=3`, { position: { x: 2, y: 2 } });
    await page.waitForFunction(() => location.hash === "#/peer/mantua.lab");
    await desk.done();
  });

  test("what is opened stands under the row that was asked, with the keyboard too", async () => {
    const core = await Desk.signed_in(stage.browser, stage.world, "core");
    await core.go("domains");
    const names = await core.page.locator("main tbody tr b").allTextContents();
    const asked = names.sort()[0];
    await core.page.click(`main tbody tr:has(b:text-is("${asked}")) button:has-text('Check DNS')`);
    await core.page.waitForSelector(`main tbody tr:has(b:text-is("${asked}")) + tr .findings li`);
    await core.picture("domain-report");
    await core.page.click("main .report button:text-is('Close')");
    await core.page.waitForSelector("main .report", { state: "detached" });

    const edge = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = edge;
    await stage.world.order({ do: "chat" });
    await edge.go("peer/capulet.lab");
    const row = "main tbody tr:has(button[aria-expanded])";
    await page.waitForSelector(`${row} >> nth=1`);
    await page.focus(`${row} >> nth=0`);
    await page.keyboard.press("Enter");
    await page.waitForSelector(`${row}:has([aria-expanded=true]) + tr .handshake .steps li`);
    await edge.picture("handshake-below");
    await page.keyboard.press("ArrowDown");
    assert.ok(
      await page.evaluate(() => document.activeElement.matches("tr:has(button[aria-expanded=false])")),
      "from row to row, over what stands between",
    );
    await page.setViewportSize(phone_size);
    await edge.picture("phone-handshake-below");
    await page.setViewportSize(desk_size);
    for (const desk of [core, edge]) await desk.done();
  });

  test("what is merely off has a pale dash for a mark, no ring", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("diagnostics?tab=diag");
    const mark = await desk.page.locator("main .state.calm:text-is('not running')").evaluate((one) => {
      const { width, height, borderTopWidth, backgroundColor } = getComputedStyle(one, "::before");
      return { flat: parseFloat(height) * 3 < parseFloat(width), borderTopWidth, filled: backgroundColor };
    });
    assert.ok(mark.flat, JSON.stringify(mark));
    assert.equal(mark.borderTopWidth, "0px");
    assert.notEqual(mark.filled, "rgba(0, 0, 0, 0)");
    await desk.picture("off", { whole: false });
    await desk.done();
  });

  test("every form in a sheet has a Cancel at its foot, which changes nothing", async () => {
    for (const [role, place, opener] of [
      ["edge", "exceptions", "New exception"],
      ["edge", "settings", "Edit"],
      ["core", "access", "New administrator"],
      ["core", "access?tab=tokens", "New token"],
      ["presence", "users", "New user"],
      ["presence", "provisioning", "New AXL user"],
      ["core", "imp-servers", "Add server"],
    ]) {
      const desk = await Desk.signed_in(stage.browser, stage.world, role);
      const { page } = desk;
      await desk.go(place);
      await page.click(`main button:has-text('${opener}') >> nth=0`);
      await page.waitForSelector("dialog[open] form");
      const foot = page.locator("dialog[open] .form-foot button");
      assert.equal((await foot.allTextContents()).map((one) => one.trim()).at(-1), "Cancel", `${role} ${place}`);
      await foot.last().click();
      await page.waitForSelector("dialog", { state: "detached" });
      assert.match(await page.evaluate(() => document.activeElement.textContent), new RegExp(opener), "has the focus");
      await desk.done();
    }
  });
}
