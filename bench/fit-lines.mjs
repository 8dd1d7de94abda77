// Lines through the times of growing work: a fixed part, one per arithmetic operation and one per
// parameter; and the points that lie far above.

/** A point this much above its line is a cliff. */
export const cliff = 1.5;

/**
 * @typedef {object} Point
 * @property {number} size what grows
 * @property {number} flops
 * @property {number} parameters
 * @property {number} time in any unit
 *
 * @typedef {object} Line
 * @property {number} fixed
 * @property {number} perFlop
 * @property {number} perParameter all at least 0, in the unit of the times
 * @property {number[]} fitted a time for each point
 * @property {Point[]} cliffs
 * @property {number} slope of the logarithms of time and flops over the larger half
 */

/**
 * The line with the least squares of relative errors.
 * @param {Point[]} points at least two
 * @returns {Line}
 */
export function fitLine(points) {
  const rows = points.map(({ flops, parameters, time }) => [
    1 / time,
    flops / time,
    parameters / time,
  ]);
  const scales = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i])) || 1);
  const scaled = rows.map((row) => row.map((value, i) => value / scales[i]));
  const solution = leastSquares(scaled).map((value, i) => value / scales[i]);
  const [fixed, perFlop, perParameter] = solution;
  const fitted = points.map((p) => fixed + perFlop * p.flops + perParameter * p.parameters);
  return {
    ...{ fixed, perFlop, perParameter, fitted, slope: slopeOf(points) },
    cliffs: points.filter(({ time }, i) => time > cliff * fitted[i]),
  };
}

/**
 * x >= 0 with the least |A x - 1|^2: the best of the solutions in which some of x are 0.
 * @param {number[][]} rows of A, three columns
 */
function leastSquares(rows) {
  let best = { x: [0, 0, 0], error: Number.POSITIVE_INFINITY };
  for (let used = 1; used < 8; used += 1) {
    const columns = [0, 1, 2].filter((i) => used & (1 << i));
    const part = solve(
      columns.map((i) => columns.map((j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0))),
      columns.map((i) => rows.reduce((sum, row) => sum + row[i], 0)),
    );
    if (!part?.every((value) => value >= 0)) continue;
    const x = [0, 1, 2].map((i) => part[columns.indexOf(i)] ?? 0);
    const error = rows.reduce(
      (sum, row) => sum + (row.reduce((total, a, i) => total + a * x[i], 0) - 1) ** 2,
      0,
    );
    // Fewer terms are preferred where more of them do not help.
    if (error < best.error * 0.999) best = { x, error };
  }
  return best.x;
}

/**
 * Gaussian elimination; undefined where there is no single solution.
 * @param {number[][]} matrix
 * @param {number[]} right
 */
function solve(matrix, right) {
  const n = right.length;
  const a = matrix.map((row, i) => [...row, right[i]]);
  for (let i = 0; i < n; i += 1) {
    const pivot = a
      .slice(i)
      .reduce((best, row) => (Math.abs(row[i]) > Math.abs(best[i]) ? row : best));
    if (Math.abs(pivot[i]) < 1e-12) return undefined;
    a.splice(a.indexOf(pivot), 1);
    a.splice(i, 0, pivot);
    for (let k = i + 1; k < n; k += 1) {
      const factor = a[k][i] / pivot[i];
      for (let j = i; j <= n; j += 1) a[k][j] -= factor * pivot[j];
    }
  }
  const x = new Array(n).fill(0);
  for (let i = n - 1; i >= 0; i -= 1) {
    const rest = x.reduce((sum, value, j) => (j > i ? sum + a[i][j] * value : sum), 0);
    x[i] = (a[i][n] - rest) / a[i][i];
  }
  return x;
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
 * @param {{ name: string, series: string, size: number, flops: number, parameters: number }[]} cases
 * @returns {{ subject: string, build: string, series: string, points: Point[], line: Line }[]}
 */
export function fitAll(results, cases) {
  const byName = new Map(cases.map((one) => [one.name, one]));
  /** @type {Map<string, { subject: string, build: string, series: string, points: Point[] }>} */
  const groups = new Map();
  for (const { suite, case: name, subject, build, median } of results) {
    const work = suite === "scaling" ? byName.get(name) : undefined;
    if (!work) continue;
    const { series, size, flops, parameters } = work;
    const key = `${series} ${subject} ${build}`;
    const group = groups.get(key) ?? { subject, build, series, points: [] };
    group.points.push({ size, flops, parameters, time: median });
    groups.set(key, group);
  }
  return [...groups.values()]
    .filter(({ points }) => points.length > 2)
    .map((group) => ({ ...group, line: fitLine(group.points) }));
}
