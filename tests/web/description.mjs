// The OpenAPI document is one, and tells the truth: what the nodes answer is what it says, with no field more and none
// less.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv2020 from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { Desk } from "./support.mjs";

const base = "/api/v1/";

/** A copy in which an object has no fields but those that are described. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== "object") return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, one]) => [key, closed(one)]));
  return copy.properties ? { ...copy, additionalProperties: false } : copy;
}

const operation_of = (document, path) =>
  Object.entries(document.paths[base + path.split("?")[0]]).map(([method, one]) => ({ method, ...one }))[0];

/** From within a page: with its session, as its scripts ask. What acts, such as a check, gets its arguments as JSON. */
const ask = (desk, path, method = "get") =>
  desk.page.evaluate(
    async ([address, how]) => {
      if (how === "get") return (await fetch(address)).json();
      const { result } = await (await fetch("/api/v1/session")).json();
      const [place, query] = address.split("?");
      return (
        await fetch(place, {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-Sallyport-CSRF": result.csrf },
          body: JSON.stringify(Object.fromEntries(new URLSearchParams(query))),
        })
      ).json();
    },
    [base + path, method],
  );

/** The first such event of the stream of changes. */
const told = (desk, event) =>
  desk.page.evaluate(
    ([address, wanted]) =>
      new Promise((done, fail) => {
        const stream = new EventSource(address);
        stream.addEventListener(wanted, ({ data }) => {
          stream.close();
          done(JSON.parse(data));
        });
        stream.addEventListener("error", () => fail(new Error("the stream of changes broke")));
      }),
    [`${base}changes`, event],
  );

function judge_of(document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: "node", components: { schemas: closed(document.components.schemas) } });
  const local = (schema) =>
    JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/components/', '"node#/components/'));
  return (path, answer) => {
    const { schema } = operation_of(document, path).responses["200"].content["application/json"];
    const holds = ajv.compile(local(schema));
    if (Object.keys(schema.properties.result).length === 0) return [`${path} is not described`];
    return holds(answer)
      ? []
      : holds.errors.map(
          ({ instancePath: at, message, params }) => `${path}: ${at} ${message} ${JSON.stringify(params)}`,
        );
  };
}

/** Every answer of JSON says what it holds; a text that is no JSON, and this document itself, need not. */
const undescribed = (document) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .map(([method, { responses }]) => [method, responses?.["200"]?.content["application/json"]?.schema])
      .filter(([, schema]) => schema?.properties?.result && Object.keys(schema.properties.result).length === 0)
      .map(([method]) => `${method} ${path}`),
  );

const anywhere = [
  "status",
  "alarms?all=true",
  "events?limit=50",
  "log/levels",
  "config/history",
  "admins/list",
  "sessions/list",
  "audit?limit=100",
  "tokens/list",
  "capture/list",
  "diag/list",
  "metrics",
  "history",
  "history?range=3d&series=refused",
  "config/get",
  "config/get?name=log.modules",
  "settings",
  "session",
];
const of_role = {
  edge: [
    "peers/list",
    "peers/show?domain=capulet.lab",
    "peers/show?domain=tybalt.lab",
    "peers/show?domain=mantua.lab",
    "handshakes/list",
    "history?peer=capulet.lab",
    "handshakes/show?handshake=paris.lab",
    "handshakes/diff?handshake=paris.lab",
    "why?from=montague.lab&to=capulet.lab",
    "why?from=montague.lab&to=spam.example",
    "allow/list",
    "deny/list",
    "routes/list",
    "handshakes/export?peer=capulet.lab",
    "check/certs",
    "check/link",
    "check/dns?domain=capulet.lab",
    "check/tls?domain=capulet.lab",
  ],
  core: [
    "peers/list",
    "peers/show?domain=capulet.lab",
    "imp-servers/list",
    "why?from=montague.lab&to=capulet.lab",
    "handshakes/list",
  ],
  presence: ["users/list", "axl-users/list", "notifications"],
};

export default function description(stage) {
  for (const [role, own] of Object.entries(of_role)) {
    test(`the OpenAPI document of the ${role} is valid, and its answers are what it describes`, async () => {
      const desk = await Desk.signed_in(stage.browser, stage.world, role);
      const document = await ask(desk, "openapi.json");
      const { valid, errors } = await new Validator().validate(structuredClone(document));
      assert.ok(valid, JSON.stringify(errors));
      assert.deepEqual(undescribed(document), []);
      const judge = judge_of(document);
      const wrong = [];
      for (const path of [...anywhere, ...own]) {
        wrong.push(...judge(path, await ask(desk, path, operation_of(document, path).method)));
      }
      // What happens is told in the same words as what is asked for.
      for (const [event, verb] of [
        ["status", "status"],
        ["alarm", "alarms"],
      ]) {
        wrong.push(...judge(verb, { result: await told(desk, event) }));
      }
      assert.deepEqual(wrong, []);
      assert.match(
        judge("alarms", { result: { alarms: [{ number: "one" }] } }).join(),
        /must be integer/,
        "the judge sees what is wrong",
      );
      assert.match(
        judge("alarms", { result: { alarms: [], secret: 1 } }).join(),
        /additional/,
        "and what is not described",
      );
      await desk.done();
    });
  }
}
