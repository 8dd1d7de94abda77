// Role: Lion.
import { checkNumber, checkOptions } from "../errors.js";
import { commonOptions, type Optimizer, type OptimizerOptions, optimizer } from "./optimizer.js";

/** Options of `lion`. */
export interface LionOptions extends OptimizerOptions {
  /** The share of past gradients in the direction of a step, above 0, at most 1. Default: 0.9. */
  beta1?: number;
  /** How slowly the mean of gradients changes, from 0 to below 1. Default: 0.99. */
  beta2?: number;
}

/**
 * Steps of one size, up or down: `w -= learningRate * sign(beta1 * mean + (1 - beta1) * gradient)`,
 * then `mean = beta2 * mean + (1 - beta2) * gradient`. learningRate is 0.001 by default; the authors
 * advise a third to a tenth of Adam's, with a weightDecay as much larger. Chen et al. 2023.
 * Source: https://keras.io/api/optimizers/lion/
 */
export function lion(options: LionOptions = {}): Optimizer {
  checkOptions("lion", options, [...commonOptions, "beta1", "beta2"]);
  return optimizer("lion", "lion", { learningRate: 0.001, ...options }, [
    checkNumber("lion", "beta1", options.beta1 ?? 0.9, { exclusiveMin: 0, max: 1 }),
    checkNumber("lion", "beta2", options.beta2 ?? 0.99, { min: 0, exclusiveMax: 1 }),
  ]);
}
