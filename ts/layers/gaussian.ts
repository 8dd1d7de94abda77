// Layers of normal noise: one multiplies by it, one adds it.
import { checkNumber } from "../errors.js";
import { random } from "../layer-ops.js";
import { add, multiply } from "../ops.js";
import { checkLayerOptions, type Layer } from "./layer.js";
import { checkRate, type RandomLayerOptions, type RateOption, randomLayer } from "./random.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `gaussianDropout`. */
export interface GaussianDropoutOptions extends RandomLayerOptions, RateOption {}

/**
 * While training, multiplies each element by a normal random number of mean 1 and standard
 * deviation `sqrt(rate / (1 - rate))`: that of dropout at this rate. Srivastava et al. 2014.
 * Source: https://keras.io/api/layers/regularization_layers/gaussian_dropout/
 *
 * @example
 * gaussianDropout({ rate: 0.3 })
 */
export function gaussianDropout(options: GaussianDropoutOptions): Layer<SameShape> {
  const kind = "gaussianDropout";
  const given = checkLayerOptions(kind, options, ["rate", "seed"]);
  const rate = checkRate(kind, given.rate);
  const std = Math.sqrt(rate / (1 - rate));
  return randomLayer(kind, given, {
    active: rate > 0,
    draw: (x, stream) => multiply(x, random(x.graph, "normal", [1, std], stream, x.dims)),
  });
}

/** Options of `gaussianNoise`. */
export interface GaussianNoiseOptions extends RandomLayerOptions {
  /** The standard deviation of the noise, from 0 to 1. */
  stddev: number;
}

/**
 * While training, adds a normal random number of mean 0 to each element: a corruption for inputs
 * that are real numbers.
 * Source: https://keras.io/api/layers/regularization_layers/gaussian_noise/
 *
 * @example
 * gaussianNoise({ stddev: 0.1, inputShape: [784] })
 */
export function gaussianNoise(options: GaussianNoiseOptions): Layer<SameShape> {
  const kind = "gaussianNoise";
  const given = checkLayerOptions(kind, options, ["stddev", "seed"]);
  const stddev = checkNumber(kind, "stddev", given.stddev, { min: 0, max: 1 });
  return randomLayer(kind, given, {
    active: stddev > 0,
    draw: (x, stream) => add(x, random(x.graph, "normal", [0, stddev], stream, x.dims)),
  });
}
