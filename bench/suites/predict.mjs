// Predictions of a dense net, from a typed array to a typed array.
import { checksum, hasExtras } from "../inputs.mjs";
import { predictions } from "../reference.mjs";

const widths = [784, 300, 100, 10];
const classes = 10;

const deep = [784, ...Array.from({ length: 10 }, () => 100), 10];
const counts = [1, 32, 1000];

/**
 * @param {number[]} of widths
 * @param {number} rows
 * @param {import("./train.mjs").Extras} [extras]
 * @param {string} [name]
 */
function work(of, rows, extras = {}, name = "") {
  const products = of.slice(1).reduce((sum, units, i) => sum + units * of[i], 0);
  return {
    kind: "predict",
    name: `${rows === 1 ? "1 row" : `${rows} rows`}${name}`,
    ...{ widths: of, rows, extras },
    flops: 2 * products * rows,
  };
}

export const suite = {
  name: "predict",
  title: `Prediction, ${widths.join("-")}`,
  unit: "us",
  higherIsBetter: false,

  /** @param {{ quick: boolean }} effort */
  cases: ({ quick }) => [
    ...counts.map((rows) => work(widths, rows)),
    ...(quick ? [] : counts).map((rows) =>
      work(
        deep,
        rows,
        { normalized: true },
        ", 784, 10 x 100 with batch normalisation and ELU, 10",
      ),
    ),
  ],

  /**
   * @param {unknown} _work
   * @param {number} seconds of one call
   */
  toUnit: (_work, seconds) => seconds * 1e6,

  /** @param {{ widths: number[], rows: number, extras: object }} work */
  expected: ({ widths: of, rows, extras }) =>
    hasExtras({ extras }) ? undefined : checksum(predictions(of, rows), rows, classes),

  /**
   * @param {{ rows: number }} work
   * @param {number | undefined} expected undefined where libraries draw their own weights
   * @param {{ checksum: number, sum: number }} check sum: of all probabilities
   */
  verify({ rows }, expected, { checksum: found, sum }) {
    if (!(Math.abs(sum - rows) <= 1e-4 * rows)) {
      return `probabilities add up to ${sum} over ${rows} rows`;
    }
    if (expected === undefined) return undefined;
    if (Math.abs(found - expected) <= 1e-4 * Math.sqrt(rows)) return undefined;
    return `the probabilities are wrong: checksum ${found}, expected ${expected}`;
  },
};
