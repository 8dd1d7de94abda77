// The layer that penalises what passes through it.
import { l1l2 } from "../regularizers.js";
import { addActivityLoss } from "./activity.js";
import { checkLayerOptions, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `activityRegularization`. */
export interface ActivityRegularizationOptions extends LayerOptions {
  /** Factor of the sum of absolute values, at least 0. Default: 0. */
  l1?: number;
  /** Factor of the sum of squares, at least 0. Default: 0. */
  l2?: number;
}

/**
 * Passes its input on and adds `l1 * sum(|x|) + l2 * sum(x^2)`, divided by the batch size, to the
 * loss.
 * Source: https://keras.io/api/layers/regularization_layers/activity_regularization/
 *
 * @example
 * activityRegularization({ l1: 0.01 })
 */
export function activityRegularization(
  options: ActivityRegularizationOptions = {},
): Layer<SameShape> {
  const kind = "activityRegularization";
  const given = checkLayerOptions(kind, options, ["l1", "l2"]);
  const { penalty } = l1l2({ l1: given.l1 ?? 0, l2: given.l2 ?? 0 });
  return new Layer(
    {
      kind,
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        addActivityLoss(context, penalty, x);
        return x;
      },
    },
    given,
  );
}
