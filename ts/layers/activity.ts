// Penalties on the outputs of layers.
import type { Sym } from "../graph.js";
import { batchSize } from "../layer-ops.js";
import { divide } from "../ops.js";
import type { RegularizerFunction } from "../regularizers.js";
import type { CallContext } from "./layer.js";

/** Adds the penalty on `output`, divided by the batch size as in Keras, to the loss. */
export function addActivityLoss(
  context: CallContext,
  regularizer: RegularizerFunction | null,
  output: Sym,
): void {
  if (regularizer) context.addLoss(divide(regularizer(output), batchSize(output.graph)));
}
