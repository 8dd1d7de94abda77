// The layer that repeats each sample.
import { checkNumber, fail } from "../errors.js";
import { repeat } from "../ops.js";
import { printDims } from "../shape.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { RepeatVectorRule } from "./shape-rules.js";

/** Options of `repeatVector`. */
export interface RepeatVectorOptions<Times extends number = number> extends LayerOptions {
  /** How often, at least once. */
  n: Times;
}

/**
 * `[batch, features]` to `[batch, n, features]`: each sample n times. Throws a `GradusError` for
 * inputs of another rank.
 * Source: https://keras.io/api/layers/reshaping_layers/repeat_vector/
 *
 * @example
 * repeatVector({ n: 3 })
 */
export function repeatVector<const Times extends number>(
  options: RepeatVectorOptions<Times>,
): Layer<RepeatVectorRule<Times>> {
  const kind = "repeatVector";
  const given = checkLayerOptions(kind, options, ["n"]);
  const n = checkNumber(kind, "n", given.n, { integer: true, min: 1 });
  return new Layer(
    {
      kind,
      call(_context, inputs) {
        const x = onlyInput(inputs, kind);
        if (x.dims.length !== 2) {
          fail(x.graph.place("n"), {
            expected: "an input [batch, features]",
            received: printDims(x.dims),
          });
        }
        return repeat(x, n);
      },
    },
    given,
  );
}
