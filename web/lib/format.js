// Numbers, times and names as an operator reads them. Nothing here makes markup.
const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const number = (value) => (value === null || value === undefined ? "–" : count.format(value));
export const compact = (value) => (Math.abs(value) < 10_000 ? number(value) : short.format(value));

/** A rate a second: one decimal while it is small. */
export const rate = (value) => (value < 10 ? value.toFixed(1) : compact(value));

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; ++at) value /= 1024;
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/** A span of seconds with its two largest units: "3 d 4 h", "12 s". */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return "now";
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

const month = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

/** A moment in Unix time, to the minute: "14:05" of today, "Nov 22, 14:05" of another day. */
export function moment(at) {
  const day = new Date(at * 1000);
  const clock = `${two(day.getHours())}:${two(day.getMinutes())}`;
  return new Date().toDateString() === day.toDateString() ? clock : `${month.format(day)}, ${clock}`;
}

/** The same at an axis whose marks are `step` seconds apart: no more of it than tells them apart. */
export function axis_time(at, step) {
  const day = new Date(at * 1000);
  const is_midnight = day.getHours() === 0 && day.getMinutes() === 0;
  if (step >= 86_400 || (step >= 3_600 && is_midnight)) return month.format(day);
  return day.toTimeString().slice(0, step < 60 ? 8 : 5);
}

const tones_of_certificates = { good: "good", "expires soon": "warn" };
/** As grave as the node judges the time of its certificate. */
export const certificate_tone = ({ state }) => tones_of_certificates[state] ?? "bad";
/** "80 days left", or that it is not in its time. */
export const certificate_text = ({ state, days_left }) =>
  state === "expired" || state === "not valid yet" ? state : `${days_left} days left`;

export const date = (text) => (text ? String(text).slice(0, 10) : "–");

/** How long ago: "2 min ago". */
export function ago(text) {
  const at = text ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return "–";
  const seconds = (Date.now() - at) / 1000;
  return seconds < 1 ? "just now" : `${span(seconds)} ago`;
}

const words = {
  tls_required: "TLS required",
  tls_optional: "TLS optional",
  no_tls: "No TLS",
  off: "Off",
  on: "On",
  allow_list: "Allow list",
  deny_list: "Deny list",
  any: "Any",
  certificate: "Certificate",
  dialback: "Dialback",
  cert: "Certificate",
  external: "Certificate",
  "cert+db": "Certificate + dialback",
};

/** A word of the schema as people write it. */
export const word = (value) => words[value] ?? String(value ?? "–");

/** A setting's value as one line of text. */
export function value_text(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "On" : "Off";
  if (Array.isArray(value)) {
    return value.length === 0
      ? "empty"
      : value.map((one) => (typeof one === "object" ? (one.domain ?? JSON.stringify(one)) : one)).join(", ");
  }
  if (typeof value === "object") {
    return Object.keys(value).length === 0
      ? "empty"
      : Object.entries(value)
          .map(([key, one]) => `${key}: ${one}`)
          .join(", ");
  }
  return word(value);
}
