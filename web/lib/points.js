// The points of a kept chart, before anything is drawn. Pure.

/** A chart is at least so many points wide. */
const fewest_points = 15;

/** The point at which something is known for the first time: before it there is nothing to draw. */
export function first_known({ points, series }) {
  const firsts = series.map(({ values }) => values.findIndex((value) => value !== null)).filter((at) => at >= 0);
  return Math.max(0, Math.min(points - fewest_points, ...firsts));
}
