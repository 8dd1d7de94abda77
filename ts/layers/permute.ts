// The layer that puts the axes of each sample in another order.
import { describe, fail } from "../errors.js";
import { transpose } from "../ops.js";
import { printDims } from "../shape.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { PermuteRule } from "./shape-rules.js";

/** Options of `permute`. */
export interface PermuteOptions<Order extends readonly number[] = readonly number[]>
  extends LayerOptions {
  /** The axes of a sample in their new order, counted from 1: `[2, 1]` exchanges two. */
  dims: Order;
}

/**
 * Axis i of the result is axis `dims[i - 1]` of the input; the batch, axis 0, stays. The result is
 * float32. Throws a `GradusError` for inputs of another rank.
 * Source: https://keras.io/api/layers/reshaping_layers/permute/
 *
 * @example
 * permute({ dims: [2, 1] })
 */
export function permute<const Order extends readonly number[]>(
  options: PermuteOptions<Order>,
): Layer<PermuteRule<Order>> {
  const kind = "permute";
  const given = checkLayerOptions(kind, options, ["dims"]);
  const order: readonly number[] = given.dims;
  if (!Array.isArray(order) || order.some((_, i) => !order.includes(i + 1))) {
    fail(kind, {
      expected: "dims to be an array of 1, 2, ... in any order, each once",
      received: describe(order),
      hint: "The batch is axis 0 and left out: the first axis of a sample is 1.",
    });
  }
  return new Layer(
    {
      kind,
      call(_context, inputs) {
        const x = onlyInput(inputs, kind);
        if (x.dims.length !== order.length + 1) {
          fail(x.graph.place("dims"), {
            expected: `an input of rank ${order.length + 1} for dims [${order.join(", ")}]`,
            received: printDims(x.dims),
          });
        }
        return transpose(x, [0, ...order]);
      },
    },
    given,
  );
}
