// Activation functions under Keras' names, as functions of symbolic tensors. The formulas and
// their derivatives are rows of a table in crates/kernels/src/unary.
import { checkNumber, checkOneOf, checkOptions, describe, fail } from "./errors.js";
import { Sym } from "./graph.js";
import { logSoftmax as logSoftmaxOp, softmax as softmaxOp, unary } from "./ops.js";

/** Options of `relu`. */
export interface ReluOptions {
  /** The slope below the threshold, at least 0. Default: 0. */
  negativeSlope?: number;
  /** The largest value. Default: none. */
  maxValue?: number;
  /** Where the line begins, at least 0. Default: 0. */
  threshold?: number;
}

function plain(kind: string) {
  return (x: Sym): Sym => unary(kind, x);
}

/** `x` */
export const linear = (x: Sym): Sym => x;
/** `1 / (1 + e^-x)` */
export const sigmoid = plain("sigmoid");
/** The hyperbolic tangent. */
export const tanh = plain("tanh");
/** Shares that add up to 1 over the last axis. */
export const softmax = softmaxOp;
/** The logarithm of softmax over the last axis. */
export const logSoftmax = logSoftmaxOp;
/** `log(1 + e^x)` */
export const softplus = plain("softplus");
/** `x / (1 + |x|)` */
export const softsign = plain("softsign");
/** relu cut off at 6. */
export const relu6 = plain("relu6");
/** elu with the two constants that keep mean 0 and variance 1. Klambauer et al. 2017. */
export const selu = plain("selu");
/** `x sigmoid(x)`, also called swish. Ramachandran et al. 2017. */
export const silu = plain("silu");
/** `x tanh(softplus(x))`. Misra 2019. */
export const mish = plain("mish");
/** `relu6(x + 3) / 6` */
export const hardSigmoid = plain("hardSigmoid");
/** `x hardSigmoid(x)`, also called hardSwish. */
export const hardSilu = plain("hardSilu");
/** x cut off at -1 and 1. */
export const hardTanh = plain("hardTanh");
/** `e^x` */
export const exponential = plain("exponential");
/** `log(sigmoid(x))` */
export const logSigmoid = plain("logSigmoid");
/** `x - tanh(x)` */
export const tanhShrink = plain("tanhShrink");

/**
 * The larger of x and 0; with options a slope below, a largest value, a threshold.
 * Source: https://keras.io/api/layers/activations/#relu-function
 */
export function relu(x: Sym, options: ReluOptions = {}): Sym {
  checkOptions("relu", options, ["negativeSlope", "maxValue", "threshold"]);
  const { negativeSlope = 0, maxValue = Number.POSITIVE_INFINITY, threshold: at = 0 } = options;
  if (negativeSlope === 0 && maxValue === Number.POSITIVE_INFINITY && at === 0) {
    return unary("relu", x);
  }
  checkNumber("relu", "negativeSlope", negativeSlope, { min: 0 });
  if (maxValue !== Number.POSITIVE_INFINITY) checkNumber("relu", "maxValue", maxValue, { min: 0 });
  checkNumber("relu", "threshold", at, { min: 0 });
  return unary("relu", x, [negativeSlope, maxValue, at]);
}

/** x above 0, `negativeSlope * x` below; the slope is at least 0. Default: 0.2. */
export function leakyRelu(x: Sym, options: { negativeSlope?: number } = {}): Sym {
  checkOptions("leakyRelu", options, ["negativeSlope"]);
  const slope = options.negativeSlope ?? 0.2;
  return unary("leakyRelu", x, [checkNumber("leakyRelu", "negativeSlope", slope, { min: 0 })]);
}

/** x above 0, `alpha (e^x - 1)` below; alpha is at least 0. Default: 1. Clevert et al. 2015. */
export function elu(x: Sym, options: { alpha?: number } = {}): Sym {
  checkOptions("elu", options, ["alpha"]);
  return unary("elu", x, [checkNumber("elu", "alpha", options.alpha ?? 1, { min: 0 })]);
}

/** x above 0, `alpha (e^(x / alpha) - 1)` below; alpha is above 0. Default: 1. Barron 2017. */
export function celu(x: Sym, options: { alpha?: number } = {}): Sym {
  checkOptions("celu", options, ["alpha"]);
  return unary("celu", x, [checkNumber("celu", "alpha", options.alpha ?? 1, { exclusiveMin: 0 })]);
}

/**
 * `x Phi(x)`, Phi being the normal distribution function; with `approximate` by a formula with
 * tanh. Default: exact. Hendrycks & Gimpel 2016.
 */
export function gelu(x: Sym, options: { approximate?: boolean } = {}): Sym {
  checkOptions("gelu", options, ["approximate"]);
  return unary(options.approximate ? "geluTanh" : "gelu", x);
}

/** `(x + sqrt(x^2 + b)) / 2`; b is above 0. Default: 4. Barron 2021. */
export function squareplus(x: Sym, options: { b?: number } = {}): Sym {
  checkOptions("squareplus", options, ["b"]);
  const b = checkNumber("squareplus", "b", options.b ?? 4, { exclusiveMin: 0 });
  return unary("squareplus", x, [b]);
}

/** x moved towards 0 by `threshold`, 0 within it; at least 0. Default: 0.5. */
export function softShrink(x: Sym, options: { threshold?: number } = {}): Sym {
  return shrink("softShrink", x, options);
}

/** x outside of `threshold`, 0 within it; at least 0. Default: 0.5. */
export function hardShrink(x: Sym, options: { threshold?: number } = {}): Sym {
  return shrink("hardShrink", x, options);
}

function shrink(name: string, x: Sym, options: { threshold?: number }): Sym {
  checkOptions(name, options, ["threshold"]);
  const at = checkNumber(name, "threshold", options.threshold ?? 0.5, { min: 0 });
  return unary(name, x, [at]);
}

/** x above `threshold`, else `defaultValue`. */
export function threshold(x: Sym, options: { threshold: number; defaultValue: number }): Sym {
  checkOptions("threshold", options, ["threshold", "defaultValue"]);
  return unary("threshold", x, [
    checkNumber("threshold", "threshold", options.threshold),
    checkNumber("threshold", "defaultValue", options.defaultValue),
  ]);
}

const byName = {
  linear,
  sigmoid,
  tanh,
  softmax,
  logSoftmax,
  softplus,
  softsign,
  relu: (x: Sym) => relu(x),
  relu6,
  leakyRelu: (x: Sym) => leakyRelu(x),
  elu: (x: Sym) => elu(x),
  selu,
  celu: (x: Sym) => celu(x),
  gelu: (x: Sym) => gelu(x),
  silu,
  swish: silu,
  mish,
  hardSigmoid,
  hardSilu,
  hardSwish: hardSilu,
  hardTanh,
  exponential,
  logSigmoid,
  squareplus: (x: Sym) => squareplus(x),
  tanhShrink,
  softShrink: (x: Sym) => softShrink(x),
  hardShrink: (x: Sym) => hardShrink(x),
} satisfies Record<string, (x: Sym) => Sym>;

/** The name of an activation with its defaults. */
export type ActivationName = keyof typeof byName;

/** What layers take as an activation: a name, or a function such as `(x) => elu(x, { alpha: 2 })`. */
export type Activation = ActivationName | ((x: Sym) => Sym);

const names = Object.keys(byName) as ActivationName[];

/** The function behind an activation; what a user's function returns is checked. */
export function resolveActivation(where: string, given: Activation): (x: Sym) => Sym {
  if (typeof given === "string") return byName[checkOneOf(where, given, names)];
  if (typeof given !== "function") {
    return fail(where, {
      expected: "the name of an activation or a function of a tensor",
      received: describe(given),
    });
  }
  return (x) => {
    const y: unknown = given(x);
    if (y instanceof Sym) return y;
    return fail(where, {
      expected: "a function that returns a symbolic tensor made with ops or activations",
      received: describe(y),
    });
  };
}
