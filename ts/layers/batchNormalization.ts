// The batch normalisation layer.
import { type ConstraintLike, resolveConstraint } from "../constraints.js";
import { checkBoolean, checkNumber } from "../errors.js";
import { type InitializerLike, resolveInitializer } from "../initializers.js";
import { batchNorm, normalize, updateMoving } from "../layer-ops.js";
import { type RegularizerLike, resolveRegularizer } from "../regularizers.js";
import {
  checkLayerOptions,
  featuresOf,
  Layer,
  type LayerOptions,
  onlyInput,
  type WeightSpec,
} from "./layer.js";

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** The share of the moving statistics that stays at each step, from 0 to 1. Default: 0.99. */
  momentum?: number;
  /** Added to the variance; above 0. Default: 0.001. */
  epsilon?: number;
  /** Whether `beta` is added. Default: true. */
  center?: boolean;
  /** Whether the result is multiplied by `gamma`. Default: true. */
  scale?: boolean;
  /** How `beta` starts. Default: `"zeros"`. */
  betaInitializer?: InitializerLike;
  /** How `gamma` starts. Default: `"ones"`. */
  gammaInitializer?: InitializerLike;
  /** How `movingMean` starts. Default: `"zeros"`. */
  movingMeanInitializer?: InitializerLike;
  /** How `movingVariance` starts. Default: `"ones"`. */
  movingVarianceInitializer?: InitializerLike;
  /** A penalty on `beta`. Default: none. */
  betaRegularizer?: RegularizerLike | null;
  /** A penalty on `gamma`. Default: none. */
  gammaRegularizer?: RegularizerLike | null;
  /** What `beta` is projected to after each update. Default: nothing. */
  betaConstraint?: ConstraintLike | null;
  /** What `gamma` is projected to after each update. Default: nothing. */
  gammaConstraint?: ConstraintLike | null;
}

const optionNames = [
  "momentum",
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "movingMeanInitializer",
  "movingVarianceInitializer",
  "betaRegularizer",
  "gammaRegularizer",
  "betaConstraint",
  "gammaConstraint",
];

/**
 * Gives each feature (last axis) mean 0 and variance 1, then scales and shifts it. Training uses
 * the statistics of the batch and updates the moving ones; inference, and training with
 * `trainable: false`, uses the moving ones. Weights: `gamma`, `beta`, `movingMean`,
 * `movingVariance`. Ioffe & Szegedy 2015.
 * Source: https://keras.io/api/layers/normalization_layers/batch_normalization/
 *
 * @example
 * batchNormalization({ momentum: 0.9 })
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  const kind = "batchNormalization";
  const given = checkLayerOptions(kind, options, optionNames);
  const momentum = checkNumber(kind, "momentum", given.momentum ?? 0.99, { min: 0, max: 1 });
  const epsilon = checkNumber(kind, "epsilon", given.epsilon ?? 1e-3, { exclusiveMin: 0 });
  const center = checkBoolean(kind, "center", given.center ?? true);
  const scale = checkBoolean(kind, "scale", given.scale ?? true);
  const betaRegularizer = resolveRegularizer(
    `${kind}: betaRegularizer`,
    given.betaRegularizer ?? null,
  );
  const gammaRegularizer = resolveRegularizer(
    `${kind}: gammaRegularizer`,
    given.gammaRegularizer ?? null,
  );
  const constraint = (name: "betaConstraint" | "gammaConstraint") =>
    resolveConstraint(`${kind}: ${name}`, given[name] ?? null);
  const betaConstraint = constraint("betaConstraint");
  const gammaConstraint = constraint("gammaConstraint");
  const initializer = (
    name: "beta" | "gamma" | "movingMean" | "movingVariance",
    byDefault: InitializerLike,
  ) => resolveInitializer(`${kind}: ${name}Initializer`, given[`${name}Initializer`] ?? byDefault);
  const specs: readonly Omit<WeightSpec, "shape">[] = [
    ...(scale
      ? [
          {
            name: "gamma",
            initializer: initializer("gamma", "ones"),
            regularizer: gammaRegularizer,
            constraint: gammaConstraint,
          },
        ]
      : []),
    ...(center
      ? [
          {
            name: "beta",
            initializer: initializer("beta", "zeros"),
            regularizer: betaRegularizer,
            constraint: betaConstraint,
          },
        ]
      : []),
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
        const shape = [featuresOf(inputs, place)];
        return specs.map((spec) => ({ ...spec, shape }));
      },
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        const gamma = scale ? context.weight("gamma") : null;
        const beta = center ? context.weight("beta") : null;
        const movingMean = context.weight("movingMean");
        const movingVariance = context.weight("movingVariance");
        if (!context.training || !context.trainable) {
          return normalize(x, {
            mean: movingMean,
            variance: movingVariance,
            gamma,
            beta,
            epsilon,
          });
        }
        const { y, mean, variance } = batchNorm(x, { gamma, beta, epsilon });
        updateMoving(movingMean, mean, momentum);
        updateMoving(movingVariance, variance, momentum);
        return y;
      },
    },
    given,
  );
}
