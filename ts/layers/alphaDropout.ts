// The dropout layer of self-normalising networks.
import { add, multiply } from "../ops.js";
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

/** Options of `alphaDropout`. */
export interface AlphaDropoutOptions extends RandomLayerOptions, RateOption, NoiseShapeOption {}

/** What selu tends to far below 0: -alpha * scale. */
const saturation = -1.6732632423543772 * 1.0507009873554805;

/**
 * Dropout that keeps mean 0 and variance 1, for networks of `selu`: while training, a random share
 * of the elements is set to selu's lowest value, -1.758, and all are scaled and shifted:
 * `a * x + b` with `a = ((1 - rate) * (1 + rate * 1.758^2)) ** -0.5` and `b = a * 1.758 * rate`.
 * Rates are rounded to multiples of 2^-16. Klambauer et al. 2017.
 *
 * Throws a `GradusError` for a `noiseShape` that does not fit the input.
 * Source: https://keras.io/api/layers/regularization_layers/alpha_dropout/
 *
 * @example
 * alphaDropout({ rate: 0.1 })
 */
export function alphaDropout(options: AlphaDropoutOptions): Layer<SameShape> {
  const kind = "alphaDropout";
  const given = checkLayerOptions(kind, options, ["rate", "noiseShape", "seed"]);
  const rate = checkRate(kind, given.rate);
  const noise = noiseOf(kind, given.noiseShape);
  // As it is drawn, so that mean and variance are exact.
  const drawn = Math.min(Math.round(Math.fround(rate) * 65536), 65535) / 65536;
  const a = ((1 - drawn) * (1 + drawn * saturation ** 2)) ** -0.5;
  const b = -a * saturation * drawn;
  return randomLayer(kind, given, {
    active: drawn > 0,
    ...(noise ? { noise } : {}),
    // With d = x - saturation: a * (keep * d + saturation) + b; `dropped` divides by 1 - rate.
    draw: (x, stream, shape) =>
      add(
        multiply(dropped(add(x, -saturation), rate, stream, shape), a * (1 - drawn)),
        a * saturation + b,
      ),
  });
}
