// Metrics by hand-computed examples: values per sample, options, names, and what they refuse.
import { describe, expect, it } from "vitest";
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  type Metric,
  meanAbsoluteError,
  type Sym,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from "../../ts/index.js";
import { resolveMetric } from "../../ts/metrics.js";
import { mean } from "../../ts/ops.js";
import { type TrialInput, trial } from "../support/trial.js";

async function values(metric: Metric, yTrue: TrialInput, yPred: TrialInput): Promise<number[]> {
  const { outputs } = await trial({ yTrue, yPred }, (syms) => {
    const found = metric.compute(syms.yTrue as Sym, syms.yPred as Sym);
    return { outputs: { y: found.dims.length > 1 ? mean(found, { axis: -1 }) : found } };
  });
  return [...(outputs.y as Float32Array)];
}

const scores = { shape: [4, 4], data: [0.1, 0.2, 0.3, 0.4, 4, 3, 2, 1, 0, 5, 5, 0, 1, 9, 8, 7] };
const labels = { shape: [4], data: [3, 1, 2, 0], dtype: "int32" } as const;
const oneHot = {
  shape: [4, 4],
  data: labels.data.flatMap((label) => [0, 1, 2, 3].map((k) => Number(k === label))),
};

describe("accuracies", () => {
  it("binary, with a threshold", async () => {
    const yTrue = { shape: [2, 2], data: [1, 0, 1, 1] };
    const yPred = { shape: [2, 2], data: [0.6, 0.6, 0.5, 0.9] };
    expect(await values(binaryAccuracy(), yTrue, yPred)).toEqual([0.5, 0.5]);
    expect(await values(binaryAccuracy({ threshold: 0.4 }), yTrue, yPred)).toEqual([0.5, 1]);
    expect(await values(binaryAccuracy({ threshold: 0.7 }), yTrue, yPred)).toEqual([0.5, 0.5]);
  });
  it("categorical and sparse: the first of equal scores counts", async () => {
    expect(await values(categoricalAccuracy(), oneHot, scores)).toEqual([1, 0, 0, 0]);
    expect(await values(sparseCategoricalAccuracy(), labels, scores)).toEqual([1, 0, 0, 0]);
  });
  it("top k", async () => {
    for (const [k, expected] of [
      [1, [1, 0, 1, 0]],
      [2, [1, 1, 1, 0]],
      [3, [1, 1, 1, 0]],
      [4, [1, 1, 1, 1]],
    ] as const) {
      expect(await values(topKCategoricalAccuracy({ k }), oneHot, scores)).toEqual(expected);
      expect(await values(sparseTopKCategoricalAccuracy({ k }), labels, scores)).toEqual(expected);
    }
    expect(await values(sparseTopKCategoricalAccuracy(), labels, scores)).toEqual([1, 1, 1, 1]);
  });
  it("accuracy takes the one that fits", async () => {
    const column = { shape: [3, 1], data: [0.2, 0.7, 0.9] };
    const truth = { shape: [3, 1], data: [0, 1, 0] };
    expect(await values(accuracy(), truth, column)).toEqual([1, 1, 0]);
    expect(await values(accuracy(), oneHot, scores)).toEqual([1, 0, 0, 0]);
    expect(await values(accuracy(), labels, scores)).toEqual([1, 0, 0, 0]);
  });
  it("errors are losses and metrics at once", async () => {
    const yTrue = { shape: [2, 2], data: [1, 0, 1, 1] };
    const yPred = { shape: [2, 2], data: [0, 0, 3, -1] };
    expect(await values(meanAbsoluteError(), yTrue, yPred)).toEqual([0.5, 2]);
  });
});

describe("names", () => {
  it("stay as they were given", () => {
    expect(resolveMetric("compile", "mse").name).toBe("mse");
    expect(resolveMetric("compile", "acc").name).toBe("acc");
    expect(resolveMetric("compile", accuracy({ name: "hits" })).name).toBe("hits");
    expect(resolveMetric("compile", topKCategoricalAccuracy({ k: 3 })).name).toBe(
      "topKCategoricalAccuracy",
    );
    expect(
      resolveMetric("compile", function mine(_, yPred) {
        return yPred;
      }).name,
    ).toBe("mine");
  });
  it.each([
    ["unknown", () => resolveMetric("m", "top5" as never), /expected one of/],
    [
      "a function without a name",
      () => resolveMetric("m", ((_: Sym, p: Sym) => p) as never),
      /named function/,
    ],
    ["no text", () => accuracy({ name: "" }), /accuracy: name: expected a text/],
    ["k of 0", () => topKCategoricalAccuracy({ k: 0 }), /k/],
    ["a misspelt option", () => binaryAccuracy({ treshold: 1 } as never), /threshold/],
  ])("refuse: %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
  it("refuse targets of another kind", async () => {
    await expect(values(categoricalAccuracy(), labels, scores)).rejects.toThrow(
      /sparseCategorical/,
    );
    await expect(values(sparseCategoricalAccuracy(), oneHot, scores)).rejects.toThrow(/One-hot/);
    const floats = { shape: [4], data: [0, 1, 2, 3] };
    await expect(values(sparseTopKCategoricalAccuracy(), floats, scores)).rejects.toThrow(
      /class numbers/,
    );
  });
});
