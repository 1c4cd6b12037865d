// Three nodes, one desk: cards of all of them, one click to another one's page, and who is online.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "./support.mjs";

const names = { edge: "edge1.montague.lab", core: "core1.montague.lab", presence: "imp1.montague.lab" };

export default function desk_of_three(stage) {
  /** A window of its own on `role`, which may go to `to` as well. */
  const open = async (role, as, ...to) => {
    const desk = await (await Desk.open(stage.browser, stage.world, role)).sign_in(as, { fresh: true });
    for (const other of to) desk.sites.push(stage.world.about.nodes[other].url);
    return desk;
  };
  const url_of = (role) => stage.world.about.nodes[role].url;
  const arrive_at = (desk, role) => desk.page.waitForURL((url) => url.href.startsWith(`${url_of(role)}/#/`));

  test("the overview of each node has a card of all three, with what each finds", async () => {
    for (const role of ["core", "edge", "presence"]) {
      const desk = await Desk.signed_in(stage.browser, stage.world, role, "read-only");
      await desk.go("overview");
      for (const name of Object.values(names)) {
        await desk.page.waitForSelector(`.desk-card:has-text("${name}") .state:not(:has-text("not reachable"))`);
      }
      const { nodes } = await stage.world.cli(role, "nodes", "list");
      assert.deepEqual(nodes.map(({ name }) => name).sort(), Object.values(names).sort(), role);
      assert.equal(nodes[0].name, names[role], "this one comes first");
      for (const { name, findings } of nodes) {
        for (const words of findings.slice(0, 1).flatMap(({ text, remedy }) => [text, remedy])) {
          const begin = JSON.stringify(words.replaceAll("`", "").slice(0, 30)); // a command is set as code
          await desk.page.waitForSelector(`.desk-card:has-text("${name}") .notice:has-text(${begin})`);
        }
      }
      assert.deepEqual(await desk.accessibility(), []);
      await desk.picture(`desk-${role}`);
      await desk.done();
    }
  });

  test("one click leads from the core to the same page of the edge, as the same account", async () => {
    const desk = await open("core", "operator", "edge");
    const seen = [];
    desk.page.on("request", (request) => seen.push([request.method(), request.url()]));
    await desk.go("alarms");
    await desk.page.click(".others summary");
    assert.deepEqual(await desk.accessibility(), []);
    await desk.picture("desk-others", { whole: false });
    await desk.page.click(`.others button:has-text("${names.edge}")`);
    await arrive_at(desk, "edge");
    await desk.page.waitForSelector("#main h1");
    assert.equal(new URL(desk.page.url()).hash, "#/alarms");
    assert.match(await desk.page.textContent(".top .node"), new RegExp(names.edge));
    const [name] = stage.world.about.people.operator;
    assert.match(await desk.page.textContent(".top a.who"), new RegExp(`${name}\\s*operator`));
    assert.equal(await desk.page.getAttribute(".top a.who", "title"), `Signed in as ${name}, brought by ${names.core}`);
    const posts = seen.filter(([method]) => method === "POST").map(([, url]) => url);
    assert.deepEqual(posts, [`${url_of("core")}/api/v1/handover`, `${url_of("edge")}/handover`]);
    assert.ok(
      seen.every(([, url]) => !url.includes("token") && url.length < 300),
      "no address has the token",
    );
    assert.equal(await desk.page.evaluate(() => document.referrer.length <= location.origin.length + 1), true);
    const cookies = await desk.context.cookies(url_of("edge"));
    assert.deepEqual(
      cookies.map(({ httpOnly, secure, sameSite }) => [httpOnly, secure, sameSite]),
      [[true, true, "Strict"]],
    );
    const { audit } = await stage.world.cli("edge", "audit", "--author", name);
    assert.equal(audit.find(({ verb }) => verb === "handover.accept").args.from, names.core);
    // The session of the core is still there: back is a link, signs nothing, and asks for nothing.
    await desk.page.click(".others summary");
    await desk.page.click(`.others button:has-text("${names.core}")`);
    await arrive_at(desk, "core");
    await desk.page.waitForSelector("#main h1");
    assert.match(await desk.page.textContent(".top .node"), new RegExp(names.core));
    await desk.calm();
    await desk.close();
  });

  test("an edge opens no door of the core: the sign-in page has the name, and then the same page", async () => {
    const desk = await open("edge", "read-only", "core");
    const [name, password] = stage.world.about.people["read-only"];
    await desk.go("events");
    await desk.page.click(".others summary");
    await desk.page.click(`.others button:has-text("${names.core}")`);
    await arrive_at(desk, "core");
    await desk.page.waitForSelector("input[name=user]");
    assert.equal(await desk.page.inputValue("input[name=user]"), name);
    assert.match(await desk.page.textContent(".login"), /does not let anybody in from there/);
    assert.deepEqual(await desk.context.cookies(url_of("core")), []);
    await desk.picture("desk-refused", { whole: false });
    await desk.page.fill("input[name=password]", password);
    await desk.page.press("input[name=password]", "Enter");
    await desk.page.waitForSelector("#main h1");
    assert.match(await desk.page.evaluate(() => location.hash), /^#\/events/);
    assert.match(await desk.page.textContent(".top .node"), new RegExp(names.core));
    await desk.calm();
    await desk.close();
  });

  test("a presence node shows who is online, ends a session, and says whose log-in was refused", async () => {
    await stage.world.order({ do: "log_in", user: "rosaline" });
    await stage.world.order({ do: "log_in", user: "abram", password: "not the password" });
    const desk = await Desk.signed_in(stage.browser, stage.world, "presence", "operator");
    await desk.go("online");
    const row = "main tr:has-text('rosaline@imp.montague.lab/lab')";
    await desk.page.waitForSelector(row);
    const shown = await desk.page.textContent(row);
    for (const wanted of [/127\.0\.\d+\.\d+/, /TLSv1\.[23]/, /SCRAM-SHA/]) assert.match(shown, wanted);
    const refused = "main tr:has-text('abram@imp.montague.lab')";
    await desk.page.waitForSelector(refused);
    assert.match(await desk.page.textContent(refused), /wrong password/);
    assert.doesNotMatch(await desk.page.textContent("main"), /not the password/);
    assert.deepEqual(await desk.accessibility(), []);
    await desk.picture("online");
    await desk.page.fill("main input[name=user]", "nobody");
    await desk.page.waitForSelector(row, { state: "detached" });
    await desk.page.fill("main input[name=user]", "rosa");
    await desk.page.click(`${row} button:text-is('End')`);
    await desk.page.click("dialog button:has-text('End session')");
    await desk.page.waitForSelector(".said :text('was ended')");
    const [name] = stage.world.about.people.operator;
    const { audit } = await stage.world.cli("presence", "audit", "--author", name);
    assert.equal(audit.find(({ verb }) => verb === "clients.end").args.jid, "rosaline@imp.montague.lab/lab");
    await desk.done();
    const reader = await Desk.signed_in(stage.browser, stage.world, "presence", "read-only");
    await reader.go("online");
    await reader.page.waitForSelector("main h1:has-text('Online')");
    for (const button of await reader.page.$$("main button:text-is('End')")) {
      assert.ok(await button.isDisabled());
    }
    await reader.done();
  });
}
