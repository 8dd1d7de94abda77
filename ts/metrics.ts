// Metrics: functions of symbolic targets and predictions whose mean over the samples is reported.
// The running means are kept in the engine; see models/lowering.ts.
import { checkNumber, checkOneOf, checkOptions, describe, fail } from "./errors.js";
import type { Sym } from "./graph.js";
import { inTopK } from "./layer-ops.js";
import { checkedResult, lossesByName } from "./losses.js";
import { argmax, equal, greater, less, max, multiply, reshapeTo, sum } from "./ops.js";
import { type Dim, fixed, sameDim } from "./shape.js";

/** A metric with its options. Made by `binaryAccuracy()` and the like; every loss is one, too. */
export interface Metric<Name extends string = string> {
  /** The name under which it stands in logs and the history. */
  readonly name: Name;
  /** @internal */
  compute(yTrue: Sym, yPred: Sym): Sym;
}

/** A metric as a function of targets and predictions, made with `ops`: one value per sample. */
export type MetricFunction = (yTrue: Sym, yPred: Sym) => Sym;

/** An option every metric has. */
export interface MetricOptions<Name extends string = string> {
  /** The name in logs and the history. Default: that of the factory. */
  name?: Name;
}

/** Options of `binaryAccuracy`. */
export interface BinaryAccuracyOptions<Name extends string = string> extends MetricOptions<Name> {
  /** Predictions above it count as 1. Default: 0.5. */
  threshold?: number;
}

/** Options of the top-k accuracies. */
export interface TopKOptions<Name extends string = string> extends MetricOptions<Name> {
  /** How many of the highest predictions count, at least 1. Default: 5. */
  k?: number;
}

function metric<Name extends string>(
  factory: string,
  options: MetricOptions<Name>,
  known: readonly string[],
  compute: (yTrue: Sym, yPred: Sym, place: string) => Sym,
): Metric<Name> {
  checkOptions(factory, options, ["name", ...known]);
  const { name = factory as Name } = options;
  if (typeof name !== "string" || name === "") {
    fail(`${factory}: name`, { expected: "a text", received: describe(name) });
  }
  return { name, compute: (yTrue, yPred) => compute(yTrue, yPred, `metric "${name}"`) };
}

function checkRanks(place: string, yTrue: Sym, yPred: Sym, difference: number): void {
  if (yPred.dims.length - yTrue.dims.length === difference) return;
  const kind = difference === 1 ? "class numbers" : "targets in the shape of the predictions";
  fail(place, {
    expected: `${kind} for predictions [${yPred.shape.map((extent) => extent ?? "batch")}]`,
    received: `[${yTrue.shape.map((extent) => extent ?? "batch")}]`,
    hint:
      difference === 1
        ? "One-hot targets need categoricalAccuracy or topKCategoricalAccuracy."
        : "Class numbers need sparseCategoricalAccuracy or sparseTopKCategoricalAccuracy.",
  });
}

/**
 * How often the prediction is right: binary, categorical or sparse categorical accuracy, whichever
 * fits the shapes of targets and predictions, as in Keras.
 */
export function accuracy<const Name extends string = "accuracy">(
  options: MetricOptions<Name> = {},
): Metric<NoInfer<Name>> {
  return metric("accuracy", options, [], (yTrue, yPred) => {
    if (isOne(yPred.dims.at(-1))) return binaryHits(yTrue, yPred, 0.5);
    const labels = squeezed(yTrue, yPred);
    if (labels.dims.length < yPred.dims.length) return sparseHits(labels, yPred);
    return categoricalHits(yTrue, yPred);
  });
}

function binaryHits(yTrue: Sym, yPred: Sym, threshold: number): Sym {
  return equal(yTrue, greater(yPred, threshold));
}

function sparseHits(yTrue: Sym, yPred: Sym): Sym {
  return equal(yTrue, argmax(yPred));
}

/** Class numbers without an axis of one number at the end. */
function squeezed(yTrue: Sym, yPred: Sym): Sym {
  const isColumn = yTrue.dims.length === yPred.dims.length && isOne(yTrue.dims.at(-1));
  return isColumn && !isOne(yPred.dims.at(-1)) ? reshapeTo(yTrue, yTrue.dims.slice(0, -1)) : yTrue;
}

function isOne(dim: Dim | undefined): boolean {
  return dim !== undefined && sameDim(dim, fixed(1));
}

function categoricalHits(yTrue: Sym, yPred: Sym): Sym {
  return equal(argmax(yTrue), argmax(yPred));
}

/**
 * How often a prediction above the threshold meets a target of 1, and one below a 0.
 * Source: https://keras.io/api/metrics/accuracy_metrics/#binaryaccuracy-class
 */
export function binaryAccuracy<const Name extends string = "binaryAccuracy">(
  options: BinaryAccuracyOptions<Name> = {},
): Metric<NoInfer<Name>> {
  const { threshold = 0.5 } = checkOptions("binaryAccuracy", options, ["name", "threshold"]);
  checkNumber("binaryAccuracy", "threshold", threshold);
  return metric("binaryAccuracy", options, ["threshold"], (yTrue, yPred, place) => {
    checkRanks(place, yTrue, yPred, 0);
    return binaryHits(yTrue, yPred, threshold);
  });
}

/**
 * How often the highest prediction stands where the one-hot target has its 1.
 * Source: https://keras.io/api/metrics/accuracy_metrics/#categoricalaccuracy-class
 */
export function categoricalAccuracy<const Name extends string = "categoricalAccuracy">(
  options: MetricOptions<Name> = {},
): Metric<NoInfer<Name>> {
  return metric("categoricalAccuracy", options, [], (yTrue, yPred, place) => {
    checkRanks(place, yTrue, yPred, 0);
    return categoricalHits(yTrue, yPred);
  });
}

/**
 * How often the highest prediction is the class number of the target.
 * Source: https://keras.io/api/metrics/accuracy_metrics/#sparsecategoricalaccuracy-class
 */
export function sparseCategoricalAccuracy<const Name extends string = "sparseCategoricalAccuracy">(
  options: MetricOptions<Name> = {},
): Metric<NoInfer<Name>> {
  return metric("sparseCategoricalAccuracy", options, [], (yTrue, yPred, place) => {
    const labels = squeezed(yTrue, yPred);
    checkRanks(place, labels, yPred, 1);
    return sparseHits(labels, yPred);
  });
}

function checkK(factory: string, options: TopKOptions): number {
  const { k = 5 } = checkOptions(factory, options, ["name", "k"]);
  return checkNumber(factory, "k", k, { integer: true, min: 1 });
}

/**
 * How often the target's class is among the k highest predictions; targets are one-hot.
 * Source: https://keras.io/api/metrics/accuracy_metrics/#topkcategoricalaccuracy-class
 */
export function topKCategoricalAccuracy<const Name extends string = "topKCategoricalAccuracy">(
  options: TopKOptions<Name> = {},
): Metric<NoInfer<Name>> {
  const k = checkK("topKCategoricalAccuracy", options);
  return metric("topKCategoricalAccuracy", options, ["k"], (yTrue, yPred, place) => {
    checkRanks(place, yTrue, yPred, 0);
    const target = equal(yTrue, max(yTrue, { axis: -1, keepDims: true }));
    const score = sum(multiply(target, yPred), { axis: -1, keepDims: true });
    return less(sum(greater(yPred, score), { axis: -1 }), k);
  });
}

/**
 * How often the target's class is among the k highest predictions; targets are class numbers.
 * Source: https://keras.io/api/metrics/accuracy_metrics/#sparsetopkcategoricalaccuracy-class
 */
export function sparseTopKCategoricalAccuracy<
  const Name extends string = "sparseTopKCategoricalAccuracy",
>(options: TopKOptions<Name> = {}): Metric<NoInfer<Name>> {
  const k = checkK("sparseTopKCategoricalAccuracy", options);
  return metric("sparseTopKCategoricalAccuracy", options, ["k"], (yTrue, yPred, place) => {
    const labels = squeezed(yTrue, yPred);
    checkRanks(place, labels, yPred, 1);
    if (labels.dtype !== "int32") {
      fail(place, {
        expected: "targets that are class numbers",
        received: "numbers that need not be whole",
        hint: "Use it with sparseCategoricalCrossentropy, or topKCategoricalAccuracy instead.",
      });
    }
    return inTopK(yPred, labels, k);
  });
}

// Not spread: bundlers take that for something done, and keep all losses and metrics for it.
const byName = Object.assign({}, lossesByName, {
  accuracy,
  acc: accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  topKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
} satisfies Record<string, (options: MetricOptions) => Metric>);

/** The name of a metric with its defaults. */
export type MetricName = keyof typeof byName;

/** What `compile` takes as a metric. */
export type MetricLike = MetricName | Metric | MetricFunction;

const names = Object.keys(byName) as MetricName[];

/** The metric behind what `compile` was given; a name stays its name in the logs. */
export function resolveMetric(where: string, given: MetricLike): Metric {
  if (typeof given === "string") return byName[checkOneOf(where, given, names)]({ name: given });
  if (typeof given === "object" && given !== null && typeof given.compute === "function") {
    return given;
  }
  if (typeof given === "function" && given.name !== "") {
    const { name } = given;
    const place = `metric "${name}"`;
    return { name, compute: (yTrue, yPred) => checkedResult(place, given, yTrue, yPred) };
  }
  return fail(where, {
    expected: "the name of a metric, one made by accuracy() and the like, or a named function",
    received: describe(given),
  });
}
