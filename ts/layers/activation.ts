// The layer that applies an activation.
import { type Activation, resolveActivation } from "../activations.js";
import type { Sym } from "../graph.js";
import { type RegularizerLike, resolveRegularizer } from "../regularizers.js";
import { addActivityLoss } from "./activity.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { SameShape } from "./shape-rules.js";

/** Options of every layer that applies an activation. */
export interface ActivationLayerOptions extends LayerOptions {
  /** A penalty on the output, for each sample of the batch. Default: none. */
  activityRegularizer?: RegularizerLike | null;
}

/** Options of `activation`. */
export interface ActivationOptions extends ActivationLayerOptions {
  /** What is applied. */
  activation: Activation;
}

/** A layer of that kind whose function is `apply`. */
export function activationLayer(
  kind: string,
  options: ActivationLayerOptions,
  apply: (x: Sym) => Sym,
): Layer<SameShape> {
  const where = `${kind}: activityRegularizer`;
  const regularizer = resolveRegularizer(where, options.activityRegularizer ?? null);
  return new Layer(
    {
      kind,
      activation: apply,
      call(context, inputs) {
        const output = apply(onlyInput(inputs, kind));
        addActivityLoss(context, regularizer, output);
        return output;
      },
    },
    options,
  );
}

/**
 * Applies an activation; the shape stays.
 * Source: https://keras.io/api/layers/core_layers/activation/
 *
 * @example
 * activation({ activation: "relu" })
 */
export function activation(options: ActivationOptions): Layer<SameShape> {
  const given = checkLayerOptions("activation", options, ["activation", "activityRegularizer"]);
  const apply = resolveActivation("activation: activation", given.activation);
  return activationLayer("activation", given, apply);
}
