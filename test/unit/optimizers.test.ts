// Options of optimizers, and how they act on steps: clipping, decay, exclusions. The rules
// themselves are held to Keras by test/models/trajectories.test.ts.
import { describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  dense,
  ftrl,
  lamb,
  lion,
  type Model,
  momentum,
  muon,
  nadam,
  nesterov,
  type OptimizerLike,
  oneCycle,
  rmsprop,
  sequential,
  sgd,
} from "../../ts/index.js";

const kernel = { name: "dense/kernel", shape: [3, 2] };
const bias = { name: "dense/bias", shape: [2] };

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
    ["amsgrad that is no boolean", () => adam({ amsgrad: 1 as never }), /adam: .*amsgrad/],
    ["beta1 of 1 for adamax", () => adamax({ beta1: 1 }), /adamax: .*beta1/],
    ["a negative epsilon", () => adamax({ epsilon: -1 }), /adamax: .*epsilon/],
    ["beta2 of 1 for nadam", () => nadam({ beta2: 1 }), /nadam: .*beta2/],
    ["amsgrad for nadam", () => nadam({ amsgrad: true } as never), /unknown option "amsgrad"/],
    [
      "a negative start of the sum",
      () => adagrad({ initialAccumulatorValue: -0.1 }),
      /adagrad: .*initialAccumulatorValue/,
    ],
    ["an infinite epsilon", () => adagrad({ epsilon: Number.POSITIVE_INFINITY }), /epsilon/],
    ["rho of 1", () => rmsprop({ rho: 1 }), /rmsprop: .*rho/],
    ["a negative momentum", () => rmsprop({ momentum: -0.1 }), /rmsprop: .*momentum/],
    ["centered that is no boolean", () => rmsprop({ centered: "no" as never }), /centered/],
    ["a negative rho", () => adadelta({ rho: -0.1 }), /adadelta: .*rho/],
    ["epsilon 0 for adadelta", () => adadelta({ epsilon: 0 }), /adadelta: .*epsilon/],
    ["beta1 of 0 for lion", () => lion({ beta1: 0 }), /lion: .*beta1/],
    ["beta1 above 1 for lion", () => lion({ beta1: 1.1 }), /lion: .*beta1/],
    ["beta2 of 1 for lion", () => lion({ beta2: 1 }), /lion: .*beta2/],
    ["an epsilon for lion", () => lion({ epsilon: 1 } as never), /unknown option "epsilon"/],
    ["a power above 0", () => ftrl({ learningRatePower: 0.1 }), /ftrl: .*learningRatePower/],
    ["a negative sum", () => ftrl({ initialAccumulatorValue: -1 }), /initialAccumulatorValue/],
    ["a negative l1", () => ftrl({ l1RegularizationStrength: -1 }), /l1RegularizationStrength/],
    ["a negative l2", () => ftrl({ l2RegularizationStrength: -1 }), /l2RegularizationStrength/],
    [
      "a negative shrinkage",
      () => ftrl({ l2ShrinkageRegularizationStrength: -1 }),
      /l2ShrinkageRegularizationStrength/,
    ],
    ["a negative beta", () => ftrl({ beta: -1 }), /ftrl: .*beta/],
    [
      "a schedule of momentum for nadam",
      () => nadam({ learningRate: oneCycle({ maxLearningRate: 0.1, totalSteps: 9 }) }),
      /nadam, whose momentum has a schedule of its own/,
    ],
    [
      "a schedule of momentum for rmsprop without",
      () => rmsprop({ learningRate: oneCycle({ maxLearningRate: 0.1, totalSteps: 9 }) }),
      /rmsprop without/,
    ],
    ["an ema momentum above 1", () => adam({ emaMomentum: 1.1 }), /adam: .*emaMomentum/],
    ["useEma that is no boolean", () => sgd({ useEma: 1 as never }), /sgd: .*useEma/],
    ["overwriting every 0 steps", () => sgd({ emaOverwriteFrequency: 0 }), /emaOverwriteFrequency/],
    [
      "accumulation over one step",
      () => sgd({ gradientAccumulationSteps: 1 }),
      /sgd: .*gradientAccumulationSteps/,
    ],
    ["beta1 of 1 for lamb", () => lamb({ beta1: 1 }), /lamb: .*beta1/],
    ["momentum of 1 for muon", () => muon({ momentum: 1 }), /muon: .*momentum/],
    ["no steps for muon", () => muon({ nsSteps: 0 }), /muon: .*nsSteps/],
    ["nesterov that is no boolean for muon", () => muon({ nesterov: 1 as never }), /nesterov/],
    ["a coefficient that is no number", () => muon({ muonB: "1" as never }), /muon: .*muonB/],
    ["rmsRate 0", () => muon({ rmsRate: 0 }), /muon: .*rmsRate/],
    ["layers that are no list", () => muon({ excludeLayers: "a" as never }), /excludeLayers/],
    ["a switch that is none", () => muon({ excludeEmbeddings: 0 as never }), /excludeEmbeddings/],
    ["beta2 of 1 for muon's adam", () => muon({ adamBeta2: 1 }), /muon: .*adamBeta2/],
    ["epsilon 0 for muon's adam", () => muon({ epsilon: 0 }), /muon: .*epsilon/],
    ["a negative decay of muon's adam", () => muon({ adamWeightDecay: -1 }), /adamWeightDecay/],
    ["adamLrRatio 0", () => muon({ adamLrRatio: 0 }), /muon: .*adamLrRatio/],
    ["a negative ema momentum", () => adam({ emaMomentum: -0.1 }), /adam: .*emaMomentum/],
    ["overwriting every 1.5 steps", () => sgd({ emaOverwriteFrequency: 1.5 }), /a whole number/],
    [
      "accumulation over half a step",
      () => muon({ gradientAccumulationSteps: 2.5 }),
      /muon: .*gradientAccumulationSteps to be a whole number >= 2/,
    ],
    ["a negative beta2 for lamb", () => lamb({ beta2: -0.1 }), /lamb: .*beta2/],
    ["epsilon 0 for lamb", () => lamb({ epsilon: 0 }), /lamb: .*epsilon/],
    ["beta1 of 1 for muon's adam", () => muon({ adamBeta1: 1 }), /muon: .*adamBeta1/],
    [
      "a schedule of momentum for lamb",
      () => lamb({ learningRate: oneCycle({ maxLearningRate: 0.1, totalSteps: 9 }) }),
      /lamb without/,
    ],
    ["clipNorm 0", () => sgd({ clipNorm: 0 }), /clipNorm/],
    ["clipValue 0", () => sgd({ clipValue: 0 }), /clipValue/],
    ["globalClipNorm 0", () => sgd({ globalClipNorm: 0 }), /globalClipNorm/],
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
    expect(adam().decayOf(kernel)).toBe(0);
    expect(adamW().decayOf(kernel)).toBe(0.004);
    expect(adam({ amsgrad: true })).toMatchObject({ rule: "amsgrad", name: "adam" });
    expect(adamW({ amsgrad: true }).decayOf(kernel)).toBe(0.004);
    expect(adamax()).toMatchObject({ rule: "adamax", hyperparameters: [0.9, 0.999, 1e-7] });
    expect(nadam()).toMatchObject({ rule: "nadam", hyperparameters: [0.9, 0.999, 1e-7] });
    const accumulator = { name: "accumulator", initial: 0.1 };
    expect(adagrad()).toMatchObject({ hyperparameters: [1e-7] });
    expect(adagrad().slotsOf(kernel)).toEqual([accumulator]);
    expect(rmsprop()).toMatchObject({ rule: "rmsprop", hyperparameters: [0.9, 1e-7] });
    expect(adadelta()).toMatchObject({ rule: "adadelta", hyperparameters: [0.95, 1e-7] });
    expect(lion()).toMatchObject({ rule: "lion", hyperparameters: [0.9, 0.99] });
    expect(ftrl()).toMatchObject({
      rule: "ftrl",
      hyperparameters: [-0.5, 0, 0, 0, 0],
    });
    expect(ftrl().slotsOf(kernel)).toEqual([accumulator, { name: "linear", initial: 0 }]);
    expect(lamb()).toMatchObject({ rule: "lamb", hyperparameters: [0.9, 0.999, 1e-7] });
    expect(muon()).toMatchObject({ rule: "muon" });
    expect(muon().slotsOf(kernel)).toHaveLength(1);
    expect(muon().slotsOf(bias)).toHaveLength(2);
    expect(muon({ excludeLayers: ["dense"] }).slotsOf(kernel)).toHaveLength(2);
    expect(muon({ weightDecay: 0 }).decayOf(kernel)).toBe(0);
    expect(muon({ adamWeightDecay: 0.1, adamLrRatio: 0.5 }).decayOf(bias)).toBe(0.2);
    for (const make of [adamax, nadam, adagrad, rmsprop, adadelta, lion, ftrl, lamb]) {
      expect(make().learningRate.learningRate(0)).toBe(0.001);
      expect(make().decayOf(kernel)).toBe(0);
    }
    const without = adamW({ excludeFromWeightDecay: ["bias"] });
    expect([without.decayOf(bias), without.decayOf(kernel)]).toEqual([0, 0.004]);
  });
});

const warm = (maxLearningRate: number) => oneCycle({ maxLearningRate, totalSteps: 10 });

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
  it("of adagrad begin with a sum that is not 0, also after going back", async () => {
    const optimizer = adagrad({ learningRate: 1, initialAccumulatorValue: 13, epsilon: 1e-30 });
    // The gradient is -6 for the bias: 2 + 6 / sqrt(13 + 36).
    const { bias } = await step(optimizer);
    expect(bias).toBeCloseTo(2 + 6 / 7, 5);
    const model = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
    model.setWeights(initial);
    model.compile({ optimizer, loss: "mse" });
    const saved = model.saveState();
    for (let i = 0; i < 2; i++) {
      await model.trainOnBatch([[1, 2]], [0]);
      expect(model.getWeights()["dense/bias"]?.data[0]).toBeCloseTo(bias, 6);
      model.restoreState(saved);
    }
  });
  it.each(["adamax", "nadam", "adagrad", "rmsprop", "adadelta", "lion", "ftrl"] as const)(
    "of %s by name go downhill",
    async (name) => {
      const { bias } = await step(name);
      // ftrl forgets where it started.
      if (name === "ftrl") expect(bias).toBeCloseTo(2 * (1 - Math.sqrt(0.1 / 36.1)) + 0.001, 3);
      else expect(bias).toBeGreaterThan(2);
    },
  );
  it("of ftrl with a learning rate of 0 change nothing", async () => {
    const { kernel, bias } = await step(ftrl({ learningRate: 0, initialAccumulatorValue: 0 }));
    expect([...kernel, bias]).toEqual([3, -4, 2]);
  });
  it.each([
    ["amsgrad", (rate: number) => adam({ learningRate: warm(rate), amsgrad: true })],
    ["adamax", (rate: number) => adamax({ learningRate: warm(rate) })],
    ["lion", (rate: number) => lion({ learningRate: warm(rate) })],
    ["rmsprop", (rate: number) => rmsprop({ learningRate: warm(rate), momentum: 0.5 })],
  ])("of %s take beta1 or momentum from a schedule", async (_, make) => {
    const { bias } = await step(make(0.1));
    expect(Number.isFinite(bias) && bias > 2).toBe(true);
  });
  it("of one optimizer for two models do not mix", async () => {
    const shared = adam({ learningRate: 0.1 });
    expect(await step(shared)).toEqual(await step(shared));
  });
});
