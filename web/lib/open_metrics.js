// Reads the OpenMetrics text form as far as charts need it. Pure.

const line_form = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)/;
const label_form = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const unescape = (text) => text.replace(/\\(.)/g, (_, one) => (one === "n" ? "\n" : one));

/** name of the sample without "_total" -> its samples {labels, value}; buckets stay under "…_bucket". */
export function families(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    const parts = line.startsWith("#") ? null : line_form.exec(line);
    if (parts === null) continue;
    const name = parts[1].replace(/_total$/, "");
    const labels = Object.fromEntries(
      [...(parts[2] ?? "").matchAll(label_form)].map(([, key, value]) => [key, unescape(value)]),
    );
    const family = name.replace(/_bucket$/, "");
    if (!found.has(family)) found.set(family, []);
    if (!/_(sum|count|created)$/.test(name)) found.get(family).push({ labels, value: Number(parts[3]) });
  }
  return found;
}

const has = (sample, labels) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value);

/** The sum of the samples that have these labels. */
export const total = (samples, labels = {}) =>
  samples.filter((one) => has(one, labels)).reduce((sum, { value }) => sum + value, 0);

function buckets(samples, labels) {
  const sums = new Map();
  for (const one of samples) {
    if (one.labels.le === undefined || !has(one, labels)) continue;
    const bound = Number(one.labels.le.replace("+Inf", "Infinity"));
    sums.set(bound, (sums.get(bound) ?? 0) + one.value);
  }
  return [...sums].sort(([one], [other]) => one - other);
}

/**
 * The value below which `share` of what came between two readings lies, in the histogram's unit; null: nothing came.
 */
export function quantile(before, now, share, labels = {}) {
  const old = new Map(buckets(before, labels));
  const grown = buckets(now, labels).map(([bound, value]) => [bound, value - (old.get(bound) ?? 0)]);
  const count = grown.at(-1)?.[1] ?? 0;
  if (count <= 0) return null;
  const wanted = share * count;
  let low = 0,
    seen = 0;
  for (const [bound, sum] of grown) {
    if (sum >= wanted) {
      return bound === Infinity ? low : low + ((bound - low) * (wanted - seen)) / Math.max(1, sum - seen);
    }
    low = bound;
    seen = sum;
  }
  return low;
}
