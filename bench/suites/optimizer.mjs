// What an update costs per parameter: with gradients as they usually are, and with vanished ones,
// whose numbers decay towards where processors become slow.
import { updates } from "../formulas.mjs";
import { checksum, uniform } from "../inputs.mjs";

// All that an update touches fits into a second cache.
const count = 2 ** 14;
/** Steps before the weights are compared. */
export const comparedSteps = 3;
export const rate = 1e-2;

/** After a first gradient of this size nothing follows but `vanishedSize`. */
export const firstSize = 1e-17;
export const vanishedSize = 1e-33;
/** Steps until momenta that nobody stops from decaying are denormal, and some velocities too. */
export const decaySteps = 3000;

export const suite = {
  name: "optimizer",
  title: "Optimizer update, per parameter",
  unit: "ns",
  higherIsBetter: false,

  /** @param {{ quick: boolean }} effort */
  cases: ({ quick }) =>
    (quick ? ["sgd", "momentum", "adam"] : Object.keys(updates)).flatMap((rule) =>
      [false, true].map((vanished) => ({
        kind: "optimizer",
        name: `${rule}${vanished ? ", vanished gradients" : ""}`,
        inTurns: vanished,
        ...{ rule, vanished, count, comparedSteps, firstSize, vanishedSize, decaySteps },
        flops: count,
      })),
    ),

  /**
   * @param {unknown} _work
   * @param {number} seconds of one call
   */
  toUnit: (_work, seconds) => (seconds * 1e9) / count,

  /** @param {{ rule: string, vanished: boolean }} work */
  expected({ rule, vanished }) {
    const w = uniform(count, 7);
    const g = uniform(count, 8);
    if (vanished) return checksum(w, 1, count);
    const after = Float64Array.from(w, (weight, i) => {
      const kept = { w: weight, m: 0, v: rule === "adagrad" ? 0.1 : 0, d: 0 };
      for (let step = 1; step <= comparedSteps; step += 1) {
        kept.w = updates[rule](kept, g[i], step, rate);
      }
      return kept.w;
    });
    return checksum(after, 1, count);
  },

  /**
   * @param {{ vanished: boolean }} work
   * @param {number} expected
   * @param {{ checksum: number, moved?: number }} check moved: the furthest that a vanished gradient moved a weight
   */
  verify({ vanished }, expected, { checksum: found }) {
    // Signs of next to nothing still move lion's weights, and adamW's decay.
    const tolerance = vanished ? Number.POSITIVE_INFINITY : 1e-6 * count;
    if (Number.isFinite(found) && Math.abs(found - expected) <= tolerance) return undefined;
    return `the weights are wrong: checksum ${found}, expected ${expected}`;
  },
};
