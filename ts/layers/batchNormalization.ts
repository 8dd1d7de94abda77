// The batch normalisation layer.
import { checkNumber } from "../errors.js";
import { type InitializerLike, resolveInitializer } from "../initializers.js";
import { batchNorm, normalize, updateMoving } from "../layer-ops.js";
import { overRows } from "../ops.js";
import { axisOf, extentsOf } from "./axes.js";
import { checkLayerOptions, Layer, onlyInput } from "./layer.js";
import { type ScaleAndShiftOptions, scaleAndShift, scaleAndShiftNames } from "./scale-and-shift.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends ScaleAndShiftOptions {
  /** The axis of the features; not 0, the batch. Negative ones count from the end. Default: -1. */
  axis?: number;
  /** The share of the moving statistics that stays at each step, from 0 to 1. Default: 0.99. */
  momentum?: number;
  /** How `movingMean` starts. Default: `"zeros"`. */
  movingMeanInitializer?: InitializerLike;
  /** How `movingVariance` starts. Default: `"ones"`. */
  movingVarianceInitializer?: InitializerLike;
}

const optionNames = [
  "axis",
  "momentum",
  "movingMeanInitializer",
  "movingVarianceInitializer",
  ...scaleAndShiftNames,
];

/**
 * Gives each feature, along `axis`, mean 0 and variance 1, then scales and shifts it. Training uses
 * the statistics of the batch and updates the moving ones; inference, and training with
 * `trainable: false`, uses the moving ones. Weights: `gamma`, `beta`, `movingMean`,
 * `movingVariance`. Ioffe & Szegedy 2015.
 * Source: https://keras.io/api/layers/normalization_layers/batch_normalization/
 *
 * @example
 * batchNormalization({ momentum: 0.9 })
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer<SameShape> {
  const kind = "batchNormalization";
  const given = checkLayerOptions(kind, options, optionNames);
  const momentum = checkNumber(kind, "momentum", given.momentum ?? 0.99, { min: 0, max: 1 });
  const epsilon = checkNumber(kind, "epsilon", given.epsilon ?? 1e-3, { exclusiveMin: 0 });
  const axis = checkNumber(kind, "axis", given.axis ?? -1, { integer: true });
  const parameters = scaleAndShift(kind, given);
  const initializer = (name: "movingMean" | "movingVariance", byDefault: InitializerLike) =>
    resolveInitializer(`${kind}: ${name}Initializer`, given[`${name}Initializer`] ?? byDefault);
  const statistics = [
    { name: "movingMean", initializer: initializer("movingMean", "zeros"), trainable: false },
    {
      name: "movingVariance",
      initializer: initializer("movingVariance", "ones"),
      trainable: false,
    },
  ];

  return new Layer(
    {
      kind,
      weights(inputs, place) {
        const dims = onlyInput(inputs, place);
        const shape = extentsOf(place, [axisOf(place, axis, dims)], dims);
        return [...parameters.specs(shape), ...statistics.map((spec) => ({ ...spec, shape }))];
      },
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        return overRows(x, [axisOf(kind, axis, x.dims)], (rows) => {
          const { gamma, beta } = parameters.weights(context, rows.dims.slice(-1));
          const movingMean = context.weight("movingMean");
          const movingVariance = context.weight("movingVariance");
          if (!context.training || !context.trainable) {
            const [mean, variance] = [movingMean, movingVariance];
            return normalize(rows, { mean, variance, gamma, beta, epsilon });
          }
          const { y, mean, variance } = batchNorm(rows, { gamma, beta, epsilon });
          updateMoving(movingMean, mean, momentum);
          updateMoving(movingVariance, variance, momentum);
          return y;
        });
      },
    },
    given,
  );
}
