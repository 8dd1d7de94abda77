// What gradus wants to reach: one row per figure, each with the target of the project.

/** @typedef {import("./measure.mjs").Result} Result */

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {string} suite
 * @property {RegExp} cases
 * @property {string} than id of the subject gradus is compared with; "limit" is that of its build
 * @property {number} factor how many times as fast gradus must be at least
 */

/** @type {Target[]} */
const targets = [
  ...[{ size: 64, factor: 0.6 }, ...[256, 512, 1024].map((size) => ({ size, factor: 0.9 }))].map(
    ({ size, factor }) => ({
      what: "matrix product near the limit",
      ...{ suite: "gemm", cases: new RegExp(`^${size}x${size}x${size}$`), than: "limit", factor },
    }),
  ),
  ...["tfjs-wasm", "ort-web", "jax-js"].map((than) => ({
    what: "matrix product ahead of every library in WebAssembly",
    ...{ suite: "gemm", cases: /./, than, factor: 1 },
  })),
  {
    what: "elementwise work near a plain copy",
    ...{ suite: "elementwise", cases: / Mi$/, than: "limit", factor: 0.8 },
  },
  ...[
    { batch: 32, factor: 15 },
    { batch: 128, factor: 12 },
  ].map(({ batch, factor }) => ({
    what: "training step of a dense net",
    ...{ suite: "train", cases: new RegExp(`^784-300-100-10 batch ${batch}$`), factor },
    than: "tfjs-wasm",
  })),
  {
    what: "training step not behind PyTorch",
    ...{ suite: "train", cases: /^784-300-100-10 batch (32|128)$/, than: "pytorch", factor: 1 },
  },
  {
    what: "training step of a tiny net",
    ...{ suite: "train", cases: /^4-16-3/, than: "pytorch", factor: 50 },
  },
  {
    what: "prediction of one row",
    ...{ suite: "predict", cases: /^1 row$/, than: "ort-node", factor: 1 },
  },
  {
    what: "prediction of one row",
    ...{ suite: "predict", cases: /^1 row$/, than: "tfjs-wasm", factor: 5 },
  },
  { what: "fit beside bare steps", suite: "fit", cases: /./, than: "engine", factor: 0.9 },
];

/**
 * Figures that stand for themselves: at most this much of the unit.
 * @type {{ what: string, suite: string, cases: RegExp, unit: string, most: number, scale?: number }[]}
 */
const bounds = [
  {
    what: "training step of a tiny net",
    ...{ suite: "train", cases: /^4-16-3/, unit: "us", most: 10, scale: 1e3 },
  },
  { what: "start", suite: "start", cases: /./, unit: "ms", most: 20 },
  { what: "memory that grows", suite: "memory", cases: /^grown/, unit: "bytes", most: 0 },
];

/** How many times as long an update with vanished gradients may take. */
const vanishedFactor = 1.1;
const vanished = /, vanished (gradients|inputs)$/;
/** What two threads must gain where there is enough to do, and may lose elsewhere, noise included. */
const threadGain = { enough: /batch (128|512)$|^(256|512|1024)x/, factor: 1.8, least: 0.97 };

/** @param {{ subject: string, build: string }} result */
export const idOf = ({ subject, build }) => (build === "" ? subject : `${subject}-${build}`);

/**
 * @typedef {object} Verdict
 * @property {boolean} met
 * @property {string} what with the suite and the case
 * @property {string} wanted
 * @property {string} found
 * @property {string} text all of that
 */

/**
 * @param {Result[]} results
 * @returns {Verdict[]} nothing for what was not measured
 */
export function judge(results) {
  const build = "relaxed";
  const own = results.filter((r) => r.subject === "gradus" && r.build === build);
  const find = (/** @type {Result} */ { suite, case: name }, /** @type {string} */ id) =>
    results.find((r) => r.suite === suite && r.case === name && idOf(r) === id);
  return [
    ...targets.flatMap(({ what, suite, cases, than, factor }) =>
      own
        .filter((r) => r.suite === suite && cases.test(r.case))
        .flatMap((mine) => {
          const isBuild = than === "limit" || than === "engine";
          const other = find(mine, isBuild ? `${than}-${build}` : than);
          if (!other) return [];
          const found = ratio(mine, other);
          const show = (/** @type {number} */ x) =>
            isBuild ? `${(100 * x).toFixed(0)} % of the ${than}` : `${round(x)} x ${than}`;
          return [verdict(found >= factor, what, mine, show(factor), show(found))];
        }),
    ),
    ...bounds.flatMap(({ what, suite, cases, unit, most, scale = 1 }) =>
      own
        .filter((r) => r.suite === suite && cases.test(r.case))
        .map((mine) => {
          const found = mine.median * scale;
          return verdict(
            found <= most,
            what,
            mine,
            `at most ${most} ${unit}`,
            `${round(found)} ${unit}`,
          );
        }),
    ),
    ...own
      .filter(({ case: name }) => vanished.test(name))
      .flatMap((mine) => {
        const name = mine.case.replace(vanished, "");
        const usual = own.find((r) => r.suite === mine.suite && r.case === name);
        if (!usual) return [];
        const found = ratio(usual, mine);
        const wanted = `at most ${vanishedFactor} times the usual`;
        const what = "vanished numbers cost no more";
        return [verdict(found <= vanishedFactor, what, mine, wanted, `${round(found)} times`)];
      }),
    ...results
      .filter((r) => r.suite === "threads" && r.threads === 2 && r.build === build)
      .flatMap((two) => {
        const one = results.find(
          (r) =>
            r.suite === "threads" && r.case === two.case && r.threads === 1 && r.build === build,
        );
        if (!one) return [];
        const { enough, factor, least } = threadGain;
        const wanted = enough.test(two.case) ? factor : least;
        const what = wanted > 1 ? "two threads gain" : "two threads never cost";
        const found = ratio(two, one);
        return [verdict(found >= wanted, what, two, `${wanted} x one`, `${round(found)} x one`)];
      }),
  ];
}

/**
 * @param {boolean} met
 * @param {string} what
 * @param {Result} result
 * @param {string} wanted
 * @param {string} found
 * @returns {Verdict}
 */
function verdict(met, what, { suite, case: name }, wanted, found) {
  const about = `${what}: ${suite} ${name}`;
  return { met, what: about, wanted, found, text: `${about}: ${found} (target ${wanted})` };
}

/** Whether more of the unit is better. */
export const isRate = (/** @type {string} */ unit) => unit.endsWith("/s");

/**
 * How many times as fast `mine` is as `other`.
 * @param {Result} mine
 * @param {Result} other
 */
export function ratio(mine, other) {
  return isRate(mine.unit) ? mine.median / other.median : other.median / mine.median;
}

/** @param {number} value three significant digits without exponent */
export function round(value) {
  if (value === 0) return "0";
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}
