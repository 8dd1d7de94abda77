// The learning-rate finder: it leaves the model bit for bit as it was, whatever happens; what it
// suggests; its options.
import { describe, expect, it, vi } from "vitest";
import {
  adam,
  batchNormalization,
  byEpoch,
  type CompileOptions,
  dense,
  dropout,
  exponentialDecay,
  type FindLearningRateOptions,
  findLearningRate,
  model as functional,
  input,
  type Layer,
  type Model,
  momentum,
  type Optimizer,
  type OptimizerName,
  oneCycle,
  sequential,
  sgd,
} from "../../ts/index.js";
import type { RunningMeans } from "../../ts/models/running-means.js";
import { loadedCore } from "../../ts/runtime/load.js";
import { LearningRateSweep } from "../../ts/tuning/findLearningRate.js";
import { readData } from "../fixtures/golden.js";

const rows = 60;
const x = Float32Array.from({ length: rows * 3 }, (_, i) => Math.sin(1.3 * i));
const y = Float32Array.from({ length: rows }, (_, i) => Math.cos(0.7 * i));
const short: FindLearningRateOptions = { steps: 40, batchSize: 7 };

/** A net with everything that training changes: weights, statistics, slots, masks. */
function network(optimizer: Optimizer | OptimizerName, compile: Partial<CompileOptions> = {}) {
  const model = sequential({
    inputShape: [3],
    seed: 3,
    layers: [
      dense({ units: 8, activation: "tanh" }),
      batchNormalization(),
      dropout({ rate: 0.2 }),
      dense({ units: 1, kernelRegularizer: "l2" }),
    ],
  });
  model.compile({ optimizer, loss: "meanSquaredError", metrics: ["mae"], ...compile });
  return model;
}

const bytesOf = (data: ArrayLike<number> & ArrayBufferView) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");

/** Every bit that a model holds between calls. */
async function bitsOf(model: Model) {
  const core = await loadedCore();
  const { setup } = model.state;
  const saved = Object.entries(model.saveState()).map(([name, { data }]) => [name, bytesOf(data)]);
  const sums = (means: RunningMeans | undefined) =>
    (means?.variables ?? []).map((variable) =>
      variable.exists ? bytesOf(variable.view(core)) : "",
    );
  return {
    saved: Object.fromEntries(saved) as Record<string, string>,
    sums: [sums(setup?.means.train), sums(setup?.means.test)],
    numbers: [model.iterations, setup?.epoch, model.state.draws, model.state.epochs],
    rates: [model.learningRate, setup?.momentum],
    stopTraining: model.stopTraining,
  };
}

const optimizers: [string, () => Optimizer | OptimizerName][] = [
  ...(["sgd", "nesterov", "adam", "adamW", "adamax", "nadam"] as const).map(
    (name): [string, () => OptimizerName] => [name, () => name],
  ),
  ...(["adagrad", "rmsprop", "adadelta", "lion", "ftrl"] as const).map(
    (name): [string, () => OptimizerName] => [name, () => name],
  ),
  [
    "momentum with 1cycle",
    () => momentum({ learningRate: oneCycle({ maxLearningRate: 0.1, totalSteps: 90 }) }),
  ],
  [
    "adam by epoch",
    () => adam({ learningRate: byEpoch((epoch) => 0.01 / (1 + epoch)), globalClipNorm: 1 }),
  ],
];

describe("the model afterwards", () => {
  it.each(optimizers)("is what it was, trained before: %s", async (_, make) => {
    const [swept, twin] = [network(make()), network(make())];
    for (const model of [swept, twin]) await model.fit(x, y, { epochs: 3, batchSize: 7 });
    const before = await bitsOf(swept);
    await findLearningRate(swept, x, y, short);
    expect(await bitsOf(swept)).toEqual(before);
    // The rest of its life is the same, too: other batches, masks, slots and rates follow.
    for (const model of [swept, twin]) await model.fit(x, y, { epochs: 2, batchSize: 7 });
    expect(await bitsOf(swept)).toEqual(await bitsOf(twin));
  });

  it("is what it would have been, never built before", async () => {
    const [swept, twin] = [network("adam"), network("adam")];
    await findLearningRate(swept, x, y, short);
    expect(swept.getWeights()).toEqual(twin.getWeights());
    const [a, b] = [
      await swept.fit(x, y, { batchSize: 7 }),
      await twin.fit(x, y, { batchSize: 7 }),
    ];
    expect(a.history).toEqual(b.history);
    expect(await bitsOf(swept)).toEqual(await bitsOf(twin));
  });

  it("keeps a learning rate that was set", async () => {
    const model = network(adam({ learningRate: 0.01 }));
    model.learningRate = 0.003;
    await findLearningRate(model, x, y, short);
    expect(model.learningRate).toBe(0.003);
  });

  it("trains on in larger and smaller batches as it would have", async () => {
    const [swept, twin] = [network("adam"), network("adam")];
    await findLearningRate(swept, x, y, { steps: 20, batchSize: 50 });
    for (const model of [swept, twin]) await model.fit(x, y, { epochs: 2, batchSize: 7 });
    expect(await bitsOf(swept)).toEqual(await bitsOf(twin));
  });

  it("is what it was when the loss diverges to NaN", async () => {
    const model = network(sgd());
    await model.fit(x, y, { batchSize: 7 });
    const before = await bitsOf(model);
    const options = { ...short, maxLearningRate: 1e30, divergence: 1e30 };
    const { diverged, losses } = await findLearningRate(model, x, y, options);
    expect(diverged).toBe(true);
    expect(losses.length).toBeLessThan(40);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(await bitsOf(model)).toEqual(before);
  });

  it("is what it was when the sweep is aborted", async () => {
    const model = network("adam");
    await model.fit(x, y, { batchSize: 7 });
    const before = await bitsOf(model);
    for (const delay of [0, 1, 5]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("enough")), delay);
      const endless = {
        steps: 1e6,
        maxLearningRate: 1e-5,
        signal: controller.signal,
        yieldEvery: 1,
      };
      await expect(findLearningRate(model, x, y, endless)).rejects.toThrow("enough");
      expect(await bitsOf(model)).toEqual(before);
    }
    const aborted = AbortSignal.abort(new Error("before"));
    await expect(findLearningRate(model, x, y, { signal: aborted })).rejects.toThrow("before");
    expect(await bitsOf(model)).toEqual(before);
  });

  it("is what it was when a step fails", async () => {
    const model = network("adam");
    await model.fit(x, y, { batchSize: 7 });
    const before = await bitsOf(model);
    const { train } = (model.state.setup as NonNullable<typeof model.state.setup>).means;
    const read = train.read.bind(train);
    let steps = 0;
    const spy = vi.spyOn(train, "read").mockImplementation((core) => {
      if (++steps === 9) throw new Error("the ninth step");
      return read(core);
    });
    await expect(findLearningRate(model, x, y, short)).rejects.toThrow("the ninth step");
    spy.mockRestore();
    expect(await bitsOf(model)).toEqual(before);
    await model.fit(x, y, { batchSize: 7 });
  });

  it("is what it was when data or options are wrong", async () => {
    const model = network("adam");
    const before = await bitsOf(model);
    await expect(findLearningRate(model, x, y.subarray(1), short)).rejects.toThrow("rows");
    await expect(findLearningRate(model, x, y, { steps: 3 })).rejects.toThrow("steps");
    expect(await bitsOf(model)).toEqual(before);
  });
});

/** Least squares with one weight: curvature 2 mean(x^2), and the best rate is one over that. */
function parabola(scale: number, optimizer: Optimizer = sgd()) {
  const model = sequential({
    inputShape: [1],
    seed: 1,
    layers: [dense({ units: 1, useBias: false, kernelInitializer: "zeros" })],
  });
  model.compile({ optimizer, loss: "meanSquaredError" });
  const inputs = Float32Array.from({ length: 16 }, (_, i) => scale * (1 + Math.sin(i) / 2));
  const targets = Float32Array.from({ length: 16 }, (_, i) => 3 + Math.cos(2 * i));
  const meanSquare = inputs.reduce((sum, value) => sum + value * value, 0) / 16;
  return { model, inputs, targets, best: 1 / (2 * meanSquare) };
}

describe("the suggestion", () => {
  it.each([0.3, 1, 3, 10, 30])(
    "on a parabola lies below its best rate, by less than a decade: %f",
    async (scale) => {
      const { model, inputs, targets, best } = parabola(scale);
      const sweep = await findLearningRate(model, inputs, targets, {
        batchSize: 16,
        maxLearningRate: 1e3,
      });
      expect(sweep.suggestion).toBeLessThanOrEqual(best);
      expect(sweep.suggestion).toBeGreaterThan(best / 10);
      // Beyond twice the best rate gradient descent diverges: the sweep ends, soon after.
      expect(sweep.diverged).toBe(true);
      expect(sweep.learningRates.at(-1)).toBeGreaterThan(2 * best);
      expect(sweep.learningRates.at(-1)).toBeLessThan(20 * best);
    },
  );

  it("trains digits about as well as the best of a grid", async () => {
    const tensor = readData("digits");
    const pixels = Float32Array.from(tensor("images").data, (value) => value / 16);
    const labels = tensor("labels").data as Uint8Array;
    const net = (learningRate: number) => {
      const model = sequential({
        inputShape: [64],
        seed: 7,
        layers: [
          dense({ units: 32, activation: "relu" }),
          dense({ units: 10, activation: "softmax" }),
        ],
      });
      const loss = "sparseCategoricalCrossentropy";
      model.compile({ optimizer: adam({ learningRate }), loss, metrics: ["accuracy"] });
      return model;
    };
    const { suggestion } = await findLearningRate(net(1e-3), pixels, labels);
    const train = async (rate: number) => {
      const model = net(rate);
      await model.fit(pixels.subarray(0, 64 * 1400), labels.subarray(0, 1400), { epochs: 8 });
      const { accuracy } = await model.evaluate(pixels.subarray(64 * 1400), labels.subarray(1400));
      return accuracy as number;
    };
    const byHand = [];
    for (const rate of [1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1]) byHand.push(await train(rate));
    expect(await train(suggestion)).toBeGreaterThan(Math.max(...byHand) - 0.02);
  });

  it("overrides a schedule and holds its momentum", async () => {
    const options = { batchSize: 16, steps: 60 };
    const decayed = exponentialDecay({ initialLearningRate: 5, decaySteps: 1, decayRate: 0.1 });
    const plain = parabola(1);
    const scheduled = parabola(1, sgd({ learningRate: decayed }));
    const { inputs, targets } = plain;
    const a = await findLearningRate(plain.model, inputs, targets, options);
    const b = await findLearningRate(scheduled.model, inputs, targets, options);
    expect(b.losses).toEqual(a.losses);
    // 1cycle begins with the momentum 0.95 and would go down from there.
    const held = parabola(1, momentum({ momentum: 0.95 }));
    const cycled = parabola(
      1,
      momentum({ learningRate: oneCycle({ maxLearningRate: 1, totalSteps: 9 }) }),
    );
    const c = await findLearningRate(held.model, inputs, targets, options);
    const d = await findLearningRate(cycled.model, inputs, targets, options);
    expect(d.losses).toEqual(c.losses);
  });

  it("is refused where the loss does not fall", async () => {
    const { model, inputs, targets } = parabola(1);
    const low = { batchSize: 16, maxLearningRate: 1e-30, minLearningRate: 1e-38 };
    const flat = await findLearningRate(model, inputs, targets, low);
    expect(flat.diverged).toBe(false);
    expect(() => flat.suggestion).toThrow("End with a higher maxLearningRate");
    expect(String(flat)).toContain("Learning-rate sweep");
    const high = { batchSize: 16, minLearningRate: 5 };
    const steep = await findLearningRate(model, inputs, targets, high);
    expect(steep.diverged).toBe(true);
    expect(() => steep.suggestion).toThrow("Begin with a lower minLearningRate");
  });

  it("weighs rows and classes as fit does", async () => {
    const { inputs, targets } = parabola(1);
    const sampleWeight = new Float32Array(16).fill(2);
    const options = { batchSize: 16, steps: 20, maxLearningRate: 0.1 };
    const one = await findLearningRate(parabola(1).model, inputs, targets, options);
    const two = await findLearningRate(parabola(1).model, inputs, targets, {
      ...options,
      sampleWeight,
    });
    expect(two.losses[0]).toBe(2 * (one.losses[0] as number));
  });

  it("is the same each time", async () => {
    const sweeps = [];
    for (let i = 0; i < 2; i++) sweeps.push(await findLearningRate(network("adam"), x, y, short));
    expect(sweeps[0]?.losses).toEqual(sweeps[1]?.losses);
  });
});

it("takes several inputs and outputs", async () => {
  const [a, b] = [input({ shape: [2] }), input({ shape: [1] })];
  const hidden = dense({ units: 3 });
  const model = functional({
    inputs: { a, b },
    outputs: { one: dense({ units: 1 })(hidden(a)), two: dense({ units: 2 })(b) },
    seed: 1,
  });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const data = { a: x.subarray(0, 80), b: x.subarray(0, 40) };
  const targets = { one: y.subarray(0, 40), two: x.subarray(0, 80) };
  const sweep = await findLearningRate(model, data, targets, { steps: 50 });
  expect(sweep.losses.length).toBeGreaterThan(10);
});

describe("the result", () => {
  it("holds a rate and losses for each step, and draws them", async () => {
    const { model, inputs, targets } = parabola(1);
    const range = { minLearningRate: 1e-4, maxLearningRate: 1e-1, steps: 31 };
    const options = { ...range, batchSize: 16, divergence: 1e9 };
    const sweep = await findLearningRate(model, inputs, targets, options);
    const { learningRates, losses, smoothed, diverged } = sweep;
    expect([learningRates.length, losses.length, smoothed.length]).toEqual([31, 31, 31]);
    expect(diverged).toBe(false);
    expect(learningRates[0]).toBe(1e-4);
    expect(learningRates[10]).toBeCloseTo(1e-3, 12);
    expect(learningRates[30]).toBeCloseTo(0.1, 12);
    expect(losses[0]).toBeCloseTo(targets.reduce((sum, value) => sum + value ** 2, 0) / 16, 4);
    expect(String(sweep)).toContain(`┊ suggestion ${sweep.suggestion}`);
    const svg = sweep.toSVG();
    expect(svg).toContain(`suggestion ${sweep.suggestion}</text>`);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("is drawn with losses, curve and suggestion", () => {
    const rates = Array.from({ length: 60 }, (_, i) => 1e-5 * 10 ** (i / 10));
    const losses = rates.map(
      (rate, i) => 2 / (1 + 300 * rate) + 30 * rate ** 3 + 0.2 + 0.1 * Math.sin(i * i),
    );
    const sweep = new LearningRateSweep(rates, losses, 0.8, true);
    expect(sweep.suggestion).toBeGreaterThan(0.01);
    expect(sweep.suggestion).toBeLessThan(0.1);
    expect(sweep.toString({ width: 40, height: 8 })).toMatchInlineSnapshot(`
      "Learning-rate sweep
         loss   ⠄⠂ loss   ⠒⠒ smoothed   ┊ suggestion 0.016
      4 ┤                    ┊        ⠁
        │                    ┊
        │                    ┊
        │⠴⣄⣤⣄⣀⣄⣀⣄⡠           ┊       ⢀    ⣀⣀⣀⣀
      2 ┤       ⠈⠉⠉⠛⠢⠦⣂⡀     ┊        ⡠⠔⠉⠉
        │             ⠈⠑⠲⣄⣀  ┊     ⢀⠤⠊
        │                 ⠐⠓⠖⣢⠤⢤⠤⠤⠔⢁⠂
      0 ┤                    ┊⠉ ⠒⠑⠐⠂
        └┬───────────┬───────────┬────────────
         1e-5      0.001        0.1
                     learning rate"
    `);
  });
});

describe("rejects", () => {
  it.each<[string, FindLearningRateOptions, string]>([
    ["a lowest rate of 0", { minLearningRate: 0 }, "minLearningRate to be a finite number > 0"],
    [
      "an endless rate",
      { maxLearningRate: Number.POSITIVE_INFINITY },
      "maxLearningRate to be a finite number",
    ],
    [
      "rates in the wrong order",
      { minLearningRate: 1, maxLearningRate: 1 },
      "maxLearningRate to be a finite number > 1",
    ],
    ["too few steps", { steps: 9 }, "steps to be a whole number >= 10"],
    ["half a step", { steps: 10.5 }, "steps to be a whole number"],
    ["no rows", { batchSize: 0 }, "batchSize to be a whole number >= 1"],
    ["shuffle 1", { shuffle: 1 as never }, "shuffle to be true or false"],
    ["a smoothing of 1", { smoothing: 1 }, "smoothing to be a finite number >= 0 and < 1"],
    ["a negative smoothing", { smoothing: -0.1 }, "smoothing to be a finite number >= 0 and < 1"],
    ["a divergence of 1", { divergence: 1 }, "divergence to be a finite number > 1"],
    ["a signal that is none", { signal: true as never }, "signal to be an AbortSignal"],
    ["a negative yieldEvery", { yieldEvery: -1 }, "yieldEvery to be a finite number >= 0"],
    ["weights of too few rows", { sampleWeight: [1] }, "sampleWeight"],
    ["an unknown option", { stepss: 10 } as never, "did you mean steps?"],
  ])("%s", async (_, options, message) => {
    await expect(findLearningRate(network("adam"), x, y, options)).rejects.toThrow(message);
  });

  it("a model that was not compiled", async () => {
    const layers: Layer[] = [dense({ units: 1 })];
    const model = sequential({ inputShape: [3], layers });
    await expect(findLearningRate(model, x, y)).rejects.toThrow("a compiled model");
  });

  it("a model whose loss is no number", async () => {
    const model = network("adam");
    model.setWeights({ "dense/bias": new Float32Array(8).fill(Number.NaN) });
    await expect(findLearningRate(model, x, y)).rejects.toThrow(
      "a loss that is a number at the start",
    );
  });

  it("a second call while it runs, and itself in a callback", async () => {
    const model = network("adam");
    const first = findLearningRate(model, x, y, short);
    await expect(model.fit(x, y)).rejects.toThrow("a call while findLearningRate is running");
    await first;
    const inside = model.fit(x, y, {
      callbacks: [{ onEpochBegin: async () => void (await findLearningRate(model, x, y, short)) }],
    });
    await expect(inside).rejects.toThrow("one call at a time");
  });
});
