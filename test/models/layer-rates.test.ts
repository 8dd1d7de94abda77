// Learning rates of layers: the same as parameter groups of PyTorch; what 0 and compile mean.
import { describe, expect, it, vi } from "vitest";
import {
  batchNormalization,
  dense,
  GradusError,
  type Layer,
  type Optimizer,
  sequential,
  sgd,
} from "../../ts/index.js";
import * as optimizers from "../../ts/optimizers.js";
import { readGolden } from "../fixtures/golden.js";
import { uniform } from "../fixtures/initial.js";
import { expectClose } from "../support/close.js";

type Options = Record<string, unknown>;
const factories = optimizers as unknown as Record<string, (options: Options) => Optimizer>;

describe("rates of layers agree with PyTorch's parameter groups", () => {
  const cases = readGolden("transfer").cases.filter(({ extra }) => extra.kind === "rates");
  it.each(cases.map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const { multipliers, sizes, steps, optimizer } = found.options as {
      multipliers: number[];
      sizes: number[];
      steps: number;
      optimizer: Options;
    };
    const [input = 0, ...units] = sizes;
    const model = sequential({
      inputShape: [input],
      layers: units.map((count, i) =>
        dense({
          units: count,
          name: `layer${i}`,
          activation: i < 2 ? "elu" : "softmax",
          learningRateMultiplier: multipliers[i] as number,
        }),
      ),
    });
    const initial = model.weights().map(({ name, shape }, i) => {
      const [rows = 0, columns = 1] = shape;
      const limit = shape.length === 2 ? Math.sqrt(6 / rows) : 0.1;
      return [name, uniform(i, rows * columns, limit)];
    });
    model.setWeights(Object.fromEntries(initial));
    const { name, learningRate, ...rest } = optimizer;
    const rates = found.float32("learningRates");
    const rate = learningRate === "learningRates" ? (step: number) => rates[step] : learningRate;
    const make = factories[name as string] as (options: Options) => Optimizer;
    const loss = "sparseCategoricalCrossentropy";
    model.compile({ optimizer: make({ ...rest, learningRate: rate }), loss });
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const y = found.tensor("yTrue").data as Int32Array;
      losses.push((await model.trainOnBatch(found.float32("x"), y)).loss as number);
    }
    expectClose(losses, found.float32("losses"), { tolerance: 1e-4, what: "losses" });
    for (const [path, { data }] of Object.entries(model.getWeights())) {
      const expected = found.float32(`final/${path}`);
      expectClose(data, expected, { tolerance: 1e-4, floor: 0.1, what: path });
    }
  });
});

const x = Float32Array.from({ length: 60 }, (_, i) => Math.sin(1.7 * i));
const y = Float32Array.from({ length: 40 }, (_, i) => Math.cos(0.9 * i));

describe("learningRateMultiplier", () => {
  it("is 1 at first, and is checked where it is set", () => {
    const layer = dense({ units: 2 });
    expect(layer.learningRateMultiplier).toBe(1);
    expect(dense({ units: 2, learningRateMultiplier: 0 }).learningRateMultiplier).toBe(0);
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, "1", null]) {
      expect(() => {
        layer.learningRateMultiplier = wrong as number;
      }).toThrow(GradusError);
      const options = { units: 2, learningRateMultiplier: wrong as number };
      if (wrong !== null) expect(() => dense(options)).toThrow(/learningRateMultiplier/);
    }
    expect(layer.learningRateMultiplier).toBe(1);
  });
  it.each([
    ["ftrl", {}],
    ["adamW", { weightDecay: 0.1 }],
    ["sgd", { weightDecay: 0.1, globalClipNorm: 0.5 }],
  ] as const)("of 0 leaves weights as they are, bit for bit (%s)", async (name, options) => {
    const first = dense({ units: 4, learningRateMultiplier: 0 });
    const norm = batchNormalization({ learningRateMultiplier: 0 });
    const model = sequential({
      inputShape: [3],
      layers: [first, norm, dense({ units: 2 })],
      seed: 1,
    });
    const optimizer = (factories[name] as (o: Options) => Optimizer)({
      learningRate: 0.1,
      ...options,
    });
    model.compile({ optimizer, loss: "mse" });
    const before = model.getWeights();
    await model.fit(x, y, { epochs: 2 });
    const after = model.getWeights();
    for (const path of ["dense/kernel", "dense/bias", "batchNormalization/gamma"]) {
      expect(after[path]?.data, path).toEqual(before[path]?.data);
    }
    // It is in training all the same.
    const mean = "batchNormalization/movingMean";
    expect(after[mean]?.data).not.toEqual(before[mean]?.data);
    expect(after["dense_1/kernel"]?.data).not.toEqual(before["dense_1/kernel"]?.data);
  });
  it("of a half is half the learning rate", async () => {
    const run = async (multiplier: number, learningRate: number) => {
      const layers = [dense({ units: 2, learningRateMultiplier: multiplier })];
      const model = sequential({ inputShape: [3], layers, seed: 3 });
      model.compile({ optimizer: sgd({ learningRate, weightDecay: 0.1 }), loss: "mse" });
      await model.fit(x, y, { epochs: 2 });
      return model.getWeights()["dense/kernel"]?.data;
    };
    expect(await run(0.5, 0.25)).toEqual(await run(1, 0.125));
  });
});

describe("a change after compile", () => {
  const build = () => {
    const layers = [dense({ units: 4 }), dense({ units: 2 })] as const;
    const model = sequential({ inputShape: [3], layers: [...layers], seed: 1 });
    model.compile({ optimizer: "sgd", loss: "mse" });
    return { model, first: layers[0] as Layer };
  };
  it.each([
    ["trainable", false],
    ["learningRateMultiplier", 0],
  ] as const)("of %s counts from the next compile, and warns once", async (what, value) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { model, first } = build();
    const kernel = () => model.getWeights()["dense/kernel"]?.data;
    await model.fit(x, y);
    expect(warn).not.toHaveBeenCalled();
    const before = kernel();
    (first as unknown as Record<string, unknown>)[what] = value;
    await model.fit(x, y);
    await model.trainOnBatch(x, y);
    expect(kernel()).not.toEqual(before);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toMatch(/^fit: .*"dense" changed after compile.*compile again/);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const frozen = kernel();
    await model.fit(x, y);
    expect(kernel()).toEqual(frozen);
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });
});
