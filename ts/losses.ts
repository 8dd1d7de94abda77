// Losses: functions of symbolic targets and predictions that return one value per sample.
// Weighting, averaging over the batch and regularisation are done in models/lowering.ts.

import type { DType } from "./data/tensor.js";
import { checkBoolean, checkNumber, checkOneOf, checkOptions, describe, fail } from "./errors.js";
import { Sym } from "./graph.js";
import { crossEntropy, sparseCrossEntropy } from "./layer-ops.js";
import {
  absolute,
  add,
  clip,
  divide,
  log,
  mean,
  multiply,
  negative,
  oneHot,
  squaredDifference,
  subtract,
  sum,
  unary,
} from "./ops.js";
import type { Dim } from "./shape.js";

/** What the targets of a loss are. */
export type TargetKind =
  /** Numbers in the shape of the predictions. */
  | "values"
  /** Whole numbers, one for each row of class scores. */
  | "labels";

const reductions = ["sumOverBatchSize", "mean", "sum", "meanWithSampleWeight"] as const;

/** How one number is made of the values of a batch. */
export type LossReduction = (typeof reductions)[number];

/** A loss with its options. Made by `meanSquaredError()` and the like; a metric, too. */
export interface Loss {
  /** The name under which it stands in logs when it is used as a metric. */
  readonly name: string;
  /** How one number is made of the values of a batch. */
  readonly reduction: LossReduction;
  /** @internal */
  readonly targets: TargetKind;
  /** The largest range targets may have; null for any. @internal */
  readonly targetRange: readonly [number, number] | null;
  /** What made it. @internal */
  readonly factory: string;
  /** Whether it takes logits. @internal */
  readonly fromLogits: boolean;
  /** @internal */
  compute(yTrue: Sym, yPred: Sym): Sym;
}

/**
 * A loss as a function of targets and predictions, made with `ops`: returns one value per sample
 * (or more, then their mean counts). Its gradient is automatic.
 *
 * @example
 * const logCosh = (yTrue: Sym, yPred: Sym) => {
 *   const error = ops.subtract(yPred, yTrue);
 *   const softplus = activations.softplus(ops.multiply(error, -2));
 *   return ops.mean(ops.subtract(ops.add(error, softplus), Math.LN2), { axis: -1 });
 * };
 */
export type LossFunction = (yTrue: Sym, yPred: Sym) => Sym;

/** An option every loss has. */
export interface LossOptions {
  /** The name in logs when it is used as a metric. Default: that of the factory. */
  name?: string;
  /**
   * How one number is made of the weighted values of a batch: their mean over the number of rows
   * (`"sumOverBatchSize"`, also called `"mean"`), their sum, or their mean over the sum of weights. Default:
   * `"sumOverBatchSize"`.
   */
  reduction?: LossReduction;
}

/** Options of the cross-entropies. */
export interface CrossentropyOptions extends LossOptions {
  /**
   * Whether predictions are logits instead of probabilities. Not needed behind a softmax or
   * sigmoid: that is recognised and computed from its logits. Default: false.
   */
  fromLogits?: boolean;
  /** From 0 to 1: how far targets are moved towards an even distribution. Default: 0. */
  labelSmoothing?: number;
}

/** Keras' epsilon: probabilities are kept this far from 0 and 1. */
const epsilon = 1e-7;

/** The input of the softmax or sigmoid that made `yPred`; null when it was made otherwise. */
function logitsOf(yPred: Sym, activation: "softmax" | "sigmoid"): Sym | null {
  const { op, kind, inputs } = yPred.graph.madeBy(yPred);
  const found = activation === "softmax" ? op === "softmax" : op === "unary" && kind === "sigmoid";
  return found ? (inputs[0] as Sym) : null;
}

/** Logarithms of probabilities as Keras takes them: normalised, then clipped. */
function logProbabilities(yPred: Sym): Sym {
  const shares = divide(yPred, sum(yPred, { axis: -1, keepDims: true }));
  return log(clip(shares, epsilon, 1 - epsilon));
}

function smoothed(yTrue: Sym, smoothing: number, even: number): Sym {
  if (smoothing === 0) return yTrue;
  return add(multiply(yTrue, 1 - smoothing), smoothing * even);
}

const common = ["name", "reduction"];
const ofCrossentropy = ["fromLogits", "labelSmoothing"];

function checkLogits(
  factory: string,
  options: CrossentropyOptions,
  own: readonly string[] = ofCrossentropy,
): boolean {
  const { fromLogits = false } = checkOptions(factory, options, [...common, ...own]);
  return checkBoolean(factory, "fromLogits", fromLogits);
}

function checkSmoothing(factory: string, options: CrossentropyOptions): number {
  return checkNumber(factory, "labelSmoothing", options.labelSmoothing ?? 0, { min: 0, max: 1 });
}

/** Checks what all losses have in common and puts a loss together. */
function loss(
  factory: string,
  options: LossOptions,
  known: readonly string[],
  parts: Pick<Loss, "targets" | "compute"> & Partial<Pick<Loss, "targetRange" | "fromLogits">>,
): Loss {
  checkOptions(factory, options, [...common, ...known]);
  const { name = factory, reduction = "sumOverBatchSize" } = options;
  checkOneOf(`${factory}: reduction`, reduction, reductions);
  if (typeof name !== "string" || name === "") {
    fail(`${factory}: name`, { expected: "a text", received: describe(name) });
  }
  return { name, reduction, targetRange: null, factory, fromLogits: false, ...parts };
}

/** How many classes the last axis of predictions has. */
function classesOf(name: string, yPred: Sym): number {
  const dim = yPred.dims.at(-1) as Dim;
  if (yPred.dims.length >= 2 && dim.symbol === 0 && dim.factor > 1) return dim.factor;
  return fail(`loss "${name}"`, {
    expected: "predictions [..., classes] with at least 2 classes",
    received: `[${yPred.shape.map((extent) => extent ?? "batch").join(", ")}]`,
    hint: "With one output for two classes use binaryCrossentropy.",
  });
}

/**
 * The mean over the last axis of `(yTrue - yPred)^2`.
 * Source: https://keras.io/api/losses/regression_losses/#meansquarederror-class
 */
export function meanSquaredError(options: LossOptions = {}): Loss {
  return loss("meanSquaredError", options, [], {
    targets: "values",
    compute: (yTrue, yPred) => mean(squaredDifference(yTrue, yPred), { axis: -1 }),
  });
}

/**
 * The mean over the last axis of `|yTrue - yPred|`.
 * Source: https://keras.io/api/losses/regression_losses/#meanabsoluteerror-class
 */
export function meanAbsoluteError(options: LossOptions = {}): Loss {
  return loss("meanAbsoluteError", options, [], {
    targets: "values",
    compute: (yTrue, yPred) => mean(absolute(subtract(yTrue, yPred)), { axis: -1 }),
  });
}

/**
 * `-(y log p + (1 - y) log(1 - p))`, the mean over the last axis: for outputs that are each a
 * probability of their own. Targets from 0 to 1 in the shape of the predictions.
 * Source: https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class
 */
export function binaryCrossentropy(options: CrossentropyOptions = {}): Loss {
  const fromLogits = checkLogits("binaryCrossentropy", options);
  const smoothing = checkSmoothing("binaryCrossentropy", options);
  return loss("binaryCrossentropy", options, ofCrossentropy, {
    targets: "values",
    targetRange: [0, 1],
    fromLogits,
    compute(yTrue, yPred) {
      const y = smoothed(yTrue, smoothing, 0.5);
      const logits = fromLogits ? yPred : logitsOf(yPred, "sigmoid");
      if (logits) {
        // Smooth everywhere and exact where the prediction is right with confidence.
        const right = multiply(y, unary("softplus", negative(logits)));
        const wrong = multiply(subtract(1, y), unary("softplus", logits));
        return mean(add(right, wrong), { axis: -1 });
      }
      const p = clip(yPred, epsilon, 1 - epsilon);
      const right = multiply(y, log(p));
      const wrong = multiply(subtract(1, y), log(subtract(1, p)));
      return negative(mean(add(right, wrong), { axis: -1 }));
    },
  });
}

/**
 * `-sum(y log p)` over the last axis, for one class among several with one-hot targets
 * `[..., classes]`. Probabilities are normalised to add up to 1.
 * Source: https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class
 */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  const fromLogits = checkLogits("categoricalCrossentropy", options);
  const smoothing = checkSmoothing("categoricalCrossentropy", options);
  return loss("categoricalCrossentropy", options, ofCrossentropy, {
    targets: "values",
    fromLogits,
    compute(yTrue, yPred) {
      const classes = classesOf("categoricalCrossentropy", yPred);
      const y = smoothed(yTrue, smoothing, 1 / classes);
      const logits = fromLogits ? yPred : logitsOf(yPred, "softmax");
      if (logits) return crossEntropy(logits, y);
      return negative(sum(multiply(y, logProbabilities(yPred)), { axis: -1 }));
    },
  });
}

/**
 * As `categoricalCrossentropy`, with the class numbers 0 to classes - 1 as targets.
 * Source: https://keras.io/api/losses/probabilistic_losses/#sparsecategoricalcrossentropy-class
 */
export function sparseCategoricalCrossentropy(
  options: Omit<CrossentropyOptions, "labelSmoothing"> = {},
): Loss {
  const fromLogits = checkLogits("sparseCategoricalCrossentropy", options, ["fromLogits"]);
  return loss("sparseCategoricalCrossentropy", options, ["fromLogits"], {
    targets: "labels",
    fromLogits,
    compute(yTrue, yPred) {
      const classes = classesOf("sparseCategoricalCrossentropy", yPred);
      const logits = fromLogits ? yPred : logitsOf(yPred, "softmax");
      if (logits) return sparseCrossEntropy(logits, yTrue);
      return negative(sum(multiply(oneHot(yTrue, classes), logProbabilities(yPred)), { axis: -1 }));
    },
  });
}

/** The losses by name. */
export const lossesByName = {
  meanSquaredError,
  mse: meanSquaredError,
  meanAbsoluteError,
  mae: meanAbsoluteError,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} satisfies Record<string, (options?: LossOptions) => Loss>;

/** The name of a loss with its defaults. */
export type LossName = keyof typeof lossesByName;

/** What `compile` takes as a loss. */
export type LossLike = LossName | Loss | LossFunction;

/** A loss as models use it: a function has targets of any kind. */
export interface ResolvedLoss {
  readonly name: string;
  readonly reduction: LossReduction;
  readonly targets: TargetKind | "any";
  readonly targetRange: readonly [number, number] | null;
  /** What made it; null for a function. */
  readonly factory: string | null;
  readonly fromLogits: boolean;
  compute(yTrue: Sym, yPred: Sym): Sym;
}

const names = Object.keys(lossesByName) as LossName[];

/** The loss behind what `compile` was given. */
export function resolveLoss(where: string, given: LossLike): ResolvedLoss {
  if (typeof given === "string") return lossesByName[checkOneOf(`${where}: loss`, given, names)]();
  if (typeof given === "object" && given !== null && typeof given.compute === "function") {
    return given;
  }
  if (typeof given !== "function") {
    return fail(`${where}: loss`, {
      expected: "the name of a loss, one made by meanSquaredError() and the like, or a function",
      received: describe(given),
    });
  }
  const name = given.name || "loss";
  const compute = (yTrue: Sym, yPred: Sym) => checkedResult(`loss "${name}"`, given, yTrue, yPred);
  return {
    name,
    reduction: "sumOverBatchSize",
    targets: "any",
    targetRange: null,
    factory: null,
    fromLogits: false,
    compute,
  };
}

/** Calls a user's function and checks that it returns values over the batch. */
export function checkedResult(
  where: string,
  compute: (yTrue: Sym, yPred: Sym) => Sym,
  yTrue: Sym,
  yPred: Sym,
): Sym {
  const values: unknown = compute(yTrue, yPred);
  if (values instanceof Sym) return values;
  return fail(where, {
    expected: "a function (yTrue, yPred) that returns a symbolic tensor made with ops",
    received: describe(values),
    ...(isFactory(values) ? { hint: "Call the factory: meanSquaredError()." } : {}),
  });
}

function isFactory(values: unknown): boolean {
  return typeof values === "object" && values !== null && "compute" in values;
}

/** The element type in which targets of that kind go to the engine. */
export function targetType(targets: TargetKind): DType {
  return targets === "labels" ? "int32" : "float32";
}
