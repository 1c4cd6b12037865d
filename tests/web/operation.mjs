// What an operator does all day: looks at partners, tries again, asks why, blocks, follows the log, restarts the
// router.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { Desk } from "./support.mjs";

const run = promisify(execFile);

export default function operation(stage) {
  test("a partner's page has its streams, answers to ping, why and check, and closes the streams", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    for (const what of ["chat", "fail"]) await stage.world.order({ do: what }); // the node forgets what is long ago
    await desk.go("peers");
    const row = await desk.page.textContent("main tbody tr:has-text('capulet.lab')");
    for (const part of ["both ways", "open", "TLSv1.3", "TLS_AES_", "Dialback", "certificate valid", ":"]) {
      assert.ok(row.includes(part), `${part} in ${row}`);
    }
    assert.match(
      await desk.page.getAttribute("main tbody tr:has-text('capulet.lab') .marks", "aria-label"),
      /\d of the last \d handshakes failed/,
    );
    assert.match(await desk.page.textContent("main tbody tr:has-text('tybalt.lab')"), /waiting.*refused/);
    await desk.page.click("main a:text-is('capulet.lab')");
    await desk.page.waitForSelector("main .stream");
    const text = await desk.page.textContent("main");
    for (const part of ["TLSv1.3", "Dialback", "CN=capulet.lab", "montague.lab – capulet.lab"]) {
      assert.ok(text.includes(part), part);
    }
    await desk.page.click("main button:has-text('Ping')");
    await desk.page.waitForSelector(".said :text('answered in')");
    await desk.page.click("main button:text-is('Why')");
    await desk.page.waitForSelector("main .notice:has-text('It would pass.')");
    await desk.page.click("main button:has-text('Check DNS and TLS')");
    await desk.page.waitForSelector("main .report >> nth=1");
    await desk.picture("peer", { whole: false });
    await desk.page.click("main button:has-text('Close streams')");
    await desk.page.click("dialog button:has-text('Close them')");
    await desk.page.waitForSelector(".said :text-matches('streams? closed')");
    const { streams } = await stage.world.cli("edge", "peers", "show", "capulet.lab");
    assert.ok(streams.every(({ open_seconds: age }) => age < 10));
    await desk.done();
  });

  test("the charts of the overview show what passes, how long it takes and how handshakes end", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.go("overview");
    await page.click("[data-tab=live]");
    await page.waitForFunction(
      () => document.querySelectorAll(".chart").length === 5 && document.querySelectorAll(".chart canvas").length === 5,
    );
    /** What stands beside the chart's lines, such as {link: "3 ms"}, as soon as `fits` holds. */
    const until_shown = (title, fits) =>
      page
        .waitForFunction(
          ([wanted, judge]) => {
            const chart = [...document.querySelectorAll(".chart")].find(
              (one) => one.querySelector("figcaption span").textContent === wanted,
            );
            const shown = Object.fromEntries(
              [...chart.querySelectorAll(".legend")].map((one) => [
                one.firstChild.nextSibling.textContent.trim(),
                one.querySelector("b").textContent,
              ]),
            );
            return judge.split(" ").every((label) => Number.parseFloat(shown[label]) > 0) && shown;
          },
          [title, fits],
          { polling: 100 },
        )
        .then((handle) => handle.jsonValue());
    const [hops] = await Promise.all([
      until_shown("95 % of stanzas within", "link"),
      until_shown("Stanzas per second", "in out"),
      stage.world.order({ do: "chat", count: 40 }),
    ]);
    assert.match(hops.link, /^[\d.]+ m?s$/);
    assert.equal(hops.peer, "–", "this partner acknowledges nothing, so nobody knows");
    await Promise.all([stage.world.order({ do: "outage" }), until_shown("Handshakes per second", "failed")]);
    const sums = await page.evaluate(() =>
      [...document.querySelectorAll("main .figures")]
        .map((one) => one.textContent)
        .join()
        .match(/\d+(?= in total)/g)
        .map(Number),
    );
    assert.ok(
      sums.length === 2 && sums.every((sum) => sum >= 40),
      `the streams are gone, what they carried is not forgotten: ${sums}`,
    );
    // A line that stays at nought is few rows of pixels; one that rises, and a point alone, are more.
    const rows = await page.evaluate(() =>
      [...document.querySelectorAll(".chart")].map((chart) => {
        const canvas = chart.querySelector("canvas");
        const colors = [...chart.querySelectorAll(".legend i")].map((one) =>
          getComputedStyle(one).backgroundColor.match(/\d+/g).map(Number),
        );
        const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set();
        for (let at = 0; at < data.length; at += 4) {
          if (
            data[at + 3] > 200 &&
            colors.some((color) => color.every((part, index) => Math.abs(data[at + index] - part) < 12))
          ) {
            seen.add(Math.floor(at / 4 / width));
          }
        }
        return [chart.querySelector("figcaption span").textContent, seen.size];
      }),
    );
    const drawn = Object.fromEntries(rows);
    for (const title of ["Stanzas per second", "95 % of stanzas within", "Handshakes per second"]) {
      assert.ok(drawn[title] > 3, JSON.stringify(drawn));
    }
    assert.ok(drawn.Streams > 0 && drawn["Waiting stanzas"] > 0, JSON.stringify(drawn));
    await desk.picture("charts");
    await page.click("[data-tab='2h']");
    await desk.done();
  });

  test("each node remembers what passed, and of a peer how much of the time it was available", async () => {
    await stage.world.order({ do: "chat", count: 40 });
    /** Waits until the chart has a peak above zero: the node looks every ten seconds, and so does the page. */
    const until_risen = (page, title) =>
      page.waitForFunction(
        (wanted) => {
          const chart = [...document.querySelectorAll(".chart")].find(
            (one) => one.querySelector("figcaption span").textContent === wanted,
          );
          const peaks = [...(chart?.querySelectorAll(".legend small") ?? [])].map((one) =>
            Number.parseFloat(one.textContent.replace("peak ", "")),
          );
          return chart?.querySelector("canvas") && peaks.some((peak) => peak > 0);
        },
        title,
        { polling: 200, timeout: 60_000 },
      );
    const titles = {
      edge: ["Stanzas per second", "Streams", "95 % of stanzas within"],
      core: ["Stanzas over router links per second"],
      presence: [], // nobody writes to it here
    };
    for (const [role, charts] of Object.entries(titles)) {
      const desk = await Desk.signed_in(stage.browser, stage.world, role);
      await desk.go("overview");
      for (const title of charts) await until_risen(desk.page, title);
      await desk.picture(`history-${role}`);
      await desk.done();
    }
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.go("peer/capulet.lab");
    await until_risen(page, "Stanzas per second");
    await page.waitForSelector("text=/Available [0-9.]+ % of the time in which it was needed/");
    for (const range of ["3d", "90d"]) {
      await page.click(`[data-tab='${range}']`);
      await until_risen(page, "Availability");
    }
    await desk.picture("history-peer");
    // With the keyboard alone: the moment, and what was then.
    const chart = page.locator(".chart", { hasText: "Availability" }).locator("[role=slider]");
    await chart.focus();
    for (let press = 0; press < 3; ++press) await page.keyboard.press("ArrowLeft");
    const last = Number(await chart.getAttribute("aria-valuemax"));
    assert.equal(Number(await chart.getAttribute("aria-valuenow")), last - 3);
    assert.match(await chart.getAttribute("aria-valuetext"), /^.*\d\d:\d\d: available /);
    assert.deepEqual(await desk.accessibility(), []);
    await page.click("[data-tab='2h']");
    await desk.done();
  });

  test("a chart has a gap where the node was down and says so when the history is not stored", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.changed("history", (answer) => {
      answer.series.forEach((one, height) => {
        const values = Array.from({ length: answer.points }, (_, at) => (at > 100 && at < 200 ? null : 7 + height));
        Object.assign(one, { values, peaks: values });
      });
      Object.assign(answer, { trouble: "the disk is full", lost: 12 });
    });
    await desk.go("overview");
    await page.click("[data-tab='3d']");
    await page.waitForSelector("text=the disk is full");
    await page.waitForSelector("text=12 values were lost");
    await page.waitForSelector(".chart canvas");
    const columns = await page.evaluate(() => {
      const canvas = document.querySelector(".chart canvas");
      const color = getComputedStyle(document.querySelector(".legend i")).backgroundColor.match(/\d+/g).map(Number);
      const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const drawn = new Set();
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] > 200 && color.every((part, index) => Math.abs(data[at + index] - part) < 12)) {
          drawn.add((at / 4) % width);
        }
      }
      const all = [...drawn].sort((one, other) => one - other);
      const widest = all.slice(1).reduce((most, column, at) => Math.max(most, column - all[at]), 0);
      return { count: all.length, widest, width, height };
    });
    assert.ok(columns.count > 50 && columns.widest > columns.width / 8, JSON.stringify(columns));
    await desk.picture("history-gap");
    await desk.unchanged();
    await page.click("[data-tab='2h']");
    await desk.done();
  });

  test("a failed handshake is shown step by step, with its difference from the last good one", async () => {
    await stage.world.order({ do: "outage" });
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("peer/capulet.lab");
    await desk.page.click("main tbody tr:has-text('failed at') >> nth=0 >> button");
    await desk.page.waitForSelector("main .handshake .steps li.bad");
    const steps = await desk.page.locator("main .handshake .steps .step-name").allTextContents();
    assert.ok(steps[0].startsWith("route") && steps.some((one) => one.startsWith("tcp.failed")), steps.join());
    await desk.page.waitForSelector("main .difference tr.diff-missing"); // it is read after the handshake
    const missing = await desk.page.locator("main .difference tr.diff-missing").allTextContents();
    assert.ok(
      missing.some((row) => row.startsWith("tls")) && missing.length > 3,
      `what did not come this time: ${missing.join("; ")}`,
    );
    await desk.picture("handshake-difference");
    const [download] = await Promise.all([
      desk.page.waitForEvent("download"),
      desk.page.click("main button:has-text('Export for the peer')"),
    ]);
    const exported = JSON.parse(await readFile(await download.path(), "utf8"));
    assert.ok(exported.handshakes.some(({ good }) => good) && exported.handshakes.some(({ good }) => !good));
    const [single] = await Promise.all([
      desk.page.waitForEvent("download"),
      desk.page.click("main .handshake button:has-text('Export this one')"),
    ]);
    const {
      handshakes: [one, ...others],
    } = JSON.parse(await readFile(await single.path(), "utf8"));
    assert.ok(!one.good && others.length === 0, "the one that was opened");
    await desk.go("peers");
    await desk.page.waitForSelector("main tbody tr:has-text('capulet.lab') .marks i.bad");
    await desk.done();
  });

  test("an alarm shows its cure, is acknowledged with a note, and stands all the same", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("alarms");
    const alarm = desk.page.locator("main .alarm:has(h3:has-text('the certificate for link expires'))");
    assert.match(await alarm.textContent(), /Remedy.*reload/s);
    await alarm.locator("input").fill("the new one is ordered");
    await alarm.locator("button:has-text('Acknowledge')").click();
    await desk.page.waitForSelector("main .alarm:has-text('acknowledged by anna')");
    const { alarms } = await stage.world.cli("edge", "alarms");
    assert.ok(
      alarms.some(({ acknowledged_by: who, note }) => who?.includes("anna") && note === "the new one is ordered"),
      JSON.stringify(alarms),
    );
    await desk.go("overview");
    const more = desk.page.locator("main .problems button:has-text('more problems')");
    if ((await more.count()) > 0) await more.click();
    assert.match(await desk.page.textContent("main .problems"), /the certificate for link expires/);
    await desk.done();
  });

  test("a diagnostic log is started, marked, stopped, collected and brought home", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.go("diagnostics?tab=diag");
    await page.fill("main input[name=name]", "desk");
    await page.click("main form button:has-text('Start')");
    await page.waitForSelector("main .state:text-is('running')");
    await page.fill("main input[name=text]", "now the partner tries");
    await page.click("main form button:has-text('Set marker')");
    await page.waitForSelector(".said :text('marker is set')");
    await desk.picture("diagnostic-log");
    await page.click("main button:text-is('Stop')");
    await page.waitForSelector("main .state:text-is('not running')");
    await page.click("main button:text-is('Collect')");
    await page.waitForSelector("main tbody tr:has-text('desk')");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click("main tbody tr:has-text('desk') button:has-text('Download') >> nth=0"),
    ]);
    const { stdout } = await run("tar", ["-xzOf", await download.path()], { maxBuffer: 64 << 20 });
    assert.match(stdout, /now the partner tries/);
    assert.ok(!stdout.includes("wherefore art thou"), "the dialback secret is not in it");
    await desk.done();
  });

  test(
    "a packet capture is started, stopped and brought home",
    { skip: process.getuid() !== 0 && "packets need root" },
    async () => {
      const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
      const { page } = desk;
      await desk.go("diagnostics?tab=capture");
      await page.fill("main input[name=name]", "desk-packets");
      await page.click("main form button:has-text('Start')");
      await page.waitForSelector("main .state:text-is('running')");
      await stage.world.cli("edge", "peers", "ping", "capulet.lab");
      await page.click("main button:text-is('Stop')");
      await page.waitForSelector("main .state:text-is('not running')");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.click("main tbody tr:has-text('desk-packets') button:has-text('Download')"),
      ]);
      const { stdout } = await run(
        "tshark",
        ["-n", "-r", await download.path(), "-Y", "tcp.port == 5269", "-T", "fields", "-e", "tcp.len"],
        { maxBuffer: 64 << 20 },
      );
      assert.ok(
        stdout.split("\n").some((length) => Number(length) > 0),
        "the ping's packets are in it",
      );
      await page.click("main tbody tr:has-text('desk-packets') button:has-text('Remove')");
      await page.click("dialog button:has-text('Remove')");
      await page.waitForSelector("main tbody tr:has-text('desk-packets')", { state: "detached" });
      await desk.done();
    },
  );

  test("any setting is changed where all of them stand, and the history says who did it", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.go("settings");
    await page.click("main tbody tr:has-text('federation.bidi') button:has-text('Edit')");
    await page.fill("dialog input", "sideways");
    await page.click("dialog button[type=submit]");
    assert.match(await page.textContent("dialog .error"), /on|off/);
    await page.fill("dialog input", "on");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("main tbody tr:has-text('federation.bidi'):has-text('changed')");
    assert.equal(await stage.world.setting("edge", "federation.bidi"), "on");
    await page.click("role=tab[name='History']");
    await page.waitForSelector("main tbody tr:has-text('federation.bidi'):has-text('anna')");
    await stage.world.cli("edge", "config", "set", "federation.bidi", "off");
    await desk.done();
  });

  test("failed sessions say what failed, whom it hurts and why; trying again tells, blocking denies", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await stage.world.order({ do: "fail" });
    await desk.go("failures");
    const row = desk.page.locator("main tbody tr:has-text('tybalt.lab')"),
      other = desk.page.locator("main tbody tr:has-text('paris.lab')");
    assert.match(await row.textContent(), /montague\.lab/);
    assert.match(await row.locator(".hurt").textContent(), /romeo@montague\.lab/, "whom of ours it hurts");
    await desk.picture("failures");
    await row.locator("button:has-text('Try again')").click();
    // The attempt takes its time; the other row does not wait for it.
    await other.locator("button:has-text('Why')").click();
    await desk.page.waitForSelector("dialog .steps");
    await desk.page.click("dialog button[aria-label=Close]");
    await other.locator("button:has-text('Block')").click();
    await desk.page.click("dialog button:has-text('Block')");
    await desk.page.waitForSelector(".said :text('paris.lab is on the deny list')");
    assert.ok((await stage.world.setting("edge", "federation.deny_list")).includes("paris.lab"));
    await stage.world.cli("edge", "deny", "remove", "paris.lab");
    await desk.page.waitForSelector(".said .bad:has-text('refused')");
    assert.equal(await row.locator("button:has-text('Try again')").getAttribute("aria-busy"), null);
    await desk.done();
  });

  test("the event log shows a change from elsewhere by itself, and its filters filter", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("events");
    await desk.page.waitForSelector("main .events li");
    await stage.world.cli("edge", "deny", "add", "follow.example");
    await desk.page.waitForSelector("main .events li:has-text('follow.example')");
    await desk.page.click("main .events li:has-text('follow.example') summary");
    await desk.picture("events", { whole: false });
    await desk.page.selectOption("main .field:has-text('Module') select", "settings");
    await desk.page.waitForFunction(() =>
      [...document.querySelectorAll("main .events .module")].every((one) => one.textContent === "settings"),
    );
    const codes = desk.page.locator("main .field:has-text('Code begins') input");
    await codes.fill("settings.ch");
    await desk.page.waitForFunction(() => {
      const all = [...document.querySelectorAll("main .events b")];
      return all.length > 0 && all.every((one) => one.textContent.startsWith("settings.ch"));
    });
    await desk.page.selectOption("main .field:has-text('Time') select", "10m");
    await desk.page.waitForSelector("main .events li:has-text('follow.example')");
    await desk.page.fill("main input[type=search]", "follow.example");
    await desk.page.waitForFunction(
      () =>
        document.querySelectorAll("main .events li").length >= 1 &&
        [...document.querySelectorAll("main .events li")].every((one) => one.textContent.includes("follow.example")),
    );
    await stage.world.cli("edge", "deny", "remove", "follow.example");
    await desk.done();
  });

  test("why and checks answer on the page of diagnostics, and a log level is set there", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    await desk.go("diagnostics");
    await desk.page.fill("main input[name=from]", "montague.lab");
    await desk.page.fill("main input[name=to]", "someone@spam.example");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector("main .notice:has-text('It would not pass.')");
    assert.match(await desk.page.textContent("main .steps li.bad"), /deny/);
    await desk.picture("why");
    await desk.page.click("role=tab[name='Checks']");
    await desk.page.selectOption("main select[name=check]", "check.dns");
    await desk.page.fill("main input[name=domain]", "capulet.lab");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector("main .findings li");
    await desk.page.click("role=tab[name='Log levels']");
    await desk.page.selectOption("main select[name=module]", "s2s");
    await desk.page.selectOption("main select[name=level]", "debug");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector(".said :text('The log level is set')");
    const offered = (module) =>
      desk.page.locator(`main select[aria-label='Level of ${module}'] option`).allTextContents();
    assert.deepEqual(await offered("s2s"), ["debug", "info", "warn", "error", "off"]);
    assert.deepEqual(await offered("node"), ["info", "warn", "error", "off"], "it has no lines below");
    await desk.done();
  });

  test("a reload says on the page what came of it: done, or each complaint", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "edge");
    const { page } = desk;
    await desk.go("diagnostics?tab=reload");
    await page.click("main .panel button:text-is('Reload')");
    await page.waitForSelector("main .notice.good:has-text('reloaded')");
    await desk.picture("reload", { whole: false });
    await page.route("**/api/v1/reload", (route) =>
      route.fulfill({
        status: 409,
        json: {
          error: { code: "reload-failed", text: "edge.toml:3: no such key\nlink.pem cannot be read", field: "" },
        },
      }),
    );
    await page.click("main .panel button:text-is('Reload')");
    await page.waitForSelector("main .notice.bad li >> nth=1");
    assert.deepEqual(await page.locator("main .notice.bad li").allTextContents(), [
      "edge.toml:3: no such key",
      "link.pem cannot be read",
    ]);
    assert.equal(await page.locator("main .notice.good").count(), 0);
    await desk.unchanged();
    await desk.done();
  });

  test("the page IM and Presence Servers, of the core alone, shows its server and refreshes it", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "core");
    await desk.go("provisioning");
    await desk.page.waitForSelector("main .steps li.good");
    await desk.picture("provisioning");
    await desk.page.click("#menu a:has-text('IM and Presence Servers')");
    await desk.page.waitForSelector("main h1:text-is('IM and Presence Servers')");
    await desk.page.waitForSelector("main tbody tr");
    await desk.page.click("main tbody tr button:has-text('Refresh')");
    await desk.page.waitForSelector(".said :text('asked again')");
    await desk.page.waitForSelector("main tbody tr:has-text('cm-2_s2scp-1.edge1-montague-lab')");
    await desk.picture("imp-servers");
    const edge = await Desk.signed_in(stage.browser, stage.world, "edge");
    assert.ok(!(await edge.menu()).includes("imp-servers"));
    for (const one of [edge, desk]) await one.done();
  });

  test("the presence node: its table, a user made and removed, the router restarted", async () => {
    const desk = await Desk.signed_in(stage.browser, stage.world, "presence");
    await desk.go("provisioning");
    await desk.page.click("main form button[type=submit]");
    await desk.page.waitForSelector("main tbody tr:has-text('cm-2_s2scp-1.edge1-montague-lab')");
    await desk.go("users");
    await desk.page.click("main button:has-text('New user')");
    await desk.page.fill("dialog input >> nth=0", "sampson@imp.montague.lab");
    await desk.page.fill("dialog input[type=password]", "I will bite my thumb");
    await desk.page.click("dialog button[type=submit]");
    await desk.page.waitForSelector("main tbody tr:has-text('sampson')");
    assert.ok(
      (await stage.world.cli("presence", "users", "list")).users.some(({ user }) => user.startsWith("sampson")),
    );
    await desk.page.click("main tbody tr:has-text('sampson') button:has-text('Remove')");
    await desk.page.click("dialog button:has-text('Remove')");
    await desk.page.waitForSelector("main tbody tr:has-text('sampson')", { state: "detached" });
    await desk.go("notifications");
    await desk.page.click("main button:has-text('Restart router')");
    await desk.page.click("dialog button:has-text('Restart router')");
    await desk.page.waitForSelector(".said :text('The router restarted')");
    await desk.done();
  });

  test("notifications say in words how grave they are, and a link does the restart that one asks for", async () => {
    await stage.world.order({ do: "notify" });
    const desk = await Desk.signed_in(stage.browser, stage.world, "presence");
    const { page } = desk;
    await desk.go("notifications");
    await page.waitForSelector("main :text('2 records found')");
    assert.deepEqual(
      (await page.locator("main th").allTextContents()).map((one) => one.trim()),
      ["Severity", "Count", "Description", "Origin", "Created"],
    );
    const notice = page.locator("main tbody tr:has-text('requires a restart')"),
      warning = page.locator("main tbody tr:has-text('returns stanzas to other domains')");
    assert.equal(await notice.locator(".state.warn").textContent(), "notice");
    assert.equal(await warning.locator(".state.warn").textContent(), "warning");
    assert.doesNotMatch(await notice.textContent(), /sallyport restart router/, "nobody has to type here");
    const { notifications } = await stage.world.cli("presence", "notifications");
    assert.deepEqual(notifications.map(({ severity }) => severity).sort(), ["notice", "warning"]);
    await desk.picture("notifications");
    await page.setViewportSize({ width: 390, height: 844 });
    await desk.picture("phone-notifications");
    await page.setViewportSize({ width: 1440, height: 900 });
    await notice.locator("button:text-is('here')").click();
    await page.click("dialog button:has-text('Cancel')");
    assert.equal(await notice.count(), 1, "nothing without a yes");
    await notice.locator("button:text-is('here')").click();
    await page.click("dialog button:has-text('Restart router')");
    await page.waitForSelector(".said :text('The router restarted')");
    await page.waitForSelector("main :text('No notifications')");
    await stage.world.order({ do: "renotify" });
    await desk.done();
  });
}
