// Constraints against Keras: what they make of weights, and what is trained under them.
import { describe, expect, it } from "vitest";
import {
  adam,
  batchNormalization,
  type Constraint,
  dense,
  input,
  maxNorm,
  minMaxNorm,
  model,
  nonNeg,
  type Optimizer,
  ops,
  type Sym,
  sequential,
  sgd,
  unitNorm,
} from "../../ts/index.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";
import { uniform } from "../fixtures/initial.js";
import { expectClose } from "../support/close.js";
import { trial } from "../support/trial.js";

const { cases } = readGolden("constraints");

const factories = { maxNorm, minMaxNorm, nonNeg, unitNorm };

function constraintOf(found: GoldenCase): Constraint {
  return factories[found.extra.constraint as "maxNorm"](found.options);
}

describe("what a constraint makes of a weight is Keras'", () => {
  const values = cases.filter(({ extra }) => extra.constraint);
  it.each(values.map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const w = found.tensor("w");
    const project = constraintOf(found).project;
    const { outputs } = await trial({ w }, ({ w: sym }) => ({
      outputs: { projected: project(sym as never) },
    }));
    expectClose(outputs.projected as Float32Array, found.float32("projected"));
  });
});

function optimizerOf({ options }: GoldenCase): Optimizer {
  const { name, ...given } = options.optimizer as { name: "sgd" };
  return { sgd, adam }[name](given);
}

function newModel() {
  const model = sequential({
    inputShape: [6],
    seed: 1,
    layers: [
      dense({
        units: 8,
        activation: "tanh",
        name: "dense1",
        kernelConstraint: maxNorm({ maxValue: 0.8 }),
      }),
      batchNormalization({ name: "norm", gammaConstraint: "nonNeg", betaConstraint: "unitNorm" }),
      dense({
        units: 3,
        activation: "softmax",
        name: "output",
        kernelConstraint: minMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.5 }),
        biasConstraint: (bias) => ops.maximum(bias, 0),
      }),
    ],
  });
  const trainable = model.weights().filter((weight) => weight.trainable);
  const initial = trainable.map(({ name, shape }, number) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return [name, uniform(number, size, 0.9)] as const;
  });
  model.setWeights(Object.fromEntries(initial));
  return model;
}

describe("30 steps under constraints agree with Keras", () => {
  const trajectories = cases.filter(({ options }) => options.optimizer);
  it.each(trajectories.map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const model = newModel();
    model.compile({ optimizer: optimizerOf(found), loss: "sparseCategoricalCrossentropy" });
    const x = found.float32("x");
    const y = found.tensor("yTrue").data as Int32Array;
    for (const [step, expected] of found.float32("losses").entries()) {
      const from = 12 * (step % 2);
      const rows = [x.subarray(6 * from, 6 * from + 72), y.subarray(from, from + 12)] as const;
      const { loss } = await model.trainOnBatch(...rows);
      expect(Math.abs((loss as number) / expected - 1), `loss of step ${step}`).toBeLessThan(1e-4);
    }
    for (const [name, { data }] of Object.entries(model.getWeights())) {
      expectClose(data, found.float32(`final/${name}`), { tolerance: 1e-4, floor: 0.1 });
    }
  });
});

describe("constraints", () => {
  it("hold after every step, in the same call of the engine", async () => {
    const model = newModel();
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    await model.trainOnBatch(new Float32Array(12).fill(1), [0, 1]);
    const kernel = model.getWeights()["dense1/kernel"]?.data ?? [];
    for (let unit = 0; unit < 8; unit++) {
      const column = [0, 1, 2, 3, 4, 5].map((row) => kernel[8 * row + unit] as number);
      expect(Math.hypot(...column)).toBeLessThanOrEqual(0.8 + 1e-6);
    }
    expect(model.dump()).toMatch(/then\n[\s\S]*constraint of dense1\/kernel/);
  });

  it("leave weights alone that the loss does not depend on", async () => {
    const x = input({ shape: [2] });
    const end = () => dense({ units: 2, kernelConstraint: "unitNorm" })(x);
    const net = model({ inputs: x, outputs: { used: end(), idle: end() } });
    const blind = (yTrue: Sym) => ops.square(yTrue);
    net.compile({ optimizer: "sgd", loss: { used: "meanSquaredError", idle: blind } });
    const [used, idle] = net.weights().filter(({ name }) => name.endsWith("kernel"));
    const before = net.getWeights();
    await net.trainOnBatch([[1, 2]], { used: [[1, 0]], idle: [[1, 0]] });
    const after = net.getWeights();
    expect(after[used?.name as string]).not.toEqual(before[used?.name as string]);
    expect(after[idle?.name as string]).toEqual(before[idle?.name as string]);
  });

  it("leave frozen layers alone", async () => {
    const layer = dense({ units: 2, kernelConstraint: "unitNorm", trainable: false });
    const model = sequential({ inputShape: [2], seed: 1, layers: [layer, dense({ units: 1 })] });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const before = model.getWeights()["dense/kernel"];
    await model.fit([[1, 2]], [[1]]);
    expect(model.getWeights()["dense/kernel"]).toEqual(before);
  });

  it.each([
    ["maxValue 0", () => maxNorm({ maxValue: 0 }), /maxNorm: .*maxValue/],
    ["half an axis", () => maxNorm({ axis: 0.5 }), /maxNorm: .*axis/],
    ["no axis", () => unitNorm({ axis: [] }), /unitNorm: .*at least one axis/],
    ["a negative minValue", () => minMaxNorm({ minValue: -1 }), /minMaxNorm: .*minValue/],
    ["a range upside down", () => minMaxNorm({ minValue: 2 }), /minMaxNorm: .*maxValue/],
    ["rate 0", () => minMaxNorm({ rate: 0 }), /minMaxNorm: .*rate/],
    ["rate above 1", () => minMaxNorm({ rate: 1.1 }), /minMaxNorm: .*rate/],
    [
      "an axis that the weight does not have",
      () => {
        const layer = dense({ units: 1, biasConstraint: unitNorm({ axis: 1 }) });
        const model = sequential({ inputShape: [2], layers: [layer] });
        model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      },
      /constraint of dense\/bias .*an axis from -1 to 0, received axis 1/,
    ],
    [
      "a name that there is not",
      () => dense({ units: 1, kernelConstraint: "maxnorm2" as never }),
      /dense: kernelConstraint: .*did you mean "maxNorm"/,
    ],
    [
      "a factory that was not called",
      () => dense({ units: 1, kernelConstraint: maxNorm as never }),
      /Call it instead of passing the factory/,
    ],
    [
      "a function that changes the shape",
      () => {
        const layer = dense({ units: 1, kernelConstraint: (w) => ops.sum(w) });
        const model = sequential({ inputShape: [2], layers: [layer] });
        model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      },
      /a tensor of the weight's shape \[2, 1\], received one of shape \[\]/,
    ],
  ])("refuse %s", async (_, make, message) => {
    await expect(async () => make()).rejects.toThrow(message);
  });
});

describe("running averages and accumulation", () => {
  const data: [Float32Array, number[][]] = [Float32Array.of(1, 2, 3, 4), [[1], [0]]];
  const newNet = (optimizer: Optimizer) => {
    const model = sequential({ inputShape: [2], seed: 3, layers: [dense({ units: 1 })] });
    model.compile({ optimizer, loss: "meanSquaredError" });
    return model;
  };

  it("fit ends with the average of the weights", async () => {
    const plain = newNet(sgd({ learningRate: 0.1 }));
    const averaged = newNet(sgd({ learningRate: 0.1, useEma: true, emaMomentum: 0.5 }));
    let average: number[] = [];
    for (let step = 0; step < 4; step++) {
      await plain.trainOnBatch(...data);
      const now = [...(plain.getWeights()["dense/kernel"]?.data ?? [])];
      average = step === 0 ? now : average.map((old, i) => (old + (now[i] as number)) / 2);
    }
    await averaged.fit(...data, { epochs: 4 });
    expectClose(averaged.getWeights()["dense/kernel"]?.data as Float32Array, average);
  });

  it("the averages are part of the state", async () => {
    const model = newNet(adam({ useEma: true, gradientAccumulationSteps: 2 }));
    await model.trainOnBatch(...data);
    const saved = model.saveState();
    expect(Object.keys(saved)).toContain("optimizer/dense/kernel/average");
    expect(Object.keys(saved)).toContain("optimizer/dense/kernel/accumulatedGradient");
    const first = await model.trainOnBatch(...data).then(() => model.getWeights());
    model.restoreState(saved);
    const second = await model.trainOnBatch(...data).then(() => model.getWeights());
    expect(second).toEqual(first);
  });

  it("accumulating two halves of a batch is a step with the whole", async () => {
    const whole = newNet(sgd({ learningRate: 0.1 }));
    const halves = newNet(sgd({ learningRate: 0.1, gradientAccumulationSteps: 2 }));
    await whole.fit(...data, { batchSize: 2, shuffle: false });
    const before = halves.getWeights()["dense/kernel"]?.data;
    await halves.trainOnBatch(data[0].subarray(0, 2), [[1]]);
    expect(halves.getWeights()["dense/kernel"]?.data).toEqual(before);
    await halves.trainOnBatch(data[0].subarray(2), [[0]]);
    const [a, b] = [whole, halves].map((model) => model.getWeights()["dense/kernel"]?.data);
    expectClose(b as Float32Array, a as Float32Array);
    expect(halves.iterations).toBe(1);
  });
});
