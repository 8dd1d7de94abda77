// Training steps of dense nets: forward, backward and Adam, as one call with the loss as result.
import { trainingLosses } from "../reference.mjs";

/**
 * @param {number[]} widths
 * @param {number} batch
 */
function step(widths, batch) {
  const products = widths.slice(1).reduce((sum, units, i) => sum + units * widths[i], 0);
  return {
    kind: "train",
    name: `${widths.join("-")} batch ${batch}`,
    ...{ widths, batch },
    flops: 6 * products * batch,
  };
}

const digits = [784, 300, 100, 10];
const flowers = [4, 16, 3];

export const suite = {
  name: "train",
  title: "Training step, Adam, sparse cross-entropy",
  unit: "ms",
  higherIsBetter: false,

  /** @param {{ quick: boolean }} options */
  cases: ({ quick }) => [
    ...(quick ? [1, 32, 128] : [1, 32, 128, 512]).map((batch) => step(digits, batch)),
    step(flowers, 16),
  ],

  /**
   * @param {unknown} _work
   * @param {number} seconds of one call
   */
  toUnit: (_work, seconds) => seconds * 1e3,

  /** @param {{ widths: number[], batch: number }} work */
  expected: ({ widths, batch }) => trainingLosses(widths, batch),

  /**
   * @param {unknown} _work
   * @param {number[]} expected
   * @param {{ losses: number[] }} check of the first steps on one batch
   */
  verify(_work, expected, { losses }) {
    // Where Adam adds its epsilon differs between libraries: after a step they drift apart.
    const wrong = expected.findIndex(
      (loss, i) => !(Math.abs(losses[i] - loss) <= (i === 0 ? 1e-3 : 2e-2) * Math.max(loss, 0.1)),
    );
    if (wrong < 0) return undefined;
    return `the loss of step ${wrong + 1} is ${losses[wrong]}, expected ${expected[wrong]}`;
  },
};
