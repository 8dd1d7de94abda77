// Dropout of whole feature maps, for sequences, images and volumes.
import { checkOneOf, fail } from "../errors.js";
import { fixed, printDims } from "../shape.js";
import { checkLayerOptions, type Layer } from "./layer.js";
import {
  checkRate,
  dropped,
  type RandomLayerOptions,
  type RateOption,
  randomLayer,
} from "./random.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `spatialDropout1D`. */
export interface SpatialDropout1DOptions extends RandomLayerOptions, RateOption {}

/** Options of `spatialDropout2D` and `spatialDropout3D`. */
export interface SpatialDropoutOptions extends SpatialDropout1DOptions {
  /** Whether the channels are the last axis or the one behind the batch. Default: "channelsLast". */
  dataFormat?: "channelsLast" | "channelsFirst";
}

function spatial(
  kind: string,
  rank: number,
  own: readonly string[],
  options: SpatialDropoutOptions,
): Layer<SameShape> {
  const given = checkLayerOptions(kind, options, ["rate", "seed", ...own]);
  const rate = checkRate(kind, given.rate);
  const formats = ["channelsLast", "channelsFirst"] as const;
  const format = checkOneOf(`${kind}: dataFormat`, given.dataFormat ?? "channelsLast", formats);
  const channels = format === "channelsLast" ? rank - 1 : 1;
  return randomLayer(kind, given, {
    active: rate > 0,
    noise({ dims, graph }) {
      if (dims.length !== rank) {
        fail(graph.place("rank"), {
          expected: `an input of ${rank} axes, batch and channels among them`,
          received: printDims(dims),
        });
      }
      return dims.map((dim, axis) => (axis === 0 || axis === channels ? dim : fixed(1)));
    },
    draw: (x, stream, noise) => dropped(x, rate, stream, noise),
  });
}

/**
 * Dropout of whole features of a sequence `[batch, steps, channels]`: while training, a random
 * share of each sample's channels is 0 at all steps, the rest is divided by `1 - rate`. For inputs
 * whose neighbours are alike, where dropping single numbers takes little away. Tompson et al. 2014.
 *
 * Throws a `GradusError` for inputs of another rank.
 * Source: https://keras.io/api/layers/regularization_layers/spatial_dropout1d/
 *
 * @example
 * spatialDropout1D({ rate: 0.2 })
 */
export function spatialDropout1D(options: SpatialDropout1DOptions): Layer<SameShape> {
  return spatial("spatialDropout1D", 3, [], options);
}

/**
 * Dropout of whole feature maps of images `[batch, rows, cols, channels]`, or
 * `[batch, channels, rows, cols]`: see {@link spatialDropout1D}.
 * Source: https://keras.io/api/layers/regularization_layers/spatial_dropout2d/
 *
 * @example
 * spatialDropout2D({ rate: 0.2 })
 */
export function spatialDropout2D(options: SpatialDropoutOptions): Layer<SameShape> {
  return spatial("spatialDropout2D", 4, ["dataFormat"], options);
}

/**
 * Dropout of whole feature maps of volumes `[batch, x, y, z, channels]`, or
 * `[batch, channels, x, y, z]`: see {@link spatialDropout1D}.
 * Source: https://keras.io/api/layers/regularization_layers/spatial_dropout3d/
 *
 * @example
 * spatialDropout3D({ rate: 0.2 })
 */
export function spatialDropout3D(options: SpatialDropoutOptions): Layer<SameShape> {
  return spatial("spatialDropout3D", 5, ["dataFormat"], options);
}
