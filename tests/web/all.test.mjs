// All tests of the pages, one after another in one world: a real edge, core and presence node with real partners.
import { after, before, describe } from "node:test";
import access from "./access.mjs";
import configuration from "./configuration.mjs";
import hostile from "./hostile.mjs";
import operation from "./operation.mjs";
import reading from "./reading.mjs";
import { World, open_browser } from "./support.mjs";

describe("the operator's desk", { concurrency: 1, timeout: Number(process.env.WEB_SECONDS ?? 500) * 1000 }, () => {
  const stage = {};
  before(async () => {
    [stage.world, stage.browser] = await Promise.all([World.begin(), open_browser()]);
    await stage.world.order({ do: "chat" });
    await stage.world.order({ do: "fail" });
    await stage.world.order({ do: "attack" });
  });
  after(async () => {
    await stage.browser?.close();
    await stage.world?.end();
  });
  for (const part of [access, reading, configuration, operation, hostile]) part(stage);
});
