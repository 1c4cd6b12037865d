// Weight and speed of the heaviest page; before all others, while nothing else works.
import assert from "node:assert/strict";
import { cpus, loadavg } from "node:os";
import { test } from "node:test";
import { Desk } from "./support.mjs";

const most_bytes = 250 * 1024;
const most_paint_ms = 300;

/** Bytes of the page itself, unpacked; answers of the interface are not counted. */
const weight = () =>
  [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(({ name }) => !/\/api\/|\/metrics/.test(new URL(name).pathname))
    .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);

export default function speed(stage) {
  test("the heaviest page weighs less than 250 KB and the first paint comes within 300 ms", async () => {
    const desk = await (await Desk.open(stage.browser, stage.world, "edge")).sign_in();
    await desk.page.waitForSelector(".chart canvas");
    await desk.page.waitForLoadState("load");
    const bytes = await desk.page.evaluate(weight);
    assert.ok(bytes > 50_000 && bytes < most_bytes, `${bytes} bytes`);
    await stage.world.order({ do: "chat" });
    await desk.page.waitForFunction(() =>
      [...document.querySelectorAll(".legend b")].some((one) => Number(one.textContent) > 0),
    );
    await desk.picture("overview");
    const paints = [];
    for (let turn = 0; turn < 4; ++turn) {
      await desk.page.goto("about:blank");
      desk.trouble.length = 0;
      await desk.page.goto(`${desk.url}/`);
      await desk.page.waitForSelector("#main h1");
      paints.push(await desk.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
    }
    console.log(`# overview: ${bytes} bytes; first paints: ${paints.map((one) => one.toFixed(0)).join(", ")} ms`);
    // A machine that has other work at the same time is as much slower as that work is more than its processors.
    const bound = most_paint_ms * Math.max(1, loadavg()[0] / cpus().length);
    assert.ok(Math.min(...paints) < bound, `${paints}, bound ${bound}`);
    await desk.close();
  });
}
