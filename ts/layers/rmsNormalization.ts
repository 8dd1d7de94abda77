// The layer that normalises by the root mean square.
import { checkNumber } from "../errors.js";
import { resolveInitializer } from "../initializers.js";
import { layerNorm } from "../layer-ops.js";
import { overRows, reshapeTo } from "../ops.js";
import { axesOf, checkAxes, extentsOf } from "./axes.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `rmsNormalization`. */
export interface RmsNormalizationOptions extends LayerOptions {
  /**
   * The axis, or axes, that are normalised together; not 0, the batch. Negative ones count from
   * the end. Default: -1, the last.
   */
  axis?: number | readonly number[];
  /** Added to the mean square; above 0. Default: 0.000001. */
  epsilon?: number;
}

/**
 * Divides each sample by its root mean square along `axis` and scales it:
 * `x / sqrt(mean(x²) + epsilon) * scale`. Weight: `scale`, of the extents of the axes, from ones.
 * Zhang & Sennrich 2019.
 *
 * Differs from Keras where `axis` is not the last or several last ones: Keras multiplies by
 * `scale` along the last axis all the same, or throws; here it goes along `axis`.
 * Source: https://keras.io/api/layers/normalization_layers/rms_normalization/
 *
 * @example
 * rmsNormalization()
 */
export function rmsNormalization(options: RmsNormalizationOptions = {}): Layer<SameShape> {
  const kind = "rmsNormalization";
  const given = checkLayerOptions(kind, options, ["axis", "epsilon"]);
  const epsilon = checkNumber(kind, "epsilon", given.epsilon ?? 1e-6, { exclusiveMin: 0 });
  const axis = checkAxes(kind, given.axis ?? -1);
  const initializer = resolveInitializer(kind, "ones");
  return new Layer(
    {
      kind,
      weights(inputs, place) {
        const dims = onlyInput(inputs, place);
        const shape = extentsOf(place, axesOf(place, axis, dims), dims);
        return [{ name: "scale", shape, initializer }];
      },
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        return overRows(x, axesOf(kind, axis, x.dims), (rows) => {
          const gamma = reshapeTo(context.weight("scale"), rows.dims.slice(-1));
          return layerNorm(rows, { gamma, beta: null, epsilon, rms: true });
        });
      },
    },
    given,
  );
}
