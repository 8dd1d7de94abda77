// Monte-Carlo dropout: against explicit passes, against its own samples in float64, against what a
// linear model's expectation is; and that it leaves the model alone.
import { describe, expect, it } from "vitest";
import {
  activation,
  adam,
  alphaDropout,
  batchNormalization,
  concatenate,
  customLayer,
  dense,
  dropout,
  flatten,
  gaussianDropout,
  gaussianNoise,
  input,
  type Layer,
  lambda,
  type McPredictOptions,
  mcPredict,
  model,
  ops,
  sequential,
  sgd,
  spatialDropout1D,
  type Tensor,
} from "../../ts/index.js";
import { expectClose } from "../support/close.js";
import { drawnBy } from "../support/random-layers.js";

/** Numbers in (-1, 1), the same every time. */
function numbers(count: number, seed = 1): Float32Array {
  let state = Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 8) / 2 ** 24) * 2 - 1;
  });
}

const classifier = (seed = 1) =>
  sequential({
    inputShape: [6],
    seed,
    layers: [
      dense({ units: 20, activation: "relu", kernelInitializer: "heNormal" }),
      batchNormalization(),
      dropout({ rate: 0.4 }),
      dense({ units: 12, activation: "tanh" }),
      gaussianDropout({ rate: 0.3 }),
      dense({ units: 4, activation: "softmax" }),
    ],
  });

/** Trains a little, so that no statistic is what it was at the start. */
async function trained(net: ReturnType<typeof classifier>) {
  net.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "sparseCategoricalCrossentropy" });
  const x = numbers(64 * 6);
  const y = Array.from({ length: 64 }, (_, i) => i % 4);
  await net.fit(x, y, { epochs: 2 });
  return { x, y };
}

const plogp = (p: number) => (p > 0 ? p * Math.log(p) : 0);
const average = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** What the samples [samples, rows, length] say, in float64. */
function fromSamples({ data, shape }: Tensor, classes: number) {
  const [samples = 0] = shape;
  const size = data.length / samples;
  const of = (at: number) =>
    Array.from({ length: samples }, (_, s) => data[s * size + at] as number);
  const places = Array.from({ length: size }, (_, at) => of(at));
  const mean = places.map(average);
  const std = places.map((all, at) =>
    Math.sqrt(average(all.map((value) => (value - (mean[at] as number)) ** 2))),
  );
  const events = Array.from({ length: size / classes }, (_, i) => i * classes);
  const entropyOf = (p: (k: number) => number) =>
    classes === 1
      ? -plogp(p(0)) - plogp(1 - p(0))
      : -Array.from({ length: classes }, (_, k) => plogp(p(k))).reduce((a, b) => a + b);
  const predictiveEntropy = events.map((at) => entropyOf((k) => mean[at + k] as number));
  const mutualInformation = events.map((at, i) => {
    const each = Array.from({ length: samples }, (_, s) =>
      entropyOf((k) => data[s * size + at + k] as number),
    );
    return (predictiveEntropy[i] as number) - average(each);
  });
  return { mean, std, predictiveEntropy, mutualInformation };
}

const repeated = (x: Float32Array, rowLength: number, times: number) => {
  const rows = x.length / rowLength;
  const all = new Float32Array(x.length * times);
  for (let i = 0; i < rows * times; i++) {
    const row = Math.floor(i / times);
    all.set(x.subarray(row * rowLength, (row + 1) * rowLength), i * rowLength);
  }
  return all;
};

describe("samples", () => {
  it("are those of explicit passes with other masks, batch normalisation at inference", async () => {
    const net = classifier();
    const { x } = await trained(net);
    const samples = 7;
    const rows = 5;
    const few = x.subarray(0, rows * 6);
    const { samples: found } = await mcPredict(net, few, { samples, returnSamples: true });
    expect(found?.shape).toEqual([samples, rows, 4]);
    const passes = await drawnBy(net, repeated(few, 6, samples));
    const expected = Float32Array.from(passes, (_, i) => {
      const [s, row, k] = [Math.floor(i / (rows * 4)), Math.floor(i / 4) % rows, i % 4];
      return passes[(row * samples + s) * 4 + k] as number;
    });
    expectClose(found?.data ?? [], expected, { tolerance: 1e-6, floor: 1 });
    const distinct = new Set(Array.from({ length: samples }, (_, s) => found?.data[s * rows * 4]));
    expect(distinct.size).toBe(samples);
  });
  it.each([
    ["dropout of the input", [6], [dropout({ rate: 0.5 }), dense({ units: 3 })]],
    ["noise, alpha dropout", [6], [gaussianNoise({ stddev: 1 }), alphaDropout({ rate: 0.3 })]],
    ["whole channels", [3, 2], [spatialDropout1D({ rate: 0.5 }), flatten(), dense({ units: 2 })]],
    [
      "shapes by null",
      [6],
      [
        activation({ activation: (x) => ops.reshape(x, [null, 2, 3]) }),
        dropout({ rate: 0.5 }),
        activation({ activation: (x) => ops.reshape(x, [null, 6]) }),
        dense({ units: 2 }),
      ],
    ],
    [
      "layers of users' own",
      [6],
      [
        customLayer({ call: ([x], { dropout }) => dropout(ops.multiply(x, 2), 0.5) }),
        lambda({ call: (x) => ops.reshape(x, [null, 3, 2]) }),
        customLayer({ call: ([x]) => ops.sum(x, { axis: -1 }) }),
      ],
    ],
    ["a mask for all time steps", [3, 2], [dropout({ rate: 0.5, noiseShape: [null, 1, null] })]],
  ] as [string, number[], Layer[]][])("are right for %s", async (_, inputShape, layers) => {
    const net = sequential({ inputShape, layers, seed: 1 });
    const x = numbers(4 * 6);
    const { samples } = await mcPredict(net, x, { samples: 5, returnSamples: true });
    const passes = await drawnBy(net, repeated(x, 6, 5));
    const length = passes.length / 20;
    const found = Float32Array.from(passes, (_, i) => {
      const [row, s] = [Math.floor(i / length / 5), Math.floor(i / length) % 5];
      return samples?.data[(s * 4 + row) * length + (i % length)] as number;
    });
    expectClose(found, passes, { tolerance: 1e-6, floor: 1 });
  });
  it("share a mask between rows, not between samples, where noiseShape says so", async () => {
    const layer = dropout({ rate: 0.5, noiseShape: [1, null] });
    const net = sequential({ inputShape: [32], layers: [layer], seed: 1 });
    const ones = new Float32Array(3 * 32).fill(1);
    const { samples } = await mcPredict(net, ones, { samples: 4, returnSamples: true });
    const masks = Array.from({ length: 12 }, (_, i) =>
      (samples?.data.slice(i * 32, (i + 1) * 32) ?? []).join(),
    );
    for (const [i, mask] of masks.entries()) expect(mask).toBe(masks[i - (i % 3)]);
    expect(new Set(masks).size).toBe(4);
  });
  it("depend on the seed and the row, not on the batches", async () => {
    const net = classifier();
    const x = numbers(45 * 6);
    const run = (options: McPredictOptions = {}) =>
      mcPredict(net, x, { samples: 10, returnSamples: true, ...options });
    const first = await run();
    for (const batchSize of [1, 7, 100]) {
      const other = await run({ batchSize });
      const [a, b] = [first.samples?.data ?? [], other.samples?.data ?? []];
      expectClose(b, a, { tolerance: 1e-6, floor: 1 });
      expectClose(other.mean.data, first.mean.data, { tolerance: 1e-6, floor: 1 });
      expectClose(other.mutualInformation?.data ?? [], first.mutualInformation?.data ?? [], {
        tolerance: 2e-6,
        floor: 1,
      });
    }
    expect(await run()).toEqual(first);
    expect(await run({ seed: 1 })).toEqual(first);
    expect(await run({ seed: 2 })).not.toEqual(first);
    const head = await mcPredict(net, x.subarray(0, 60), { samples: 10 });
    expectClose(head.mean.data, first.mean.data.slice(0, 40), { tolerance: 1e-6, floor: 1 });
  });
});

describe("statistics", () => {
  it("of a softmax are those of the samples", async () => {
    const net = classifier();
    const { x } = await trained(net);
    const found = await mcPredict(net, x, { samples: 30, returnSamples: true });
    const expected = fromSamples(found.samples as Tensor, 4);
    expect(found.mean.shape).toEqual([64, 4]);
    expect(found.predictiveEntropy?.shape).toEqual([64]);
    expectClose(found.mean.data, expected.mean, { tolerance: 1e-6, floor: 1 });
    expectClose(found.std.data, expected.std, { tolerance: 1e-6, floor: 1 });
    const close = { tolerance: 1e-6, floor: 1 };
    expectClose(found.predictiveEntropy?.data ?? [], expected.predictiveEntropy, close);
    expectClose(found.mutualInformation?.data ?? [], expected.mutualInformation, close);
    for (const value of found.mutualInformation?.data ?? []) expect(value).toBeGreaterThan(0);
  });
  it("of sigmoids are of each by itself", async () => {
    const net = sequential({
      inputShape: [6],
      layers: [dropout({ rate: 0.3 }), dense({ units: 3, activation: "sigmoid" })],
    });
    const found = await mcPredict(net, numbers(60), { samples: 20, returnSamples: true });
    const expected = fromSamples(found.samples as Tensor, 1);
    expect(found.predictiveEntropy?.shape).toEqual([10, 3]);
    const close = { tolerance: 1e-6, floor: 1 };
    expectClose(found.std.data, expected.std, close);
    expectClose(found.predictiveEntropy?.data ?? [], expected.predictiveEntropy, close);
    expectClose(found.mutualInformation?.data ?? [], expected.mutualInformation, close);
  });
  it("of certain classes are 0, not NaN", async () => {
    const net = sequential({
      inputShape: [2],
      layers: [dropout({ rate: 0.5 }), dense({ units: 2, activation: "softmax" })],
    });
    net.setWeights({
      "dense/kernel": [
        [0, 0],
        [0, 0],
      ],
      "dense/bias": [500, -500],
    });
    const found = await mcPredict(net, [[1, 2]], { samples: 3 });
    expect(found.predictiveEntropy?.data).toEqual(Float32Array.of(0));
    expect(found.mutualInformation?.data).toEqual(Float32Array.of(0));
    expect(found.std.data).toEqual(Float32Array.of(0, 0));
  });
  it("of disagreeing certain samples are all mutual information", async () => {
    // Dropout decides over the class alone.
    const net = sequential({
      inputShape: [1],
      layers: [dropout({ rate: 0.5 }), dense({ units: 2, activation: "softmax" })],
    });
    net.setWeights({ "dense/kernel": [[200, -200]], "dense/bias": [-200, 200] });
    const { mean, predictiveEntropy, mutualInformation } = await mcPredict(net, [[1]], {
      samples: 1000,
    });
    const [p = 0, q = 0] = mean.data;
    expect(Math.abs(p - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 1000));
    const entropy = -plogp(p) - plogp(q);
    expect(predictiveEntropy?.data[0]).toBeCloseTo(entropy, 5);
    expect(mutualInformation?.data[0]).toBeCloseTo(entropy, 5);
  });
  it("of numbers are mean and spread: the expectation of a linear model", async () => {
    const net = sequential({
      inputShape: [50],
      seed: 3,
      layers: [dropout({ rate: 0.25 }), dense({ units: 2 })],
    });
    const w = net.getWeights()["dense/kernel"]?.data ?? [];
    const x = numbers(8 * 50);
    const samples = 4000;
    const found = await mcPredict(net, x, { samples });
    expect([found.predictiveEntropy, found.mutualInformation, found.samples]).toEqual([
      null,
      null,
      null,
    ]);
    for (let row = 0; row < 8; row++) {
      for (let unit = 0; unit < 2; unit++) {
        const terms = Array.from(
          { length: 50 },
          (_, i) => (x[row * 50 + i] as number) * (w[i * 2 + unit] as number),
        );
        const mean = terms.reduce((a, b) => a + b);
        const std = Math.sqrt(terms.reduce((sum, term) => sum + term ** 2, 0) * (0.25 / 0.75));
        const at = row * 2 + unit;
        const off = (found.mean.data[at] as number) - mean;
        expect(Math.abs(off)).toBeLessThan((4 * std) / Math.sqrt(samples));
        const ratio = (found.std.data[at] as number) / std;
        expect(Math.abs(ratio - 1)).toBeLessThan(4 / Math.sqrt(2 * samples));
      }
    }
  });
});

describe("several outputs", () => {
  const build = () => {
    const [a, b] = [input({ shape: [3], name: "a" }), input({ shape: [3], name: "b" })];
    const both = concatenate()([a, b]);
    const sure = dense({ units: 2, activation: "softmax", name: "sure" })(both);
    const hidden = dropout({ rate: 0.5 })(dense({ units: 8, activation: "relu" })(both));
    const kind = dense({ units: 3, activation: "softmax", name: "kind" })(hidden);
    const amount = dense({ units: 1, name: "amount" })(hidden);
    return model({ inputs: { a, b }, outputs: { sure, kind, amount }, seed: 1 });
  };
  const x = { a: numbers(15, 1), b: numbers(15, 2) };
  it("each have their own statistics, in the model's form", async () => {
    const net = build();
    const found = await mcPredict(net, x, { samples: 6, returnSamples: true });
    expect(Object.keys(found)).toEqual(["sure", "kind", "amount"]);
    const { sure, kind, amount } = found;
    const predicted = await net.predict(x);
    expectClose(sure.mean.data, predicted.sure.data, { tolerance: 1e-6, floor: 1 });
    for (const value of sure.std.data) expect(value).toBeLessThan(1e-6);
    for (const value of sure.mutualInformation?.data ?? []) expect(value).toBeLessThan(1e-6);
    const expected = fromSamples(kind.samples as Tensor, 3);
    const close = { tolerance: 1e-6, floor: 1 };
    expectClose(kind.mutualInformation?.data ?? [], expected.mutualInformation, close);
    expect(amount.predictiveEntropy).toBe(null);
    expect(amount.std.shape).toEqual([5, 1]);
    expectClose(amount.std.data, fromSamples(amount.samples as Tensor, 1).std, close);
  });
  it("take a distribution by name", async () => {
    const found = await mcPredict(build(), x, { samples: 2, distribution: { kind: "none" } });
    expect(found.kind.predictiveEntropy).toBe(null);
    expect(found.sure.predictiveEntropy?.shape).toEqual([5]);
    const all = await mcPredict(build(), x, { samples: 2, distribution: "bernoulli" });
    expect(all.kind.predictiveEntropy?.shape).toEqual([5, 3]);
  });
});

describe("the model", () => {
  it("stays bit for bit what it was, and trains on as if nothing had been", async () => {
    const [net, twin] = [classifier(), classifier()];
    const data = await trained(net);
    await trained(twin);
    const state = net.saveState();
    expect((await mcPredict(net, data.x)).mean.shape).toEqual([64, 4]);
    expect(net.saveState()).toEqual(state);
    const other = await net.fit(data.x, data.y, { epochs: 1 });
    expect(other.history).toEqual((await twin.fit(data.x, data.y, { epochs: 1 })).history);
    expect(net.saveState()).toEqual(twin.saveState());
  });
  it("needs not be compiled, and is used for other work meanwhile", async () => {
    const net = classifier();
    const x = numbers(60);
    const [found, predicted] = await Promise.all([mcPredict(net, x), net.predict(x)]);
    expect(found.mean.shape).toEqual(predicted.shape);
  });
});

describe("mcPredict refuses", () => {
  const net = () => classifier();
  const x = numbers(12);
  it.each<[string, McPredictOptions, RegExp]>([
    ["one sample", { samples: 1 }, /mcPredict: expected samples to be a whole number >= 2/],
    ["half a sample", { samples: 2.5 }, /samples/],
    ["a seed below 0", { seed: -1 }, /seed/],
    ["no batch", { batchSize: 0 }, /batchSize/],
    [
      "an unknown distribution",
      { distribution: "normal" as never },
      /distribution: expected one of "categorical", "bernoulli" or "none"/,
    ],
    ["distributions for other outputs", { distribution: { kind: "none" } }, /distribution/],
    ["a text for returnSamples", { returnSamples: "yes" as never }, /returnSamples/],
    ["unknown options", { passes: 3 } as never, /unknown option "passes"/],
  ])("%s", async (_, options, message) => {
    await expect(mcPredict(net(), x, options)).rejects.toThrow(message);
  });
  it("models that never draw, saying what to do", async () => {
    const layers = [dense({ units: 2 }), dropout({ rate: 0 })];
    const sure = sequential({ inputShape: [6], layers });
    await expect(mcPredict(sure, x)).rejects.toThrow(
      "mcPredict: expected a model with a layer that draws random numbers before its outputs, " +
        "received one of dense, dropout. Hint: Build it with dropout",
    );
  });
  it("data of another shape, and calls while it trains", async () => {
    await expect(mcPredict(net(), numbers(7))).rejects.toThrow(/rows of shape \[6\]/);
    const busy = net();
    busy.compile({ optimizer: sgd(), loss: "sparseCategoricalCrossentropy" });
    const labels = new Uint8Array(64);
    const fit = busy.fit(numbers(64 * 6), labels, { epochs: 1 });
    await expect(mcPredict(busy, x)).rejects.toThrow(/one call at a time/);
    await fit;
  });
  it("to go on when the signal aborts", async () => {
    const reason = new Error("enough");
    const options = { signal: AbortSignal.abort(reason) };
    await expect(mcPredict(net(), x, options)).rejects.toThrow(reason);
    const controller = new AbortController();
    const run = mcPredict(net(), numbers(6000), {
      batchSize: 1,
      yieldEvery: 0,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 1);
    await expect(run).rejects.toThrow(reason);
  });
});
