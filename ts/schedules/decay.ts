// Role: schedules that hold or only ever lower the learning rate. It must not
// know optimizers; values are those of Keras' classes of the same names.
import { checkBoolean, checkNumber, checkOptions, describe, fail } from "../errors.js";
import { checkInitial, checkSteps } from "./options.js";
import type { LearningRateSchedule } from "./schedule.js";

/** Options of {@link constant}. */
export interface ConstantOptions {
  /** The learning rate. */
  readonly learningRate: number;
}

/**
 * The same learning rate throughout; what an optimizer makes of a number.
 * @throws GradusError unless `learningRate` is a number >= 0
 */
export function constant(options: ConstantOptions): LearningRateSchedule {
  const given = checkOptions("constant", options, ["learningRate"]);
  const learningRate = checkNumber("constant", "learningRate", given.learningRate, { min: 0 });
  return {
    name: "constant",
    by: "step",
    learningRate: () => learningRate,
    getConfig: () => ({ learningRate }),
  };
}

/** What the schedules of this file and its neighbours check alike. */
export interface DecayOptions {
  /** The learning rate at step 0; >= 0. */
  readonly initialLearningRate: number;
  /** The number of steps the decay is stated for; > 0. */
  readonly decaySteps: number;
}

/** Options of {@link exponentialDecay} and {@link inverseTimeDecay}. */
export interface RateDecayOptions extends DecayOptions {
  /** How much is lost in `decaySteps` steps; >= 0. */
  readonly decayRate: number;
  /** Whether to lower the rate only every `decaySteps` steps; false by default. */
  readonly staircase?: boolean;
}

function checkRateDecay(where: string, options: RateDecayOptions): Required<RateDecayOptions> {
  const given = checkOptions(where, options, [
    "initialLearningRate",
    "decaySteps",
    "decayRate",
    "staircase",
  ]);
  return {
    initialLearningRate: checkInitial(where, given.initialLearningRate),
    decaySteps: checkSteps(where, "decaySteps", given.decaySteps),
    decayRate: checkNumber(where, "decayRate", given.decayRate, { min: 0 }),
    staircase: checkBoolean(where, "staircase", given.staircase ?? false),
  };
}

/**
 * Exponential decay: `initialLearningRate * decayRate ^ (step / decaySteps)`.
 * Source: https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/
 * @throws GradusError for options out of range
 * @example
 * adam({ learningRate: exponentialDecay({ initialLearningRate: 0.01, decaySteps: 1000, decayRate: 0.9 }) });
 */
export function exponentialDecay(options: RateDecayOptions): LearningRateSchedule {
  const config = checkRateDecay("exponentialDecay", options);
  const { initialLearningRate, decaySteps, decayRate, staircase } = config;
  return {
    name: "exponentialDecay",
    by: "step",
    learningRate(step) {
      const p = step / decaySteps;
      return initialLearningRate * decayRate ** (staircase ? Math.floor(p) : p);
    },
    getConfig: () => config,
  };
}

/**
 * Inverse time decay: `initialLearningRate / (1 + decayRate * step / decaySteps)`.
 * Source: https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/
 * @throws GradusError for options out of range
 */
export function inverseTimeDecay(options: RateDecayOptions): LearningRateSchedule {
  const config = checkRateDecay("inverseTimeDecay", options);
  const { initialLearningRate, decaySteps, decayRate, staircase } = config;
  return {
    name: "inverseTimeDecay",
    by: "step",
    learningRate(step) {
      const p = step / decaySteps;
      return initialLearningRate / (1 + decayRate * (staircase ? Math.floor(p) : p));
    },
    getConfig: () => config,
  };
}

/** Options of {@link powerDecay}. */
export interface PowerDecayOptions extends DecayOptions {
  /** The exponent; >= 0, 1 by default. */
  readonly power?: number;
}

/**
 * Power scheduling: `initialLearningRate / (1 + step / decaySteps) ^ power`. With
 * the power 1 it is {@link inverseTimeDecay} with the decay rate 1; Keras has no
 * other power. Source: A. Géron, Hands-On Machine Learning (3rd edition, 2022), chapter 11.
 * @throws GradusError for options out of range
 */
export function powerDecay(options: PowerDecayOptions): LearningRateSchedule {
  const where = "powerDecay";
  const given = checkOptions(where, options, ["initialLearningRate", "decaySteps", "power"]);
  const initialLearningRate = checkInitial(where, given.initialLearningRate);
  const decaySteps = checkSteps(where, "decaySteps", given.decaySteps);
  const power = checkNumber(where, "power", given.power ?? 1, { min: 0 });
  return {
    name: "powerDecay",
    by: "step",
    learningRate: (step) => initialLearningRate / (1 + step / decaySteps) ** power,
    getConfig: () => ({ initialLearningRate, decaySteps, power }),
  };
}

/** Options of {@link piecewiseConstantDecay}. */
export interface PiecewiseConstantDecayOptions {
  /** The last step of each piece but the last, strictly increasing. */
  readonly boundaries: readonly number[];
  /** The learning rate of each piece: one more than `boundaries`. */
  readonly values: readonly number[];
}

/**
 * A learning rate that is constant in pieces: `values[0]` up to and with step
 * `boundaries[0]`, then `values[1]`, and so on.
 * Source: https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/
 * @throws GradusError for boundaries that do not increase and numbers that do not fit
 */
export function piecewiseConstantDecay(
  options: PiecewiseConstantDecayOptions,
): LearningRateSchedule {
  const where = "piecewiseConstantDecay";
  const given = checkOptions(where, options, ["boundaries", "values"]);
  const boundaries = checkList(where, "boundaries", given.boundaries);
  const values = checkList(where, "values", given.values);
  if (values.length !== boundaries.length + 1) {
    fail(where, {
      expected: `one value more than the ${boundaries.length} boundaries`,
      received: `${values.length} values`,
    });
  }
  boundaries.forEach((boundary, i) => {
    if (i === 0 || boundary > (boundaries[i - 1] as number)) return;
    fail(where, { expected: "boundaries to increase", received: describe(boundaries) });
  });
  return {
    name: "piecewiseConstantDecay",
    by: "step",
    learningRate(step) {
      const piece = boundaries.findIndex((boundary) => step <= boundary);
      return values[piece < 0 ? values.length - 1 : piece] as number;
    },
    getConfig: () => ({ boundaries, values }),
  };
}

function checkList(where: string, name: string, list: unknown): number[] {
  if (!Array.isArray(list)) {
    fail(where, { expected: `${name} to be an array of numbers`, received: describe(list) });
  }
  return list.map((value, i) => checkNumber(where, `${name}[${i}]`, value, { min: 0 }));
}

/** Options of {@link polynomialDecay}. */
export interface PolynomialDecayOptions extends DecayOptions {
  /** The learning rate at the end; >= 0, 0.0001 by default. */
  readonly endLearningRate?: number;
  /** The exponent; > 0, 1 by default (linear). */
  readonly power?: number;
  /** Whether to start anew after `decaySteps`, from lower and for longer; false by default. */
  readonly cycle?: boolean;
}

/**
 * Polynomial decay from `initialLearningRate` to `endLearningRate`:
 * `(initial - end) * (1 - step / decaySteps) ^ power + end`, the end value being
 * held after `decaySteps` unless `cycle`.
 * Source: https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/
 * @throws GradusError for options out of range
 */
export function polynomialDecay(options: PolynomialDecayOptions): LearningRateSchedule {
  const where = "polynomialDecay";
  const names = ["initialLearningRate", "decaySteps", "endLearningRate", "power", "cycle"];
  const given = checkOptions(where, options, names);
  const initialLearningRate = checkInitial(where, given.initialLearningRate);
  const decaySteps = checkSteps(where, "decaySteps", given.decaySteps);
  const endLearningRate = checkNumber(where, "endLearningRate", given.endLearningRate ?? 1e-4, {
    min: 0,
  });
  const power = checkNumber(where, "power", given.power ?? 1, { exclusiveMin: 0 });
  const cycle = checkBoolean(where, "cycle", given.cycle ?? false);
  return {
    name: "polynomialDecay",
    by: "step",
    learningRate(step) {
      const length = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps;
      const p = Math.min(step, length) / length;
      return (initialLearningRate - endLearningRate) * (1 - p) ** power + endLearningRate;
    },
    getConfig: () => ({ initialLearningRate, decaySteps, endLearningRate, power, cycle }),
  };
}
