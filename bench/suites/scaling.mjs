// How the time of a training step grows with width, depth, batch and threads.
import { step, suite as train } from "./train.mjs";

const powers = (/** @type {number} */ from, /** @type {number} */ to) =>
  Array.from({ length: Math.log2(to / from) + 1 }, (_, i) => from * 2 ** i);
const repeated = (/** @type {number} */ count, /** @type {number} */ width) =>
  Array.from({ length: count }, () => width);

/**
 * What grows: the sizes, those of a quick run, and the net and batch of a size.
 * @type {Record<string, { sizes: number[], quick: number[], net: (size: number) => [number[], number] }>}
 */
const series = {
  width: {
    sizes: powers(64, 4096),
    quick: [64, 512],
    net: (width) => [[width, width, width, 10], 32],
  },
  depth: {
    sizes: [1, 2, 5, 10, 20, 50, 100],
    quick: [1, 20],
    net: (depth) => [[64, ...repeated(depth, 64), 10], 32],
  },
  batch: {
    sizes: powers(1, 4096),
    quick: [1, 64, 1024],
    net: (batch) => [[784, 300, 100, 10], batch],
  },
};

export const suite = {
  name: "scaling",
  title: "Training step against width (two layers), depth (of 64) and batch (784-300-100-10)",
  unit: "ms",
  higherIsBetter: false,
  rounds: (/** @type {{ quick: boolean }} */ { quick }) => (quick ? 3 : 11),

  /** @param {{ quick: boolean }} effort */
  cases: ({ quick }) =>
    Object.entries(series).flatMap(([name, { sizes, quick: few, net }]) =>
      (quick ? few : sizes).map((size) => {
        const [widths, batch] = net(size);
        const work = step(widths, batch, {}, name);
        const parameters = widths.slice(1).reduce((n, units, i) => n + units * (widths[i] + 1), 0);
        return { ...work, name: `${name} ${size}`, series: name, size, parameters };
      }),
    ),

  toUnit: train.toUnit,

  // Plain float64 would take minutes for the wide ones; the suite train compares losses.
  expected: () => undefined,

  /**
   * @param {unknown} _work
   * @param {undefined} _expected
   * @param {{ losses: number[] }} check of the first steps on one batch
   */
  verify(_work, _expected, { losses }) {
    const differ = losses.some((loss) => loss !== losses[0]);
    if (differ && losses.every((loss) => Number.isFinite(loss) && loss >= 0)) return undefined;
    return `the losses of the first steps are ${losses.join(", ")}`;
  },
};
