// Matrix products: squares, and the shapes a dense net of 784-300-100-10 computes.
import { productChecksum } from "../reference.mjs";

/**
 * @param {number} m
 * @param {number} k
 * @param {number} n
 * @param {"" | "A" | "B"} [transposed] which operand is stored transposed
 */
function product(m, k, n, transposed = "") {
  return {
    kind: "gemm",
    name: `${m}x${k}x${n}${transposed === "" ? "" : ` ${transposed}^T`}`,
    ...{ m, k, n, transposeA: transposed === "A", transposeB: transposed === "B" },
    flops: 2 * m * k * n,
  };
}

/** @param {number} size */
const square = (size) => product(size, size, size);

/**
 * Forward, gradient of a kernel (the input transposed), gradient of an input (the kernel transposed).
 * @param {number} batch
 */
const denseNet = (batch) => [
  product(batch, 784, 300),
  product(batch, 300, 100),
  product(batch, 100, 10),
  product(784, batch, 300, "A"),
  product(300, batch, 100, "A"),
  product(batch, 100, 300, "B"),
];

export const suite = {
  name: "gemm",
  title: "Matrix product M x K x N",
  unit: "GFLOP/s",
  higherIsBetter: true,

  /** @param {{ quick: boolean }} options */
  cases: ({ quick }) => [
    ...[64, 128, 256, 512, 1024].map(square),
    ...(quick ? [] : [product(1, 784, 300)]),
    ...denseNet(32),
    ...(quick ? [] : denseNet(128)),
  ],

  /**
   * @param {{ flops: number }} work
   * @param {number} seconds of one call
   */
  toUnit: ({ flops }, seconds) => flops / seconds / 1e9,

  /** What a check value is compared with. */
  expected: productChecksum,

  /**
   * @param {{ m: number, k: number, n: number }} work
   * @param {number} expected
   * @param {{ checksum: number }} check
   */
  verify({ m, k, n }, expected, { checksum }) {
    // The checksum's standard deviation over random numbers is the square root, over 9.
    const tolerance = (1e-4 * Math.sqrt(m * k * n)) / 9;
    if (Math.abs(checksum - expected) <= tolerance) return undefined;
    return `the product is wrong: checksum ${checksum}, expected ${expected} +- ${tolerance}`;
  },
};
