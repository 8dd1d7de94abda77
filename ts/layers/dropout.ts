// The dropout layer.
import { checkLayerOptions, type Layer } from "./layer.js";
import {
  checkRate,
  dropped,
  type NoiseShapeOption,
  noiseOf,
  type RandomLayerOptions,
  type RateOption,
  randomLayer,
} from "./random.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `dropout`. */
export interface DropoutOptions extends RandomLayerOptions, RateOption, NoiseShapeOption {}

/**
 * While training, sets a random share of the elements to 0 and divides the rest by `1 - rate`, so
 * that nothing is left to do at inference. Rates are rounded to multiples of 2^-16. Hinton et al.
 * 2012.
 *
 * Throws a `GradusError` for a `noiseShape` that does not fit the input.
 * Source: https://keras.io/api/layers/regularization_layers/dropout/
 *
 * @example
 * dropout({ rate: 0.5 })
 * dropout({ rate: 0.5, noiseShape: [null, 1, 16] }) // the same mask at each time step
 */
export function dropout(options: DropoutOptions): Layer<SameShape> {
  const kind = "dropout";
  const given = checkLayerOptions(kind, options, ["rate", "noiseShape", "seed"]);
  const rate = checkRate(kind, given.rate);
  const noise = noiseOf(kind, given.noiseShape);
  return randomLayer(kind, given, {
    active: rate > 0,
    ...(noise ? { noise } : {}),
    draw: (x, stream, shape) => dropped(x, rate, stream, shape),
  });
}
