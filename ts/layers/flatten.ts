// The layer that makes one row of numbers of each sample.
import { reshapeTo } from "../ops.js";
import { fixed } from "../shape.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { FlattenRule } from "./shape-rules.js";

/**
 * `[batch, a, b, ...]` to `[batch, a * b * ...]`.
 * Source: https://keras.io/api/layers/reshaping_layers/flatten/
 *
 * @example
 * flatten({ inputShape: [28, 28] })
 */
export function flatten(options: LayerOptions = {}): Layer<FlattenRule> {
  const given = checkLayerOptions("flatten", options, []);
  return new Layer(
    {
      kind: "flatten",
      call(_context, inputs) {
        const x = onlyInput(inputs, "flatten");
        const [first = fixed(1), ...rest] = x.dims;
        return reshapeTo(x, [first, fixed(rest.reduce((size, dim) => size * dim.factor, 1))]);
      },
    },
    given,
  );
}
