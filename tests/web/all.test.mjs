// All tests of the pages in one world: a real edge, core and presence node with real partners. Those that look at every
// page and those that use the pages go on side by side, each kind one test after another; speed is measured before,
// with nothing beside it.
import { after, before, describe } from "node:test";
import access from "./access.mjs";
import configuration from "./configuration.mjs";
import desk from "./desk.mjs";
import description from "./description.mjs";
import hostile from "./hostile.mjs";
import keyboard from "./keyboard.mjs";
import looks from "./looks.mjs";
import operation from "./operation.mjs";
import reading from "./reading.mjs";
import spanish from "./spanish.mjs";
import speed from "./speed.mjs";
import { World, open_browser } from "./support.mjs";

describe("the operator's desk", { concurrency: 1, timeout: Number(process.env.WEB_SECONDS ?? 500) * 1000 }, () => {
  const stage = {};
  before(async () => {
    stage.world = await World.begin();
    stage.browser = await open_browser();
    for (const what of ["chat", "fail", "attack"]) await stage.world.order({ do: what });
  });
  after(async () => {
    await stage.browser?.close();
    await stage.world?.end();
  });
  const part = (name, all) => describe(name, { concurrency: 1 }, () => all.forEach((one) => one(stage)));
  part("is quick", [speed]);
  describe("is", { concurrency: 2 }, () => {
    part("read", [reading, description, spanish]);
    part("used", [access, desk, keyboard, configuration, looks, operation, hostile]);
  });
});
