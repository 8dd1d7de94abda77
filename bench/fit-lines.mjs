// Lines through the times of growing work: a fixed part and one per arithmetic operation; and the
// points that lie far above.

/** A point this much above its line is a cliff. */
export const cliff = 1.5;

/**
 * @typedef {object} Point
 * @property {number} size what grows
 * @property {number} flops
 * @property {number} time in any unit
 *
 * @typedef {object} Line
 * @property {number} fixed
 * @property {number} perFlop both at least 0, in the unit of the times
 * @property {number[]} fitted a time for each point
 * @property {Point[]} cliffs
 * @property {number} slope of the logarithms of time and flops over the larger half
 */

/**
 * The line with the least squares of relative errors.
 * @param {Point[]} points at least two, of different flops
 * @returns {Line}
 */
export function fitLine(points) {
  // Of x / time and y / time against 1.
  let [xx, xy, yy, x1, y1] = [0, 0, 0, 0, 0];
  for (const { flops, time } of points) {
    const [x, y] = [1 / time, flops / time];
    xx += x * x;
    xy += x * y;
    yy += y * y;
    x1 += x;
    y1 += y;
  }
  const determinant = xx * yy - xy * xy;
  let [fixed, perFlop] = [(x1 * yy - y1 * xy) / determinant, (y1 * xx - x1 * xy) / determinant];
  // Nothing takes less than no time.
  if (fixed < 0) [fixed, perFlop] = [0, y1 / yy];
  else if (perFlop < 0) [fixed, perFlop] = [x1 / xx, 0];
  const fitted = points.map(({ flops }) => fixed + perFlop * flops);
  return {
    ...{ fixed, perFlop, fitted, slope: slopeOf(points) },
    cliffs: points.filter(({ time }, i) => time > cliff * fitted[i]),
  };
}

/** @param {Point[]} points */
function slopeOf(points) {
  const sorted = [...points].sort((p, q) => p.flops - q.flops).slice(-Math.ceil(points.length / 2));
  const last = sorted[sorted.length - 1];
  const first = sorted[0].flops < last.flops ? sorted[0] : points[0];
  return Math.log(last.time / first.time) / Math.log(last.flops / first.flops);
}

/**
 * The lines of all subjects in the results of the suite scaling.
 * @param {import("./measure.mjs").Result[]} results
 * @param {{ name: string, series: string, size: number, flops: number }[]} cases
 * @returns {{ subject: string, build: string, series: string, points: Point[], line: Line }[]}
 */
export function fitAll(results, cases) {
  const byName = new Map(cases.map((one) => [one.name, one]));
  /** @type {Map<string, { subject: string, build: string, series: string, points: Point[] }>} */
  const groups = new Map();
  for (const { suite, case: name, subject, build, median } of results) {
    const work = suite === "scaling" ? byName.get(name) : undefined;
    if (!work) continue;
    const { series, size, flops } = work;
    const key = `${series} ${subject} ${build}`;
    const group = groups.get(key) ?? { subject, build, series, points: [] };
    group.points.push({ size, flops, time: median });
    groups.set(key, group);
  }
  return [...groups.values()]
    .filter(({ points }) => points.length > 2)
    .map((group) => ({ ...group, line: fitLine(group.points) }));
}
