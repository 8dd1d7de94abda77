// Results as text: one table per suite, medians first, then ratios.
import { median } from "./measure.mjs";
import { idOf, ratio, round } from "./targets.mjs";

/** @typedef {import("./measure.mjs").Result} Result */

/** Who the ratios are about: the first of these that was measured. */
const ownIds = ["gradus-relaxed", "gradus-strict"];
const ownOf = (/** @type {string[]} */ ids) => ownIds.find((id) => ids.includes(id));
/** Whether a subject is another library. */
export const isPeer = (/** @type {string} */ id) => !/^(gradus|engine|limit|\d+ threads)-/.test(id);

/**
 * @param {import("./suites.mjs").Suite} suite
 * @param {Result[]} results of this suite, by case
 * @param {import("./measure.mjs").Note[]} notes
 * @param {string[]} order of the subjects, from left to right
 */
export function renderSuite({ name, title, unit, higherIsBetter }, results, notes, order) {
  const measured = new Set(results.map(idOf));
  const ids = order.filter((id) => measured.has(id));
  const better = higherIsBetter ? "higher is better" : "lower is better";
  const lines = [`## ${name}: ${title} (${unit}, ${better})`, ""];
  if (results.length > 0) {
    lines.push(...table(cellsOf(results, order)), "", spread(results));
    const own = ownOf(ids);
    if (own && ids.some(isPeer)) lines.push(`"faster than": how many times as fast ${own} is.`);
  } else lines.push("nothing measured");
  return [...lines, ...overhead(results), ...gather(notes), ""].join("\n");
}

/** The public API may take this much longer than the engine alone before that is said. */
const toldOverhead = 1.15;

/** @param {Result[]} results */
export function overhead(results) {
  return results.flatMap((mine) => {
    const engine = results.find(
      (r) => r.subject === "engine" && r.build === mine.build && r.case === mine.case,
    );
    if (mine.subject !== "gradus" || !engine || ratio(engine, mine) < toldOverhead) return [];
    const figures = `${round(mine.median)} instead of ${round(engine.median)} ${mine.unit}`;
    return [
      `NOTE ${idOf(mine)}: the public API takes longer than its engine: ${mine.case}: ${figures}`,
    ];
  });
}

/**
 * The same failure of a subject in several cases is one line.
 * @param {import("./measure.mjs").Note[]} notes
 */
export function gather(notes) {
  /** @type {Map<string, string[]>} */
  const cases = new Map();
  for (const { subject, case: name, text } of notes) {
    const failure = `NOTE ${subject}: ${text.trim().replace(/\s*\n\s*/g, " | ")}`;
    cases.set(failure, [...(cases.get(failure) ?? []), name]);
  }
  return [...cases].map(([failure, names]) => `${failure} (${names.join("; ")})`);
}

/**
 * @typedef {object} Column
 * @property {string[]} head two lines
 * @property {(row: Map<string, Result>) => string} cell
 */

/**
 * @param {string[]} ids
 * @returns {Column[]}
 */
function columnsOf(ids) {
  const own = ownOf(ids);
  const medians = ids.map((id) => ({
    head: splitName(id),
    cell: (/** @type {Map<string, Result>} */ row) => {
      const found = row.get(id);
      return found ? round(found.median) : "";
    },
  }));
  const shares = ownIds.flatMap((id) => {
    const limit = id.replace("gradus", "limit");
    if (!ids.includes(id) || !ids.includes(limit)) return [];
    const [, build = ""] = splitName(id);
    return [
      { head: [build, "/ limit"], cell: compare(id, limit, (x) => `${(100 * x).toFixed(0)} %`) },
    ];
  });
  const ratios = own
    ? ids.filter(isPeer).map((id) => ({
        head: ["faster than", id],
        cell: compare(own, id, (x) => `${round(x)} x`),
      }))
    : [];
  return [...medians, ...shares, ...ratios];
}

/** @param {string} id */
function splitName(id) {
  const builds = /^(.+)-(relaxed|strict|infer|inline|wasm|cpu|web|node)$/.exec(id);
  return builds ? [builds[1] ?? "", builds[2] ?? ""] : [id, ""];
}

/**
 * @param {string} id
 * @param {string} other
 * @param {(ratio: number) => string} show
 */
function compare(id, other, show) {
  return (/** @type {Map<string, Result>} */ row) => {
    const mine = row.get(id);
    const theirs = row.get(other);
    if (!mine || !theirs) return "";
    const found = ratio(mine, theirs);
    // Nothing beside nothing is the same; more than that is no number of times.
    return Number.isFinite(found) ? show(found) : mine.median === theirs.median ? "same" : "";
  };
}

/** @param {Result[]} results */
function byCase(results) {
  /** @type {Map<string, Map<string, Result>>} */
  const rows = new Map();
  for (const result of results) {
    const row = rows.get(result.case) ?? new Map();
    rows.set(result.case, row.set(idOf(result), result));
  }
  return rows;
}

/**
 * The table of a suite: two head lines, then one line per case.
 * @param {Result[]} results of the suite, by case
 * @param {string[]} order of the subjects, from left to right
 */
export function cellsOf(results, order) {
  const found = new Set(results.map(idOf));
  const columns = columnsOf(order.filter((id) => found.has(id)));
  return [
    ["", ...columns.map(({ head: [top = ""] }) => top)],
    ["case", ...columns.map(({ head: [, bottom = ""] }) => bottom)],
    ...[...byCase(results)].map(([name, row]) => [name, ...columns.map(({ cell }) => cell(row))]),
  ];
}

/** @param {string[][]} cells */
function table(cells) {
  const widths = cells[0].map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  return cells.map((line) =>
    line.map((text, i) => (i === 0 ? text.padEnd(widths[0]) : text.padStart(widths[i]))).join("  "),
  );
}

/** @param {Result[]} results */
export function spread(results) {
  const spreads = results
    .map((result) => ({ result, value: relativeSpread(result.samples) }))
    .sort((a, b) => b.value - a.value);
  const [{ result, value }] = spreads;
  const percent = (/** @type {number} */ x) => `${(100 * x).toFixed(0)} %`;
  const usual = percent(median(spreads.map((one) => one.value)));
  const most = `${percent(value)} (${idOf(result)}, ${result.case})`;
  return `Spread of samples (half the distance between quartiles): usually ${usual}, at most ${most}.`;
}

/** @param {number[]} samples */
function relativeSpread(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.round(share * (sorted.length - 1))];
  const distance = (at(0.75) - at(0.25)) / 2;
  const middle = median(sorted);
  return middle === 0 ? 0 : distance / middle;
}

/** @param {{ met: boolean, text: string }[]} verdicts */
export function renderTargets(verdicts) {
  if (verdicts.length === 0) return "## Targets\n\nnone of them was measured\n";
  const met = verdicts.filter((one) => one.met);
  return [
    `## Targets: ${met.length} of ${verdicts.length} met`,
    "",
    ...verdicts.map((one) => `${one.met ? "met     " : "MISSED  "}${one.text}`),
    "",
  ].join("\n");
}

/**
 * Where another library is faster, the worst first.
 * @param {Result[]} results
 */
export function losses(results) {
  const ids = [...new Set(results.map(idOf))];
  const own = ownOf(ids);
  return results
    .filter((mine) => idOf(mine) === own)
    .flatMap((mine) =>
      results
        .filter((r) => r.suite === mine.suite && r.case === mine.case && isPeer(idOf(r)))
        .map((theirs) => ({ mine, theirs, times: 1 / ratio(mine, theirs) })),
    )
    .filter(({ times }) => times > 1.02 && Number.isFinite(times))
    .sort((a, b) => b.times - a.times);
}
