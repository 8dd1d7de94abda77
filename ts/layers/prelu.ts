// Activations with weights of their own: prelu, and swish with a learned slope.
import { relu, sigmoid } from "../activations.js";
import { type ConstraintLike, resolveConstraint } from "../constraints.js";
import { checkBoolean, checkNumber, describe, fail } from "../errors.js";
import { constant, type InitializerLike, resolveInitializer } from "../initializers.js";
import { multiply, negative, subtract } from "../ops.js";
import { type RegularizerLike, resolveRegularizer } from "../regularizers.js";
import { type Dim, printDims } from "../shape.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `prelu`. */
export interface PreluOptions extends LayerOptions {
  /** How the slopes start. Default: `"zeros"`. */
  alphaInitializer?: InitializerLike;
  /** A penalty on the slopes. Default: none. */
  alphaRegularizer?: RegularizerLike | null;
  /** What the slopes are projected to after each update. Default: none. */
  alphaConstraint?: ConstraintLike | null;
  /**
   * Axes along which one slope serves all, counted from 1, behind the batch: `[1, 2]` for images
   * `[batch, height, width, channels]` is one slope for each channel. Default: none.
   */
  sharedAxes?: number | readonly number[] | null;
}

/** Options of `swish`. */
export interface SwishOptions extends LayerOptions {
  /** The slope, or where it starts. Default: 1. */
  beta?: number;
  /** Whether the slope is learned: weight `beta`. Default: false. */
  trainableBeta?: boolean;
  /** A penalty on a learned slope. Default: none. */
  betaRegularizer?: RegularizerLike | null;
  /** What a learned slope is projected to after each update. Default: none. */
  betaConstraint?: ConstraintLike | null;
  /** As in `prelu`, for a learned slope. Default: all but the last axis, a slope for each feature. */
  sharedAxes?: number | readonly number[] | null;
}

type Shape = (inputs: readonly (readonly Dim[])[], place: string) => number[];

/** The shape of a weight for each element of the input, shared along axes. */
function sharedShape(
  kind: string,
  sharedAxes: number | readonly number[] | null,
  shareAllButLast = false,
): Shape {
  const axes = typeof sharedAxes === "number" ? [sharedAxes] : (sharedAxes ?? []);
  if (!Array.isArray(axes)) {
    fail(kind, { expected: "sharedAxes to be an axis or an array", received: describe(axes) });
  }
  for (const axis of axes) checkNumber(kind, "sharedAxes", axis, { integer: true, min: 1 });
  return (inputs, place) => {
    const dims = onlyInput(inputs, place);
    const shared = (axis: number) =>
      axes.includes(axis) || (shareAllButLast && axis < dims.length - 1);
    const shape = dims.slice(1).map((dim, i) => (shared(i + 1) ? 1 : dim.factor));
    const unknown = dims.some((dim, i) => i > 0 && dim.symbol !== 0 && !shared(i));
    if (unknown || axes.some((axis) => axis >= dims.length)) {
      fail(place, {
        expected: `sharedAxes among the axes 1 to ${dims.length - 1}, and fixed lengths of all others`,
        received: `${printDims(dims)} with sharedAxes [${axes}]`,
      });
    }
    return shape;
  };
}

/**
 * x from 0 on, `alpha x` below, alpha being learned. Weight: `alpha`, of the shape of a row of the
 * input, with 1 for shared axes. He et al. 2015.
 * Source: https://keras.io/api/layers/activation_layers/prelu/
 *
 * @example
 * prelu({ alphaInitializer: constant({ value: 0.25 }) })
 */
export function prelu(options: PreluOptions = {}): Layer<SameShape> {
  const own = ["alphaInitializer", "alphaRegularizer", "alphaConstraint", "sharedAxes"];
  const given = checkLayerOptions("prelu", options, own);
  const initializer = resolveInitializer(
    "prelu: alphaInitializer",
    given.alphaInitializer ?? "zeros",
  );
  const regularizer = resolveRegularizer("prelu: alphaRegularizer", given.alphaRegularizer ?? null);
  const constraint = resolveConstraint("prelu: alphaConstraint", given.alphaConstraint ?? null);
  const shapeFor = sharedShape("prelu", given.sharedAxes ?? null);
  return new Layer(
    {
      kind: "prelu",
      weights: (inputs, place) => [
        { name: "alpha", shape: shapeFor(inputs, place), initializer, regularizer, constraint },
      ],
      call(context, inputs) {
        const x = onlyInput(inputs, "prelu");
        return subtract(relu(x), multiply(relu(negative(x)), context.weight("alpha")));
      },
    },
    given,
  );
}

/**
 * `x sigmoid(beta x)`: linear for beta 0, near relu for a large one. With `trainableBeta` beta is
 * learned, one for each feature unless `sharedAxes` says else. Ramachandran et al. 2017.
 *
 * @example
 * swish({ trainableBeta: true })
 */
export function swish(options: SwishOptions = {}): Layer<SameShape> {
  const own = ["beta", "trainableBeta", "betaRegularizer", "betaConstraint", "sharedAxes"];
  const given = checkLayerOptions("swish", options, own);
  const value = checkNumber("swish", "beta", given.beta ?? 1);
  const learned = checkBoolean("swish", "trainableBeta", given.trainableBeta ?? false);
  const regularizer = resolveRegularizer("swish: betaRegularizer", given.betaRegularizer ?? null);
  const constraint = resolveConstraint("swish: betaConstraint", given.betaConstraint ?? null);
  const sharedAxes = given.sharedAxes ?? null;
  const shapeFor = sharedShape("swish", sharedAxes, sharedAxes === null);
  if (!learned && (regularizer || constraint || sharedAxes !== null)) {
    fail("swish", {
      expected: "trainableBeta: true beside betaRegularizer, betaConstraint or sharedAxes",
      received: "a slope that is not learned",
    });
  }
  const initializer = constant({ value });
  return new Layer(
    {
      kind: "swish",
      ...(learned && {
        weights: (inputs: readonly (readonly Dim[])[], place: string) => [
          { name: "beta", shape: shapeFor(inputs, place), initializer, regularizer, constraint },
        ],
      }),
      call(context, inputs) {
        const x = onlyInput(inputs, "swish");
        return multiply(x, sigmoid(multiply(x, learned ? context.weight("beta") : value)));
      },
    },
    given,
  );
}
