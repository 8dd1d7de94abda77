// The layer that applies an activation.
import { type Activation, resolveActivation } from "../activations.js";
import { type RegularizerLike, resolveRegularizer } from "../regularizers.js";
import { addActivityLoss } from "./activity.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";

/** Options of `activation`. */
export interface ActivationOptions extends LayerOptions {
  /** What is applied. */
  activation: Activation;
  /** A penalty on the output, for each sample of the batch. Default: none. */
  activityRegularizer?: RegularizerLike | null;
}

/**
 * Applies an activation; the shape stays.
 * Source: https://keras.io/api/layers/core_layers/activation/
 *
 * @example
 * activation({ activation: "relu" })
 */
export function activation(options: ActivationOptions): Layer {
  const given = checkLayerOptions("activation", options, ["activation", "activityRegularizer"]);
  const apply = resolveActivation("activation: activation", given.activation);
  const regularizer = resolveRegularizer(
    "activation: activityRegularizer",
    given.activityRegularizer ?? null,
  );
  return new Layer(
    {
      kind: "activation",
      activation: apply,
      call(context, inputs) {
        const output = apply(onlyInput(inputs, "activation"));
        addActivityLoss(context, regularizer, output);
        return output;
      },
    },
    given,
  );
}
