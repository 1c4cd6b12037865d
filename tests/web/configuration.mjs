// Settings changed on the pages are in force: the command line, which knows nothing of the pages, says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "./support.mjs";

const field = (label) => `main .field:has(label:text-matches("^${label}"))`;

/** Saves the federation page's form and waits until the change is in force everywhere. */
async function save(desk) {
  await desk.page.click("main form button[type=submit]");
  await desk.page.waitForSelector("[data-in-force=all]");
}

export default function configuration(stage) {
  const setting = (...words) => stage.world.setting(...words);

  test("the federation page saves, says where it is in force, and so it is on edge and core", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("federation");
    const labels = await desk.page.locator("main .federation .field > label").allTextContents();
    assert.deepEqual(
      labels.slice(0, 6).map((one) => one.replace(" *", "")),
      [
        "XMPP federation support",
        "Use static routes",
        "Dialback secret",
        "Security mode",
        "Require client-side security certificates",
        "Privacy mode",
      ],
    );
    assert.ok(await desk.page.isDisabled("main form button[type=submit]"), "nothing to save yet");
    await desk.page.selectOption(`${field("Security mode")} select`, "tls_optional");
    await desk.page.selectOption(`${field("Privacy mode")} select`, "off");
    await save(desk);
    await desk.picture("federation-saved");
    for (const role of ["edge", "core"]) {
      assert.equal(await setting(role, "federation.security_mode"), "tls_optional");
      assert.equal(await setting(role, "federation.privacy_mode"), "off");
    }
    const { changes } = await stage.world.cli("edge", "config", "history", "federation.security_mode");
    assert.match(changes[0].author, /anna/);
    await desk.page.selectOption(`${field("Security mode")} select`, "tls_required");
    await desk.page.selectOption(`${field("Privacy mode")} select`, "deny_list");
    await save(desk);
    assert.equal(await setting("core", "federation.security_mode"), "tls_required");
    await desk.done();
  });

  test("the services stand as configured, or with what they lack, and lead to the chain and to the log", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    const rows = async () => {
      await page.waitForSelector("main .services");
      const found = await page
        .locator("main .services > div")
        .evaluateAll((all) =>
          all.map((one) => [
            one.querySelector("dt").textContent.replace(/ (on|and prov).*/, ""),
            one.querySelector(".state").textContent,
            one.querySelector("a").textContent,
          ]),
        );
      const see = "See Unified Communications status";
      assert.deepEqual(
        found.map(([name, , link]) => `${name} (${link})`),
        [`SIP registrations (${see})`, `IM and Presence services (${see})`, `XMPP federation (${see})`],
      );
      return found.map(([, state]) => state);
    };
    await desk.go("federation");
    assert.deepEqual(await rows(), ["None: Sallyport carries XMPP alone", "Configured", "Configured"]);
    await desk.picture("service-status");
    // What the stream of changes brings is as the node says; without it the page asks, and reads what stands here.
    await page.route("**/api/v1/changes", (route) => route.abort());
    await desk.changed("status", (status) => {
      status.chain.at(-1).state = "waiting";
      status.chain.at(-1).reason = "xmpps2snodes has 1 row, 0 loaded";
      status.chain[1].state = "failed";
      status.chain[1].reason = "the channel is down";
    });
    await page.reload();
    await desk.go("federation");
    assert.deepEqual((await rows()).slice(1), [
      "loaded by the router of imp1.montague.lab: waiting, xmpps2snodes has 1 row, 0 loaded",
      "settings received on core1.montague.lab: failed, the channel is down",
    ]);
    await page.setViewportSize({ width: 390, height: 844 });
    await desk.picture("phone-service-status");
    await page.setViewportSize({ width: 1440, height: 900 });
    await desk.unchanged();
    await page.reload();
    await page.waitForSelector("main .services");
    await page.click("main .services a >> nth=1");
    await page.waitForSelector("main .steps li");
    await desk.go("federation");
    await stage.world.cli("edge", "config", "set", "federation.bidi", "on");
    await stage.world.cli("edge", "config", "set", "federation.bidi", "off");
    await page.click("main a:has-text('View XMPP federation activity in the event log')");
    await page.waitForSelector("main .events li:has-text('settings.changed')");
    await page.waitForSelector("main .events li:has-text('s2s.')");
    assert.equal(await page.inputValue("main .field:has-text('Module') select"), "s2s,settings");
    assert.deepEqual([...new Set(await page.locator("main .events .module").allTextContents())].sort(), [
      "s2s",
      "settings",
    ]);
    await desk.done();
  });

  test("switching federation off says what it does to whom and asks; switching it on does not", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await stage.world.order({ do: "chat" });
    await desk.go("federation");
    const sent = [];
    // What would be saved goes no further: the tests beside this one need their streams.
    await page.route("**/api/v1/settings", (route) => {
      if (route.request().method() !== "PATCH") return route.fallback();
      sent.push(route.request().postDataJSON().values);
      return route.fulfill({ status: 403, json: { error: { code: "test", text: "kept from the node", field: "" } } });
    });
    await page.selectOption(`${field("XMPP federation support")} select`, "false");
    await page.click("main form button[type=submit]");
    const asked = await page.textContent("dialog[open]");
    assert.match(asked, /Switch XMPP federation off\?/);
    assert.match(asked, /\d+ streams? with .* closed.*users.*returned.*core.*IM&P servers/);
    await desk.picture("federation-off", { whole: false });
    await page.click("dialog button:has-text('Cancel')");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.deepEqual(sent, []);
    assert.equal(await page.inputValue(`${field("XMPP federation support")} select`), "false", "what is chosen stays");
    await page.click("main form button[type=submit]");
    await page.click("dialog button:has-text('Switch off')");
    await page.waitForSelector("main .notice.bad:has-text('kept from the node')");
    assert.deepEqual(sent, [{ "federation.enabled": false }]);
    await page.click("main button:has-text('Discard changes')");
    await desk.unchanged();
    await desk.changed("settings", ({ settings }) => {
      settings.find(({ name }) => name === "federation.enabled").value = false;
    });
    await desk.go("routes");
    await desk.go("federation");
    await page.waitForFunction(() => document.querySelector("main form select").value === "false");
    await page.selectOption(`${field("XMPP federation support")} select`, "true");
    await page.click("main form button[type=submit]");
    await page.waitForSelector("[data-in-force]"); // nothing was asked
    await desk.unchanged();
    await desk.done();
  });

  test("a dialback secret that is too short is refused at its field, a good one is taken and never shown", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("federation");
    const row = desk.page.locator(field("Dialback secret"));
    await row.locator("button").click();
    await row.locator("input").evaluate((input) => input.removeAttribute("minlength"));
    await row.locator("input").fill("short");
    await desk.page.click("main form button[type=submit]");
    assert.match(await row.locator(".error").textContent(), /16/);
    await row.locator("input").fill("a secret that only this test knows");
    await save(desk);
    for (const answer of [await desk.page.content(), JSON.stringify(await stage.world.cli("edge", "config", "get"))]) {
      assert.ok(!answer.includes("only this test knows"));
    }
    await desk.done();
  });

  test("whoever saves over somebody else's change is told and sees it", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("federation");
    // This page does not hear of the change: as one whose connection was just lost.
    await desk.page.evaluate(
      () =>
        Object.defineProperty(document, "hidden", { value: true }) &&
        document.dispatchEvent(new Event("visibilitychange")),
    );
    await stage.world.cli("edge", "config", "set", "federation.bidi", "on");
    await stage.world.cli("edge", "config", "set", "federation.security_mode", "no_tls");
    await desk.page.selectOption(`${field("Security mode")} select`, "tls_optional");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector("main .notice.bad:has-text('Somebody else changed settings meanwhile')");
    assert.equal(await setting("edge", "federation.security_mode"), "no_tls");
    assert.equal(await desk.page.inputValue(`${field("Bidirectional")} select`), "on", "what is in force now was read");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector("[data-in-force=all]");
    assert.equal(await setting("edge", "federation.security_mode"), "tls_optional", "saving once more is a decision");
    await stage.world.cli("edge", "config", "set", "federation.bidi", "off");
    await stage.world.cli("edge", "config", "set", "federation.security_mode", "tls_required");
    await desk.close();
  });

  test("static routes are added, switched on and removed", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("routes");
    await desk.page.fill("main input[name=domain]", "verona.example");
    await desk.page.fill("main input[name=address]", "192.0.2.7:5270");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector("main tbody tr:has-text('verona.example')");
    await desk.page.click("main button:has-text('Use static routes')");
    await desk.page.waitForSelector("main .notice.good");
    await desk.picture("routes");
    const [route] = await setting("edge", "federation.static_routes");
    assert.deepEqual([route.domain, route.address, route.port], ["verona.example", "192.0.2.7", 5270]);
    assert.equal(await setting("edge", "federation.use_static_routes"), true);
    await desk.page.fill("main input[name=domain]", "not a domain");
    await desk.page.fill("main input[name=address]", "192.0.2.8");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector("main form .error");
    await desk.page.click("main tbody tr:has-text('verona.example') button");
    await desk.page.click("dialog button:has-text('Remove')");
    await desk.page.waitForSelector("main tbody tr", { state: "detached" });
    await desk.page.click("main button:has-text('Switch off')");
    await desk.page.waitForSelector("main .notice.warn");
    assert.deepEqual(await setting("edge", "federation.static_routes"), []);
    await desk.done();
  });

  test("names go on the deny list and off it, several at once, and a wrong one is refused with its name", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("lists?list=deny_list");
    await desk.page.fill("main input[name=names]", "iago.example *.iago.example");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector("main tbody tr:has-text('*.iago.example')");
    assert.ok((await setting("edge", "federation.deny_list")).includes("*.iago.example"));
    await desk.picture("lists");
    await desk.page.fill("main input[name=names]", "<script>alert(1)</script>");
    await desk.page.click("main form button[type=submit]");
    assert.match(await desk.page.textContent("main form .error"), /script/);
    for (const name of ["*.iago.example", "iago.example"]) {
      await desk.page.click(`main tbody tr:has(b:text-is("${name}")) button`);
      await desk.page.click("dialog button:has-text('Remove')");
      await desk.page.waitForSelector(`main tbody tr:has(b:text-is("${name}"))`, { state: "detached" });
    }
    assert.ok(!(await setting("edge", "federation.deny_list")).join().includes("iago"));
    await desk.done();
  });

  test("an exception for one partner is written, changed and removed", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("exceptions");
    await desk.page.click("main button:has-text('New exception')");
    await desk.page.fill("dialog .field:has-text('Domain') input", "cassio.example");
    await desk.page.selectOption("dialog .field:has-text('Authentication') select", "certificate");
    await desk.page.fill("dialog .field:has-text('Note') input", "until their dialback is fixed");
    await desk.picture("exception", { whole: false });
    await desk.page.click("dialog button[type=submit]");
    await desk.page.waitForSelector("main tbody tr:has-text('cassio.example')");
    const peers = await setting("edge", "federation.peers");
    assert.equal(peers.find(({ domain }) => domain === "cassio.example").authentication, "certificate");
    assert.ok(
      peers.some(({ domain }) => domain === "capulet.lab"),
      "the others stay",
    );
    await desk.page.click("main tbody tr:has-text('cassio.example') button:has-text('Remove')");
    await desk.page.click("dialog button:has-text('Remove')");
    await desk.page.waitForSelector("main tbody tr:has-text('cassio.example')", { state: "detached" });
    await desk.done();
  });

  test("domains belong to the core: its page changes them, the edge's says where", async () => {
    const edge = await Desk.signed_in(stage.browser, stage.world, "edge");
    await edge.go("domains");
    assert.match(await edge.page.textContent("main"), /belong to the core/);
    const core = await Desk.signed_in(stage.browser, stage.world, "core");
    await core.go("domains");
    await core.page.fill("main input[name=domain]", "chat.montague.lab");
    await core.page.click("main form button[type=submit]");
    await core.page.waitForSelector("main tbody tr:has-text('chat.montague.lab')");
    await edge.page.waitForSelector("main tbody tr:has-text('chat.montague.lab')"); // it came by itself
    await core.page.fill("main input[name=domain]", "verona.example");
    await core.page.click("main form button[type=submit]");
    // Certificates for other domains are the edge's: only there they are judged, and as gravely as by `check`.
    await edge.page.waitForSelector("main tbody tr:has-text('verona.example') .state.warn:text-is('not covered')");
    assert.match(await edge.page.textContent("main tbody tr:has-text('rooms.montague.lab')"), /covered, \d+ days left/);
    await core.page.waitForSelector("main tbody tr:has-text('verona.example')");
    assert.doesNotMatch(await core.page.textContent("main table"), /covered|certificate/);
    await core.page.click("main tbody tr:has-text('verona.example') button:has-text('Remove')");
    await core.page.click("dialog button:has-text('Stop federating')");
    await core.page.waitForSelector("main tbody tr:has-text('verona.example')", { state: "detached" });
    await core.page.click("main tbody tr:has-text('chat.montague.lab') button:has-text('Remove')");
    await core.page.click("dialog button:has-text('Stop federating')");
    await core.page.waitForSelector("main tbody tr:has-text('chat.montague.lab')", { state: "detached" });
    await core.go("federation");
    assert.match(await core.page.textContent("main"), /belong to the edge/);
    for (const desk of [edge, core]) await desk.done();
  });

  test("the presence node shows that its node status is Off, and says why it cannot be on", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "presence");
    const { page } = desk;
    assert.ok((await desk.menu()).includes("inter-domain"));
    await desk.go("inter-domain");
    await page.waitForSelector("main .state:text-is('Off')");
    assert.match(await page.textContent("main"), /An edge federates for this node: xmpps2snodes has 1 row/);
    await page.selectOption(`${field("XMPP Federation Node Status")} select`, "on");
    await page.click("main form button[type=submit]");
    await page.waitForSelector("main .field .error:has-text('must be off while an edge federates')");
    await desk.picture("inter-domain");
    await page.setViewportSize({ width: 390, height: 844 });
    await desk.picture("phone-inter-domain");
    await page.setViewportSize({ width: 1440, height: 900 });
    assert.equal(await setting("presence", "presence.federation_node_status"), "off");
    await page.selectOption(`${field("XMPP Federation Node Status")} select`, "off");
    await desk.done();
  });
}
