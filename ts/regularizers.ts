// Regularizers: penalties on weights or outputs that are added to the loss.
import { checkNumber, checkOneOf, checkOptions, describe, fail } from "./errors.js";
import { Sym } from "./graph.js";
import { add, matmul, maximum, multiply, notEqual, range, reduce, reshape, rsqrt } from "./ops.js";

/** A penalty on a tensor. Made by `l1()`, `l2()` and the like. */
export interface Regularizer {
  /** The factory's name. */
  readonly name: string;
  /** The scalar that is added to the loss; null where it is always 0. @internal */
  readonly penalty: RegularizerFunction | null;
}

const orthogonalModes = ["rows", "columns"] as const;

/** Options of `orthogonalRegularizer`. */
export interface OrthogonalRegularizerOptions {
  /** At least 0. Default: 0.01. */
  factor?: number;
  /** What is driven to be orthogonal. Default: `"rows"`. */
  mode?: (typeof orthogonalModes)[number];
}

/** Options of `l1l2`. */
export interface L1L2Options {
  /** Factor of the sum of absolute values, at least 0. Default: 0. */
  l1?: number;
  /** Factor of the sum of squares, at least 0. Default: 0. */
  l2?: number;
}

/** A penalty as a function of the tensor: returns a scalar. */
export type RegularizerFunction = (x: Sym) => Sym;

const byName = {
  l1: () => l1(),
  l2: () => l2(),
  l1l2: () => l1l2({ l1: 0.01, l2: 0.01 }),
  orthogonalRegularizer: () => orthogonalRegularizer(),
} satisfies Record<string, () => Regularizer>;

/** The name of a regularizer; its factors are 0.01. */
export type RegularizerName = keyof typeof byName;

/** What layers take as a regularizer. */
export type RegularizerLike = RegularizerName | Regularizer | RegularizerFunction;

function regularizer(name: string, l1Factor: number, l2Factor: number): Regularizer {
  checkNumber(name, "l1", l1Factor, { min: 0 });
  checkNumber(name, "l2", l2Factor, { min: 0 });
  if (l1Factor === 0 && l2Factor === 0) return { name, penalty: null };
  const penalty = (x: Sym) => weighted(x, l1Factor, l2Factor);
  if (l2Factor > 0) ofSquares.add(penalty);
  return { name, penalty };
}

/** Penalties with a sum of squares. */
const ofSquares = new WeakSet<RegularizerFunction>();

/** Whether a penalty adds up squares, as l2 does. */
export function penalisesSquares(penalty: RegularizerFunction | null | undefined): boolean {
  return penalty ? ofSquares.has(penalty) : false;
}

/**
 * Adds `factor * sum(|w|)` to the loss: drives weights to 0. `factor` is at least 0; default 0.01.
 * Source: https://keras.io/api/layers/regularizers/#l1-class
 */
export function l1(factor = 0.01): Regularizer {
  return regularizer("l1", factor, 0);
}

/**
 * Adds `factor * sum(w^2)` to the loss: keeps weights small. `factor` is at least 0; default 0.01.
 * With adam and its family use `adamW` instead: there the penalty is scaled away.
 * Source: https://keras.io/api/layers/regularizers/#l2-class
 */
export function l2(factor = 0.01): Regularizer {
  return regularizer("l2", 0, factor);
}

/**
 * Adds `l1 * sum(|w|) + l2 * sum(w^2)` to the loss.
 * Source: https://keras.io/api/layers/regularizers/#l1l2-class
 */
export function l1l2(options: L1L2Options = {}): Regularizer {
  checkOptions("l1l2", options, ["l1", "l2"]);
  return regularizer("l1l2", options.l1 ?? 0, options.l2 ?? 0);
}

/**
 * Adds `factor` times the mean of `|cos|` over all pairs of rows (or columns) of a matrix to the
 * loss: drives them to be orthogonal. With a single row it adds nothing, where Keras gives NaN.
 *
 * Throws a `GradusError` for weights that are no matrix.
 * Source: https://keras.io/api/layers/regularizers/#orthogonalregularizer-class
 *
 * @example
 * dense({ units: 32, kernelRegularizer: orthogonalRegularizer({ mode: "columns" }) })
 */
export function orthogonalRegularizer(options: OrthogonalRegularizerOptions = {}): Regularizer {
  const name = "orthogonalRegularizer";
  const { factor = 0.01, mode = "rows" } = checkOptions(name, options, ["factor", "mode"]);
  checkNumber(name, "factor", factor, { min: 0 });
  checkOneOf(`${name}: mode`, mode, orthogonalModes);
  const rows = mode === "rows";
  const penalty = (x: Sym): Sym => {
    const size = x.shape[rows ? 0 : 1];
    if (x.shape.length !== 2 || !size) {
      return fail(x.graph.place(name), {
        expected: "a matrix",
        received: `a tensor of shape [${x.shape}]`,
      });
    }
    const squares = reduce("sumSquares", x, { axis: rows ? 1 : 0, keepDims: true });
    // Keras divides by a length of at least 1e-7.
    const unit = multiply(x, rsqrt(maximum(squares, 1e-14)));
    const cosines = matmul(unit, unit, { transposeA: !rows, transposeB: rows });
    const numbers = range(x, size);
    const apart = notEqual(reshape(numbers, [size, 1]), numbers);
    const pairs = Math.max(1, size * (size - 1));
    return multiply(reduce("sumAbs", multiply(cosines, apart)), factor / pairs);
  };
  return { name, penalty: factor > 0 ? penalty : null };
}

/** A penalty as a function of a tensor; null for none. */
export function resolveRegularizer(
  where: string,
  given: RegularizerLike | null,
): RegularizerFunction | null {
  if (given === null) return null;
  if (typeof given === "function") return checked(where, given);
  const known = typeof given === "string" ? byName[checkOneOf(where, given, names)]() : given;
  const penalty = typeof known === "object" ? known.penalty : undefined;
  if (penalty === undefined) {
    return fail(where, {
      expected: "a regularizer such as l2(1e-4), its name, or a function of a tensor",
      received: describe(given),
    });
  }
  return penalty;
}

const names = Object.keys(byName) as RegularizerName[];

function weighted(x: Sym, l1Factor: number, l2Factor: number): Sym {
  const terms: Sym[] = [];
  if (l1Factor > 0) terms.push(multiply(reduce("sumAbs", x), l1Factor));
  if (l2Factor > 0) terms.push(multiply(reduce("sumSquares", x), l2Factor));
  return terms.reduce((left, right) => add(left, right));
}

function checked(where: string, given: RegularizerFunction): RegularizerFunction {
  return (x) => {
    const value: unknown = given(x);
    if (value instanceof Sym && value.dims.length === 0) return value;
    return fail(where, {
      expected: "a function of a tensor that returns a scalar made with ops",
      received: value instanceof Sym ? `a tensor of shape [${value.shape}]` : describe(value),
      hint: "Call it instead of passing the factory: l2(1e-4); and end with ops.sum or ops.mean.",
    });
  };
}
