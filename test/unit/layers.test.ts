// Layers by hand-computed examples: normalisation in all modes, dropout masks, flatten,
// activation, and dense over several axes.
import { describe, expect, it } from "vitest";
import {
  activation,
  activations,
  batchNormalization,
  dense,
  dropout,
  flatten,
  type Layer,
  type Model,
  sequential,
  sgd,
  type Tensor,
} from "../../ts/index.js";
import { expectClose } from "../support/close.js";

function modelOf(inputShape: readonly number[], layers: readonly Layer[], seed = 1): Model {
  return sequential({ inputShape, seed, layers });
}

describe("dense", () => {
  it("works over the last axis of any input", async () => {
    const model = modelOf([2, 2], [dense({ units: 1, useBias: false })]);
    model.setWeights({ "dense/kernel": [[1], [10]] });
    const y = await model.predict([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(y.toArray()).toEqual([[[21], [43]]]);
  });
  it("has no bias where none is wanted", () => {
    const names = modelOf([2], [dense({ units: 1, useBias: false })]).weights();
    expect(names.map(({ name }) => name)).toEqual(["dense/kernel"]);
  });
  it("takes a function as activation", async () => {
    const half = dense({
      units: 1,
      activation: (x) => activations.relu(x, { negativeSlope: 0.5 }),
    });
    const model = modelOf([1], [half]);
    model.setWeights({ "dense/kernel": [[1]] });
    expect((await model.predict([[-4], [4]])).toArray()).toEqual([[-2], [4]]);
  });
});

describe("activation and flatten", () => {
  it("compute what they say", async () => {
    const model = modelOf([2, 2], [flatten(), activation({ activation: "relu" })]);
    const y = await model.predict([
      [
        [1, -2],
        [-3, 4],
      ],
    ]);
    expect(y.shape).toEqual([1, 4]);
    expect(y.toArray()).toEqual([[1, 0, 0, 4]]);
  });
  it("flatten makes a column of single numbers", async () => {
    expect((await modelOf([], [flatten()]).predict([1, 2])).toArray()).toEqual([[1], [2]]);
  });
  it("softmax as a layer of its own is recognised by the loss", async () => {
    const model = modelOf([3], [activation({ activation: "softmax" })]);
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    // Through clipped probabilities this would be 16.1.
    expect((await model.evaluate([[0, 100, 0]], [0])).loss).toBeCloseTo(100, 4);
  });
});

const x = [
  [1, 10],
  [2, 30],
  [6, 20],
];
const mean = [3, 20];
const variance = [14 / 3, 200 / 3];

describe("batchNormalization", () => {
  const options = { epsilon: 0.5, momentum: 0.75 };
  const normal = (row: readonly number[], m: readonly number[], v: readonly number[]) =>
    row.map((value, i) => (value - (m[i] ?? 0)) / Math.sqrt((v[i] ?? 0) + 0.5));
  it("infers with the moving statistics", async () => {
    const model = modelOf([2], [batchNormalization(options)]);
    const name = "batchNormalization";
    model.setWeights({
      [`${name}/movingMean`]: [1, 2],
      [`${name}/movingVariance`]: [3, 4],
      [`${name}/gamma`]: [2, -1],
      [`${name}/beta`]: [0.5, 0],
    });
    const y = await model.predict(x);
    const expected = x.flatMap((row) => {
      const [p = 0, q = 0] = normal(row, [1, 2], [3, 4]);
      return [2 * p + 0.5, -q];
    });
    expectClose(y.data, expected);
  });
  it("trains with the statistics of the batch and updates the moving ones", async () => {
    const model = modelOf([2], [batchNormalization(options)]);
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "mse" });
    const { loss } = await model.trainOnBatch(x, [
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const squares = x.flatMap((row) => normal(row, mean, variance).map((value) => value * value));
    expect(loss).toBeCloseTo(squares.reduce((p, q) => p + q) / 6, 5);
    const weights = model.getWeights();
    expectClose(weights["batchNormalization/movingMean"]?.data ?? [], [0.75, 5]);
    expectClose(
      weights["batchNormalization/movingVariance"]?.data ?? [],
      variance.map((v) => 0.75 + 0.25 * v),
    );
  });
  it("evaluating leaves the moving statistics alone", async () => {
    const model = modelOf([2], [batchNormalization(options)]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const before = JSON.stringify(model.getWeights());
    await model.evaluate(x, x);
    expect(JSON.stringify(model.getWeights())).toBe(before);
  });
  it("that is not trainable infers while the model trains", async () => {
    const layer = batchNormalization({ ...options, trainable: false });
    const model = modelOf([2], [layer, dense({ units: 2 })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const statistics = () => JSON.stringify(Object.entries(model.getWeights()).slice(0, 4));
    const before = statistics();
    const predicted = (await model.predict(x)).data;
    const { loss } = await model.trainOnBatch(x, x);
    const flat = x.flat();
    const errors = [...predicted].map((value, i) => (value - (flat[i] as number)) ** 2);
    expect(loss).toBeCloseTo(errors.reduce((p, q) => p + q) / 6, 2);
    expect(statistics()).toBe(before);
  });
  it("has the weights that its options ask for", () => {
    const names = (layer: Layer) =>
      modelOf([2], [layer])
        .weights()
        .map(({ name }) => name.split("/")[1]);
    expect(names(batchNormalization({ center: false }))).toEqual([
      "gamma",
      "movingMean",
      "movingVariance",
    ]);
    expect(names(batchNormalization({ scale: false, center: false }))).toEqual([
      "movingMean",
      "movingVariance",
    ]);
  });
  it("normalises every axis but the last over one statistic", async () => {
    const model = modelOf([2, 1], [batchNormalization({ epsilon: 1e-7 })]);
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "mse" });
    await model.trainOnBatch(
      [
        [[1], [2]],
        [[3], [6]],
      ],
      [
        [[0], [0]],
        [[0], [0]],
      ],
    );
    expectClose(model.getWeights()["batchNormalization/movingMean"]?.data ?? [], [0.03]);
  });
  it.each([
    ["momentum above 1", () => batchNormalization({ momentum: 1.1 }), /momentum/],
    ["epsilon 0", () => batchNormalization({ epsilon: 0 }), /epsilon/],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("dropout", () => {
  const size = 4000;
  /** One step that writes the masked ones into a kernel of its own. */
  async function mask(layers: readonly Layer[], seed = 1, steps = 1): Promise<Float32Array> {
    const model = modelOf(
      [size],
      [...layers, dense({ units: 1, kernelInitializer: "zeros" })],
      seed,
    );
    model.compile({ optimizer: sgd({ learningRate: 1 }), loss: (_, yPred) => yPred });
    const ones = new Float32Array(size).fill(1);
    let kernel = new Float32Array(size);
    for (let step = 0; step < steps; step++) {
      const before = kernel;
      await model.trainOnBatch(ones, [0]);
      const weights = Object.entries(model.getWeights());
      const [, after] = weights.find(([name]) => name.endsWith("/kernel")) as [string, Tensor];
      kernel = Float32Array.from(after.data, (value, i) => value - (before[i] as number));
    }
    return kernel.map((value) => -value);
  }
  it("zeroes its share and scales up the rest", async () => {
    const kept = await mask([dropout({ rate: 0.25 })]);
    const zeros = kept.filter((value) => value === 0).length;
    expect(zeros / size).toBeCloseTo(0.25, 1);
    for (const value of kept) expect(value === 0 || Math.abs(value - 4 / 3) < 1e-5).toBe(true);
  });
  it("draws anew in each step, in each layer, for each seed", async () => {
    const first = await mask([dropout({ rate: 0.5 })]);
    expect(await mask([dropout({ rate: 0.5 })])).toEqual(first);
    expect(await mask([dropout({ rate: 0.5 })], 1, 2)).not.toEqual(first);
    expect(await mask([dropout({ rate: 0.5 })], 2)).not.toEqual(first);
    expect(await mask([activation({ activation: "linear" }), dropout({ rate: 0.5 })])).not.toEqual(
      first,
    );
    const two = await mask([dropout({ rate: 0.5 }), dropout({ rate: 0.5 })]);
    expect(two.filter((value) => value === 0).length / size).toBeCloseTo(0.75, 1);
  });
  it("with a seed of its own draws the same wherever it stands", async () => {
    const first = await mask([dropout({ rate: 0.5, seed: 7 })]);
    const moved = [activation({ activation: "linear" }), dropout({ rate: 0.5, seed: 7 })];
    expect(await mask(moved)).toEqual(first);
    expect(await mask([dropout({ rate: 0.5, seed: 8 })])).not.toEqual(first);
  });
  it("does nothing at inference, and with rate 0", async () => {
    const model = modelOf([2], [dropout({ rate: 0.9 })]);
    expect((await model.predict([[1, 2]])).toArray()).toEqual([[1, 2]]);
    expect(new Set(await mask([dropout({ rate: 0 })]))).toEqual(new Set([1]));
  });
  it.each([
    ["rate 1", () => dropout({ rate: 1 }), /rate/],
    ["no rate", () => dropout({} as never), /rate/],
    ["a negative seed", () => dropout({ rate: 0.5, seed: -1 }), /seed/],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
