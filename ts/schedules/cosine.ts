// Role: cosine decay, once or with restarts. It must not know optimizers; values
// are those of Keras' classes of the same names.
import { checkNumber, checkOptions } from "../errors.js";
import type { DecayOptions } from "./decay.js";
import { checkInitial, checkSteps } from "./options.js";
import type { LearningRateSchedule } from "./schedule.js";

/** Options of {@link cosineDecay}. */
export interface CosineDecayOptions extends DecayOptions {
  /** The learning rate at the end as a share of that at the start; >= 0, 0 by default. */
  readonly alpha?: number;
  /** The learning rate that warm-up ends and decay begins with. Default: none, no warm-up. */
  readonly warmupTarget?: number;
  /** The number of steps of warm-up, in front of `decaySteps`; >= 0, 0 by default. */
  readonly warmupSteps?: number;
}

/**
 * Half a cosine from `initialLearningRate` down to `alpha` times it, in
 * `decaySteps` steps, held afterwards; with `warmupTarget` after a linear rise
 * from `initialLearningRate` to `warmupTarget` in `warmupSteps` steps.
 * Source: https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/,
 * Loshchilov & Hutter 2016, https://arxiv.org/abs/1608.03983
 * @throws GradusError for options out of range
 * @example
 * cosineDecay({ initialLearningRate: 0, warmupTarget: 0.1, warmupSteps: 100, decaySteps: 900 });
 */
export function cosineDecay(options: CosineDecayOptions): LearningRateSchedule {
  const where = "cosineDecay";
  const names = ["initialLearningRate", "decaySteps", "alpha", "warmupTarget", "warmupSteps"];
  const given = checkOptions(where, options, names);
  const initialLearningRate = checkInitial(where, given.initialLearningRate);
  const decaySteps = checkSteps(where, "decaySteps", given.decaySteps);
  const alpha = checkNumber(where, "alpha", given.alpha ?? 0, { min: 0 });
  const warmupSteps = checkNumber(where, "warmupSteps", given.warmupSteps ?? 0, { min: 0 });
  const warmupTarget =
    given.warmupTarget === undefined
      ? undefined
      : checkNumber(where, "warmupTarget", given.warmupTarget, { min: 0 });
  const start = warmupTarget ?? initialLearningRate;
  const warming = warmupTarget === undefined ? 0 : warmupSteps;
  return {
    name: "cosineDecay",
    by: "step",
    learningRate(step) {
      if (step < warming) {
        return (start - initialLearningRate) * (step / warming) + initialLearningRate;
      }
      const p = Math.min(step - warming, decaySteps) / decaySteps;
      return start * ((1 - alpha) * 0.5 * (1 + Math.cos(Math.PI * p)) + alpha);
    },
    getConfig: () => ({
      initialLearningRate,
      decaySteps,
      alpha,
      ...(warmupTarget === undefined ? {} : { warmupTarget }),
      warmupSteps,
    }),
  };
}

/** Options of {@link cosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  /** The learning rate at step 0; >= 0. */
  readonly initialLearningRate: number;
  /** The number of steps of the first cosine; > 0. */
  readonly firstDecaySteps: number;
  /** How many times longer each cosine is than the one before; >= 1, 2 by default. */
  readonly tMul?: number;
  /** How many times higher each cosine starts than the one before; >= 0, 1 by default. */
  readonly mMul?: number;
  /** The lowest learning rate as a share of the initial one; >= 0, 0 by default. */
  readonly alpha?: number;
}

/** The restart that a step belongs to, and how much of it is done, in [0, 1). */
function restartAt(cycles: number, tMul: number): [index: number, done: number] {
  if (tMul === 1) return [Math.floor(cycles), cycles - Math.floor(cycles)];
  const start = (index: number) => (1 - tMul ** index) / (1 - tMul);
  let index = Math.floor(Math.log(1 - cycles * (1 - tMul)) / Math.log(tMul));
  // The quotient of two logarithms may fall just short of a whole number.
  if (cycles >= start(index + 1)) index++;
  else if (cycles < start(index)) index--;
  return [index, (cycles - start(index)) / tMul ** index];
}

/**
 * Cosine decay that starts anew (SGDR): each cosine `tMul` times longer than the
 * one before, and starting `mMul` times as high.
 * Source: https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/,
 * Loshchilov & Hutter 2016, https://arxiv.org/abs/1608.03983
 * @throws GradusError for options out of range
 */
export function cosineDecayRestarts(options: CosineDecayRestartsOptions): LearningRateSchedule {
  const where = "cosineDecayRestarts";
  const given = checkOptions(where, options, [
    "initialLearningRate",
    "firstDecaySteps",
    "tMul",
    "mMul",
    "alpha",
  ]);
  const initialLearningRate = checkInitial(where, given.initialLearningRate);
  const firstDecaySteps = checkSteps(where, "firstDecaySteps", given.firstDecaySteps);
  const tMul = checkNumber(where, "tMul", given.tMul ?? 2, { min: 1 });
  const mMul = checkNumber(where, "mMul", given.mMul ?? 1, { min: 0 });
  const alpha = checkNumber(where, "alpha", given.alpha ?? 0, { min: 0 });
  return {
    name: "cosineDecayRestarts",
    by: "step",
    learningRate(step) {
      const [index, done] = restartAt(step / firstDecaySteps, tMul);
      const height = 0.5 * mMul ** index * (1 + Math.cos(Math.PI * done));
      return initialLearningRate * ((1 - alpha) * height + alpha);
    },
    getConfig: () => ({ initialLearningRate, firstDecaySteps, tMul, mMul, alpha }),
  };
}
