// Training steps of dense nets: forward, backward and Adam, as one call with the loss as result.
import { trainingLosses } from "../reference.mjs";

/**
 * What a net has beside dense layers with relu and Adam.
 * @typedef {object} Extras
 * @property {number} [dropout] rate after every hidden layer
 * @property {number} [globalClipNorm]
 * @property {number} [weightDecay] decoupled: AdamW
 * @property {boolean} [normalized] dense, batch normalisation, ELU instead of dense with relu
 */

/**
 * @param {number[]} widths
 * @param {number} batch
 * @param {Extras} [extras]
 * @param {string} [name]
 */
export function step(widths, batch, extras = {}, name = widths.join("-")) {
  const products = widths.slice(1).reduce((sum, units, i) => sum + units * widths[i], 0);
  // Forward, and back to weights and inputs; but nobody wants the gradient of the data.
  const perRow = 6 * products - 2 * widths[0] * widths[1];
  return {
    kind: "train",
    name: `${name} batch ${batch}`,
    ...{ widths, batch, extras },
    flops: perRow * batch,
  };
}

const digits = [784, 300, 100, 10];
const flowers = [4, 16, 3];
const deep = [784, ...Array.from({ length: 10 }, () => 100), 10];

export const suite = {
  name: "train",
  title: "Training step, Adam, sparse cross-entropy",
  unit: "ms",
  higherIsBetter: false,

  /** @param {{ quick: boolean }} options */
  cases: ({ quick }) => [
    ...(quick ? [1, 32, 128] : [1, 32, 128, 512]).map((batch) => step(digits, batch)),
    step(flowers, 16),
    step(deep, 32, { normalized: true }, "784, 10 x 100 with batch normalisation and ELU, 10;"),
    ...(quick
      ? []
      : [
          step(digits, 32, { dropout: 0.2 }, `${digits.join("-")} with dropout`),
          step(digits, 32, { globalClipNorm: 1 }, `${digits.join("-")} clipped by global norm`),
          step(digits, 32, { weightDecay: 0.004 }, `${digits.join("-")} with AdamW`),
        ]),
  ],

  /**
   * @param {unknown} _work
   * @param {number} seconds of one call
   */
  toUnit: (_work, seconds) => seconds * 1e3,

  /** @param {{ widths: number[], batch: number, extras: Extras }} work */
  expected: ({ widths, batch, extras }) =>
    extras.dropout || extras.normalized ? undefined : trainingLosses(widths, batch, extras),

  /**
   * @param {{ widths: number[] }} work
   * @param {number[] | undefined} expected
   * @param {{ losses: number[] }} check of the first steps on one batch
   */
  verify({ widths }, expected, { losses }) {
    // Masks differ between libraries; but all learn the batch, from about a guess.
    if (!expected) {
      const guess = Math.log(widths[widths.length - 1]);
      const [first = Number.NaN] = losses;
      const learns = first > guess / 3 && first < 3 * guess && losses[losses.length - 1] < first;
      return learns ? undefined : `the losses of the first steps are ${losses.join(", ")}`;
    }
    // Where Adam adds its epsilon differs between libraries: after a step they drift apart.
    const wrong = expected.findIndex(
      (loss, i) => !(Math.abs(losses[i] - loss) <= (i === 0 ? 1e-3 : 2e-2) * Math.max(loss, 0.1)),
    );
    if (wrong < 0) return undefined;
    return `the loss of step ${wrong + 1} is ${losses[wrong]}, expected ${expected[wrong]}`;
  },
};
