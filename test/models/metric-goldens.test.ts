// Metrics against Keras, accumulated over batches with and without weights, in a model that
// passes its input through.
import { describe, expect, it } from "vitest";
import { activation, ops, type Sym, sequential, tensor } from "../../ts/index.js";
import { lossesByName } from "../../ts/losses.js";
import * as metrics from "../../ts/metrics.js";
import { type MetricName, resolveMetric } from "../../ts/metrics.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";

const { cases } = readGolden("metrics");
const factories = { ...lossesByName, ...metrics } as unknown as Record<
  string,
  ((options: object) => metrics.Metric) | undefined
>;
// Predictions that are NaN cannot be given as data: see the kernels' tests for these.
const built = cases.filter(
  (found) => factories[found.extra.metric as string] && !found.name.includes("/nan/"),
);

/** The numbers of the first batches, one after the other. */
function first(found: GoldenCase, name: string, batches: number): Float32Array {
  const parts = Array.from({ length: batches }, (_, i) => found.tensor(`${name}${i}`).data);
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

describe("metrics agree with Keras", () => {
  it.each(built.map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const make = factories[found.extra.metric as string];
    const metric =
      Object.keys(found.options).length > 0 || !make
        ? (make?.(found.options) ?? resolveMetric("test", found.extra.metric as MetricName))
        : (found.extra.metric as MetricName);
    const name = typeof metric === "string" ? metric : metric.name;
    const shape = found.tensor("yPred0").shape.slice(1);
    const isLabels =
      found.tensor("yTrue0").shape.length < found.tensor("yPred0").shape.length ||
      (found.tensor("yTrue0").shape.at(-1) === 1 && (shape.at(-1) as number) > 1);
    const needsLabels = isLabels && (shape.at(-1) as number) > 1;
    const model = sequential({ inputShape: shape, layers: [activation({ activation: "linear" })] });
    model.compile({
      optimizer: "sgd",
      loss: needsLabels
        ? "sparseCategoricalCrossentropy"
        : (_: Sym, p: Sym) => ops.mean(p, { axis: -1 }),
      weightedMetrics: [metric],
    });
    for (const batches of [1, 2, 3]) {
      const yPred = first(found, "yPred", batches);
      const rows = yPred.length / shape.reduce((p, q) => p * q, 1);
      const targets = first(found, "yTrue", batches);
      const y = tensor(targets, [rows, ...found.tensor("yTrue0").shape.slice(1)]);
      const weighted = found.names.includes("sampleWeight0");
      const options = weighted ? { sampleWeight: first(found, "sampleWeight", batches) } : {};
      const logs = await model.evaluate(yPred, y, { ...options, batchSize: 3 });
      const expected = found.float32("results")[batches - 1] as number;
      expect(logs[name], `after ${batches} batches`).toBeCloseTo(expected, 5);
    }
  });
});
