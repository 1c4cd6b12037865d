// The REST interface (docs/manual/rest.md): verbs of the command line as addresses, settings with their revision, the
// session.
import { t } from "./i18n.js";
const base = "/api/v1/";
const usual_wait_ms = 20_000;

/** What the node refused: `code` for programs, `text` for people, `field` where one is meant. */
export class Refusal extends Error {
  constructor(status, { code = "unknown", text = t("the node gave no reason"), field = "" } = {}) {
    super(text);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

let csrf = "";
let on_signed_out = () => {};

/** The token that every change has to carry, as the session named it. */
export function carry_token(token) {
  csrf = token ?? "";
}

/** Calls `handler` when the node no longer knows the session. */
export function when_signed_out(handler) {
  on_signed_out = handler;
}

async function answer_of(response) {
  const text = await response.text();
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return {
      error: {
        code: "answer-malformed",
        text: t("the node answered {status} with something other than JSON", { status: response.status }),
      },
    };
  }
}

async function ask(method, path, { body, headers = {}, wait_ms = usual_wait_ms } = {}) {
  const all = { Accept: "application/json", ...headers };
  if (body !== undefined) all["Content-Type"] = "application/json";
  if (method !== "GET" && csrf !== "") all["X-Sallyport-CSRF"] = csrf;
  let response;
  try {
    response = await fetch(base + path, {
      method,
      headers: all,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(wait_ms),
    });
  } catch (problem) {
    const late = problem.name === "TimeoutError";
    throw new Refusal(0, {
      code: late ? "late" : "unreachable",
      text: late ? t("the node did not respond in time") : t("the node cannot be reached"),
    });
  }
  const answer = await answer_of(response);
  if (response.ok && answer.error === undefined) return answer;
  if (response.status === 401 && path !== "session") on_signed_out();
  throw new Refusal(response.status, answer.error);
}

const path_of = (verb) => verb.split(".").map(encodeURIComponent).join("/");

const is_given = (value) => value !== undefined && value !== null && value !== "" && value !== false;

function query_of(args) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(args ?? {})) {
    if (!is_given(value)) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** The result of a reading verb. */
export const read = async (verb, args, options) => (await ask("GET", path_of(verb) + query_of(args), options)).result;

/** Carries a verb out; its result. Empty arguments are left out. */
export async function act(verb, args = {}, options = {}) {
  const given = Object.entries(args).filter(([, value]) => is_given(value));
  return (await ask("POST", path_of(verb), { body: Object.fromEntries(given), ...options })).result;
}

/** Stores several settings at once, provided that nobody changed them since `revision`. */
export const patch_settings = async (revision, values) =>
  (await ask("PATCH", "settings", { body: { revision, values } })).result;

export const read_settings = async () => (await ask("GET", "settings")).result;
export const read_session = async () => (await ask("GET", "session")).result;
export const sign_in = async (credentials) => (await ask("POST", "session", { body: credentials })).result;
/** What the browser has to post to go to the pages of another node: {action, token}. */
export const hand_over = async (node) => (await ask("POST", "handover", { body: { node } })).result;
export const sign_out = () => ask("DELETE", "session");
export const read_openapi = () => ask("GET", "openapi.json");

export const changes_address = `${base}changes`;

/** The metrics in the OpenMetrics text form, or null where the node has none for us. */
export async function read_metrics() {
  const response = await fetch("/metrics", {
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(usual_wait_ms),
  });
  return response.ok ? response.text() : null;
}
