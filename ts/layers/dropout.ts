// The dropout layer.
import { checkNumber } from "../errors.js";
import { dropout as dropoutOp } from "../layer-ops.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";

/** Options of `dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** The share of elements that become 0, from 0 to below 1. */
  rate: number;
  /**
   * From 0 to 2^31 - 1: together with the model's seed it fixes the masks. Default: the place of
   * the layer in the model, so that no two layers draw the same.
   */
  seed?: number;
}

/** Streams with this bit come from seeds, others from places. */
const seeded = 2 ** 31;

/**
 * While training, sets a random share of the elements to 0 and divides the rest by `1 - rate`, so
 * that nothing is left to do at inference. Hinton et al. 2012.
 * Source: https://keras.io/api/layers/regularization_layers/dropout/
 *
 * @example
 * dropout({ rate: 0.5 })
 */
export function dropout(options: DropoutOptions): Layer {
  const given = checkLayerOptions("dropout", options, ["rate", "seed"]);
  const rate = checkNumber("dropout", "rate", given.rate, { min: 0, exclusiveMax: 1 });
  const limits = { integer: true, min: 0, max: seeded - 1 };
  const seed = given.seed === undefined ? null : checkNumber("dropout", "seed", given.seed, limits);
  return new Layer(
    {
      kind: "dropout",
      call(context, inputs) {
        const x = onlyInput(inputs, "dropout");
        if (!context.random || rate === 0) return x;
        return dropoutOp(x, rate, seed === null ? context.stream : seeded + seed);
      },
    },
    given,
  );
}
