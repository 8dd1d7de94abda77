// Role: what all optimizers share: the table of the engine's rules, clipping, decay, learning rates.
// The arithmetic of a rule is a row of crates/kernels/src/update; slots and step counts are kept
// by the model. The factories lie beside it.
import { checkBoolean, checkNumber, describe, fail } from "../errors.js";
import { type LearningRate, type ResolvedLearningRate, resolveLearningRate } from "../schedules.js";

/** Options every optimizer has. */
export interface OptimizerOptions {
  /**
   * How far a step goes: a number of at least 0, a schedule, or a function of the step
   * (counted from 0). Default: that of the factory.
   */
  learningRate?: LearningRate;
  /**
   * Each step also takes `learningRate * weightDecay * w` off every weight w (decoupled, not part
   * of the gradient); at least 0. Default: 0, for `adamW` 0.004.
   */
  weightDecay?: number;
  /**
   * Weights whose name contains one of these texts (in Keras: matches one of these patterns) do not
   * decay: `["bias", "gamma"]`. Default: none.
   */
  excludeFromWeightDecay?: readonly string[];
  /** Cuts each number of a gradient to [-clipValue, clipValue]; above 0. Default: none. */
  clipValue?: number;
  /** Scales the gradient of a weight down to this norm; above 0. Default: none. */
  clipNorm?: number;
  /** Scales all gradients down to this norm of them together; above 0. Default: none. */
  globalClipNorm?: number;
  /**
   * Whether a running average of each weight over the updates is kept: `average = emaMomentum *
   * average + (1 - emaMomentum) * w`, from the weight after the first update on. `fit` ends by
   * putting the averages in the place of the weights; until then, and with `trainOnBatch`,
   * `model.saveState()` has that of `dense/kernel` as `optimizer/dense/kernel/average`. Polyak &
   * Juditsky 1992. Default: false.
   */
  useEma?: boolean;
  /** The share of the average that stays at each update, from 0 to 1. Default: 0.99. */
  emaMomentum?: number;
  /**
   * After every so many updates the weights become the average, too; at least 1. Default: null, only
   * at the end of `fit`.
   */
  emaOverwriteFrequency?: number | null;
  /**
   * How many batches make one update, with the mean of their gradients, clipped as a whole; at least
   * 2. A round goes on from epoch to epoch and from `fit` to `fit`. As in Keras, schedules by step
   * count batches, `emaOverwriteFrequency` counts updates, and averages and constraints are applied
   * after every batch. Default: null, each batch makes one.
   */
  gradientAccumulationSteps?: number | null;
}

/** How gradients are cut. */
export interface Clipping {
  readonly kind: "none" | "value" | "norm" | "globalNorm";
  readonly limit: number;
}

/** A number that a rule keeps for each weight, and what it is before the first step. */
export interface Slot {
  readonly name: string;
  readonly initial: number;
}

/** An optimizer with its options. Made by `adam()` and the like; may be used for several models. */
export interface Optimizer {
  /** The factory's name. */
  readonly name: string;
  /** The rule of the engine. @internal */
  readonly rule: string;
  /** @internal */
  readonly hyperparameters: readonly number[];
  /** What the rule keeps for that weight. @internal */
  slotsOf(weight: OptimizedWeight): readonly Slot[];
  /** Whether a schedule can set the rule's momentum or beta1. @internal */
  readonly hasMomentum: boolean;
  /** @internal */
  readonly learningRate: ResolvedLearningRate;
  /** @internal */
  readonly clipping: Clipping;
  /** How strongly that weight decays. @internal */
  decayOf(weight: OptimizedWeight): number;
  /** The learning rate of that weight as a share of the whole one. @internal */
  rateOf(weight: OptimizedWeight): number;
  /** The running average of weights; null for none. @internal */
  readonly ema: { readonly momentum: number; readonly overwrite: number } | null;
  /** How many batches make an update. @internal */
  readonly accumulationSteps: number;
}

/** What an optimizer may know of a weight. */
export interface OptimizedWeight {
  /** Layer and weight: `dense/kernel`. */
  readonly name: string;
  /** Its extents. */
  readonly shape: readonly number[];
}

interface Rule {
  readonly slots: readonly string[];
  readonly hasMomentum: boolean;
}

function rule(slots: readonly string[], { hasMomentum }: { hasMomentum: boolean }): Rule {
  return { slots, hasMomentum };
}

const [withMomentum, withoutMomentum] = [{ hasMomentum: true }, { hasMomentum: false }];

/**
 * The rules of the engine: what they keep for each weight, and whether a schedule can set their
 * first hyperparameter, the momentum or beta1. That of nadam is part of a running product.
 */
const rules = {
  sgd: rule([], withoutMomentum),
  momentum: rule(["momentum"], withMomentum),
  nesterov: rule(["momentum"], withMomentum),
  adam: rule(["momentum", "velocity"], withMomentum),
  adamW: rule(["momentum", "velocity"], withMomentum),
  amsgrad: rule(["momentum", "velocity", "velocityHat"], withMomentum),
  adamax: rule(["momentum", "norm"], withMomentum),
  nadam: rule(["momentum", "velocity"], withoutMomentum),
  adagrad: rule(["accumulator"], withoutMomentum),
  rmsprop: rule(["velocity"], withoutMomentum),
  rmspropMomentum: rule(["velocity", "momentum"], withMomentum),
  rmspropCentered: rule(["velocity", "averageGradient"], withoutMomentum),
  rmspropCenteredMomentum: rule(["velocity", "momentum", "averageGradient"], withMomentum),
  adadelta: rule(["accumulatedGrad", "accumulatedDeltaVar"], withoutMomentum),
  lion: rule(["momentum"], withMomentum),
  ftrl: rule(["accumulator", "linear"], withoutMomentum),
  ftrlPower: rule(["accumulator", "linear"], withoutMomentum),
  lamb: rule(["momentum", "velocity"], withoutMomentum),
  muon: rule(["momentum"], withoutMomentum),
};

export const commonOptions = [
  "learningRate",
  "weightDecay",
  "excludeFromWeightDecay",
  "clipValue",
  "clipNorm",
  "globalClipNorm",
  "useEma",
  "emaMomentum",
  "emaOverwriteFrequency",
  "gradientAccumulationSteps",
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

function decayRule(name: string, options: OptimizerOptions): Optimizer["decayOf"] {
  const { weightDecay = 0, excludeFromWeightDecay: excluded = [] } = options;
  checkNumber(name, "weightDecay", weightDecay, { min: 0 });
  if (!Array.isArray(excluded) || excluded.some((text) => typeof text !== "string")) {
    fail(name, {
      expected: 'excludeFromWeightDecay to be a list of texts such as ["bias"]',
      received: describe(excluded),
    });
  }
  return ({ name: weight }) => (excluded.some((text) => weight.includes(text)) ? 0 : weightDecay);
}

function emaOf(name: string, options: OptimizerOptions): Optimizer["ema"] {
  const { emaMomentum = 0.99, emaOverwriteFrequency: every = null } = options;
  const momentum = checkNumber(name, "emaMomentum", emaMomentum, { min: 0, max: 1 });
  const limits = { integer: true, min: 1 };
  const overwrite = every === null ? 0 : checkNumber(name, "emaOverwriteFrequency", every, limits);
  return checkBoolean(name, "useEma", options.useEma ?? false) ? { momentum, overwrite } : null;
}

function accumulationOf(name: string, { gradientAccumulationSteps = null }: OptimizerOptions) {
  if (gradientAccumulationSteps === null) return 1;
  const limits = { integer: true, min: 2 };
  return checkNumber(name, "gradientAccumulationSteps", gradientAccumulationSteps, limits);
}

/**
 * An optimizer of the table.
 * @param hyperparameters in the order of the rule in crates/kernels/src/update/rules
 * @param initial what slots start from by name, where that is not 0
 */
export function optimizer(
  name: string,
  rule: keyof typeof rules,
  options: OptimizerOptions,
  hyperparameters: readonly number[],
  initial: Readonly<Record<string, number>> = {},
): Optimizer {
  const learningRate = resolveLearningRate(name, options.learningRate as LearningRate);
  const { slots, hasMomentum } = rules[rule];
  if (learningRate.momentum(0) !== undefined && !hasMomentum) {
    const own = rule === "nadam";
    fail(name, {
      expected: "an optimizer with momentum for a schedule that changes it",
      received: own ? "nadam, whose momentum has a schedule of its own" : `${name} without`,
      hint: "Use momentum() or nesterov(), or set cycleMomentum of oneCycle to false.",
    });
  }
  const kept = slots.map((slot) => ({ name: slot, initial: initial[slot] ?? 0 }));
  return {
    name,
    rule,
    hyperparameters,
    slotsOf: () => kept,
    hasMomentum,
    learningRate,
    clipping: clippingOf(name, options),
    decayOf: decayRule(name, options),
    rateOf: () => 1,
    ema: emaOf(name, options),
    accumulationSteps: accumulationOf(name, options),
  };
}
