// Activation functions under Keras' names, as functions of symbolic tensors. The formulas and
// their derivatives are rows of a table in crates/kernels/src/unary.
import {
  checkBoolean,
  checkNumber,
  checkOneOf,
  checkOptions,
  describe,
  fail,
  type NumberLimits,
} from "./errors.js";
import { Sym } from "./graph.js";
import {
  type AxisOptions,
  logSoftmax as logSoftmaxOp,
  multiply,
  overAxes,
  softmax as softmaxOp,
  splitInTwo,
  unary,
} from "./ops.js";

/** A function of a tensor that needs its options. */
export interface ParametricFunction<Options extends object> {
  (x: Sym, options: Options): Sym;
  /** Checks options; returns the function of the tensor alone. @internal */
  readonly bind: (options: Options) => (x: Sym) => Sym;
}

/** A function of a tensor, with options. */
export interface ActivationFunction<Options extends object = Record<never, never>>
  extends ParametricFunction<Options> {
  (x: Sym, options?: Options): Sym;
}

/** Options of `relu`. */
export interface ReluOptions {
  /** The slope below the threshold, at least 0. Default: 0. */
  negativeSlope?: number;
  /** The largest value, at least 0; null for none. Default: null. */
  maxValue?: number | null;
  /** Where the line begins, at least 0. Default: 0. */
  threshold?: number;
}

/** Options of `leakyRelu`. */
export interface LeakyReluOptions {
  /** The slope below 0, at least 0. Default: 0.2; 0.3 for the layer, as in Keras. */
  negativeSlope?: number;
}

/** Options of `elu` and `celu`. */
export interface AlphaOptions {
  /** Minus the limit at -Infinity; at least 0, for `celu` above 0. Default: 1. */
  alpha?: number;
}

/** Options of `gelu`. */
export interface GeluOptions {
  /** Whether a formula with tanh stands in for the exact one. Default: false. */
  approximate?: boolean;
}

/** Options of `squareplus`. */
export interface SquareplusOptions {
  /** How round the corner is, above 0. Default: 4. */
  b?: number;
}

/** Options of `softShrink` and `hardShrink`. */
export interface ShrinkOptions {
  /** What lies nearer to 0 becomes 0; at least 0. Default: 0.5. */
  threshold?: number;
}

/** Options of `threshold`. */
export interface ThresholdOptions {
  /** Values above it stay. */
  threshold: number;
  /** What all others become. */
  defaultValue: number;
}

/** Options of `glu`. */
export interface GluOptions {
  /** The axis that is halved. Default: -1, the last. */
  axis?: number;
}

function define<Options extends object>(
  name: string,
  optionNames: readonly (keyof Options & string)[],
  bind: (options: Options) => (x: Sym) => Sym,
): ActivationFunction<Options> {
  const checked = (options: Options) => bind(checkOptions(name, options, optionNames));
  const apply = (x: Sym, options?: Options) => checked(options ?? ({} as Options))(x);
  return Object.assign(apply, { bind: checked });
}

/** A row of the engine's table whose parameter, if any, is a number within limits. */
function row<Options extends object = Record<never, never>>(
  name: string,
  option?: keyof Options & string,
  byDefault = 0,
  limits: NumberLimits = { min: 0 },
): ActivationFunction<Options> {
  return define<Options>(name, option ? [option] : [], (options) => {
    const parameters = option
      ? [checkNumber(name, option, options[option] ?? byDefault, limits)]
      : [];
    return (x) => unary(name, x, parameters);
  });
}

function alongAxes(name: string, apply: (x: Sym, options: AxisOptions) => Sym) {
  return define<AxisOptions>(name, ["axis"], (options) => {
    const given = options.axis ?? -1;
    const axes = typeof given === "number" ? [given] : given;
    if (!Array.isArray(axes) || axes.length === 0 || !axes.every(Number.isInteger)) {
      return fail(name, {
        expected: "axis to be whole or an array of such",
        received: describe(given),
      });
    }
    return (x) => apply(x, { axis: axes });
  });
}

/** `x` */
export const linear = /* @__PURE__ */ define(
  "linear",
  [],
  () =>
    (x: Sym): Sym =>
      x,
);
/** `1 / (1 + e^-x)` */
export const sigmoid = /* @__PURE__ */ row("sigmoid");
/** The hyperbolic tangent. */
export const tanh = /* @__PURE__ */ row("tanh");
/**
 * Shares that add up to 1 over an axis or several.
 * Source: https://keras.io/api/layers/activations/#softmax-function
 */
export const softmax = /* @__PURE__ */ alongAxes("softmax", softmaxOp);
/** The logarithm of softmax over an axis or several. */
export const logSoftmax = /* @__PURE__ */ alongAxes("logSoftmax", logSoftmaxOp);
/**
 * Shares that add up to 1 over an axis or several, small ones being 0: the nearest point of the
 * simplex. Martins & Astudillo 2016.
 */
export const sparsemax = /* @__PURE__ */ alongAxes("sparsemax", (x, options) =>
  overAxes("sparsemax", x, options),
);
/** `log(1 + e^x)` */
export const softplus = /* @__PURE__ */ row("softplus");
/** `x / (1 + |x|)` */
export const softsign = /* @__PURE__ */ row("softsign");
/** relu cut off at 6. */
export const relu6 = /* @__PURE__ */ row("relu6");
/** elu with the two constants that keep mean 0 and variance 1. Klambauer et al. 2017. */
export const selu = /* @__PURE__ */ row("selu");
/** `x sigmoid(x)`, also called swish. Ramachandran et al. 2017. */
export const silu = /* @__PURE__ */ row("silu");
/** `x tanh(softplus(x))`. Misra 2019. */
export const mish = /* @__PURE__ */ row("mish");
/** `relu6(x + 3) / 6` */
export const hardSigmoid = /* @__PURE__ */ row("hardSigmoid");
/** `x hardSigmoid(x)`, also called hardSwish. */
export const hardSilu = /* @__PURE__ */ row("hardSilu");
/** x cut off at -1 and 1. */
export const hardTanh = /* @__PURE__ */ row("hardTanh");
/** `e^x` */
export const exponential = /* @__PURE__ */ row("exponential");
/** `log(sigmoid(x))` */
export const logSigmoid = /* @__PURE__ */ row("logSigmoid");
/** `x - tanh(x)` */
export const tanhShrink = /* @__PURE__ */ row("tanhShrink");
/** 0 up to -1, `(x + 1)^2 / 4` up to 1, then x. Martins & Astudillo 2016. */
export const sparsePlus = /* @__PURE__ */ row("sparsePlus");
/** `(x + 1) / 2` cut off at 0 and 1, the slope of sparsePlus. Martins & Astudillo 2016. */
export const sparseSigmoid = /* @__PURE__ */ row("sparseSigmoid");

/**
 * The larger of x and 0; with options a slope below, a largest value, a threshold.
 * Source: https://keras.io/api/layers/activations/#relu-function
 */
export const relu = /* @__PURE__ */ define<ReluOptions>(
  "relu",
  ["negativeSlope", "maxValue", "threshold"],
  ({ negativeSlope = 0, maxValue, threshold: at = 0 }) => {
    const most = maxValue ?? Number.POSITIVE_INFINITY;
    checkNumber("relu", "negativeSlope", negativeSlope, { min: 0 });
    if (most !== Number.POSITIVE_INFINITY) checkNumber("relu", "maxValue", most, { min: 0 });
    checkNumber("relu", "threshold", at, { min: 0 });
    const isPlain = negativeSlope === 0 && most === Number.POSITIVE_INFINITY && at === 0;
    return (x) => unary("relu", x, isPlain ? [] : [negativeSlope, most, at]);
  },
);

/** x above 0, `negativeSlope * x` below. Maas et al. 2013. */
export const leakyRelu = /* @__PURE__ */ row<LeakyReluOptions>("leakyRelu", "negativeSlope", 0.2);

/** x above 0, `alpha (e^x - 1)` below. Clevert et al. 2015. */
export const elu = /* @__PURE__ */ row<AlphaOptions>("elu", "alpha", 1);

/** x above 0, `alpha (e^(x / alpha) - 1)` below. Barron 2017. */
export const celu = /* @__PURE__ */ row<AlphaOptions>("celu", "alpha", 1, { exclusiveMin: 0 });

/** `x Phi(x)`, Phi being the normal distribution function. Hendrycks & Gimpel 2016. */
export const gelu = /* @__PURE__ */ define<GeluOptions>("gelu", ["approximate"], (options) => {
  const kind = checkBoolean("gelu", "approximate", options.approximate ?? false);
  return (x) => unary(kind ? "geluTanh" : "gelu", x);
});

/** `(x + sqrt(x^2 + b)) / 2`. Barron 2021. */
export const squareplus = /* @__PURE__ */ row<SquareplusOptions>("squareplus", "b", 4, {
  exclusiveMin: 0,
});

/** x moved towards 0 by `threshold`, 0 within it. */
export const softShrink = /* @__PURE__ */ row<ShrinkOptions>("softShrink", "threshold", 0.5);

/** x outside of `threshold`, 0 within it. */
export const hardShrink = /* @__PURE__ */ row<ShrinkOptions>("hardShrink", "threshold", 0.5);

/** x above `threshold`, else `defaultValue`. */
export const threshold: ParametricFunction<ThresholdOptions> = /* @__PURE__ */ define(
  "threshold",
  ["threshold", "defaultValue"],
  (options: ThresholdOptions) => {
    const parameters = [
      checkNumber("threshold", "threshold", options.threshold),
      checkNumber("threshold", "defaultValue", options.defaultValue),
    ];
    return (x) => unary("threshold", x, parameters);
  },
);

/**
 * The first half of an axis times the sigmoid of the second; the axis must have an even length.
 * Dauphin et al. 2017.
 */
export const glu = /* @__PURE__ */ define<GluOptions>("glu", ["axis"], (options) => {
  const axis = checkNumber("glu", "axis", options.axis ?? -1, { integer: true });
  return (x) => {
    const [value, gate] = splitInTwo("glu", x, axis);
    return multiply(value, sigmoid(gate));
  };
});

const byName = {
  linear,
  sigmoid,
  tanh,
  softmax,
  logSoftmax,
  sparsemax,
  softplus,
  softsign,
  relu,
  relu6,
  leakyRelu,
  elu,
  selu,
  celu,
  gelu,
  silu,
  swish: silu,
  mish,
  hardSigmoid,
  hardSilu,
  hardSwish: hardSilu,
  hardTanh,
  exponential,
  logSigmoid,
  squareplus,
  sparsePlus,
  sparseSigmoid,
  tanhShrink,
  softShrink,
  hardShrink,
  glu,
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
