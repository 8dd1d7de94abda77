// Whole epochs through the public fit, with all that comes with it: shuffling, a metric, validation
// and a callback; beside the bare steps of the engine.
const widths = [784, 300, 100, 10];
const rows = 4096;
const validationRows = 1024;

export const suite = {
  name: "fit",
  title: `An epoch of fit, ${widths.join("-")}, ${rows} rows and ${validationRows} to validate`,
  unit: "rows/s",
  higherIsBetter: true,

  cases: () =>
    [32, 128].map((batch) => ({
      kind: "fit",
      name: `batch ${batch}`,
      ...{ widths, rows, validationRows, batch },
      flops: rows,
    })),

  /**
   * @param {{ flops: number }} work its rows
   * @param {number} seconds of one call
   */
  toUnit: ({ flops }, seconds) => flops / seconds,

  expected: () => Math.log(10),

  /**
   * @param {unknown} _work
   * @param {number} expected the loss of guesses: labels are drawn at random
   * @param {{ losses: number[] }} check of the first epochs
   */
  verify(_work, expected, { losses }) {
    const [first = Number.NaN] = losses;
    const last = losses[losses.length - 1];
    if (first < 2 * expected && last < first) return undefined;
    return `the losses of the first epochs are ${losses.join(", ")}`;
  },
};
