// Role: gradient descent and its momentum.
import { checkBoolean, checkNumber, checkOptions } from "../errors.js";
import { commonOptions, type Optimizer, type OptimizerOptions, optimizer } from "./optimizer.js";

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
