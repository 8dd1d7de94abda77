// The layer that gives each sample another shape.
import { checkNumber, describe, fail } from "../errors.js";
import { reshapeTo } from "../ops.js";
import { fixed, printDims } from "../shape.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { ReshapeRule } from "./shape-rules.js";

/** Options of `reshape`. */
export interface ReshapeOptions<Target extends readonly number[] = readonly number[]>
  extends LayerOptions {
  /** The shape of a sample, without the batch; one extent may be -1 and is found from the others. */
  targetShape: Target;
}

/**
 * The same numbers, in the same order, in another shape: with `targetShape: [3, -1]`,
 * `[batch, 12]` becomes `[batch, 3, 4]`. Throws a `GradusError` where the number of elements differs.
 * Source: https://keras.io/api/layers/reshaping_layers/reshape/
 *
 * @example
 * reshape({ targetShape: [28, 28, 1] })
 */
export function reshape<const Target extends readonly number[]>(
  options: ReshapeOptions<Target>,
): Layer<ReshapeRule<Target>> {
  const kind = "reshape";
  const given = checkLayerOptions(kind, options, ["targetShape"]);
  const shape: readonly number[] = given.targetShape;
  if (!Array.isArray(shape)) {
    fail(kind, {
      expected: "targetShape to be an array such as [28, 28]",
      received: describe(shape),
    });
  }
  for (const [i, extent] of shape.entries()) {
    if (extent !== -1) checkNumber(kind, `targetShape[${i}]`, extent, { integer: true, min: 1 });
  }
  const target = shape.map((extent) => fixed(Math.max(extent, 0)));
  if (shape.filter((extent) => extent === -1).length > 1) {
    fail(kind, { expected: "at most one -1 in targetShape", received: `[${shape.join(", ")}]` });
  }
  const known = shape.reduce((product, extent) => product * Math.max(extent, 1), 1);
  return new Layer(
    {
      kind,
      call(_context, inputs) {
        const x = onlyInput(inputs, kind);
        const [first = fixed(1), ...row] = x.dims;
        const size = row.reduce((product, { factor }) => product * factor, 1);
        if (shape.includes(-1) ? size % known !== 0 : size !== known) {
          fail(x.graph.place("targetShape"), {
            expected: `a shape of ${size} elements, those of a sample of ${printDims(x.dims)}`,
            received: `[${shape.join(", ")}]`,
            hint: "targetShape leaves out the batch; one extent may be -1.",
          });
        }
        return reshapeTo(x, [first, ...target]);
      },
    },
    given,
  );
}
