// The pure parts of web/lib: OpenMetrics, numbers and times.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  axis_time,
  bytes,
  certificate_text,
  certificate_tone,
  moment,
  rate,
  span,
  value_text,
} from "../../web/lib/format.js";
import { first_known } from "../../web/lib/points.js";
import { visible, visible_child, visible_props } from "../../web/lib/visible.js";
import { typed } from "../../web/lib/typed.js";
import { fact_text, reason_of, rest_of } from "../../web/lib/event_text.js";
import { families, quantile, total } from "../../web/lib/open_metrics.js";

/** A reading of one hop: how many were within 0.1, within 1, and all. */
const hop = (low, high, all) =>
  families(
    [
      "# TYPE hop_seconds histogram",
      `hop_seconds_bucket{hop="link",le="0.1"} ${low}`,
      `hop_seconds_bucket{hop="link",le="1.0"} ${high}`,
      `hop_seconds_bucket{hop="link",le="+Inf"} ${all}`,
      `hop_seconds_count{hop="link"} ${all}`,
      'hop_seconds_sum{hop="link"} 3.5',
      "# EOF\n",
    ].join("\n"),
  ).get("hop_seconds");

test("a chart begins where something is known, and is never too narrow", () => {
  const of = (...values) => first_known({ points: values[0].length, series: values.map((one) => ({ values: one })) });
  const since = (at) => Array.from({ length: 360 }, (_, i) => (i < at ? null : 0));
  assert.equal(of(since(0)), 0);
  assert.equal(of(since(120), since(200)), 120, "the first of its lines");
  assert.equal(of(since(354)), 345, "a node that runs for two minutes");
  assert.equal(of(since(360)), 345, "nothing is known yet");
});

test("a certificate is as grave as the node says", () => {
  assert.equal(certificate_tone({ state: "good" }), "good");
  assert.equal(certificate_tone({ state: "expires soon" }), "warn");
  assert.equal(certificate_tone({ state: "expires very soon" }), "bad");
  assert.equal(certificate_text({ state: "expires soon", days_left: 19 }), "19 days left");
  assert.equal(certificate_text({ state: "not valid yet", days_left: 300 }), "not valid yet");
});

test("a quantile is interpolated within its bucket and counts only what came between two readings", () => {
  assert.equal(quantile([], hop(10, 20, 20), 0.5), 0.1);
  assert.equal(quantile(hop(10, 10, 10), hop(10, 20, 20), 0.5).toFixed(3), "0.550");
  assert.equal(quantile(hop(10, 20, 20), hop(10, 20, 20), 0.5), null);
  assert.equal(quantile([], hop(0, 0, 5), 0.9), 1, "beyond the last bound nothing is known");
  assert.equal(quantile([], hop(10, 20, 20), 0.5, { hop: "s2s" }), null);
});

test("labels may hold anything, and counters are added up by them", () => {
  const all = families(
    'x_total{peer="a\\"}b",outcome="success"} 4\nx_total{peer="c",outcome="failure"} 2\n' +
      'nonsense\nx_created{peer="c"} 9\n',
  ).get("x");
  assert.equal(total(all), 6);
  assert.equal(total(all, { outcome: "failure" }), 2);
  assert.equal(all[0].labels.peer, 'a"}b');
});

test("numbers and spans read as an operator says them", () => {
  assert.deepEqual([0, 59, 61, 3_600, 90_061].map(span), ["now", "59 s", "1 min 1 s", "1 h", "1 d 1 h"]);
  assert.deepEqual([512, 1_536, 10 * 1024 ** 3].map(bytes), ["512 B", "1.5 KiB", "10.0 GiB"]);
  assert.deepEqual([0, 3.14159, 120.4].map(rate), ["0.0", "3.1", "120"]);
  assert.deepEqual([true, [], ["a", "b"], { s2s: "debug" }, "tls_required"].map(value_text), [
    "On",
    "empty",
    "a, b",
    "s2s: debug",
    "TLS required",
  ]);
});

test("an entry of the log says its reason first, in words, and then the rest", () => {
  const failed = {
    facts: { pair: "b.test:a.test", step: "tcp", why: "192.0.2.1:5269: Connection refused", retry_ms: "464", note: "" },
  };
  assert.equal(reason_of(failed), "192.0.2.1:5269: Connection refused");
  assert.equal(rest_of(failed), "pair b.test:a.test, step tcp, retry ms 464");
  assert.match(fact_text(failed), /step=tcp/, "found by what stands in lines of the log");
  const raised = { facts: { code: "certificate.expiring", text: "it expires soon", why: "edge.pem, 19 days left" } };
  assert.equal(reason_of(raised), "it expires soon: edge.pem, 19 days left");
  assert.equal(rest_of(raised), "code certificate.expiring");
  assert.equal(reason_of({ facts: { text: "the same", why: "the same" } }), "the same");
  assert.deepEqual(
    [reason_of({}), rest_of({ facts: { from: "PENDING", to: "FAILED" } })],
    ["", "from PENDING, to FAILED"],
  );
});

test("what turns or hides text is shown as what it is", () => {
  for (const [raw, shown] of [
    ["\u202e", "\\u202e"],
    ["\u2066", "\\u2066"],
    ["\u2069", "\\u2069"],
    ["\u200e", "\\u200e"],
    ["\u061c", "\\u061c"],
    ["\u2028", "\\u2028"],
    ["\u200b", "\\u200b"],
    ["\ufeff", "\\ufeff"],
    ["\u{e007f}", "\\udb40\\udc7f"],
    ["\u0000", "\\u0000"],
    ["\u0085", "\\u0085"],
  ]) {
    assert.equal(visible(`ann${raw}a@x`), `ann${shown}a@x`);
  }
  assert.equal(visible("Zürich \u2027 日本 😀\n\ta"), "Zürich \u2027 日本 😀\n\ta");
  assert.equal(typed("see `b\u202e`, a\u202e")[2], ", a\\u202e", "a component may return it as it is");
  assert.equal(typed("see `b\u202e`")[1].props.children, "b\\u202e");
  assert.deepEqual(visible_child(["a\u202e", 4, null, ["\u2066"]]), ["a\\u202e", 4, null, ["\\u2066"]]);
  assert.deepEqual(visible_props({ title: "a\u202e", value: "b\u202e" }), { title: "a\\u202e", value: "b\u202e" });
});

test("an axis names the time as far as its marks need it, and a moment its day unless it is today", () => {
  const at = new Date(2026, 10, 22, 14, 5, 9).getTime() / 1000,
    midnight = new Date(2026, 10, 22).getTime() / 1000;
  assert.equal(axis_time(at, 15), "14:05:09");
  assert.equal(axis_time(at, 600), "14:05");
  assert.equal(axis_time(midnight, 600), "00:00");
  assert.equal(axis_time(midnight, 21_600), "Nov 22");
  assert.equal(axis_time(at, 86_400), "Nov 22");
  assert.equal(moment(at), "Nov 22, 14:05");
  assert.match(moment(Date.now() / 1000), /^\d\d:\d\d$/);
});
