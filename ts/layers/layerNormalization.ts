// The layer normalisation layer.
import { checkNumber } from "../errors.js";
import { layerNorm } from "../layer-ops.js";
import { overRows } from "../ops.js";
import { axesOf, checkAxes, extentsOf } from "./axes.js";
import { checkLayerOptions, Layer, onlyInput } from "./layer.js";
import { type ScaleAndShiftOptions, scaleAndShift, scaleAndShiftNames } from "./scale-and-shift.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions extends ScaleAndShiftOptions {
  /**
   * The axis, or axes, that are normalised together; not 0, the batch. Negative ones count from
   * the end. Default: -1, the last.
   */
  axis?: number | readonly number[];
}

/**
 * Gives each sample mean 0 and variance 1 along `axis`, whatever the batch is, then scales and
 * shifts it: `(x - mean) / sqrt(variance + epsilon) * gamma + beta`. The same in training and
 * inference. Weights: `gamma`, `beta`, of the extents of the axes. Ba, Kiros & Hinton 2016.
 *
 * Throws a `GradusError` for an axis that the input does not have. Keras' deprecated `rms_scaling`
 * is absent: see `rmsNormalization`.
 * Source: https://keras.io/api/layers/normalization_layers/layer_normalization/
 *
 * @example
 * layerNormalization({ epsilon: 1e-5 })
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer<SameShape> {
  const kind = "layerNormalization";
  const given = checkLayerOptions(kind, options, ["axis", ...scaleAndShiftNames]);
  const epsilon = checkNumber(kind, "epsilon", given.epsilon ?? 1e-3, { exclusiveMin: 0 });
  const axis = checkAxes(kind, given.axis ?? -1);
  const parameters = scaleAndShift(kind, given);
  return new Layer(
    {
      kind,
      weights(inputs, place) {
        const dims = onlyInput(inputs, place);
        return parameters.specs(extentsOf(place, axesOf(place, axis, dims), dims));
      },
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        return overRows(x, axesOf(kind, axis, x.dims), (rows) => {
          const { gamma, beta } = parameters.weights(context, rows.dims.slice(-1));
          return layerNorm(rows, { gamma, beta, epsilon });
        });
      },
    },
    given,
  );
}
