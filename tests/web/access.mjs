// Signing in, roles, tokens, signing out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "./support.mjs";

export default function access(stage) {
  test("a wrong password says so and opens nothing", async () => {
    const desk = await Desk.open(stage.browser, stage.world, "edge");
    await desk.page.goto(`${desk.url}/`);
    await desk.page.fill("input[name=user]", "anna");
    await desk.page.fill("input[name=password]", "not the password");
    await desk.page.click("button[type=submit]");
    const said = await desk.page.textContent("[role=alert]");
    assert.ok(said.length > 10, said);
    assert.equal((await desk.context.cookies()).length, 0);
    await desk.page.click("summary:has-text('No account yet')");
    const hint = await desk.page.textContent(".hint");
    assert.match(hint, /sallyport admins add NAME --role administrator/);
    assert.doesNotMatch(hint, /anna|otto|rita|edge1|\/tmp/, "it tells how, not who or where");
    await desk.picture("login-refused", { whole: false });
    assert.deepEqual(await desk.accessibility(), []);
    await desk.calm();
    await desk.close();
  });

  test("the session's cookie is out of reach for scripts and for other sites, and signing out ends it", async () => {
    const desk = await (await Desk.open(stage.browser, stage.world, "edge")).sign_in("administrator", { fresh: true });
    const [cookie] = await desk.context.cookies();
    assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path], [true, true, "Strict", "/"]);
    assert.equal(await desk.page.evaluate(() => document.cookie), "");
    await desk.page.reload();
    await desk.page.waitForSelector("#main h1");
    await desk.page.click("button[aria-label='Sign out']");
    await desk.page.waitForSelector("input[name=user]");
    const again = await desk.context.request.get(`${desk.url}/api/v1/status`, {
      headers: { Cookie: `${cookie.name}=${cookie.value}` },
    });
    assert.equal(again.status(), 401);
    await desk.calm();
    await desk.close();
  });

  test("who may only read sees everything but changes nothing, and is told why", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge", "read-only");
    await desk.go("federation");
    assert.ok(await desk.page.isDisabled("main form button[type=submit]"));
    assert.match(await desk.page.textContent("main"), /needs the role administrator; you are read-only/);
    assert.ok(await desk.page.isDisabled("main select >> nth=0"));
    await desk.picture("federation-read-only");
    await desk.go("peer/capulet.lab");
    assert.ok(await desk.page.isDisabled("main button:has-text('Close streams')"));
    const refused = await desk.page.evaluate(async () => {
      const { result } = await (await fetch("/api/v1/session")).json();
      const answer = await fetch("/api/v1/peers/close", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Sallyport-CSRF": result.csrf },
        body: JSON.stringify({ domain: "capulet.lab" }),
      });
      return answer.status;
    });
    assert.equal(refused, 403);
    await desk.done();
  });

  test("whoever may only read changes the own password, and signs in with it", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "presence", "read-only");
    const { page } = desk;
    const [name, old] = stage.world.about.people["read-only"];
    await page.click(".top a.who");
    await page.waitForSelector("main input[name=current]");
    assert.match(await page.textContent("main"), /see everything but accounts/);
    assert.deepEqual(await desk.accessibility(), []);
    const change = async (current, password, again = password) => {
      for (const [field, value] of Object.entries({ current, password, again })) {
        await page.fill(`main input[name=${field}]`, value);
      }
      await page.click("main form button[type=submit]");
    };
    const wrong = (field) => page.textContent(`main .field:has(input[name=${field}]) .error`);
    await change(old, "still waters 34567", "still waters 34568");
    assert.match(await wrong("again"), /two passwords differ/);
    await change("not the old one", "still waters 34567");
    assert.match(await wrong("current"), /wrong/);
    await change(old, "short");
    assert.match(await wrong("password"), /10/);
    await desk.picture("account");
    await change(old, "still waters 34567");
    await page.waitForSelector(".said :text('Your password is changed')");
    assert.equal(await page.inputValue("main input[name=current]"), "", "nothing of it stays in the page");
    await desk.go("overview");
    const other = await Desk.open(stage.browser, stage.world, "presence");
    const sign_in = async (password) => {
      await other.page.goto(`${other.url}/`);
      await other.page.fill("input[name=user]", name);
      await other.page.fill("input[name=password]", password);
      await other.page.press("input[name=password]", "Enter");
    };
    await sign_in(old);
    await other.page.waitForSelector("[role=alert]");
    await sign_in("still waters 34567");
    await other.page.waitForSelector("#main h1");
    await other.close();
    await desk.done();
  });

  test("an administrator makes an account and a token, and takes both back", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("access");
    await desk.page.click("main button:has-text('New administrator')");
    await desk.page.fill("dialog input[name=new-name]", "clara");
    await desk.page.fill("dialog input[name=new-password]", "a long enough password 7");
    await desk.picture("access-new", { whole: false });
    await desk.page.click("dialog button[type=submit]");
    await desk.page.waitForSelector("main tbody tr:has-text('clara')");
    const { admins } = await stage.world.cli("edge", "admins", "list");
    assert.equal(admins.find(({ name }) => name === "clara").role, "operator");
    await desk.page.click("main tbody tr:has-text('clara') button:has-text('Remove')");
    await desk.page.click("dialog button:has-text('Remove')");
    await desk.page.waitForSelector("main tbody tr:has-text('clara')", { state: "detached" });

    await desk.page.click("role=tab[name='Tokens']");
    await desk.page.click("main button:has-text('New token')");
    await desk.page.fill("dialog input >> nth=0", "monitoring");
    await desk.page.click("dialog button[type=submit]");
    const token = (await desk.page.textContent("dialog .once .mono")).trim();
    const ask = () => fetch_status(desk, token);
    assert.equal(await ask(), 200);
    await desk.page.click("dialog button[aria-label=Close]");
    await desk.page.click("main tbody tr:has-text('monitoring') button:has-text('Revoke')");
    await desk.page.click("dialog button:has-text('Revoke')");
    await desk.page.waitForSelector("main tbody tr:has-text('monitoring')", { state: "detached" });
    assert.equal(await ask(), 401);

    await desk.page.click("role=tab[name='Audit']");
    await desk.page.waitForSelector("main tbody tr:has-text('tokens.remove')");
    assert.ok(
      !(await desk.page.textContent("main")).includes("a long enough password"),
      "passwords never reach the audit",
    );
    await desk.done();
  });
}

const fetch_status = async (desk, token) => {
  const context = await desk.context.browser().newContext({ ignoreHTTPSErrors: true });
  const answer = await context.request.get(`${desk.url}/api/v1/status`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  await context.close();
  return answer.status();
};
