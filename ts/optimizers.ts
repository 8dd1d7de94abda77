// Optimizers: rules of the engine with their options, one row each. The arithmetic of a rule is a
// row of crates/kernels/src/update; slots and step counts are kept by the model.
import { checkBoolean, checkNumber, checkOneOf, checkOptions, describe, fail } from "./errors.js";
import { type LearningRate, type ResolvedLearningRate, resolveLearningRate } from "./schedules.js";

/** Options every optimizer has. */
export interface OptimizerOptions {
  /**
   * How far a step goes: a number of at least 0, a schedule, or a function of the step
   * (counted from 0).
   */
  learningRate?: LearningRate;
  /**
   * Each step also takes `learningRate * weightDecay * w` off every weight w (decoupled, not part
   * of the gradient); at least 0. Default: 0, for `adamW` 0.004.
   */
  weightDecay?: number;
  /** Weights whose name contains one of these texts do not decay: `["bias", "gamma"]`. */
  excludeFromWeightDecay?: readonly string[];
  /** Cuts each number of a gradient to [-clipValue, clipValue]; above 0. Default: none. */
  clipValue?: number;
  /** Scales the gradient of a weight down to this norm; above 0. Default: none. */
  clipNorm?: number;
  /** Scales all gradients down to this norm of them together; above 0. Default: none. */
  globalClipNorm?: number;
}

/** Options of `sgd`. */
export interface SgdOptions extends OptimizerOptions {
  /** The share of the last step that the next one keeps, from 0 to 1. Default: 0. */
  momentum?: number;
  /** Whether the gradient is taken ahead in the direction of the momentum. Default: false. */
  nesterov?: boolean;
}

/** Options of `momentum` and `nesterov`. */
export interface MomentumOptions extends OptimizerOptions {
  /** The share of the last step that the next one keeps, from 0 to 1. Default: 0.9. */
  momentum?: number;
}

/** Options of `adam` and `adamW`. */
export interface AdamOptions extends OptimizerOptions {
  /** How slowly the mean of gradients changes, from 0 to below 1. Default: 0.9. */
  beta1?: number;
  /** How slowly the mean of squared gradients changes, from 0 to below 1. Default: 0.999. */
  beta2?: number;
  /** Keeps the step finite where gradients are 0; above 0. Default: 1e-7. */
  epsilon?: number;
}

/** How gradients are cut. */
export interface Clipping {
  readonly kind: "none" | "value" | "norm" | "globalNorm";
  readonly limit: number;
}

/** An optimizer with its options. Made by `adam()` and the like; may be used for several models. */
export interface Optimizer {
  /** The factory's name. */
  readonly name: string;
  /** The rule of the engine. @internal */
  readonly rule: string;
  /** @internal */
  readonly hyperparameters: readonly number[];
  /** What the rule keeps for each weight. @internal */
  readonly slots: readonly string[];
  /** Whether a schedule can set the rule's momentum or beta1. @internal */
  readonly hasMomentum: boolean;
  /** @internal */
  readonly learningRate: ResolvedLearningRate;
  /** @internal */
  readonly clipping: Clipping;
  /** How strongly the weight of that name decays. @internal */
  decayOf(weight: string): number;
}

/** The rules of the engine: what they keep for each weight, and whether momentum can be set. */
const rules = {
  sgd: { slots: [], hasMomentum: false },
  momentum: { slots: ["momentum"], hasMomentum: true },
  nesterov: { slots: ["momentum"], hasMomentum: true },
  adam: { slots: ["momentum", "velocity"], hasMomentum: true },
  adamW: { slots: ["momentum", "velocity"], hasMomentum: true },
} as const;

const commonOptions = [
  "learningRate",
  "weightDecay",
  "excludeFromWeightDecay",
  "clipValue",
  "clipNorm",
  "globalClipNorm",
];

const clippings = [
  ["clipValue", "value"],
  ["clipNorm", "norm"],
  ["globalClipNorm", "globalNorm"],
] as const;

function clippingOf(name: string, options: OptimizerOptions): Clipping {
  const given = clippings.filter(([option]) => options[option] !== undefined);
  if (given.length > 1) {
    fail(name, {
      expected: "at most one of clipValue, clipNorm and globalClipNorm",
      received: given.map(([option]) => option).join(" and "),
    });
  }
  for (const [option, kind] of given) {
    return { kind, limit: checkNumber(name, option, options[option], { exclusiveMin: 0 }) };
  }
  return { kind: "none", limit: 0 };
}

function decayRule(name: string, options: OptimizerOptions): (weight: string) => number {
  const { weightDecay = 0, excludeFromWeightDecay: excluded = [] } = options;
  checkNumber(name, "weightDecay", weightDecay, { min: 0 });
  if (!Array.isArray(excluded) || excluded.some((text) => typeof text !== "string")) {
    fail(name, {
      expected: 'excludeFromWeightDecay to be a list of texts such as ["bias"]',
      received: describe(excluded),
    });
  }
  return (weight) => (excluded.some((text) => weight.includes(text)) ? 0 : weightDecay);
}

function optimizer(
  name: string,
  rule: keyof typeof rules,
  options: OptimizerOptions,
  hyperparameters: readonly number[],
): Optimizer {
  const learningRate = resolveLearningRate(name, options.learningRate as LearningRate);
  if (learningRate.momentum(0) !== undefined && !rules[rule].hasMomentum) {
    fail(name, {
      expected: "an optimizer with momentum for a schedule that changes it",
      received: `${name} without`,
      hint: "Use momentum() or nesterov(), or set cycleMomentum of oneCycle to false.",
    });
  }
  return {
    name,
    rule,
    hyperparameters,
    ...rules[rule],
    learningRate,
    clipping: clippingOf(name, options),
    decayOf: decayRule(name, options),
  };
}

/**
 * Gradient descent: `w -= learningRate * gradient`; with momentum the step is
 * `velocity = momentum * velocity - learningRate * gradient`. learningRate is 0.01 by default.
 * Source: https://keras.io/api/optimizers/sgd/
 *
 * @example
 * model.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), loss: "mse" });
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions("sgd", options, [...commonOptions, "momentum", "nesterov"]);
  return descent("sgd", options, options.momentum ?? 0, options.nesterov ?? false);
}

/** `sgd` with momentum 0.9. Polyak 1964. */
export function momentum(options: MomentumOptions = {}): Optimizer {
  checkOptions("momentum", options, [...commonOptions, "momentum"]);
  return descent("momentum", options, options.momentum ?? 0.9, false);
}

/** `sgd` with Nesterov's momentum 0.9. Nesterov 1983, Sutskever et al. 2013. */
export function nesterov(options: MomentumOptions = {}): Optimizer {
  checkOptions("nesterov", options, [...commonOptions, "momentum"]);
  return descent("nesterov", options, options.momentum ?? 0.9, true);
}

function descent(
  name: string,
  options: OptimizerOptions,
  share: number,
  ahead: boolean,
): Optimizer {
  checkNumber(name, "momentum", share, { min: 0, max: 1 });
  checkBoolean(name, "nesterov", ahead);
  const given = { learningRate: 0.01, ...options };
  if (share === 0 && name === "sgd") return optimizer(name, "sgd", given, []);
  return optimizer(name, ahead ? "nesterov" : "momentum", given, [share]);
}

/**
 * Steps of a size of their own for each weight, from running means of gradients and of their
 * squares. learningRate is 0.001 by default. Kingma & Ba 2014.
 * Source: https://keras.io/api/optimizers/adam/
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamLike("adam", options);
}

/**
 * `adam` with weight decay (0.004 by default). Loshchilov & Hutter 2017.
 * Source: https://keras.io/api/optimizers/adamw/
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adamLike("adamW", { weightDecay: 0.004, ...options });
}

function adamLike(name: "adam" | "adamW", options: AdamOptions): Optimizer {
  checkOptions(name, options, [...commonOptions, "beta1", "beta2", "epsilon"]);
  return optimizer(name, name, { learningRate: 0.001, ...options }, [
    checkNumber(name, "beta1", options.beta1 ?? 0.9, { min: 0, exclusiveMax: 1 }),
    checkNumber(name, "beta2", options.beta2 ?? 0.999, { min: 0, exclusiveMax: 1 }),
    checkNumber(name, "epsilon", options.epsilon ?? 1e-7, { exclusiveMin: 0 }),
  ]);
}

const byName = { sgd, momentum, nesterov, adam, adamW } satisfies Record<string, () => Optimizer>;

/** The name of an optimizer with its defaults. */
export type OptimizerName = keyof typeof byName;

/** What `compile` takes as an optimizer. */
export type OptimizerLike = OptimizerName | Optimizer;

const names = Object.keys(byName) as OptimizerName[];

/** The optimizer behind what `compile` was given. */
export function resolveOptimizer(where: string, given: OptimizerLike): Optimizer {
  if (typeof given === "string") {
    return byName[checkOneOf(`${where}: optimizer`, given, names)]();
  }
  if (typeof given === "object" && given !== null && typeof given.decayOf === "function") {
    return given;
  }
  return fail(`${where}: optimizer`, {
    expected: "the name of an optimizer or one made by adam() and the like",
    received: describe(given),
    ...(typeof given === "function" ? { hint: "Call it: adam() instead of adam." } : {}),
  });
}
