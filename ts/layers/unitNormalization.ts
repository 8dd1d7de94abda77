// The layer that gives samples a length of one.
import { maximum, multiply, rsqrt, square, sum } from "../ops.js";
import { axesOf, checkAxes } from "./axes.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `unitNormalization`. */
export interface UnitNormalizationOptions extends LayerOptions {
  /**
   * The axis, or axes, along which the length is taken; not 0, the batch. Negative ones count from
   * the end. Default: -1, the last.
   */
  axis?: number | readonly number[];
}

/**
 * Divides each sample by its length (L2 norm) along `axis`: `x / max(norm(x), 1e-12)`. A sample of
 * zeros stays so; its gradient is finite, where that of Keras on JAX is NaN.
 * Source: https://keras.io/api/layers/normalization_layers/unit_normalization/
 *
 * @example
 * unitNormalization()
 */
export function unitNormalization(options: UnitNormalizationOptions = {}): Layer<SameShape> {
  const kind = "unitNormalization";
  const given = checkLayerOptions(kind, options, ["axis"]);
  const axes = checkAxes(kind, given.axis ?? -1);
  return new Layer(
    {
      kind,
      call(_context, inputs) {
        const x = onlyInput(inputs, kind);
        const axis = axesOf(x.graph.place("axis"), axes, x.dims);
        const squares = sum(square(x), { axis, keepDims: true });
        return multiply(x, rsqrt(maximum(squares, 1e-24)));
      },
    },
    given,
  );
}
