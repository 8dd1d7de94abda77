// The inputs of functional models.
import { checkOptions, describe, fail } from "../errors.js";
import { batchOf } from "../shape.js";
import { checkShape } from "./layer.js";
import { LayerTensor } from "./layer-tensor.js";

/** Options of `input`. */
export interface InputOptions<S extends readonly number[] = readonly number[]> {
  /** The shape of one row, without the batch: `[784]`; `[]` for a single number. */
  shape: S;
  /** Its name, for data by name and in errors. Default: `"input"` with a number. */
  name?: string;
}

/**
 * An input of a functional model, a tensor `[batch, ...shape]` to call layers on.
 * Throws a `GradusError` for a shape that is no array of whole numbers, at least 1.
 * Source: https://keras.io/api/layers/core_layers/input/
 *
 * @example
 * const x = input({ shape: [784] });
 * const classifier = model({ inputs: x, outputs: dense({ units: 10, activation: "softmax" })(x) });
 */
export function input<const S extends readonly number[]>(
  options: InputOptions<S>,
): LayerTensor<[null, ...S]> {
  const where = "input";
  const { shape, name } = checkOptions(where, options, ["shape", "name"]);
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    fail(where, { expected: "name to be a text", received: describe(name) });
  }
  const dims = batchOf(checkShape(where, "shape", shape));
  return new LayerTensor(dims, "float32", null, name ?? null);
}
