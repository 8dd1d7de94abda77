// The public operations against keras.ops: results, and gradients for every input.
import { describe, expect, it } from "vitest";
import type { Sym } from "../../ts/graph.js";
import * as ops from "../../ts/ops.js";
import { readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";
import { type TrialInput, trial } from "../support/trial.js";

const golden = readGolden("ops");

type Options = Readonly<Record<string, unknown>>;
type Call = (inputs: readonly Sym[], options: Options) => Sym;

/** Operations that are called otherwise than with their inputs alone. */
const special: Record<string, Call> = {
  clip: ([x], { min, max }) => ops.clip(x as Sym, min as number, max as number),
  concatenate: (inputs, { axis }) => ops.concatenate(inputs, { axis: axis as number }),
};
const reductions = { sum: ops.sum, mean: ops.mean, max: ops.max, min: ops.min };
for (const [name, reduce] of Object.entries(reductions)) {
  special[name] = ([x], { axis, keepDims }) =>
    reduce(x as Sym, {
      ...(axis === null ? {} : { axis: axis as number | number[] }),
      keepDims: keepDims as boolean,
    });
}

function call(op: string, inputs: readonly Sym[], options: Options): Sym {
  const own = special[op];
  if (own) return own(inputs, options);
  const plain = Reflect.get(ops, op) as ((...inputs: readonly Sym[]) => Sym) | undefined;
  if (!plain) throw new Error(`no operation "${op}"`);
  return plain(...inputs);
}

/** Sums of many terms are as exact as their largest terms are. */
function floorOf(expected: ArrayLike<number>): number {
  return Math.max(1e-2, 0.1 * Math.max(...Array.from(expected, Math.abs)));
}

describe("operations agree with Keras", () => {
  it.each(golden.cases.map((each) => [each.name, each] as const))("%s", async (_, each) => {
    const op = each.extra.op as string;
    const names = each.names.filter((name) => /^x\d+$/.test(name));
    const inputs: Record<string, TrialInput> = {};
    for (const name of names) {
      const { shape, data } = each.tensor(name);
      inputs[name] = { shape, data };
    }
    const differentiable = each.names.includes("cotangent");
    if (differentiable) {
      const { shape, data } = each.tensor("cotangent");
      inputs.cotangent = { shape, data };
    }
    const { outputs, shapes, gradients } = await trial(inputs, (syms) => {
      const out = call(
        op,
        names.map((name) => syms[name] as Sym),
        each.options,
      );
      if (!differentiable) return { outputs: { out } };
      return { outputs: { out }, loss: ops.sum(ops.multiply(out, syms.cotangent as Sym)) };
    });
    const expected = each.tensor("out");
    expect(shapes.out).toEqual(expected.shape);
    expectClose(outputs.out as Float32Array, expected.data, { floor: floorOf(expected.data) });
    if (!differentiable) return;
    for (const name of names) {
      const dx = each.float32(`d${name}`);
      const found = gradients[name] as Float32Array;
      expectClose(found, dx, { floor: floorOf(dx), what: `d${name}` });
    }
  });

  it("covers the operations that have a result", () => {
    const covered = new Set(golden.cases.map((each) => each.extra.op));
    expect(covered.size).toBeGreaterThanOrEqual(35);
  });
});
