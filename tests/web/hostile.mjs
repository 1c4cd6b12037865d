// Markup from the wire (threat T78): a hostile peer wrote it into stream headers, stanzas, stream errors and a
// certificate's subject. It is seen as text and never becomes an element. And requests that are not the page's own
// (threat T77).
import assert from "node:assert/strict";
import { request } from "node:https";
import { test } from "node:test";
import { Desk } from "./support.mjs";

/** Elements that no page of ours has. */
const intruders = () =>
  [...document.querySelectorAll("img, script:not([src]), iframe, object, [onerror], [onload], [onclick]")].map(
    (one) => one.outerHTML,
  );

/** Scripts that the page has by right. */
const scripts = () => [...document.scripts].map((one) => new URL(one.src).pathname);

const post = (url, path, headers, body) =>
  new Promise((done, fail) => {
    const sent = request(`${url}${path}`, { method: "POST", headers, rejectUnauthorized: false }, (answer) => {
      answer.resume();
      answer.on("end", () => done(answer.statusCode));
    });
    sent.on("error", fail);
    sent.end(body);
  });

export default function hostile(stage) {
  test("what a hostile peer wrote is text on every page", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    let seen = 0,
      turned = 0;
    for (const place of [
      "overview",
      "peers",
      "failures",
      "peer/mantua.lab",
      "peer/evil.lab",
      `peer/${encodeURIComponent(stage.world.about.evil)}`,
      "events?level=debug",
      `events?peer=${encodeURIComponent(stage.world.about.evil)}`,
    ]) {
      await desk.go(place);
      await desk.page.waitForTimeout(0);
      assert.deepEqual(await desk.page.evaluate(intruders), [], place);
      const text = await desk.page.textContent("body");
      if (text.includes("<img src=x")) seen += 1;
      assert.doesNotMatch(text, /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/, `${place}: nothing turns the text`);
      if (text.includes("\\u202eturned")) turned += 1;
      await desk.calm();
    }
    assert.ok(turned >= 1, "overrides of direction are shown as what they are");
    assert.ok(seen >= 2, `the markup was seen as text on ${seen} pages`);
    await desk.go("peer/mantua.lab");
    await desk.page.waitForSelector("main .stream");
    assert.match(
      await desk.page.textContent("main"),
      /<img src=x onerror=alert\(1\).*<script.*alert\(1\)/,
      "the subject of the certificate stands there as text",
    );
    await desk.picture("hostile-certificate");
    assert.deepEqual(await desk.page.evaluate(scripts), ["/theme.js", "/app.js"]);
    await desk.done();
  });

  test("the policy forbids what the page does not need, and it is obeyed", async () => {
    const desk = await Desk.open(stage.browser, stage.world, "edge");
    const answer = await desk.page.goto(`${desk.url}/`);
    const policy = answer.headers()["content-security-policy"];
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.includes(part), policy);
    }
    assert.ok(!policy.includes("unsafe"), policy);
    await desk.page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.intruded = true";
      document.body.append(script);
    });
    assert.equal(await desk.page.evaluate(() => window.intruded), undefined);
    assert.equal((await desk.page.evaluate(() => window.violations)).length, 1);
    await desk.close();
  });

  test("a cookie alone changes nothing: without the token, or from elsewhere, the node refuses", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const [cookie] = await desk.context.cookies();
    const csrf = await desk.page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).result.csrf);
    const headers = { Cookie: `${cookie.name}=${cookie.value}`, "Content-Type": "application/json", Origin: desk.url };
    const body = JSON.stringify({ domain: ["forged.example"] });
    const ask = (more) => post(desk.url, "/api/v1/deny/add", { ...headers, ...more }, body);
    assert.equal(await ask({}), 403);
    assert.equal(await ask({ "X-Sallyport-CSRF": "guess" }), 403);
    assert.equal(await ask({ "X-Sallyport-CSRF": csrf, Origin: "https://evil.example" }), 403);
    assert.ok(!(await stage.world.setting("edge", "federation.deny_list")).includes("forged.example"));
    assert.equal(await ask({ "X-Sallyport-CSRF": csrf }), 200, "and with both it is taken");
    await stage.world.cli("edge", "deny", "remove", "forged.example");
    await desk.done();
  });
}
