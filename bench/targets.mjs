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
  {
    what: "matrix product ahead of TensorFlow.js",
    ...{ suite: "gemm", cases: /./, than: "tfjs-wasm", factor: 1 },
  },
  {
    what: "training step of a dense net",
    ...{ suite: "train", cases: /^784/, than: "tfjs-wasm", factor: 15 },
  },
  {
    what: "training step ahead of PyTorch",
    ...{ suite: "train", cases: /^784.* batch (1|32|128)$/, than: "pytorch", factor: 1 },
  },
  {
    what: "training step of a tiny net",
    ...{ suite: "train", cases: /^4-16-3/, than: "pytorch", factor: 50 },
  },
  {
    what: "prediction ahead of TensorFlow.js",
    ...{ suite: "predict", cases: /./, than: "tfjs-wasm", factor: 1 },
  },
];

/** Microseconds a step of 4-16-3 may take. */
const tinyStep = 10;

/** @param {{ subject: string, build: string }} result */
export const idOf = ({ subject, build }) => (build === "" ? subject : `${subject}-${build}`);

/**
 * @param {Result[]} results
 * @returns {{ met: boolean, text: string }[]} nothing for what was not measured
 */
export function judge(results) {
  const verdicts = [];
  for (const build of ["relaxed"]) {
    const own = results.filter((r) => r.subject === "gradus" && r.build === build);
    for (const { what, suite, cases, than, factor } of targets) {
      for (const mine of own.filter((r) => r.suite === suite && cases.test(r.case))) {
        const otherId = than === "limit" ? `limit-${build}` : than;
        const other = results.find(
          (r) => r.suite === suite && r.case === mine.case && idOf(r) === otherId,
        );
        if (!other) continue;
        const found = ratio(mine, other);
        const comparison =
          than === "limit"
            ? `${(100 * found).toFixed(0)} % of the limit, target ${100 * factor} %`
            : `${round(found)} x ${than}, target ${factor} x`;
        verdicts.push({
          met: found >= factor,
          text: `${what}: ${suite} ${mine.case}: ${comparison}`,
        });
      }
    }
    for (const mine of own.filter((r) => r.suite === "train" && /^4-16-3/.test(r.case))) {
      const microseconds = mine.median * 1e3;
      verdicts.push({
        met: microseconds <= tinyStep,
        text: `training step of a tiny net: ${mine.case}: ${round(microseconds)} us, target ${tinyStep} us`,
      });
    }
  }
  return verdicts;
}

/**
 * How many times as fast `mine` is as `other`.
 * @param {Result} mine
 * @param {Result} other
 */
export function ratio(mine, other) {
  return mine.unit.endsWith("/s") ? mine.median / other.median : other.median / mine.median;
}

/** @param {number} value three significant digits without exponent */
export function round(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}
