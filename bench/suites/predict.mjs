// Predictions of a dense net, from a typed array to a typed array.
import { checksum } from "../inputs.mjs";
import { predictions } from "../reference.mjs";

const widths = [784, 300, 100, 10];
const classes = 10;

export const suite = {
  name: "predict",
  title: `Prediction, ${widths.join("-")}`,
  unit: "us",
  higherIsBetter: false,

  cases: () =>
    [1, 32, 1000].map((rows) => ({
      kind: "predict",
      name: rows === 1 ? "1 row" : `${rows} rows`,
      ...{ widths, rows },
      flops: 2 * (784 * 300 + 300 * 100 + 100 * 10) * rows,
    })),

  /**
   * @param {unknown} _work
   * @param {number} seconds of one call
   */
  toUnit: (_work, seconds) => seconds * 1e6,

  /** @param {{ rows: number }} work */
  expected: ({ rows }) => checksum(predictions(widths, rows), rows, classes),

  /**
   * @param {{ rows: number }} work
   * @param {number} expected
   * @param {{ checksum: number, sum: number }} check sum: of all probabilities
   */
  verify({ rows }, expected, { checksum: found, sum }) {
    if (!(Math.abs(sum - rows) <= 1e-4 * rows)) {
      return `probabilities add up to ${sum} over ${rows} rows`;
    }
    if (Math.abs(found - expected) <= 1e-4 * Math.sqrt(rows)) return undefined;
    return `the probabilities are wrong: checksum ${found}, expected ${expected}`;
  },
};
