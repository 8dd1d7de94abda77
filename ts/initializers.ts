// Initializers: from which distribution a new weight is filled. A table of Keras' names;
// the drawing itself happens in the engine, keyed by seed, layer and weight.
import type { DataLike } from "./data/rows.js";
import { inShape } from "./data/shaped.js";
import { checkNumber, checkOneOf, checkOptions, describe, fail } from "./errors.js";

/** How the engine fills a weight. */
export interface DrawPlan {
  readonly kind: "constant" | "uniform" | "normal" | "truncatedNormal" | "orthogonal" | "identity";
  /** The constant, the lowest value, the mean, or the gain. */
  readonly a: number;
  /** The highest value or the standard deviation; else 0. */
  readonly b: number;
}

/** How a weight is filled: by the engine, or with given numbers. */
export type FillPlan = DrawPlan | { readonly kind: "values"; readonly values: ArrayLike<number> };

/** From which distribution a weight is filled. Made by `heNormal()` and the like. */
export interface Initializer {
  /** The factory's name: `heNormal`. */
  readonly name: string;
  /** A seed of its own, instead of the model's; null for none. */
  readonly seed: number | null;
  /** @internal */
  plan(shape: readonly number[]): FillPlan;
}

/** A seed for one initializer. */
export interface SeedOption {
  /**
   * Fixes the numbers whatever the model's seed is; the same seed fills two weights of one shape
   * alike. Default: drawn from the model's seed, differently for each weight.
   */
  seed?: number;
}

/** Options of `constant`. */
export interface ConstantOptions {
  /** The value of every element. Default: 0. */
  value?: number;
}

/** Options of `randomNormal` and `truncatedNormal`. */
export interface NormalOptions extends SeedOption {
  /** Default: 0. */
  mean?: number;
  /** The standard deviation, before truncation. Default: 0.05. */
  stddev?: number;
}

/** Options of `randomUniform`. */
export interface UniformOptions extends SeedOption {
  /** The lowest value. Default: -0.05. */
  minval?: number;
  /** The highest value. Default: 0.05. */
  maxval?: number;
}

/** Options of `identity`. */
export interface IdentityOptions {
  /** Multiplies the matrix. Default: 1. */
  gain?: number;
}

/** Options of `orthogonal`. */
export interface OrthogonalOptions extends SeedOption, IdentityOptions {}

const scalingModes = ["fanIn", "fanOut", "fanAvg"] as const;
const scalingDistributions = ["truncatedNormal", "untruncatedNormal", "uniform"] as const;

/** Options of `varianceScaling`. */
export interface VarianceScalingOptions extends SeedOption {
  /** The variance is `scale` over the number of units. Default: 1. */
  scale?: number;
  /** Which units count: the inputs, the outputs, or the mean of both. Default: `"fanIn"`. */
  mode?: (typeof scalingModes)[number];
  /** Default: `"truncatedNormal"`. */
  distribution?: (typeof scalingDistributions)[number];
}

/** The standard deviation that is left of a standard normal cut at two deviations. */
const truncatedStddev = 0.879_625_661_034_239_8;

function initializer(
  name: string,
  { seed }: SeedOption,
  plan: (shape: readonly number[]) => FillPlan,
): Initializer {
  if (seed !== undefined) checkNumber(name, "seed", seed, { integer: true, min: 0 });
  return { name, seed: seed ?? null, plan };
}

/**
 * The number of units that feed one output and that one input feeds: for a kernel
 * `[..., inputs, outputs]` with a receptive field in front, as in Keras.
 * @internal
 */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const fanOut = shape.at(-1) ?? 1;
  const fanIn = shape.at(-2) ?? fanOut;
  const field = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return { fanIn: fanIn * field, fanOut: fanOut * field };
}

/** All zeros. */
export function zeros(): Initializer {
  return initializer("zeros", {}, () => ({ kind: "constant", a: 0, b: 0 }));
}

/** All ones. */
export function ones(): Initializer {
  return initializer("ones", {}, () => ({ kind: "constant", a: 1, b: 0 }));
}

/** One value everywhere. */
export function constant(options: ConstantOptions = {}): Initializer {
  checkOptions("constant", options, ["value"]);
  const value = checkNumber("constant", "value", options.value ?? 0);
  return initializer("constant", {}, () => ({ kind: "constant", a: value, b: 0 }));
}

/** A normal distribution. Source: https://keras.io/api/layers/initializers/#randomnormal-class */
export function randomNormal(options: NormalOptions = {}): Initializer {
  return normal("randomNormal", "normal", options);
}

/**
 * A normal distribution without what lies beyond two standard deviations.
 * Source: https://keras.io/api/layers/initializers/#truncatednormal-class
 */
export function truncatedNormal(options: NormalOptions = {}): Initializer {
  return normal("truncatedNormal", "truncatedNormal", options);
}

function normal(
  name: string,
  kind: "normal" | "truncatedNormal",
  options: NormalOptions,
): Initializer {
  checkOptions(name, options, ["mean", "stddev", "seed"]);
  const mean = checkNumber(name, "mean", options.mean ?? 0);
  const stddev = checkNumber(name, "stddev", options.stddev ?? 0.05, { min: 0 });
  return initializer(name, options, () => ({ kind, a: mean, b: stddev }));
}

/** An even distribution. Source: https://keras.io/api/layers/initializers/#randomuniform-class */
export function randomUniform(options: UniformOptions = {}): Initializer {
  checkOptions("randomUniform", options, ["minval", "maxval", "seed"]);
  const minval = checkNumber("randomUniform", "minval", options.minval ?? -0.05);
  const maxval = checkNumber("randomUniform", "maxval", options.maxval ?? 0.05, { min: minval });
  return initializer("randomUniform", options, () => ({ kind: "uniform", a: minval, b: maxval }));
}

/**
 * A distribution whose width fits the number of units. The truncated normal is widened by
 * 1 / 0.8796, so that its variance is right after truncation.
 * Source: https://keras.io/api/layers/initializers/#variancescaling-class
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  checkOptions("varianceScaling", options, ["scale", "mode", "distribution", "seed"]);
  return scaled("varianceScaling", options);
}

function scaled(name: string, options: VarianceScalingOptions): Initializer {
  const { mode = "fanIn", distribution = "truncatedNormal" } = options;
  const scale = checkNumber(name, "scale", options.scale ?? 1, { exclusiveMin: 0 });
  checkOneOf(`${name}: mode`, mode, scalingModes);
  checkOneOf(`${name}: distribution`, distribution, scalingDistributions);
  return initializer(name, options, (shape) => {
    const { fanIn, fanOut } = fans(shape);
    const units = { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 }[mode];
    const variance = scale / Math.max(1, units);
    if (distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return { kind: "uniform", a: -limit, b: limit };
    }
    return distribution === "untruncatedNormal"
      ? { kind: "normal", a: 0, b: Math.sqrt(variance) }
      : { kind: "truncatedNormal", a: 0, b: Math.sqrt(variance) / truncatedStddev };
  });
}

function preset(name: string, fixed: VarianceScalingOptions) {
  return (options: SeedOption = {}): Initializer => {
    checkOptions(name, options, ["seed"]);
    return scaled(name, { ...fixed, ...options });
  };
}

/**
 * A matrix with orthonormal columns, or rows where it is wide, times `gain`, evenly distributed
 * among all such; all axes but the last count as rows. For recurrent and for deep nets.
 *
 * Throws a `GradusError` for weights of fewer than 2 axes. Saxe et al. 2014.
 * Source: https://keras.io/api/layers/initializers/#orthogonal-class
 */
export function orthogonal(options: OrthogonalOptions = {}): Initializer {
  const { gain = 1 } = checkOptions("orthogonal", options, ["gain", "seed"]);
  checkNumber("orthogonal", "gain", gain);
  return initializer("orthogonal", options, (shape) => {
    checkRank("orthogonal", "at least 2 axes", shape, shape.length >= 2);
    return { kind: "orthogonal", a: gain, b: 0 };
  });
}

/**
 * `gain` on the diagonal, 0 elsewhere.
 *
 * Throws a `GradusError` for weights that are no matrix.
 * Source: https://keras.io/api/layers/initializers/#identity-class
 */
export function identity(options: IdentityOptions = {}): Initializer {
  const { gain = 1 } = checkOptions("identity", options, ["gain"]);
  checkNumber("identity", "gain", gain);
  return initializer("identity", {}, (shape) => {
    checkRank("identity", "2 axes", shape, shape.length === 2);
    return { kind: "identity", a: gain, b: 0 };
  });
}

function checkRank(name: string, axes: string, shape: readonly number[], fits: boolean): void {
  if (!fits) fail(name, { expected: `a weight of ${axes}`, received: `shape [${shape}]` });
}

const glorot = { scale: 1, mode: "fanAvg" } as const;
const he = { scale: 2, mode: "fanIn" } as const;
const lecun = { scale: 1, mode: "fanIn" } as const;
const uniform = { distribution: "uniform" } as const;

/** For linear, tanh, sigmoid and softmax. Glorot & Bengio 2010. */
export const glorotNormal = preset("glorotNormal", glorot);
/** For linear, tanh, sigmoid and softmax; the default of most layers. Glorot & Bengio 2010. */
export const glorotUniform = preset("glorotUniform", { ...glorot, ...uniform });
/** For relu and its variants. He et al. 2015. */
export const heNormal = preset("heNormal", he);
/** For relu and its variants. He et al. 2015. */
export const heUniform = preset("heUniform", { ...he, ...uniform });
/** For selu. LeCun et al. 1998, Klambauer et al. 2017. */
export const lecunNormal = preset("lecunNormal", lecun);
/** For selu. LeCun et al. 1998. */
export const lecunUniform = preset("lecunUniform", { ...lecun, ...uniform });

const byName = {
  zeros,
  ones,
  constant,
  randomNormal,
  randomUniform,
  truncatedNormal,
  varianceScaling,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  orthogonal,
  identity,
} satisfies Record<string, () => Initializer>;

/** The name of an initializer with its defaults. */
export type InitializerName = keyof typeof byName;

/**
 * An initializer as a function of the weight's shape: returns its numbers, finite, as a nested array
 * or tensor of that shape, a flat typed array of its size, or one number for all. Where it draws
 * random ones, the model's seed does not fix these.
 *
 * @example
 * const ramp = ([inputs, units]) =>
 *   Array.from({ length: inputs }, (_, i) => Array(units).fill(i / inputs));
 */
export type InitializerFunction = (shape: readonly number[]) => DataLike | number;

/** What layers take as an initializer. */
export type InitializerLike = InitializerName | Initializer | InitializerFunction;

const names = Object.keys(byName) as InitializerName[];

/** The initializer behind a name. */
export function resolveInitializer(where: string, given: InitializerLike): Initializer {
  if (typeof given === "string") return byName[checkOneOf(where, given, names)]();
  if (typeof given === "object" && given !== null && typeof given.plan === "function") return given;
  const isFactory = Object.values<unknown>(byName).includes(given);
  if (typeof given === "function" && !isFactory) return ofFunction(where, given);
  return fail(where, {
    expected:
      "the name of an initializer, one made by heNormal() and the like, or a function of the shape",
    received: describe(given),
    ...(isFactory ? { hint: "Call it: heNormal() instead of heNormal." } : {}),
  });
}

function ofFunction(where: string, given: InitializerFunction): Initializer {
  const plan = (shape: readonly number[]): FillPlan => {
    const numbers: unknown = given([...shape]);
    if (typeof numbers === "number" && Number.isFinite(numbers)) {
      return { kind: "constant", a: numbers, b: 0 };
    }
    const values = inShape(where, numbers, shape);
    const wrong = Array.prototype.findIndex.call(
      values,
      (value: number) => !Number.isFinite(value),
    );
    if (wrong < 0) return { kind: "values", values };
    return fail(where, {
      expected: "a function of the shape that returns finite numbers",
      received: `${values[wrong]} at place ${wrong}`,
    });
  };
  return { name: given.name || "initializer", seed: null, plan };
}
