// Role: Adam and what was made of it.
import { checkBoolean, checkNumber, checkOptions } from "../errors.js";
import { commonOptions, type Optimizer, type OptimizerOptions, optimizer } from "./optimizer.js";

/** Options of `adamax`. */
export interface AdamaxOptions extends OptimizerOptions {
  /** How slowly the mean of gradients changes, from 0 to below 1. Default: 0.9. */
  beta1?: number;
  /** How slowly the greatest gradient is forgotten, from 0 to below 1. Default: 0.999. */
  beta2?: number;
  /** Keeps the step finite where gradients are 0; above 0. Default: 1e-7. */
  epsilon?: number;
}

/** Options of `nadam`. */
export interface NadamOptions extends OptimizerOptions {
  /** How slowly the mean of gradients changes, from 0 to below 1. Default: 0.9. */
  beta1?: number;
  /** How slowly the mean of squared gradients changes, from 0 to below 1. Default: 0.999. */
  beta2?: number;
  /** Keeps the step finite where gradients are 0; above 0. Default: 1e-7. */
  epsilon?: number;
}

/** Options of `lamb`. */
export type LambOptions = NadamOptions;

/** Options of `adam` and `adamW`. */
export interface AdamOptions extends NadamOptions {
  /**
   * Whether the greatest mean of squared gradients so far counts instead of the present one, so
   * that steps do not grow again (Reddi et al. 2018). Default: false.
   */
  amsgrad?: boolean;
}

/**
 * Steps of a size of their own for each weight, from running means of gradients and of their
 * squares. learningRate is 0.001 by default. Kingma & Ba 2014.
 * Source: https://keras.io/api/optimizers/adam/
 *
 * As in Keras, epsilon is added before the correction of the means for their start at 0 (the
 * paper's epsilon-hat); PyTorch adds it after.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamLike("adam", options);
}

/**
 * `adam` with weight decay (0.004 by default). Loshchilov & Hutter 2017.
 * Source: https://keras.io/api/optimizers/adamw/
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  checkOptions("adamW", options, [...adamNames, "amsgrad"]);
  return adamLike("adamW", { weightDecay: 0.004, ...options });
}

function adamLike(name: "adam" | "adamW", options: AdamOptions): Optimizer {
  checkOptions(name, options, [...adamNames, "amsgrad"]);
  const amsgrad = checkBoolean(name, "amsgrad", options.amsgrad ?? false);
  const given = { learningRate: 0.001, ...options };
  return optimizer(name, amsgrad ? "amsgrad" : name, given, checkBetas(name, options));
}

/**
 * `adam` that divides by the greatest gradient, which fades with beta2, instead of a root of mean
 * squares: `norm = max(beta2 * norm, |gradient|)`,
 * `w -= learningRate / (1 - beta1 ** step) * mean / (norm + epsilon)`.
 * learningRate is 0.001 by default (PyTorch: 0.002). Kingma & Ba 2014, section 7.1.
 * Source: https://keras.io/api/optimizers/adamax/
 *
 * PyTorch adds epsilon to the gradient inside of the maximum.
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  checkOptions("adamax", options, adamNames);
  const given = { learningRate: 0.001, ...options };
  return optimizer("adamax", "adamax", given, checkBetas("adamax", options));
}

/**
 * `adam` with Nesterov's momentum, whose share `beta1 * (1 - 0.96 ** step / 2)` grows from about
 * half of beta1 to beta1. learningRate is 0.001 by default (PyTorch: 0.002). Dozat 2015.
 * Source: https://keras.io/api/optimizers/Nadam/
 *
 * Keras raises 0.96 to the step, PyTorch to 0.004 times the step: there the share stays near half
 * of beta1 for hundreds of steps. A schedule cannot change beta1 (see `cycleMomentum` of `oneCycle`).
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  checkOptions("nadam", options, adamNames);
  const given = { learningRate: 0.001, ...options };
  return optimizer("nadam", "nadam", given, checkBetas("nadam", options));
}

/**
 * `adam` whose step for each weight array is scaled to the norm of that array, so that large batches
 * train at large learning rates: `w -= learningRate * |w| / |step| * step`, where a norm of 0 leaves
 * the step as it is. learningRate is 0.001 by default. You et al. 2019.
 * Source: https://keras.io/api/optimizers/lamb/
 *
 * As in Keras, epsilon is added after the correction of the means, and weightDecay is decoupled; in
 * the paper it is part of the step that is scaled. PyTorch has no lamb.
 */
export function lamb(options: LambOptions = {}): Optimizer {
  checkOptions("lamb", options, adamNames);
  const given = { learningRate: 0.001, ...options };
  return optimizer("lamb", "lamb", given, checkBetas("lamb", options));
}

const adamNames = [...commonOptions, "beta1", "beta2", "epsilon"];

function checkBetas(name: string, { beta1, beta2, epsilon }: NadamOptions): number[] {
  return [
    checkNumber(name, "beta1", beta1 ?? 0.9, { min: 0, exclusiveMax: 1 }),
    checkNumber(name, "beta2", beta2 ?? 0.999, { min: 0, exclusiveMax: 1 }),
    checkNumber(name, "epsilon", epsilon ?? 1e-7, { exclusiveMin: 0 }),
  ];
}
