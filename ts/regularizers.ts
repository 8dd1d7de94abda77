// Regularizers: penalties on weights or outputs that are added to the loss.
import { checkNumber, checkOneOf, checkOptions, describe, fail } from "./errors.js";
import { Sym } from "./graph.js";
import { add, multiply, reduce } from "./ops.js";

/** A penalty on a tensor. Made by `l1()`, `l2()` and `l1l2()`. */
export interface Regularizer {
  /** The factory's name. */
  readonly name: string;
  /** Factor of the sum of absolute values. */
  readonly l1: number;
  /** Factor of the sum of squares. */
  readonly l2: number;
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
} satisfies Record<string, () => Regularizer>;

/** The name of a regularizer; its factors are 0.01. */
export type RegularizerName = keyof typeof byName;

/** What layers take as a regularizer. */
export type RegularizerLike = RegularizerName | Regularizer | RegularizerFunction;

function regularizer(name: string, l1Factor: number, l2Factor: number): Regularizer {
  checkNumber(name, "l1", l1Factor, { min: 0 });
  checkNumber(name, "l2", l2Factor, { min: 0 });
  return { name, l1: l1Factor, l2: l2Factor };
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

/** A penalty as a function of a tensor; null for none. */
export function resolveRegularizer(
  where: string,
  given: RegularizerLike | null,
): RegularizerFunction | null {
  if (given === null) return null;
  if (typeof given === "function") return checked(where, given);
  const known = typeof given === "string" ? byName[checkOneOf(where, given, names)]() : given;
  if (typeof known !== "object" || typeof known.l1 !== "number" || typeof known.l2 !== "number") {
    return fail(where, {
      expected: "a regularizer such as l2(1e-4), its name, or a function of a tensor",
      received: describe(given),
    });
  }
  return known.l1 > 0 || known.l2 > 0 ? (x) => penalty(x, known) : null;
}

const names = Object.keys(byName) as RegularizerName[];

function penalty(x: Sym, factors: Regularizer): Sym {
  const terms: Sym[] = [];
  if (factors.l1 > 0) terms.push(multiply(reduce("sumAbs", x), factors.l1));
  if (factors.l2 > 0) terms.push(multiply(reduce("sumSquares", x), factors.l2));
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
