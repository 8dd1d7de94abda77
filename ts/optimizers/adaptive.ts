// Role: gradients over the root of what their squares were: Adagrad, RMSprop, Adadelta.
import { checkBoolean, checkNumber, checkOptions } from "../errors.js";
import { commonOptions, type Optimizer, type OptimizerOptions, optimizer } from "./optimizer.js";

/** Options of `adagrad`. */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sum of squared gradients starts from; at least 0. Default: 0.1. */
  initialAccumulatorValue?: number;
  /** Keeps the step finite where gradients are 0; above 0. Default: 1e-7. */
  epsilon?: number;
}

/**
 * Steps that shrink with the sum of all squared gradients of a weight: `sum += gradient ** 2`,
 * `w -= learningRate * gradient / sqrt(sum + epsilon)`. learningRate is 0.001 by default; larger
 * ones are common, 1 in the paper. Duchi et al. 2011.
 * Source: https://keras.io/api/optimizers/adagrad/
 *
 * As in Keras, epsilon is under the root and the sum starts from 0.1; in PyTorch epsilon is
 * outside, the sum starts from 0 and learningRate is 0.01.
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const name = "adagrad";
  checkOptions(name, options, [...commonOptions, "initialAccumulatorValue", "epsilon"]);
  const { initialAccumulatorValue: initial = 0.1, epsilon = 1e-7 } = options;
  checkNumber(name, "initialAccumulatorValue", initial, { min: 0 });
  checkNumber(name, "epsilon", epsilon, { exclusiveMin: 0 });
  const given = { learningRate: 0.001, ...options };
  return optimizer(name, name, given, [epsilon], { accumulator: initial });
}

/** Options of `rmsprop`. */
export interface RmspropOptions extends OptimizerOptions {
  /** How slowly the mean of squared gradients changes, from 0 to below 1. Default: 0.9. */
  rho?: number;
  /** The share of the last step that the next one keeps, from 0 to 1. Default: 0. */
  momentum?: number;
  /** Keeps the step finite where gradients are 0; above 0. Default: 1e-7. */
  epsilon?: number;
  /**
   * Whether the variance of gradients counts instead of the mean of their squares, at the cost of
   * one more number for each weight. Default: false.
   */
  centered?: boolean;
}

/**
 * Gradients over the root of a running mean of their squares:
 * `mean = rho * mean + (1 - rho) * gradient ** 2`,
 * `w -= learningRate * gradient / sqrt(mean + epsilon)`. With momentum the step is
 * `step = momentum * step + learningRate * gradient / sqrt(mean + epsilon)`.
 * learningRate is 0.001 by default. Hinton 2012, lecture 6 of his course.
 * Source: https://keras.io/api/optimizers/rmsprop/
 *
 * As in Keras, epsilon is under the root and the learning rate inside of the momentum; in PyTorch
 * both are outside, rho (there alpha) is 0.99 and learningRate 0.01.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const name = "rmsprop";
  checkOptions(name, options, [...commonOptions, "rho", "momentum", "epsilon", "centered"]);
  const share = checkNumber(name, "momentum", options.momentum ?? 0, { min: 0, max: 1 });
  const centered = checkBoolean(name, "centered", options.centered ?? false);
  const hyperparameters = [
    checkNumber(name, "rho", options.rho ?? 0.9, { min: 0, exclusiveMax: 1 }),
    checkNumber(name, "epsilon", options.epsilon ?? 1e-7, { exclusiveMin: 0 }),
  ];
  const given = { learningRate: 0.001, ...options };
  if (share === 0) {
    return optimizer(name, centered ? "rmspropCentered" : "rmsprop", given, hyperparameters);
  }
  const rule = centered ? "rmspropCenteredMomentum" : "rmspropMomentum";
  return optimizer(name, rule, given, [share, ...hyperparameters]);
}

/** Options of `adadelta`. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** How slowly the means of squares change, from 0 to below 1. Default: 0.95. */
  rho?: number;
  /** Under both roots: lets the first steps begin, and keeps them finite; above 0. Default: 1e-7. */
  epsilon?: number;
}

/**
 * Steps as large as steps usually are: `step = gradient * rms(steps) / rms(gradients)` with
 * `rms(x) = sqrt(running mean of x ** 2 + epsilon)`, then `w -= learningRate * step`.
 * learningRate is 0.001 by default as in Keras; 1 in the paper and in PyTorch, whose epsilon is 1e-6
 * and rho 0.9. Zeiler 2012.
 * Source: https://keras.io/api/optimizers/adadelta/
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const name = "adadelta";
  checkOptions(name, options, [...commonOptions, "rho", "epsilon"]);
  return optimizer(name, name, { learningRate: 0.001, ...options }, [
    checkNumber(name, "rho", options.rho ?? 0.95, { min: 0, exclusiveMax: 1 }),
    checkNumber(name, "epsilon", options.epsilon ?? 1e-7, { exclusiveMin: 0 }),
  ]);
}
