// Elementwise work, as bytes per second beside a plain copy of as many bytes; batch normalisation with
// the statistics of the batch among it, as vanished numbers would slow it down likewise.
import { activations, normalization, normalized, slope } from "../formulas.mjs";
import { checksum, uniform } from "../inputs.mjs";

/** Numbers that fit into a second cache with their results, and ones that fit into none. */
const near = 2 ** 16;
const far = 2 ** 22;

/** Bytes per number of what a function reads and writes: forward, and back from the slope's source. */
const forwardBytes = 8;
const backwardBytes = 12;

/** Inputs are drawn from -reach to reach; vanished ones are small, some of them denormal. */
const reach = 4;
const vanishedReach = 1e-37;

/** Functions with so little arithmetic that memory bounds them. */
export const boundByMemory = ["relu", "leakyRelu", "relu6", "hardTanh"];

/**
 * @param {string} op an activation, or "add" and "multiply" of two
 * @param {number} count
 * @param {boolean} [backward] also
 * @param {boolean} [vanished] of numbers next to 0, where processors become slow
 */
function work(op, count, backward = false, vanished = false) {
  const isBinary = op === "add" || op === "multiply";
  const bytes = isBinary ? 12 : forwardBytes + (backward ? backwardBytes : 0);
  const size = count >= 2 ** 20 ? `${count / 2 ** 20} Mi` : `${count / 2 ** 10} Ki`;
  return {
    kind: "elementwise",
    name: `${op}, ${size}${backward ? ", forward and backward" : ""}${vanished ? ", vanished inputs" : ""}`,
    inTurns: vanished,
    ...{ op, count, backward, isBinary, reach: vanished ? vanishedReach : reach },
    flops: bytes * count,
  };
}

const quickOps = ["relu", "tanh", "elu", "gelu"];

export const suite = {
  name: "elementwise",
  title: "Elementwise functions: bytes read and written",
  unit: "GB/s",
  higherIsBetter: true,

  /** @param {{ quick: boolean }} effort */
  cases({ quick }) {
    const ops = quick ? quickOps : Object.keys(activations);
    const nearby = ops.flatMap((op) => [
      work(op, near),
      work(op, near, false, true),
      work(op, near, true),
    ]);
    nearby.push(work(normalization.name, near), work(normalization.name, near, false, true));
    const memory = quick ? ["relu"] : boundByMemory;
    const long = [...memory, "add", "multiply"].map((op) => work(op, far));
    return [...long, ...nearby];
  },

  /**
   * @param {{ flops: number }} work its bytes
   * @param {number} seconds of one call
   */
  toUnit: ({ flops }, seconds) => flops / seconds / 1e9,

  /** @param {{ op: string, count: number, backward: boolean, isBinary: boolean, reach: number }} work */
  expected({ op, count, backward, isBinary, reach: to }) {
    const x = uniform(count, 5, -to, to);
    if (op === normalization.name) return checksum(normalized(x), 1, count);
    const y = uniform(count, 6, -to, to);
    const of = (/** @type {number} */ i) => {
      if (isBinary) return op === "add" ? x[i] + y[i] : x[i] * y[i];
      return backward ? slope(op, x[i]) : activations[op](x[i]);
    };
    return checksum(
      Float64Array.from(x, (_, i) => of(i)),
      1,
      count,
    );
  },

  /**
   * @param {{ count: number }} work
   * @param {number} expected
   * @param {{ checksum: number }} check of the results, or of the slopes
   */
  verify({ count }, expected, { checksum: found }) {
    if (Math.abs(found - expected) <= 1e-5 * count) return undefined;
    return `the results are wrong: checksum ${found}, expected ${expected}`;
  },
};
