// Functional models: the same as sequential ones where they say the same; shared layers, nested
// models, what is refused.
import { describe, expect, it } from "vitest";
import {
  batchNormalization,
  dense,
  dropout,
  GradusError,
  input,
  type Layer,
  type LayerTensor,
  type Model,
  model,
  sequential,
  sgd,
} from "../../ts/index.js";

const x = Float32Array.from({ length: 60 }, (_, i) => Math.sin(1.7 * i));
const y = Float32Array.from({ length: 40 }, (_, i) => Math.cos(0.9 * i));

const numbersOf = (net: Model) =>
  Object.entries(net.getWeights()).map(([name, { data }]) => [name, [...data]]);

const layers = () => [
  dense({ units: 5, activation: "tanh", kernelRegularizer: "l2" }),
  dropout({ rate: 0.25 }),
  batchNormalization(),
  dense({ units: 2 }),
];

const chain = (tensor: LayerTensor, list: readonly Layer[]) =>
  list.reduce((each, layer) => layer(each), tensor);

function functional(seed = 7): Model {
  const inputs = input({ shape: [3] });
  return model({ inputs, outputs: chain(inputs, layers()), seed });
}

describe("a functional model", () => {
  it("equals the sequential one bit for bit", async () => {
    const run = async (net: Model) => {
      net.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
      const { history } = await net.fit(x, y, { epochs: 3, batchSize: 6, validationSplit: 0.2 });
      const predicted = await net.predict(x);
      expect(net.dump()).toMatch(/matMul.*dense "dense_1"/);
      return { history, weights: numbersOf(net), predicted: predicted.data };
    };
    const expected = await run(sequential({ inputShape: [3], layers: layers(), seed: 7 }));
    expect(await run(functional())).toEqual(expected);
  });
  it("knows shapes before it has numbers", () => {
    const inputs = input({ shape: [4, 3] });
    const hidden = dense({ units: 2 })(inputs);
    expect([inputs.shape, hidden.shape, hidden.dtype]).toEqual([
      [null, 4, 3],
      [null, 4, 2],
      "float32",
    ]);
    const net = model({ inputs, outputs: hidden, name: "net" });
    expect([net.name, net.inputShape, net.outputShape]).toEqual([
      "net",
      [null, 4, 3],
      [null, 4, 2],
    ]);
  });
  it("can begin in the middle of another", async () => {
    const inputs = input({ shape: [3] });
    const code = dense({ units: 2 })(inputs);
    const outputs = dense({ units: 3 })(code);
    const whole = model({ inputs, outputs, seed: 1 });
    const encoder = model({ inputs, outputs: code });
    const decoder = model({ inputs: code, outputs });
    const expected = await whole.predict(x);
    expect(await decoder.predict(await encoder.predict(x))).toEqual(expected);
  });
  it("saves and restores all that training changes", async () => {
    const net = functional();
    net.compile({ optimizer: "adam", loss: "mse" });
    await net.fit(x, y);
    const saved = net.saveState();
    const next = (await net.fit(x, y)).history;
    net.restoreState(saved);
    expect((await net.fit(x, y)).history).toEqual(next);
  });
});

describe("a shared layer", () => {
  it("has one set of weights and the sum of the gradients", async () => {
    // y = k (k x) with k = 3: dy/dk = 2 k x.
    const twice = dense({ units: 1, useBias: false, name: "k" });
    const inputs = input({ shape: [1] });
    const net = model({ inputs, outputs: twice(twice(inputs)) });
    net.setWeights({ "k/kernel": [[3]] });
    net.compile({ optimizer: sgd({ learningRate: 1 }), loss: (_, yPred) => yPred });
    expect(net.countParams()).toBe(1);
    expect((await net.trainOnBatch([[2]], [0])).loss).toBe(18);
    expect(net.getWeights()["k/kernel"]?.toArray()).toEqual([[3 - 12]]);
  });
});

describe("a nested model", () => {
  const encoder = () =>
    sequential({ inputShape: [3], name: "encoder", layers: [dense({ units: 2 })] });
  it("is called as a layer and shares its weights", async () => {
    const inner = encoder();
    const inputs = input({ shape: [3] });
    const net = model({ inputs, outputs: dense({ units: 2 })(inner(inputs)), seed: 1 });
    expect(net.weights().map(({ name }) => name)).toEqual([
      "encoder/dense/kernel",
      "encoder/dense/bias",
      "dense/kernel",
      "dense/bias",
    ]);
    expect(net.getLayer("encoder/dense")).toBe(inner.layers[0]);
    net.compile({ optimizer: "sgd", loss: "mse" });
    await net.fit(x, y);
    const [outer, own] = [net.getWeights(), inner.getWeights()];
    expect(own["dense/kernel"]).toEqual(outer["encoder/dense/kernel"]);
    net.dispose();
    expect((await inner.predict(x)).shape).toEqual([20, 2]);
  });
  it("of two models of one name keeps their weights apart", () => {
    const inputs = input({ shape: [3] });
    const inner = sequential({ inputShape: [2], name: "encoder", layers: [dense({ units: 2 })] });
    const net = sequential({ inputShape: [3], layers: [encoder(), inner, inner] });
    const names = net.weights().map(({ name }) => name);
    expect(names).toEqual([
      "encoder/dense/kernel",
      "encoder/dense/bias",
      "encoder_1/dense/kernel",
      "encoder_1/dense/bias",
    ]);
    const outer = model({ inputs, outputs: net(inputs), name: "outer" });
    expect(outer.weights()[2]?.name).toBe("sequential/encoder_1/dense/kernel");
    expect(outer.summary({ print: () => {} })).toContain("sequential/encoder_1/dense (dense)");
  });
  it("trains as the same layers without nesting", async () => {
    const run = async (net: Model) => {
      net.compile({ optimizer: "adam", loss: "mse" });
      return (await net.fit(x, y, { epochs: 2 })).history;
    };
    const list = layers();
    const flat = sequential({ inputShape: [3], layers: layers(), seed: 3 });
    const inner = sequential({ inputShape: [3], layers: list.slice(0, 3) });
    const nested = sequential({ layers: [inner, list[3] as Layer], seed: 3 });
    expect(await run(nested)).toEqual(await run(flat));
  });
});

describe("what is refused", () => {
  const tensor = input({ shape: [3] });
  const other = input({ shape: [3], name: "other" });
  it.each([
    ["data as a tensor", () => dense({ units: 1 })([[1]] as never), /^dense "dense": .*input\(\)/],
    ["a layer as a tensor", () => dense({ units: 1 })(dense({ units: 2 }) as never), /Call that/],
    ["two inputs", () => dense({ units: 1 })([tensor, tensor]), /one input, received 2/],
    ["no shape", () => input({} as never), /^input: expected shape/],
    ["an unknown option", () => input({ shape: [1], dim: 3 } as never), /unknown option "dim"/],
    ["no outputs", () => model({ inputs: tensor } as never), /^model: expected outputs/],
    [
      "an output of another input",
      () => model({ inputs: tensor, outputs: dense({ units: 1 })(other) }),
      /received one that needs another input, "other"/,
    ],
    [
      "two layers of one name",
      () => {
        const hidden = dense({ units: 1, name: "a" })(tensor);
        return model({ inputs: tensor, outputs: dense({ units: 1, name: "a" })(hidden) });
      },
      /different names, received "a" twice/,
    ],
    [
      "a layer on shapes that need other weights",
      () => {
        const shared = dense({ units: 2, name: "shared" });
        return model({ inputs: tensor, outputs: shared(shared(tensor)) });
      },
      /^dense "shared": .*\[3, 2\].*received one that needs \[2, 2\]/,
    ],
    [
      "a nested model on another shape",
      () => sequential({ inputShape: [2], name: "inner", layers: [dense({ units: 1 })] })(tensor),
      /^model "inner": expected an input of shape \[batch, 2\], received \[batch, 3\]/,
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(GradusError);
    expect(call).toThrow(message);
  });
});
