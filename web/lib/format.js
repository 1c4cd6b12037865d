// Numbers, times and names as an operator reads them, in the language of the pages. Nothing here makes markup.
import { msg, spoken, t, tn } from "./i18n.js";

/** One of Intl's forms a language: making one costs more than using it. */
function formed(make) {
  const known = new Map();
  return () => {
    const tag = spoken();
    if (!known.has(tag)) known.set(tag, make(tag));
    return known.get(tag);
  };
}
const digits = (options) => formed((tag) => new Intl.NumberFormat(tag, options));
const unit = (name, options) => digits({ style: "unit", unit: name, ...options });

const count = digits({ maximumFractionDigits: 0 });
const short = digits({ notation: "compact", maximumFractionDigits: 1 });
const decimal = digits({ minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false });

export const number = (value) => (value === null || value === undefined ? "–" : count().format(value));
export const compact = (value) => (Math.abs(value) < 10_000 ? number(value) : short().format(value));

/** A rate a second: one decimal while it is small. */
export const rate = (value) => (value < 10 ? decimal().format(value) : compact(value));

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; ++at) value /= 1024;
  return `${at === 0 || value >= 100 ? Math.round(value) : decimal().format(value)} ${units[at]}`;
}

const whole_ms = unit("millisecond", { maximumFractionDigits: 0, useGrouping: false });
const parts_ms = unit("millisecond", { minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false });
const parts_s = unit("second", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Milliseconds, with a part of one where `parts` is 1. */
export const milliseconds = (value, parts = 0) => (parts > 0 ? parts_ms() : whole_ms()).format(value);

/** Seconds that are few: "0.4 ms", "12 ms", "1.5 s". */
export const duration = (value) =>
  value < 1 ? milliseconds(value * 1000, value < 0.01 ? 1 : 0) : parts_s().format(value);

const parts_share = digits({ minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Of 1: "99.5 %". */
export const share = (value) => `${(value === 1 || value === 0 ? count() : parts_share()).format(value * 100)} %`;

/** A span that is still to come: never "now" within a sentence. */
export const span_ahead = (seconds) => span(Math.max(1, seconds));

/** A span of seconds with its two largest units, by their symbols: "3 d 4 h", "12 s". */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return t("now");
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ];
  const first = units.findIndex(([, size]) => seconds >= size);
  let rest = Math.floor(seconds);
  const parts = [];
  for (const [name, size] of units.slice(first, first + 2)) {
    if (Math.floor(rest / size) > 0) parts.push(`${Math.floor(rest / size)} ${name}`);
    rest %= size;
  }
  return parts.join(" ");
}

const two = (value) => String(value).padStart(2, "0");

/** "14:05:09" of today, "2026-11-22 14:05:09" of another day, in the reader's zone. */
export function time(text) {
  const at = text ? new Date(text) : null;
  if (at === null || Number.isNaN(at.getTime())) return "–";
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const today = new Date().toDateString() === at.toDateString();
  return today ? clock : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

const month = formed((tag) => new Intl.DateTimeFormat(tag, { day: "numeric", month: "short" }));

/** A moment in Unix time, to the minute: "14:05" of today, "Nov 22, 14:05" of another day. */
export function moment(at) {
  const day = new Date(at * 1000);
  const clock = `${two(day.getHours())}:${two(day.getMinutes())}`;
  return new Date().toDateString() === day.toDateString() ? clock : `${month().format(day)}, ${clock}`;
}

/** The same at an axis whose marks are `step` seconds apart: no more of it than tells them apart. */
export function axis_time(at, step) {
  const day = new Date(at * 1000);
  const is_midnight = day.getHours() === 0 && day.getMinutes() === 0;
  if (step >= 86_400 || (step >= 3_600 && is_midnight)) return month().format(day);
  return day.toTimeString().slice(0, step < 60 ? 8 : 5);
}

const tones_of_certificates = { good: "good", "expires soon": "warn" };
/** As grave as the node judges the time of its certificate. */
export const certificate_tone = ({ state }) => tones_of_certificates[state] ?? "bad";
/** "80 days left", or that it is not in its time. */
export function certificate_text({ state, days_left }) {
  if (state === "expired") return t("expired");
  if (state === "not valid yet") return t("not valid yet");
  return tn(days_left, "{n} day left", "{n} days left");
}

export const date = (text) => (text ? String(text).slice(0, 10) : "–");

/** How long ago: "2 min ago"; the word around it is the language's own. */
export function ago(text) {
  const at = text ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return "–";
  const seconds = (Date.now() - at) / 1000;
  return seconds < 1 ? t("just now") : t("{time} ago", { time: span(seconds) });
}

const words = {
  tls_required: msg("TLS required"),
  tls_optional: msg("TLS optional"),
  no_tls: msg("No TLS"),
  off: msg("Off"),
  on: msg("On"),
  allow_list: msg("Allow list"),
  deny_list: msg("Deny list"),
  any: msg("Any"),
  certificate: msg("Certificate"),
  dialback: msg("Dialback"),
  cert: msg("Certificate"),
  external: msg("Certificate"),
  "cert+db": msg("Certificate + dialback"),
};

/** A word of the schema as people write it. */
export const word = (value) => (words[value] ? t(words[value]) : String(value ?? "–"));

/** A setting's value as one line of text. */
export function value_text(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? t("On") : t("Off");
  if (Array.isArray(value)) {
    return value.length === 0
      ? t("empty")
      : value.map((one) => (typeof one === "object" ? (one.domain ?? JSON.stringify(one)) : one)).join(", ");
  }
  if (typeof value === "object") {
    return Object.keys(value).length === 0
      ? t("empty")
      : Object.entries(value)
          .map(([key, one]) => `${key}: ${one}`)
          .join(", ");
  }
  return word(value);
}
