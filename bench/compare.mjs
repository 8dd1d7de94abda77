// Two runs side by side: what became slower or faster beyond the noise of both.
import { readFileSync } from "node:fs";
import { median } from "./measure.mjs";
import { isPeer } from "./report.mjs";
import { idOf, isRate, round } from "./targets.mjs";

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
    [one.median, ...one.samples].every(Number.isFinite);
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
  const sign = isRate(before.unit) ? -1 : 1;
  const draw = (/** @type {number[]} */ samples) =>
    median(samples.map(() => samples[Math.floor(random() * samples.length)]));
  const log = (/** @type {number} */ a, /** @type {number} */ b) => sign * logRatio(a, b);
  const all = Array.from({ length: resamples }, () =>
    log(draw(before.samples), draw(after.samples)),
  ).sort((a, b) => a - b);
  return {
    value: log(median(before.samples), median(after.samples)),
    low: all[Math.floor(0.025 * resamples)],
    high: all[Math.ceil(0.975 * resamples) - 1],
  };
}

/** Also of figures that are 0 at best, as growth of memory is: from nothing to something is a lot. */
function logRatio(/** @type {number} */ a, /** @type {number} */ b) {
  if (a === b) return 0;
  const least = 1e-9 * Math.max(a, b);
  return Math.log(Math.max(b, least) / Math.max(a, least));
}

const keyOf = (/** @type {Result} */ r) => [r.suite, r.case, idOf(r), r.threads, r.unit].join("|");
const isOwn = (/** @type {Result} */ result) =>
  !isPeer(idOf(result)) && !idOf(result).startsWith("limit-");

/**
 * What changed between two runs for gradus. Others and limits, which are the same in both, show what
 * the machine itself did: the median of their changes in a suite is taken off, and changes no larger
 * than theirs usually are (twice the median of their distances from it) are noise. A suite with
 * fewer than three of them goes by those of the whole run.
 * @param {Result[]} before
 * @param {Result[]} after
 */
export function compare(before, after) {
  const old = new Map(before.map((result) => [keyOf(result), result]));
  const pairs = after.flatMap((result) => {
    const earlier = old.get(keyOf(result));
    return earlier ? [{ result, ...change(earlier, result) }] : [];
  });
  const controls = pairs.filter(({ result }) => !isOwn(result));
  /** @type {Map<string, { moved: number, noise: number }>} */
  const machine = new Map();
  for (const suite of new Set(pairs.map(({ result }) => result.suite))) {
    const near = controls.filter(({ result }) => result.suite === suite);
    const values = (near.length < 3 ? controls : near).map(({ value }) => value);
    const moved = values.length < 3 ? 0 : median(values);
    const noise = values.length < 3 ? 0 : 2 * median(values.map((v) => Math.abs(v - moved)));
    machine.set(suite, { moved, noise });
  }
  const changes = pairs
    .filter(({ result }) => isOwn(result))
    .map(({ result, value, low, high }) => {
      const { moved = 0, noise = 0 } = machine.get(result.suite) ?? {};
      const bound = Math.log(1 + leastChange) + noise;
      const [least, most] = [low - moved, high - moved];
      const verdict = least > bound ? "slower" : most < -bound ? "faster" : "unchanged";
      return { result, times: Math.exp(value - moved), verdict };
    });
  const isNew = (/** @type {Result} */ r) => isOwn(r) && !old.has(keyOf(r));
  const now = new Set(after.map(keyOf));
  const suites = new Set(after.map(({ suite }) => suite));
  return {
    ...{ changes, machine },
    added: after.filter(isNew).length,
    gone: before.filter((r) => isOwn(r) && suites.has(r.suite) && !now.has(keyOf(r))).length,
  };
}

/**
 * Refuses results that have nothing to do with what is to be measured.
 * @param {string} file
 * @param {Result[]} results
 * @param {string[]} suites
 */
export function checkComparable(file, results, suites) {
  const known = new Set(results.map(({ suite }) => suite));
  if (suites.some((suite) => known.has(suite))) return;
  throw new Error(
    `${file}: only results of ${[...known].join(", ")}, none of ${suites.join(", ")}`,
  );
}

/** @param {ReturnType<typeof compare>} found */
export function renderComparison({ changes, machine, added, gone }) {
  const of = (/** @type {string} */ verdict) => changes.filter((one) => one.verdict === verdict);
  const line = (/** @type {(typeof changes)[number]} */ { result, times }) => {
    const { suite, case: name, median: value, unit } = result;
    const many = (/** @type {number} */ x) => (x > 1e3 ? "over 1000" : round(x));
    const factor = times > 1 ? `${many(times)} x slower` : `${many(1 / times)} x faster`;
    return `  ${suite} ${name}: ${idOf(result)} ${factor}, now ${round(value)} ${unit}`;
  };
  const counts = ["slower", "faster", "unchanged"].map(
    (verdict) => `${of(verdict).length} ${verdict}`,
  );
  return [
    `## Compared: ${counts.join(", ")}, ${added} new, ${gone} gone`,
    "",
    ...["slower", "faster"].flatMap((verdict) => {
      const found = of(verdict).sort(
        (a, b) => Math.abs(Math.log(b.times)) - Math.abs(Math.log(a.times)),
      );
      return found.length > 0 ? [`${verdict}:`, ...found.map(line), ""] : [];
    }),
    ...[...machine].map(
      ([suite, { moved, noise }]) =>
        `${suite}: what did not change takes ${round(Math.exp(moved))} times what it took, give or take ${(100 * (Math.exp(noise) - 1)).toFixed(0)} %: taken off.`,
    ),
  ].join("\n");
}
