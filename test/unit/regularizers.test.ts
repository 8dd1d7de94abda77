// Regularizers: values and gradients of the penalties.
import { describe, expect, it } from "vitest";
import {
  l1,
  l1l2,
  l2,
  ops,
  orthogonalRegularizer,
  type RegularizerLike,
  type Sym,
} from "../../ts/index.js";
import { resolveRegularizer } from "../../ts/regularizers.js";
import { expectClose } from "../support/close.js";
import { trial } from "../support/trial.js";

const w = { shape: [2, 3], data: [1, -2, 0, 0.5, -0.25, 3] };
const absolute = w.data.reduce((sum, value) => sum + Math.abs(value), 0);
const squares = w.data.reduce((sum, value) => sum + value * value, 0);

const [first, second] = [w.data.slice(0, 3), w.data.slice(3)];
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const lengths = [Math.sqrt(dot(first, first)), Math.sqrt(dot(second, second))] as const;
const cosine = dot(first, second) / (lengths[0] * lengths[1]);

/** The gradient of the cosine of the two rows. */
function turn(i: number): number {
  const [own, other] = i < 3 ? [first, second] : [second, first];
  const length = lengths[i < 3 ? 0 : 1];
  const product = lengths[0] * lengths[1];
  return (other[i % 3] as number) / product - (cosine * (own[i % 3] as number)) / length ** 2;
}

describe("penalties", () => {
  it.each<[string, RegularizerLike, number, (value: number, i: number) => number]>([
    ["l1", l1(0.1), 0.1 * absolute, (v) => 0.1 * Math.sign(v)],
    ["l2", l2(0.1), 0.1 * squares, (v) => 0.2 * v],
    [
      "l1l2",
      l1l2({ l1: 0.1, l2: 0.5 }),
      0.1 * absolute + 0.5 * squares,
      (v) => 0.1 * Math.sign(v) + v,
    ],
    ["l1 by name", "l1", 0.01 * absolute, (v) => 0.01 * Math.sign(v)],
    ["l2 by name", "l2", 0.01 * squares, (v) => 0.02 * v],
    ["l1l2 by name", "l1l2", 0.01 * (absolute + squares), (v) => 0.01 * Math.sign(v) + 0.02 * v],
    [
      "orthogonalRegularizer by name",
      "orthogonalRegularizer",
      0.01 * Math.abs(cosine),
      (_, i) => 0.01 * Math.sign(cosine) * turn(i),
    ],
    ["a user's function", (x) => ops.sum(ops.square(x)), squares, (v) => 2 * v],
  ])("%s", async (_, given, value, slope) => {
    const penalty = resolveRegularizer("test", given);
    const { outputs, gradients } = await trial({ w }, (syms) => {
      const found = penalty?.(syms.w as Sym) as Sym;
      return { outputs: { found }, loss: found };
    });
    expectClose(outputs.found as Float32Array, [value]);
    expectClose(gradients.w as Float32Array, w.data.map(slope));
  });
  it("of factor 0 are none", () => {
    expect(resolveRegularizer("test", l2(0))).toBeNull();
    expect(resolveRegularizer("test", l1l2())).toBeNull();
    expect(resolveRegularizer("test", orthogonalRegularizer({ factor: 0 }))).toBeNull();
  });
  it("orthogonalRegularizer is finite for rows of zeros and for a single row", async () => {
    for (const shape of [
      [3, 2],
      [1, 6],
    ]) {
      const penalty = resolveRegularizer("test", orthogonalRegularizer());
      const data = [0, 0, 1, 2, -2, 1];
      const { outputs, gradients } = await trial({ w: { shape, data } }, (syms) => {
        const found = penalty?.(syms.w as Sym) as Sym;
        return { outputs: { found }, loss: found };
      });
      expectClose(outputs.found as Float32Array, [0]);
      expect(gradients.w?.every(Number.isFinite)).toBe(true);
    }
  });
  it("orthogonalRegularizer refuses what is no matrix", async () => {
    const penalty = resolveRegularizer("test", orthogonalRegularizer());
    const vector = { w: { shape: [6], data: w.data } };
    const run = trial(vector, (syms) => ({ loss: penalty?.(syms.w as Sym) as Sym }));
    await expect(run).rejects.toThrow(/orthogonalRegularizer: expected a matrix/);
  });
  it.each([
    ["a negative factor", () => l2(-1), /l2: expected l2/],
    ["a factor below 0", () => orthogonalRegularizer({ factor: -1 }), /factor .*>= 0/],
    ["an unknown mode", () => orthogonalRegularizer({ mode: "row" as "rows" }), /mode: .*"rows"/],
    ["a misspelt option", () => l1l2({ L1: 1 } as never), /l1/],
    [
      "an unknown name",
      () => resolveRegularizer("dense: kernelRegularizer", "L3" as never),
      /"l1"/,
    ],
    ["a number", () => resolveRegularizer("dense: kernelRegularizer", 0.1 as never), /l2\(1e-4\)/],
  ])("refuse %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
  it("refuse functions that give no scalar", async () => {
    const wrong = resolveRegularizer("dense: kernelRegularizer", ops.square);
    await expect(trial({ w }, (syms) => ({ loss: wrong?.(syms.w as Sym) as Sym }))).rejects.toThrow(
      /scalar/,
    );
  });
});
