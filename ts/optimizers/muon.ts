// Role: Muon.
import { checkBoolean, checkNumber, checkOptions, describe, fail } from "../errors.js";
import {
  commonOptions,
  type OptimizedWeight,
  type Optimizer,
  type OptimizerOptions,
  optimizer,
} from "./optimizer.js";

/** Options of `muon`. */
export interface MuonOptions extends OptimizerOptions {
  /** The share of past gradients that stays, from 0 to below 1. Default: 0.95. */
  momentum?: number;
  /** Whether the step looks ahead as Nesterov's momentum does. Default: true. */
  nesterov?: boolean;
  /** How many steps of the iteration that makes a matrix orthogonal; at least 1. Default: 5. */
  nsSteps?: number;
  /** First coefficient of that iteration. Default: 3.4445. */
  muonA?: number;
  /** Second coefficient. Default: -4.775. */
  muonB?: number;
  /** Third coefficient. Default: 2.0315. */
  muonC?: number;
  /**
   * Steps are scaled by `sqrt(max(rows, columns)) * rmsRate`, so that learning rate and decay of
   * AdamW fit (Liu et al. 2025); above 0, or null not to scale. Default: 0.2.
   */
  rmsRate?: number | null;
  /**
   * Weights whose name contains one of these texts (in Keras: matches one of these patterns) are
   * trained by AdamW. Default: none.
   */
  excludeLayers?: readonly string[];
  /** Whether weights with "embedding" in their name are trained by AdamW. Default: true. */
  excludeEmbeddings?: boolean;
  /** beta1 of AdamW, from 0 to below 1. Default: 0.9. */
  adamBeta1?: number;
  /** beta2 of AdamW, from 0 to below 1. Default: 0.999. */
  adamBeta2?: number;
  /** Keeps AdamW's step finite where gradients are 0; above 0. Default: 1e-7. */
  epsilon?: number;
  /** The decay of weights that AdamW trains; at least 0. Default: 0.004. */
  adamWeightDecay?: number;
  /** The learning rate of AdamW as a share of the other; above 0. Default: 1. */
  adamLrRatio?: number;
}

const names = [
  ...["momentum", "nesterov", "nsSteps", "muonA", "muonB", "muonC", "rmsRate", "excludeLayers"],
  ...["excludeEmbeddings", "adamBeta1", "adamBeta2", "epsilon", "adamWeightDecay", "adamLrRatio"],
];

/**
 * Momentum whose step for each matrix is made nearly orthogonal, so that all its directions count
 * alike; biases and other weights that are no matrices, embeddings and `excludeLayers` are trained
 * by AdamW. learningRate is 0.001 and weightDecay 0.004 by default. Jordan et al. 2024.
 * Source: https://keras.io/api/optimizers/muon/
 *
 * The last layer of a classifier is better left to AdamW: `excludeLayers: ["output"]`. As in Keras,
 * gradients add up in the momentum (`m = momentum * m + gradient`); PyTorch's Muon averages them,
 * decays by 0.1, scales steps by `sqrt(max(1, outputs / inputs))` and leaves other weights to another
 * optimizer.
 *
 * @example
 * model.compile({ optimizer: muon({ excludeLayers: ["output"] }), loss: "sparseCategoricalCrossentropy" });
 */
export function muon(options: MuonOptions = {}): Optimizer {
  const name = "muon";
  checkOptions(name, options, [...commonOptions, ...names]);
  const { adamLrRatio = 1, excludeLayers: excluded = [], rmsRate = 0.2 } = options;
  const rate = { min: 0, exclusiveMax: 1 };
  const positive = { exclusiveMin: 0 };
  const number = (option: "muonA" | "muonB" | "muonC", byDefault: number) =>
    checkNumber(name, option, options[option] ?? byDefault);
  if (!Array.isArray(excluded) || excluded.some((text) => typeof text !== "string")) {
    fail(name, {
      expected: 'excludeLayers to be a list of texts such as ["output"]',
      received: describe(excluded),
    });
  }
  const embeddings = checkBoolean(name, "excludeEmbeddings", options.excludeEmbeddings ?? true);
  checkNumber(name, "adamLrRatio", adamLrRatio, positive);
  const adamDecay = checkNumber(name, "adamWeightDecay", options.adamWeightDecay ?? 0.004, {
    min: 0,
  });
  const given = { learningRate: 0.001, weightDecay: 0.004, ...options };
  const base = optimizer(name, "muon", given, [
    checkNumber(name, "momentum", options.momentum ?? 0.95, rate),
    checkNumber(name, "nsSteps", options.nsSteps ?? 5, { integer: true, min: 1, max: 100 }),
    checkBoolean(name, "nesterov", options.nesterov ?? true) ? 1 : 0,
    number("muonA", 3.4445),
    number("muonB", -4.775),
    number("muonC", 2.0315),
    rmsRate === null ? 0 : checkNumber(name, "rmsRate", rmsRate, positive),
    checkNumber(name, "adamBeta1", options.adamBeta1 ?? 0.9, rate),
    checkNumber(name, "adamBeta2", options.adamBeta2 ?? 0.999, rate),
    checkNumber(name, "epsilon", options.epsilon ?? 1e-7, positive),
  ]);
  const byAdam = ({ name: weight, shape }: OptimizedWeight) =>
    shape.length !== 2 ||
    (embeddings && weight.toLowerCase().includes("embedding")) ||
    excluded.some((text) => weight.includes(text));
  const momentum = { name: "momentum", initial: 0 };
  const velocity = { name: "velocity", initial: 0 };
  return {
    ...base,
    slotsOf: (weight) => (byAdam(weight) ? [momentum, velocity] : [momentum]),
    decayOf(weight) {
      if (!byAdam(weight)) return base.decayOf(weight);
      // A weight that is left out of the decay is left out of this one, too. Keras lets the whole
      // learning rate take part in it, whatever share of it AdamW has.
      const { excludeFromWeightDecay: spared = [] } = options;
      const decays = !spared.some((text) => weight.name.includes(text));
      return decays ? adamDecay / adamLrRatio : 0;
    },
    rateOf: (weight) => (byAdam(weight) ? adamLrRatio : 1),
  };
}
