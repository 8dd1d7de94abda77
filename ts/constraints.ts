// Constraints: what a weight is projected to after each update. A table of Keras' names; users'
// functions of a tensor serve as well.
import { checkNumber, checkOneOf, checkOptions, describe, fail } from "./errors.js";
import { Sym } from "./graph.js";
import { add, clip, divide, maximum, multiply, sqrt, square, sum } from "./ops.js";
import { printDims, sameDims } from "./shape.js";

/** What a weight must satisfy. Made by `maxNorm()` and the like. */
export interface Constraint {
  /** The factory's name. */
  readonly name: string;
  /** The nearest weight that satisfies it. */
  readonly project: ConstraintFunction;
}

/** A constraint as a function of the weight: returns a tensor of the same shape, made with ops. */
export type ConstraintFunction = (weight: Sym) => Sym;

/** Options of `unitNorm`. */
export interface AxisOption {
  /**
   * The axis, or axes, along which norms are taken. Default: 0, the inputs of a unit in the kernel
   * of a dense layer; `[0, 1, 2]` for kernels of two-dimensional convolutions.
   */
  axis?: number | readonly number[];
}

/** Options of `maxNorm`. */
export interface MaxNormOptions extends AxisOption {
  /** The greatest norm; above 0. Default: 2. */
  maxValue?: number;
}

/** Options of `minMaxNorm`. */
export interface MinMaxNormOptions extends AxisOption {
  /** The least norm; at least 0. Default: 0. */
  minValue?: number;
  /** The greatest norm; above 0, not below `minValue`. Default: 1. */
  maxValue?: number;
  /** How much of the way to the range is gone at each step, from above 0 to 1. Default: 1. */
  rate?: number;
}

/** Keeps quotients finite: Keras' `backend.epsilon()`. */
const epsilon = 1e-7;

const byName = {
  maxNorm,
  minMaxNorm,
  nonNeg,
  unitNorm,
} satisfies Record<string, () => Constraint>;

/** The name of a constraint with its defaults. */
export type ConstraintName = keyof typeof byName;

/** What layers take as a constraint. */
export type ConstraintLike = ConstraintName | Constraint | ConstraintFunction;

function axesOf(where: string, axis: unknown = 0): readonly number[] {
  const axes: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (axes.length === 0) fail(where, { expected: "at least one axis", received: "none" });
  return axes.map((each) => checkNumber(where, "axis", each, { integer: true }));
}

function normOf(weight: Sym, axis: readonly number[]): Sym {
  return sqrt(sum(square(weight), { axis, keepDims: true }));
}

/**
 * Scales weights down to a norm of at most `maxValue` along `axis`. Srebro et al. 2004; for
 * dropout, Srivastava et al. 2014.
 * Source: https://keras.io/api/layers/constraints/#maxnorm-class
 *
 * @example
 * dense({ units: 100, kernelConstraint: maxNorm({ maxValue: 1 }) })
 */
export function maxNorm(options: MaxNormOptions = {}): Constraint {
  const name = "maxNorm";
  checkOptions(name, options, ["maxValue", "axis"]);
  const maxValue = checkNumber(name, "maxValue", options.maxValue ?? 2, { exclusiveMin: 0 });
  const axis = axesOf(name, options.axis);
  return {
    name,
    project(weight) {
      const norm = normOf(weight, axis);
      return multiply(weight, divide(clip(norm, 0, maxValue), add(norm, epsilon)));
    },
  };
}

/**
 * Sets negative weights to 0.
 * Source: https://keras.io/api/layers/constraints/#nonneg-class
 */
export function nonNeg(): Constraint {
  return { name: "nonNeg", project: (weight) => maximum(weight, 0) };
}

/**
 * Scales weights to a norm of 1 along `axis`.
 * Source: https://keras.io/api/layers/constraints/#unitnorm-class
 */
export function unitNorm(options: AxisOption = {}): Constraint {
  const name = "unitNorm";
  checkOptions(name, options, ["axis"]);
  const axis = axesOf(name, options.axis);
  return { name, project: (weight) => divide(weight, add(normOf(weight, axis), epsilon)) };
}

/**
 * Scales weights to a norm between `minValue` and `maxValue` along `axis`, by `rate` of the way at
 * each step.
 * Source: https://keras.io/api/layers/constraints/#minmaxnorm-class
 */
export function minMaxNorm(options: MinMaxNormOptions = {}): Constraint {
  const name = "minMaxNorm";
  checkOptions(name, options, ["minValue", "maxValue", "rate", "axis"]);
  const minValue = checkNumber(name, "minValue", options.minValue ?? 0, { min: 0 });
  const maxValue = checkNumber(name, "maxValue", options.maxValue ?? 1, {
    exclusiveMin: 0,
    min: minValue,
  });
  const rate = checkNumber(name, "rate", options.rate ?? 1, { exclusiveMin: 0, max: 1 });
  const axis = axesOf(name, options.axis);
  return {
    name,
    project(weight) {
      const norm = normOf(weight, axis);
      const inside = multiply(clip(norm, minValue, maxValue), rate);
      const wanted = rate === 1 ? inside : add(inside, multiply(norm, 1 - rate));
      return multiply(weight, divide(wanted, add(norm, epsilon)));
    },
  };
}

const names = Object.keys(byName) as ConstraintName[];

/** The function behind a constraint, which checks what a user's returns; null for none. */
export function resolveConstraint(
  where: string,
  given: ConstraintLike | null,
): ConstraintFunction | null {
  if (given === null) return null;
  const known = typeof given === "string" ? byName[checkOneOf(where, given, names)]() : given;
  const project: unknown = typeof known === "function" ? known : known?.project;
  const isFactory = Object.values<unknown>(byName).includes(given);
  if (typeof project !== "function" || isFactory) {
    return fail(where, {
      expected: "a constraint such as maxNorm(), its name, or a function of a tensor",
      received: describe(given),
      ...(isFactory ? { hint: "Call it instead of passing the factory: maxNorm()." } : {}),
    });
  }
  return (weight) => {
    const projected: unknown = project(weight);
    if (projected instanceof Sym && sameDims(projected.dims, weight.dims)) return projected;
    return fail(where, {
      expected: `a function that returns a tensor of the weight's shape ${printDims(weight.dims)}`,
      received:
        projected instanceof Sym
          ? `one of shape ${printDims(projected.dims)}`
          : describe(projected),
      hint: "Make it with ops.",
    });
  };
}
