// The results of prediction, and how a batch gets into them: for models that train and for those
// that only predict. It must not know layers.
import { shapeText, sizeOf, type Tensor, tensor } from "../data/tensor.js";
import { fail } from "../errors.js";
import type { ModelData } from "./input-data.js";
import type { Program } from "./program.js";
import type { SeedHalves } from "./seed.js";

/** Room for the predictions of `count` rows, one tensor for each output. */
export function emptyResults(
  where: string,
  outputs: readonly { readonly rowShape: readonly number[] }[],
  count: number,
): readonly Tensor[] {
  return outputs.map(({ rowShape }) => emptyResult(where, [count, ...rowShape]));
}

/** A tensor to be filled. */
export function emptyResult(where: string, shape: readonly number[]): Tensor {
  const size = sizeOf(shape);
  try {
    return tensor(new Float32Array(size), shape);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail(where, {
      expected: "a result that fits into memory",
      received: `${shapeText(shape)}, ${((4 * size) / 1e6).toFixed(1)} MB`,
      hint: "Predict fewer rows at a time.",
    });
  }
}

/** Predicts rows `from` up to `to`; `names` are those of the outputs in the program. */
export function predictBatch(
  program: Program,
  seed: SeedHalves,
  { count, parts }: ModelData,
  from: number,
  to: number,
  names: readonly string[],
  results: readonly Tensor[],
): void {
  program.writeAll(parts, null, from, to);
  program.run(to - from, 0, seed, 0);
  for (const [i, { data }] of results.entries()) {
    const length = data.length / count;
    data.set(program.output(names[i] as string, length * (to - from)), length * from);
  }
}
