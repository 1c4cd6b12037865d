// The world (world.py) and the browser, and what every test does with them: sign in, open a page, look for trouble.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, "..", "..");
export const artefacts = join(root, "run", "web");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const run = promisify(execFile);
const images = join(root, "docs", "manual", "images");
/** Pictures that docs/manual/web.md shows; copied there when WEB_IMAGES is set. */
const shown = new Set([
  "overview",
  "federation-saved",
  "peer",
  "failures",
  "why",
  "imp-servers",
  "events",
  "phone-dark-overview",
]);
mkdirSync(artefacts, { recursive: true });

/** The process of world.py: `about` what it said at its start, `order` carries out one of its commands. */
export class World {
  static async begin() {
    const world = new World();
    world.sessions = new Map();
    world.child = spawn("/usr/bin/python3", [join(here, "world.py")], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    });
    world.lines = createInterface({ input: world.child.stdout })[Symbol.asyncIterator]();
    world.about = await world.#line();
    return world;
  }

  async #line() {
    const { value, done } = await this.lines.next();
    assert.ok(!done, "the world ended");
    return JSON.parse(value);
  }

  /** One at a time, whoever asks. */
  order(command) {
    const answered = (this.last ?? Promise.resolve()).then(async () => {
      this.child.stdin.write(`${JSON.stringify(command)}\n`);
      const answer = await this.#line();
      assert.ok(answer.ok, answer.error);
      return answer.result;
    });
    this.last = answered.catch(() => {});
    return answered;
  }

  /** The command line, which knows nothing of the pages. */
  async cli(role, ...words) {
    const { stdout } = await run(this.about.binary, [...words, "--node", this.about.nodes[role].socket, "--json"]);
    return JSON.parse(stdout);
  }

  async setting(role, name) {
    return (await this.cli(role, "config", "get", name)).value;
  }

  end() {
    return new Promise((done) => {
      this.child.once("exit", done);
      this.child.stdin.end(`${JSON.stringify({ do: "stop" })}\n`);
    });
  }
}

export const open_browser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });

/**
 * Windows that a test is done with, by what they are good for: the next test goes on in one, as an operator does all
 * day.
 */
const idle = new Map();

/**
 * One browser window on one node. `trouble` collects all that must never be: errors, violations, requests elsewhere.
 */
export class Desk {
  static async open(browser, world, role, { dark = false, phone = false, scripts = true, locale = "en-US" } = {}) {
    const desk = new Desk();
    Object.assign(desk, {
      world,
      role,
      url: world.about.nodes[role].url,
      trouble: [],
      sites: [world.about.nodes[role].url], // where it may go
      person: "",
      look: `${dark} ${phone}`,
    });
    desk.context = await browser.newContext({
      ignoreHTTPSErrors: true,
      javaScriptEnabled: scripts,
      locale,
      colorScheme: dark ? "dark" : "light",
      reducedMotion: "reduce",
      viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    });
    desk.page = await desk.context.newPage();
    desk.page.setDefaultTimeout(15_000);
    desk.#watch();
    desk.lens = await desk.context.newCDPSession(desk.page);
    await desk.page.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
      );
    });
    return desk;
  }

  /** A window in which `as` is signed in: one that another test is done with, if there is one. */
  static async signed_in(browser, world, role, as = "administrator", { dark = false, phone = false } = {}) {
    const used = idle.get(`${role} ${as} ${dark} ${phone}`)?.pop();
    if (used) return used;
    return (await Desk.open(browser, world, role, { dark, phone })).sign_in(as);
  }

  #watch() {
    const { page } = this;
    page.on("pageerror", (error) => this.trouble.push(`page error: ${error.stack}`));
    // The browser itself writes "Failed to load resource" for each 401 and 404; refusals are tested where they belong.
    page.on(
      "console",
      (message) =>
        message.type() === "error" &&
        !message.text().startsWith("Failed to load resource") &&
        this.trouble.push(`console: ${message.text()}`),
    );
    page.on("dialog", async (dialog) => {
      this.trouble.push(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
    page.on("request", (request) => {
      const known = this.sites.some((site) => request.url().startsWith(`${site}/`));
      if (!known && !request.url().startsWith("data:")) {
        this.trouble.push(`request elsewhere: ${request.url()}`);
      }
    });
    page.on(
      "response",
      (response) => response.status() >= 500 && this.trouble.push(`${response.status()} ${response.url()}`),
    );
  }

  /** Through the form the first time, with the session that was made then later on, unless a fresh one is wanted. */
  async sign_in(as = "administrator", { fresh = false } = {}) {
    const { sessions } = this.world;
    this.person = fresh ? "" : as;
    const key = `${this.role} ${as}`;
    const known = !fresh && sessions.get(key);
    if (known) await this.context.addCookies(known);
    await this.page.goto(`${this.url}/`);
    if (!known) {
      const [name, password] = this.world.about.people[as];
      await this.page.fill("input[name=user]", name);
      await this.page.fill("input[name=password]", password);
      await this.page.press("input[name=password]", "Enter");
    }
    await this.page.waitForSelector("#main h1");
    if (!fresh) sessions.set(key, await this.context.cookies());
    return this;
  }

  /**
   * Goes to a page by its address and waits until it is drawn, what it reads is there and its heading has the focus.
   * The heading of the page that is left is marked: it stands for a moment longer, and the next one takes the focus
   * only after it was painted.
   */
  async go(place) {
    const moved = await this.page.evaluate((hash) => {
      const before = location.hash || "#/overview";
      location.hash = hash;
      if (location.hash === before) return false;
      document.querySelector("#main h1")?.setAttribute("data-left", "");
      return true;
    }, `#/${place}`);
    await this.page.waitForFunction(
      ([wanted, left]) => {
        const heading = document.querySelector("#main h1:not([data-left])");
        return (
          location.hash.slice(2).split(/[/?]/)[0] === wanted &&
          heading !== null &&
          (!left || document.activeElement === heading) &&
          document.querySelector("main .wait") === null
        );
      },
      [place.split(/[/?]/)[0], moved],
    );
    return this;
  }

  /** From now on the page reads at `path` what the node said as `change` left it, until `unchanged`. */
  async changed(path, change) {
    await this.page.route(
      (url) => url.pathname === `/api/v1/${path}`,
      async (route) => {
        if (route.request().method() !== "GET") return route.fallback();
        const response = await route.fetch();
        const answer = await response.json();
        change(answer.result);
        return route.fulfill({ response, json: answer });
      },
    );
  }

  unchanged() {
    return this.page.unrouteAll({ behavior: "wait" });
  }

  menu() {
    return this.page.$$eval("#menu a", (links) => links.map((link) => link.getAttribute("href").slice(2)));
  }

  /** The whole page as a picture in run/web/. */
  async picture(name, { whole = true } = {}) {
    const size = this.page.viewportSize();
    if (whole) {
      const height = await this.page.evaluate(
        () => (document.querySelector("main")?.scrollHeight ?? 0) + (document.querySelector(".top")?.offsetHeight ?? 0),
      );
      await this.page.setViewportSize({ width: size.width, height: Math.min(Math.max(size.height, height), 4000) });
    }
    await this.#shoot(join(artefacts, `${name}.png`));
    if (process.env.WEB_IMAGES && shown.has(name)) {
      await this.page.setViewportSize({
        width: Math.min(size.width, 1160),
        height: size.width < 500 ? size.height : 720,
      });
      mkdirSync(images, { recursive: true });
      await this.page.screenshot({ path: join(images, `web-${name}.png`) });
    }
    await this.page.setViewportSize(size);
  }

  /** The picture as the browser gives it soonest: a larger file for a third of the time. */
  async #shoot(path) {
    const { data } = await this.lens.send("Page.captureScreenshot", { format: "png", optimizeForSpeed: true });
    await writeFile(path, Buffer.from(data, "base64"));
  }

  /** What axe finds against WCAG 2 A and AA. */
  async accessibility() {
    if (!(await this.page.evaluate(() => "axe" in window))) {
      await this.page.evaluate(axe); // through the debugger, so that the page's own policy stays as it is
    }
    const { violations } = await this.page.evaluate(() =>
      window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], resultTypes: ["violations"] }),
    );
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary.split("\n")[1] ?? ""}`)
          .join(" | ")}`,
    );
  }

  async calm() {
    this.trouble.push(...(await this.page.evaluate(() => window.violations.splice(0))).map((one) => `policy: ${one}`));
    assert.deepEqual(this.trouble, []);
  }

  /**
   * Keeps the window for the next test: nothing is open, nothing said any more. A test that failed does not come here.
   */
  async done() {
    await this.calm();
    await this.page.evaluate(() => {
      for (const one of document.querySelectorAll("dialog[open] button[aria-label=Close], .said button")) one.click();
      document.activeElement?.blur();
    });
    await this.go("overview");
    await this.page.waitForFunction(() => document.querySelector("dialog[open], .said p") === null);
    const key = `${this.role} ${this.person} ${this.look}`;
    idle.set(key, [...(idle.get(key) ?? []), this]);
  }

  close() {
    return this.context.close();
  }
}
