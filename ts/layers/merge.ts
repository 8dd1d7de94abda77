// Layers that make one tensor of several, element by element, along an axis, or as a product.
import { checkBoolean, checkNumber, describe, fail } from "../errors.js";
import type { Sym } from "../graph.js";
import * as ops from "../ops.js";
import { fixed } from "../shape.js";
import { axisOf } from "./axes.js";
import { checkLayerOptions, Layer, type LayerOptions } from "./layer.js";
import type { ConcatenateRule, MergeRule } from "./shape-rules.js";

/** Options of the layers that merge element by element. */
export type MergeOptions = Omit<LayerOptions, "inputShape">;

/** Options of `concatenate`. */
export interface ConcatenateOptions<Axis extends number = number> extends MergeOptions {
  /** The axis along which inputs follow each other; not 0, the batch. Default: -1, the last. */
  axis?: Axis;
}

/** Options of `dot`. */
export interface DotOptions extends MergeOptions {
  /** The axis that is summed over, of both or of each; not 0, the batch. */
  axes: number | readonly [number, number];
  /** Whether inputs are first divided by their length along the axis. Default: false. */
  normalize?: boolean;
}

function checkCount(kind: string, inputs: readonly unknown[], exact: number | null): void {
  if (exact === null ? inputs.length >= 2 : inputs.length === exact) return;
  fail(kind, {
    expected: `an array of ${exact === null ? "at least 2" : exact} tensors`,
    received: inputs.length === 1 ? "one" : `${inputs.length}`,
  });
}

/** All of one rank: as in Keras, axes of 1 are put in behind the batch. */
function ofOneRank(inputs: readonly Sym[]): readonly Sym[] {
  const rank = Math.max(...inputs.map((x) => x.dims.length));
  return inputs.map((x) => {
    const [first = fixed(1), ...rest] = x.dims;
    const ones = Array.from({ length: rank - x.dims.length }, () => fixed(1));
    return ones.length > 0 ? ops.reshapeTo(x, [first, ...ones, ...rest]) : x;
  });
}

/** A layer that merges two at a time, then maybe finishes. */
function merging<Kind extends string>(
  kind: Kind,
  options: MergeOptions,
  merge: (a: Sym, b: Sym) => Sym,
  {
    exact = null,
    finish = (x) => x,
  }: { exact?: 2 | null; finish?: (x: Sym, n: number) => Sym } = {},
): Layer<MergeRule<Kind>> {
  if (Array.isArray(options)) {
    fail(kind, {
      expected: "options, if any",
      received: "an array",
      hint: `A layer is made first, then called: ${kind}()([a, b]).`,
    });
  }
  const given = checkLayerOptions(kind, options, []);
  return new Layer(
    {
      kind,
      call(_context, inputs) {
        checkCount(kind, inputs, exact);
        return finish(ofOneRank(inputs).reduce(merge), inputs.length);
      },
    },
    given,
  );
}

/**
 * The sum of its inputs, element by element: `add()([a, b])`. Shapes broadcast as in NumPy; an
 * input of lower rank gets axes of 1 behind the batch. Throws for shapes that do not fit.
 * Source: https://keras.io/api/layers/merging_layers/add/
 *
 * @example
 * const residual = add()([x, dense({ units: 64 })(x)]);
 */
export function add(options: MergeOptions = {}): Layer<MergeRule<"add">> {
  return merging("add", options, ops.add);
}

/**
 * The first input minus the second; shapes as for `add`.
 * Source: https://keras.io/api/layers/merging_layers/subtract/
 */
export function subtract(options: MergeOptions = {}): Layer<MergeRule<"subtract">> {
  return merging("subtract", options, ops.subtract, { exact: 2 });
}

/**
 * The product of its inputs, element by element; shapes as for `add`.
 * Source: https://keras.io/api/layers/merging_layers/multiply/
 */
export function multiply(options: MergeOptions = {}): Layer<MergeRule<"multiply">> {
  return merging("multiply", options, ops.multiply);
}

/**
 * The mean of its inputs, element by element; shapes as for `add`.
 * Source: https://keras.io/api/layers/merging_layers/average/
 */
export function average(options: MergeOptions = {}): Layer<MergeRule<"average">> {
  const finish = (total: Sym, count: number) => ops.divide(total, count);
  return merging("average", options, ops.add, { finish });
}

/**
 * The largest of its inputs, element by element; shapes as for `add`.
 * Source: https://keras.io/api/layers/merging_layers/maximum/
 */
export function maximum(options: MergeOptions = {}): Layer<MergeRule<"maximum">> {
  return merging("maximum", options, ops.maximum);
}

/**
 * The smallest of its inputs, element by element; shapes as for `add`.
 * Source: https://keras.io/api/layers/merging_layers/minimum/
 */
export function minimum(options: MergeOptions = {}): Layer<MergeRule<"minimum">> {
  return merging("minimum", options, ops.minimum);
}

/**
 * Its inputs one after the other along an axis: `[batch, 2]` and `[batch, 3]` to `[batch, 5]`.
 * Throws for shapes that differ elsewhere.
 * Source: https://keras.io/api/layers/merging_layers/concatenate/
 *
 * @example
 * concatenate()([words, image])
 */
export function concatenate<const Axis extends number = -1>(
  options: ConcatenateOptions<Axis> = {},
): Layer<ConcatenateRule<Axis>> {
  const given = checkLayerOptions("concatenate", options, ["axis"]);
  const axis = checkNumber("concatenate", "axis", given.axis ?? -1, { integer: true });
  return new Layer(
    {
      kind: "concatenate",
      call(_context, inputs) {
        checkCount("concatenate", inputs, null);
        axisOf("concatenate", axis, (inputs[0] as Sym).dims);
        return ops.concatenate(inputs, { axis });
      },
    },
    given,
  );
}

/**
 * The scalar products of two inputs along an axis: of `[batch, n]` and `[batch, n]` it is
 * `[batch, 1]`; of `[batch, a, n]` and `[batch, b, n]` with `axes: 2` it is `[batch, a, b]`.
 * Source: https://keras.io/api/layers/merging_layers/dot/
 *
 * @example
 * const similarity = dot({ axes: 1, normalize: true })([a, b]);
 */
export function dot(options: DotOptions): Layer {
  const given = checkLayerOptions("dot", options, ["axes", "normalize"]);
  const { axes } = given;
  const pair: readonly unknown[] = Array.isArray(axes) ? axes : [axes, axes];
  if (pair.length !== 2 || !pair.every(Number.isInteger)) {
    fail("dot", { expected: "axes to be a whole number or two", received: describe(axes) });
  }
  const normalize = checkBoolean("dot", "normalize", given.normalize ?? false);
  return new Layer(
    {
      kind: "dot",
      call(_context, inputs) {
        checkCount("dot", inputs, 2);
        const [a, b] = inputs.map((x, i) => {
          const axis = axisOf("dot", pair[i] as number, x.dims);
          return rowsAlong(normalize ? ofLengthOne(x, axis) : x, axis);
        }) as [Sym, Sym];
        return products(a, b);
      },
    },
    given,
  );
}

/** Divided by its length along the axis, with Keras' guard against 0. */
function ofLengthOne(x: Sym, axis: number): Sym {
  const squares = ops.sum(ops.square(x), { axis, keepDims: true });
  return ops.multiply(x, ops.rsqrt(ops.maximum(squares, 1e-12)));
}

/** The axis moved to the end. */
function rowsAlong(x: Sym, axis: number): Sym {
  if (axis === x.dims.length - 1) return x;
  const rest = [...x.dims.keys()].filter((each) => each !== axis);
  return ops.transpose(x, [...rest, axis]);
}

/** Of `[batch, ..., n]` and `[batch, ..., n]` all products of their last axes. */
function products(a: Sym, b: Sym): Sym {
  const [first = fixed(1), ...left] = a.dims.slice(0, -1);
  const right = b.dims.slice(1, -1);
  const ones = (dims: readonly unknown[]) => dims.map(() => fixed(1));
  const wideA = ops.reshapeTo(a, [first, ...left, ...ones(right), ...a.dims.slice(-1)]);
  const wideB = ops.reshapeTo(b, [first, ...ones(left), ...right, ...b.dims.slice(-1)]);
  const [n, m] = [a.dims.at(-1), b.dims.at(-1)];
  if (n?.factor !== m?.factor) {
    fail("dot", {
      expected: "axes of one length",
      received: `${n?.factor} and ${m?.factor}`,
    });
  }
  const flat = left.length + right.length === 0;
  return ops.sum(ops.multiply(wideA, wideB), { axis: -1, keepDims: flat });
}
