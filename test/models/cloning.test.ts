// Copies of layers and models, layers shared with new models, and models taken apart.
import { describe, expect, it } from "vitest";
import {
  add,
  batchNormalization,
  cloneLayer,
  cloneModel,
  dense,
  dropout,
  GradusError,
  input,
  type Layer,
  type Model,
  model,
  pretrainAutoencoder,
  sequential,
} from "../../ts/index.js";

const x = Float32Array.from({ length: 60 }, (_, i) => Math.sin(1.7 * i));
const y = Float32Array.from({ length: 40 }, (_, i) => Math.cos(0.9 * i));

const layers = () => [
  dense({ units: 5, activation: "tanh", kernelRegularizer: "l2", name: "low" }),
  dropout({ rate: 0.25 }),
  batchNormalization(),
  dense({ units: 4, activation: "relu" }),
  dense({ units: 2, name: "head" }),
];

async function trained(seed = 7): Promise<Model> {
  const net = sequential({ inputShape: [3], layers: layers(), seed });
  net.compile({ optimizer: "adam", loss: "mse" });
  await net.fit(x, y, { epochs: 2 });
  return net;
}

const numbersOf = (net: { getWeights: Model["getWeights"] }) =>
  Object.entries(net.getWeights()).map(([name, { data }]) => [name, [...data]]);

/** Two branches through one nested encoder, which has a shared layer, and two named outputs. */
function siamese() {
  const inner = input({ shape: [3] });
  const same = dense({ units: 3, activation: "tanh", name: "same" });
  const encoder = model({ inputs: inner, outputs: same(same(inner)), name: "encoder" });
  const [a, b] = [input({ shape: [3], name: "a" }), input({ shape: [3] })];
  const sum = add()([encoder(a), encoder(b)]);
  const near = dense({ units: 1, activation: "sigmoid" })(sum);
  return model({ inputs: [a, b], outputs: { near, sum }, name: "siamese", seed: 3 });
}

describe("cloneModel", () => {
  it("copies weights, statistics and names, and nothing is shared", async () => {
    const net = await trained();
    const copy = cloneModel(net, { weights: true, seed: 5 });
    expect(numbersOf(copy)).toEqual(numbersOf(net));
    expect((await copy.predict(x)).data).toEqual((await net.predict(x)).data);
    expect([copy.name, copy.seed]).toEqual(["sequential", 5]);
    expect(copy.layers.map(({ name, kind }) => [name, kind])).toEqual(
      net.layers.map(({ name, kind }) => [name, kind]),
    );
    const before = numbersOf(net);
    copy.compile({ optimizer: "adam", loss: "mse" });
    await copy.fit(x, y, { epochs: 2 });
    expect(numbersOf(net)).toEqual(before);
    expect(numbersOf(copy)).not.toEqual(before);
    net.dispose();
    await copy.predict(x);
  });
  it("makes new weights by default, fixed by the seed", async () => {
    const net = await trained();
    const [one, two, three] = [4, 4, 5].map((seed) => numbersOf(cloneModel(net, { seed })));
    expect(one).toEqual(two);
    expect(one).not.toEqual(three);
    expect(one?.map(([name]) => name)).toEqual(numbersOf(net).map(([name]) => name));
    // The same as the model it was cloned from would have drawn.
    const fresh = sequential({ inputShape: [3], layers: layers(), seed: 4 });
    expect(one).toEqual(numbersOf(fresh));
  });
  it("keeps structure: several inputs and outputs, nested models, shared layers", async () => {
    const net = siamese();
    const copy = cloneModel(net, { weights: true });
    expect(copy.layers.length).toBe(net.layers.length);
    expect(copy.weights()).toEqual(net.weights());
    expect(copy.weights().map(({ name }) => name)).toContain("encoder/same/kernel");
    expect([copy.inputNames, copy.outputNames]).toEqual([net.inputNames, net.outputNames]);
    const rows = [x, x.map((v) => -v / 2)] as const;
    const predicted = await copy.predict(rows);
    expect(predicted.near.data).toEqual((await net.predict(rows)).near.data);
    expect(copy.summary({ print: () => {} })).toBe(net.summary({ print: () => {} }));
  });
  it("keeps what is frozen and how fast layers learn", () => {
    const net = sequential({ inputShape: [3], layers: layers() });
    (net.layers[0] as Layer).trainable = false;
    (net.layers[3] as Layer).learningRateMultiplier = 0.25;
    const copy = cloneModel(net);
    expect(copy.layers.map(({ trainable }) => trainable)).toEqual([false, true, true, true, true]);
    expect(copy.layers[3]?.learningRateMultiplier).toBe(0.25);
  });
  it("copies tied autoencoders: their decoders mirror the copied encoder", async () => {
    const { autoencoder } = await pretrainAutoencoder([dense({ units: 2 })], x, {
      inputShape: [3],
      tied: true,
      epochs: 1,
      seed: 1,
    });
    const copy = cloneModel(autoencoder, { weights: true });
    copy.setWeights({ "dense/kernel": new Float32Array(6) });
    const bias = copy.getWeights()["tiedDense/bias"]?.data as Float32Array;
    expect([...(await copy.predict(x.subarray(0, 3))).data]).toEqual([...bias]);
    expect((await autoencoder.predict(x.subarray(0, 3))).data).not.toEqual(bias);
  });
  it("replaces layers by a function", async () => {
    const net = await trained();
    const copy = cloneModel(net, {
      cloneFunction: (layer) => {
        if (layer.kind === "dropout") return dropout({ rate: 0.9 });
        return layer.name === "low" ? layer : cloneLayer(layer);
      },
    });
    expect(copy.layers[0]).toBe(net.layers[0]);
    expect(copy.getWeights()["low/kernel"]).toEqual(net.getWeights()["low/kernel"]);
    expect(copy.getWeights()["head/kernel"]).not.toEqual(net.getWeights()["head/kernel"]);
  });
  it("refuses what it cannot do", async () => {
    const net = await trained();
    const same = (layer: Layer) => layer;
    const wrong: [() => unknown, RegExp][] = [
      [() => cloneModel({} as never), /expected a model/],
      [() => cloneModel(net, { weight: true } as never), /did you mean weights/],
      [() => cloneModel(net, { weights: 1 } as never), /weights to be true or false/],
      [() => cloneModel(net, { name: "" }), /name/],
      [() => cloneModel(net, { seed: -1 }), /seed/],
      [() => cloneModel(net, { cloneFunction: 1 } as never), /cloneFunction/],
      [() => cloneModel(net, { cloneFunction: () => 1 } as never), /to return a layer/],
      [() => cloneModel(net, { cloneFunction: same, weights: true }), /either weights or/],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(GradusError);
      expect(call).toThrow(message);
    }
  });
});

describe("cloneLayer", () => {
  it("makes a layer with weights of its own, new or copied", async () => {
    const net = await trained();
    const low = net.getLayer("low");
    const copy = cloneLayer(low, { weights: true, trainable: false });
    const fresh = cloneLayer(low, { name: "fresh", learningRateMultiplier: 0.5 });
    expect([copy.name, copy.trainable, fresh.trainable]).toEqual(["low", false, true]);
    expect(fresh.learningRateMultiplier).toBe(0.5);
    const other = sequential({ inputShape: [3], layers: [copy, dense({ units: 1 })], seed: 1 });
    const kernel = net.getWeights()["low/kernel"];
    expect(other.getWeights()["low/kernel"]).toEqual(kernel);
    await net.fit(x, y);
    expect(other.getWeights()["low/kernel"]).toEqual(kernel);
    const third = sequential({ inputShape: [3], layers: [fresh], seed: 1 });
    expect(third.getWeights()["fresh/kernel"]).not.toEqual(kernel);
  });
  it("fits beside the original in one model", async () => {
    const net = await trained();
    const low = net.getLayer("low");
    const inputs = input({ shape: [3] });
    const outputs = add()([low(inputs), cloneLayer(low, { weights: true })(inputs)]);
    const both = model({ inputs, outputs });
    expect(both.layers.map(({ name }) => name)).toContain("low");
    const once = model({ inputs, outputs: low(inputs) });
    const twice = (await once.predict(x)).data.map((v) => 2 * v);
    expect((await both.predict(x)).data).toEqual(twice);
  });
  it("refuses what it cannot do", () => {
    const layer = dense({ units: 2 });
    const net = sequential({ inputShape: [3], layers: [layer] });
    const wrong: [() => unknown, RegExp][] = [
      [() => cloneLayer(net as never), /expected a layer.*cloneModel/],
      [() => cloneLayer(layer, { weights: true }), /has weights, to copy them/],
      [() => cloneLayer(layer, { weights: "yes" } as never), /weights to be true/],
      [() => cloneLayer(layer, { units: 3 } as never), /unknown option "units"/],
      [() => cloneLayer(layer, { name: "a b" }), /name/],
      [() => cloneLayer(layer, { learningRateMultiplier: -1 }), /learningRateMultiplier/],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(GradusError);
      expect(call).toThrow(message);
    }
  });
});

describe("layers of a trained model in a new one", () => {
  it("share their weights, in chains", async () => {
    const net = await trained();
    const base = net.layers.slice(0, -1);
    const other = sequential({ layers: [...base, dense({ units: 3 })], seed: 2 });
    expect(other.inputShape).toEqual([null, 3]);
    const low = () => [net, other].map((each) => each.getWeights()["low/kernel"]);
    expect(low()[0]).toEqual(low()[1]);
    other.compile({ optimizer: "adam", loss: "mse" });
    await other.fit(x, new Float32Array(60), { epochs: 1 });
    expect(low()[0]).toEqual(low()[1]);
  });
  it("share their weights when a head is replaced", async () => {
    const net = await trained();
    const features = net.outputOf(net.layers.at(-2) as Layer);
    const other = model({
      inputs: net.inputs,
      outputs: dense({ units: 3, name: "new" })(features),
    });
    expect(other.layers.slice(0, -1)).toEqual(net.layers.slice(0, -1));
    const names = other.weights().map(({ name }) => name);
    expect(names).toContain("low/kernel");
    expect(names).toContain("new/kernel");
    const inner = model({ inputs: net.inputs, outputs: features });
    const expected = await sequential({ layers: net.layers.slice(0, -1) }).predict(x);
    expect(await inner.predict(x)).toEqual(expected);
  });
});

describe("outputOf, inputs, outputs", () => {
  it("give tensors in the form of the model", () => {
    const net = siamese();
    const [a, b] = net.inputs;
    expect([a.shape, b.shape, Object.keys(net.outputs)]).toEqual([
      [null, 3],
      [null, 3],
      ["near", "sum"],
    ]);
    expect(net.outputOf("add")).toBe(net.outputs.sum);
    const again = model({ inputs: net.inputs, outputs: net.outputs });
    expect(again.weights().map(({ shape }) => shape)).toEqual(
      net.weights().map(({ shape }) => shape),
    );
  });
  it("refuse layers of other models, unknown names, and layers called twice", () => {
    const net = siamese();
    const wrong: [() => unknown, RegExp][] = [
      [() => net.outputOf(dense({ units: 1 })), /a layer of the model/],
      [() => net.outputOf("dens"), /Did you mean "dense"/],
      [() => net.outputOf(3 as never), /the name of a layer/],
      [() => net.outputOf("encoder/same"), /called once.*called 4 times/],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(GradusError);
      expect(call).toThrow(message);
    }
  });
});
