// The last minutes as samples, taken from every `status` while the page is open, so that each chart has a past.
import { Store } from "./store.js";

const most = 450;

/** {at, streams_in, streams_out, in, out, queued, unacknowledged}; `in` and `out` are stanzas a second. */
export const samples = new Store([]);

let last = null;

// Counters belong to streams that end; a sum that falls says nothing about the rate.
const grown = (now, before, seconds) => (seconds > 0 ? Math.max(0, now - before) / seconds : 0);

const counters = (status) =>
  status.router
    ? { in: status.router.to_local, out: status.router.to_link }
    : status.role === "core"
      ? {
          in: status.links.reduce((sum, link) => sum + link.received, 0),
          out: status.links.reduce((sum, link) => sum + link.sent, 0),
        }
      : { in: status.streams.stanzas_in, out: status.streams.stanzas_out };

export function take_sample(status) {
  const at = Date.now() / 1000;
  const now = counters(status);
  if (last !== null && last.instance === status.instance && at - last.at < 0.5) return;
  const before = last !== null && last.instance === status.instance ? last : null;
  const { streams } = status;
  const sample = {
    at,
    streams_in: streams.inbound,
    streams_out: streams.outbound,
    queued: streams.queued,
    unacknowledged: streams.unacknowledged,
    in: before ? grown(now.in, before.in, at - before.at) : 0,
    out: before ? grown(now.out, before.out, at - before.at) : 0,
  };
  last = { at, instance: status.instance, ...now };
  samples.value = [...samples.value, sample].slice(-most);
}
