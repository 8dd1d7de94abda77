// The layer that multiplies inputs by known numbers and shifts them.
import type { NumericArray } from "../data/rows.js";
import { givenNumbers } from "../data/shaped.js";
import { describe, fail } from "../errors.js";
import { add, multiply } from "../ops.js";
import { printDims, sameDims } from "../shape.js";
import {
  checkLayerOptions,
  Layer,
  type LayerOptions,
  onlyInput,
  type WeightSpec,
} from "./layer.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `rescaling`. */
export interface RescalingOptions extends LayerOptions {
  /** What inputs are multiplied by: a number, or one for each place along the last axis. */
  scale: number | readonly number[] | NumericArray;
  /** What is added then: a number, or one for each place along the last axis. Default: 0. */
  offset?: number | readonly number[] | NumericArray;
}

const kind = "rescaling";

/**
 * `x * scale + offset`: `rescaling({ scale: 1 / 255 })` makes numbers from 0 to 1 of bytes. Arrays
 * of numbers are weights `scale` and `offset` that training leaves alone, so that they travel with
 * the model.
 *
 * Throws a `GradusError` for arrays that do not fit the last axis of the input.
 * Source: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/
 *
 * @example
 * rescaling({ scale: 1 / 127.5, offset: -1 })
 */
export function rescaling(options: RescalingOptions): Layer<SameShape> {
  const given = checkLayerOptions(kind, options, ["scale", "offset"]);
  const parts = { scale: read("scale", given.scale), offset: read("offset", given.offset ?? 0) };
  const specs: readonly WeightSpec[] = (["scale", "offset"] as const).flatMap((name) => {
    const values = parts[name];
    if (typeof values === "number") return [];
    const initializer = { name, seed: null, plan: () => ({ kind: "values", values }) as const };
    return [{ name, shape: [values.length], initializer, trainable: false }];
  });
  return new Layer(
    {
      kind,
      weights: () => specs,
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        const part = (name: "scale" | "offset") => {
          const value = parts[name];
          return typeof value === "number" ? value : context.weight(name);
        };
        const y = add(multiply(x, part("scale")), part("offset"));
        if (sameDims(y.dims, x.dims)) return y;
        return fail(x.graph.place(kind), {
          expected: "as many numbers in scale and offset as the last axis of the input has places",
          received: `${specs.map(({ name, shape }) => `${shape} in ${name}`).join(" and ")} for ${printDims(x.dims)}`,
        });
      },
    },
    given,
  );
}

function read(name: "scale" | "offset", given: unknown): number | Float32Array {
  const { shape, data } = givenNumbers(kind, name, given);
  const numbers = Float32Array.from(data);
  if (
    (shape !== null && shape.length > 1) ||
    numbers.length === 0 ||
    !numbers.every(Number.isFinite)
  ) {
    fail(kind, {
      expected: `${name} to be a finite number or a list of such`,
      received: describe(given),
    });
  }
  return typeof given === "number" ? given : numbers;
}
