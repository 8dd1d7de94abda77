// What `compile` is told for each output of a model: loss, its weight, and metrics.
import { checkNumber, describe, fail } from "../errors.js";
import { type LossLike, type ResolvedLoss, resolveLoss } from "../losses.js";
import { type Metric, type MetricLike, resolveMetric } from "../metrics.js";
import { isRecord, joinNames, recordParts } from "./parts.js";

/** One loss for all outputs, or one for each: an array, or by the name of the output. */
export type LossesLike = LossLike | readonly LossLike[] | Readonly<Record<string, LossLike>>;

/** A factor for each loss: an array, or by the name of the output; a number for a single output. */
export type LossWeights = number | readonly number[] | Readonly<Record<string, number>>;

/**
 * For one output an array of metrics. For several an array with a metric or an array of metrics for
 * each, or these by the name of the output.
 */
export type MetricsLike =
  | readonly (MetricLike | readonly MetricLike[])[]
  | Readonly<Record<string, MetricLike | readonly MetricLike[]>>;

/** What is reported and made small for one output. */
export interface OutputSetup {
  readonly name: string;
  readonly loss: ResolvedLoss;
  /** The name of its loss in logs; null where the only loss is the whole one. */
  readonly lossName: string | null;
  readonly lossWeight: number;
  readonly metrics: readonly Metric[];
  readonly weightedMetrics: readonly Metric[];
}

/** Options that are given for each output. */
export interface OutputOptions {
  readonly loss: LossesLike;
  readonly lossWeights?: LossWeights;
  readonly metrics?: MetricsLike;
  readonly weightedMetrics?: MetricsLike;
}

/** The setup of each output. */
export function setUpOutputs(
  where: string,
  names: readonly string[],
  options: OutputOptions,
): readonly OutputSetup[] {
  const several = names.length > 1;
  const losses = perOutput(where, "loss", names, options.loss, isLoss, false);
  const weights = perOutput(where, "lossWeights", names, options.lossWeights, isOne, true);
  const metrics = metricsPerOutput(where, "metrics", names, options.metrics);
  const weighted = metricsPerOutput(where, "weightedMetrics", names, options.weightedMetrics);
  if (several && typeof options.lossWeights === "number") {
    fail(where, {
      expected: `lossWeights to be an array of ${names.length}, or numbers by output`,
      received: describe(options.lossWeights),
    });
  }
  return names.map((name, i) => ({
    name,
    loss: resolveLoss(several ? `${where}: output "${name}"` : where, losses[i] as LossLike),
    lossName: several ? joinNames(name, "loss") : null,
    lossWeight: checkNumber(where, "lossWeights", weights[i] ?? 1),
    metrics: several ? renamed(name, metrics[i]) : (metrics[i] ?? []),
    weightedMetrics: several ? renamed(name, weighted[i]) : (weighted[i] ?? []),
  }));
}

const isOne = (given: unknown) => typeof given !== "object";
const isLoss = (given: unknown) => {
  if (typeof given !== "object" || given === null) return true;
  return "compute" in given && typeof given.compute === "function";
};

/** One value for each output, from one for all, an array or a record. */
export function perOutput(
  where: string,
  what: string,
  names: readonly string[],
  given: unknown,
  isSingle: (given: unknown) => boolean,
  partly: boolean,
): readonly unknown[] {
  if (isSingle(given)) return names.map(() => given);
  if (isRecord(given)) {
    return recordParts(where, what, names, given, partly).map(({ value }) => value);
  }
  if (Array.isArray(given) && given.length === names.length) return given;
  return fail(where, {
    expected: `${what} to be an array of ${names.length}, for the outputs ${names.join(", ")}`,
    received: describe(given),
  });
}

function metricsPerOutput(
  where: string,
  what: string,
  names: readonly string[],
  given: MetricsLike = names.length > 1 ? {} : [],
): readonly (readonly Metric[])[] {
  const place = `${where}: ${what}`;
  const single = names.length === 1 && !isRecord(given);
  const each = single ? [given] : perOutput(place, what, names, given, () => false, true);
  return each.map((metrics = []) => {
    const list = Array.isArray(metrics) || single ? metrics : [metrics];
    if (!Array.isArray(list)) {
      fail(place, { expected: 'an array such as ["accuracy"]', received: describe(given) });
    }
    return list.map((metric: MetricLike) => resolveMetric(place, metric));
  });
}

function renamed(output: string, metrics: readonly Metric[] = []): readonly Metric[] {
  return metrics.map((metric) => ({
    name: joinNames(output, metric.name),
    compute: (yTrue, yPred) => metric.compute(yTrue, yPred),
  }));
}
