// Options of optimizers, and how they act on steps: clipping, decay, exclusions. The rules
// themselves are held to Keras by test/models/trajectories.test.ts.
import { describe, expect, it } from "vitest";
import {
  adam,
  adamW,
  dense,
  type Model,
  momentum,
  nesterov,
  type OptimizerLike,
  sequential,
  sgd,
} from "../../ts/index.js";

describe("options", () => {
  it.each([
    ["a negative learning rate", () => adam({ learningRate: -1 }), /adam: .*learningRate.*-1/],
    ["a learning rate of NaN", () => sgd({ learningRate: Number.NaN }), /learningRate.*NaN/],
    ["beta1 of 1", () => adam({ beta1: 1 }), /beta1/],
    ["a negative beta2", () => adamW({ beta2: -0.1 }), /beta2/],
    ["epsilon 0", () => adam({ epsilon: 0 }), /epsilon/],
    ["momentum above 1", () => sgd({ momentum: 1.5 }), /momentum/],
    ["nesterov that is no boolean", () => sgd({ nesterov: 1 as never }), /nesterov/],
    ["a negative decay", () => adamW({ weightDecay: -1 }), /weightDecay/],
    ["exclusions that are no list", () => adamW({ excludeFromWeightDecay: "b" as never }), /list/],
    ["clipNorm 0", () => sgd({ clipNorm: 0 }), /clipNorm/],
    ["two ways of clipping", () => sgd({ clipNorm: 1, clipValue: 1 }), /at most one of/],
    ["a misspelt option", () => adam({ lr: 1 } as never), /did you mean learningRate/],
    ["an option of another", () => momentum({ beta1: 0.9 } as never), /unknown option "beta1"/],
  ])("refuse %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
  it("have Keras' defaults", () => {
    expect(sgd()).toMatchObject({ rule: "sgd", hyperparameters: [] });
    expect(sgd().learningRate.learningRate(0)).toBe(0.01);
    expect(sgd({ momentum: 0.5 })).toMatchObject({ rule: "momentum", hyperparameters: [0.5] });
    expect(nesterov()).toMatchObject({ rule: "nesterov", hyperparameters: [0.9] });
    expect(adam()).toMatchObject({ rule: "adam", hyperparameters: [0.9, 0.999, 1e-7] });
    expect(adam().learningRate.learningRate(0)).toBe(0.001);
    expect(adam().decayOf("dense/kernel")).toBe(0);
    expect(adamW().decayOf("dense/kernel")).toBe(0.004);
    const without = adamW({ excludeFromWeightDecay: ["bias"] });
    expect([without.decayOf("dense/bias"), without.decayOf("dense/kernel")]).toEqual([0, 0.004]);
  });
});

const initial = { "dense/kernel": [[3], [-4]], "dense/bias": [2] };

/** One weight step for x = (1, 2), y = 0 and the mean squared error. */
async function step(optimizer: OptimizerLike): Promise<{ kernel: number[]; bias: number }> {
  const model: Model = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
  model.setWeights(initial);
  model.compile({ optimizer, loss: "mse" });
  await model.trainOnBatch([[1, 2]], [0]);
  const { "dense/kernel": kernel, "dense/bias": bias } = model.getWeights();
  return { kernel: [...(kernel?.data ?? [])], bias: bias?.data[0] as number };
}

// The output is 3 - 8 + 2 = -3, so the gradient is -6 (1, 2) for the kernel, -6 for the bias.
describe("steps", () => {
  it("of gradient descent", async () => {
    expect(await step(sgd({ learningRate: 0.5 }))).toEqual({ kernel: [6, 2], bias: 5 });
  });
  it("cut by value", async () => {
    const optimizer = sgd({ learningRate: 1, clipValue: 7 });
    expect(await step(optimizer)).toEqual({ kernel: [9, 3], bias: 8 });
  });
  it("cut by the norm of each weight", async () => {
    const { kernel, bias } = await step(sgd({ learningRate: 1, clipNorm: Math.sqrt(5) }));
    expect(kernel[0]).toBeCloseTo(4, 5);
    expect(kernel[1]).toBeCloseTo(-2, 5);
    expect(bias).toBeCloseTo(2 + Math.sqrt(5), 5);
  });
  it("cut by the norm of all", async () => {
    const { kernel, bias } = await step(sgd({ learningRate: 1, globalClipNorm: Math.sqrt(6) }));
    expect(kernel[0]).toBeCloseTo(4, 5);
    expect(kernel[1]).toBeCloseTo(-2, 5);
    expect(bias).toBeCloseTo(3, 5);
  });
  it("with decay that is not part of the gradient", async () => {
    const options = { learningRate: 0.5, weightDecay: 0.2 };
    expect((await step(sgd(options))).kernel).toEqual([
      expect.closeTo(3 * 0.9 + 3, 5),
      expect.closeTo(-4 * 0.9 + 6, 5),
    ]);
    const excluded = await step(sgd({ ...options, excludeFromWeightDecay: ["kernel"] }));
    expect(excluded.kernel).toEqual([6, 2]);
    expect(excluded.bias).toBeCloseTo(2 * 0.9 + 3, 5);
  });
  it("of adam are the learning rate at first, whatever the gradient", async () => {
    const { kernel, bias } = await step(adam({ learningRate: 0.1 }));
    expect(kernel[0]).toBeCloseTo(3.1, 4);
    expect(kernel[1]).toBeCloseTo(-3.9, 4);
    expect(bias).toBeCloseTo(2.1, 4);
  });
  it("of one optimizer for two models do not mix", async () => {
    const shared = adam({ learningRate: 0.1 });
    expect(await step(shared)).toEqual(await step(shared));
  });
});
