// Who is signed in, what the role may do, and what this node can do at all.
import { act, carry_token, read, read_openapi, read_session, sign_in, sign_out, when_signed_out } from "./api.js";
import { t } from "./i18n.js";
import { speak_in } from "./language.js";
import { Store, useStore } from "./store.js";
import { word_of } from "./words.js";

/** undefined: not known yet; null: nobody; otherwise {user, role, …}. */
export const session = new Store(undefined);
/**
 * verb -> {reads, role, help, args: [{name, help, required, type, secret}]}: what the node's OpenAPI document names.
 */
export const verbs = new Store(new Map());

const ranks = ["read-only", "operator", "administrator"];
const roles = { read: "read-only", operate: "operator", administer: "administrator" };
const rank = (role) => ranks.indexOf(role);

when_signed_out(() => {
  carry_token("");
  session.value = null;
});

const argument = (name, schema, required, help) => ({
  name,
  help,
  required,
  type: schema.type === "array" ? "list" : schema.type,
  secret: schema.writeOnly === true || schema.format === "password",
});

function arguments_of(operation) {
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  const given = (operation.parameters ?? [])
    .filter((one) => one.in === "query")
    .map((one) => argument(one.name, one.schema, one.required, one.description));
  const posted = Object.entries(body?.properties ?? {})
    .filter(([name]) => name !== "revision")
    .map(([name, schema]) => argument(name, schema, (body.required ?? []).includes(name), schema.description));
  return [...given, ...posted];
}

async function learn_verbs() {
  const document = await read_openapi();
  const found = new Map();
  for (const methods of Object.values(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const verb = operation["x-sallyport-verb"];
      if (verb) {
        found.set(verb, {
          reads: method === "get",
          role: roles[operation["x-sallyport-needs"]],
          help: operation.summary,
          args: arguments_of(operation),
        });
      }
    }
  }
  verbs.value = found;
}

async function enter(who) {
  carry_token(who.csrf);
  await Promise.all([learn_verbs(), speak_in(who.language)]);
  session.value = who;
}

/** Looks whether the browser still has a session. */
export async function resume() {
  try {
    await enter(await read_session());
  } catch (problem) {
    await speak_in("");
    if (problem.status !== 401) throw problem;
    session.value = null;
  }
}

export const enter_with = async (credentials) => enter(await sign_in(credentials));

export async function leave() {
  await sign_out();
  carry_token("");
  session.value = null;
}

/** The result of a verb, whether it reads or does something. */
export const call = (verb, args, options) => (verbs.value.get(verb)?.reads === false ? act : read)(verb, args, options);

/** Whether the node has the verb at all; controls for verbs that it lacks are not shown. */
export function useHas(...names) {
  const known = useStore(verbs);
  return names.every((name) => known.has(name));
}

/** Why the person who is signed in may not call `verb`, as a sentence; empty when he may. */
export function useForbidden(verb) {
  const who = useStore(session);
  const wanted = useStore(verbs).get(verb)?.role ?? "administrator";
  if (who && rank(who.role) >= rank(wanted)) return "";
  return who
    ? t("This needs the role {wanted}; you are {role}.", {
        wanted: word_of("access", wanted),
        role: word_of("access", who.role),
      })
    : t("You are not signed in.");
}
