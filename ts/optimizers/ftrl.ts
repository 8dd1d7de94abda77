// Role: follow the regularised leader.
import { checkNumber, checkOptions } from "../errors.js";
import { commonOptions, type Optimizer, type OptimizerOptions, optimizer } from "./optimizer.js";

/** Options of `ftrl`. */
export interface FtrlOptions extends OptimizerOptions {
  /**
   * How steps shrink with the sum of squared gradients: as its power; at most 0, which is not at
   * all. Default: -0.5, the root.
   */
  learningRatePower?: number;
  /** What the sum of squared gradients starts from; at least 0. Default: 0.1. */
  initialAccumulatorValue?: number;
  /** Pulls weights to exactly 0; at least 0. Default: 0. */
  l1RegularizationStrength?: number;
  /** Keeps weights small; at least 0. Default: 0. */
  l2RegularizationStrength?: number;
  /** Adds `2 * strength * w` to the gradient, but not to its square; at least 0. Default: 0. */
  l2ShrinkageRegularizationStrength?: number;
  /** The paper's beta, which makes the first steps smaller; at least 0. Default: 0. */
  beta?: number;
}

/**
 * Follow the regularised leader, for shallow models with many inputs that are mostly 0. With
 * `p = -learningRatePower`:
 * ```text
 * newSum = sum + gradient ** 2
 * linear += gradient + 2 * l2Shrinkage * w - (newSum ** p - sum ** p) / learningRate * w
 * w = (clip(linear, -l1, l1) - linear) / ((newSum ** p + beta) / learningRate + 2 * l2)
 * ```
 * learningRate is 0.001 by default. The weights' initial values are soon forgotten: `linear` starts
 * from 0. McMahan et al. 2013.
 * Source: https://keras.io/api/optimizers/ftrl/
 *
 * Where Keras divides 0 by 0: a weight whose `linear` and sum are 0 becomes 0, and a step with a
 * learning rate of 0 changes nothing.
 */
export function ftrl(options: FtrlOptions = {}): Optimizer {
  checkOptions("ftrl", options, [
    ...commonOptions,
    "learningRatePower",
    "initialAccumulatorValue",
    ...strengths,
  ]);
  const power = options.learningRatePower ?? -0.5;
  checkNumber("ftrl", "learningRatePower", power, { max: 0 });
  const initial = options.initialAccumulatorValue ?? 0.1;
  checkNumber("ftrl", "initialAccumulatorValue", initial, { min: 0 });
  const hyperparameters = strengths.map((strength) =>
    checkNumber("ftrl", strength, options[strength] ?? 0, { min: 0 }),
  );
  return optimizer(
    "ftrl",
    power === -0.5 ? "ftrl" : "ftrlPower",
    { learningRate: 0.001, ...options },
    [power, ...hyperparameters],
    { accumulator: initial },
  );
}

const strengths = [
  "l1RegularizationStrength",
  "l2RegularizationStrength",
  "l2ShrinkageRegularizationStrength",
  "beta",
] as const;
