// What an eye finds and a tree of elements does not: text over other text, text that is cut, marks and rows that promise
// what they do not keep.
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
      for (const stream of streams) if (stream.certificate) stream.certificate.verdict = sentence;
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
}
