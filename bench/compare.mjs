// Two runs side by side: what became slower or faster beyond the noise of both.
import { readFileSync } from "node:fs";
import { median } from "./measure.mjs";
import { isPeer } from "./report.mjs";
import { idOf, round } from "./targets.mjs";

/** @typedef {import("./measure.mjs").Result} Result */

/** Changes smaller than this are not worth a line, however certain. */
const leastChange = 0.05;
const resamples = 400;

/**
 * Reads results that an earlier run wrote.
 * @param {string} file
 * @returns {Result[]}
 * @throws Error that says what is wrong with the file
 */
export function readResults(file) {
  let results;
  try {
    results = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file}: ${/** @type {Error} */ (error).message}`);
  }
  const isResult = (/** @type {any} */ one) =>
    ["suite", "case", "subject", "build", "unit"].every((key) => typeof one?.[key] === "string") &&
    Array.isArray(one.samples) &&
    one.samples.length > 0 &&
    one.samples.every(Number.isFinite);
  if (Array.isArray(results) && results.length > 0 && results.every(isResult)) return results;
  throw new Error(
    `${file}: not the results of a benchmark, an array of { suite, case, samples, ... }`,
  );
}

/** Numbers in [0, 1) that are the same every time (xorshift). */
function randomNumbers() {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * How much slower `after` is than `before`, as a logarithm, with the middle 95 % of what other samples
 * of the same kind would have said (bootstrap).
 * @param {Result} before
 * @param {Result} after
 */
export function change(before, after) {
  const random = randomNumbers();
  const sign = before.unit.endsWith("/s") ? -1 : 1;
  const draw = (/** @type {number[]} */ samples) =>
    median(samples.map(() => samples[Math.floor(random() * samples.length)]));
  const log = (/** @type {number} */ a, /** @type {number} */ b) => sign * Math.log(b / a);
  const all = Array.from({ length: resamples }, () =>
    log(draw(before.samples), draw(after.samples)),
  ).sort((a, b) => a - b);
  return {
    value: log(median(before.samples), median(after.samples)),
    low: all[Math.floor(0.025 * resamples)],
    high: all[Math.ceil(0.975 * resamples) - 1],
  };
}

/**
 * What changed between two runs for gradus. Others and limits, which are the same in both, show how
 * far the machine itself moved: the median of their changes in a suite is taken off.
 * @param {Result[]} before
 * @param {Result[]} after
 */
export function compare(before, after) {
  const key = (/** @type {Result} */ r) => [r.suite, r.case, idOf(r), r.threads, r.unit].join("|");
  const old = new Map(before.map((result) => [key(result), result]));
  const pairs = after.flatMap((result) => {
    const earlier = old.get(key(result));
    if (!earlier || !(earlier.median > 0) || !(result.median > 0)) return [];
    return [{ result, ...change(earlier, result) }];
  });
  const isOwn = (/** @type {Result} */ result) =>
    !isPeer(idOf(result)) && !idOf(result).startsWith("limit-");
  /** @type {Map<string, number>} */
  const drift = new Map();
  for (const suite of new Set(pairs.map(({ result }) => result.suite))) {
    const others = pairs.filter(({ result }) => result.suite === suite && !isOwn(result));
    // Few of them say little.
    drift.set(suite, others.length < 3 ? 0 : median(others.map(({ value }) => value)));
  }
  const changes = pairs
    .filter(({ result }) => isOwn(result))
    .map(({ result, value, low, high }) => {
      const moved = drift.get(result.suite) ?? 0;
      const [least, most] = [low - moved, high - moved];
      const bound = Math.log(1 + leastChange);
      const verdict = least > bound ? "slower" : most < -bound ? "faster" : "unchanged";
      return { result, times: Math.exp(value - moved), verdict };
    });
  const isNew = (/** @type {Result} */ r) => isOwn(r) && !old.has(key(r));
  const now = new Set(after.map(key));
  const suites = new Set(after.map(({ suite }) => suite));
  return {
    changes,
    drift,
    added: after.filter(isNew).length,
    gone: before.filter((r) => isOwn(r) && suites.has(r.suite) && !now.has(key(r))).length,
  };
}

/** @param {ReturnType<typeof compare>} found */
export function renderComparison({ changes, drift, added, gone }) {
  const of = (/** @type {string} */ verdict) => changes.filter((one) => one.verdict === verdict);
  const line = (/** @type {(typeof changes)[number]} */ { result, times }) => {
    const { suite, case: name, median: value, unit } = result;
    const factor = times > 1 ? `${round(times)} x slower` : `${round(1 / times)} x faster`;
    return `  ${suite} ${name}: ${idOf(result)} ${factor}, now ${round(value)} ${unit}`;
  };
  const counts = ["slower", "faster", "unchanged"].map(
    (verdict) => `${of(verdict).length} ${verdict}`,
  );
  const moved = [...drift].filter(([, value]) => Math.abs(value) > 0.02);
  return [
    `## Compared: ${counts.join(", ")}, ${added} new, ${gone} gone`,
    "",
    ...["slower", "faster"].flatMap((verdict) => {
      const found = of(verdict).sort(
        (a, b) => Math.abs(Math.log(b.times)) - Math.abs(Math.log(a.times)),
      );
      return found.length > 0 ? [`${verdict}:`, ...found.map(line), ""] : [];
    }),
    ...moved.map(
      ([suite, value]) =>
        `The machine itself: the other subjects of ${suite} take ${round(Math.exp(value))} times what they took; that is taken off.`,
    ),
  ].join("\n");
}
