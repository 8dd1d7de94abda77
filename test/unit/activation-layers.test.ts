// Layers of activations against Keras: outputs, gradients, learned weights; what they refuse.
import { describe, expect, it } from "vitest";
import * as gradus from "../../ts/index.js";
import type { Layer } from "../../ts/layers/layer.js";
import { multiply, sum } from "../../ts/ops.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";
import { trial } from "../support/trial.js";

const { cases } = readGolden("activation-layers");
const { activations, dense, elu, glu, prelu, relu, sequential, softmax, swish, threshold } = gradus;

function make(found: GoldenCase): Layer {
  const factory = Reflect.get(gradus, found.extra.layer as string) as (options: object) => Layer;
  return factory(found.options);
}

describe("layers of activations agree with Keras", () => {
  it.each(cases.map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const layer = make(found);
    const given = ["x", "dy", "weight"].filter((name) => found.names.includes(name));
    const inputs = Object.fromEntries(given.map((name) => [name, found.tensor(name)]));
    const { outputs, shapes, gradients } = await trial(inputs, (syms) => {
      const context = { training: true, weight: () => syms.weight, addLoss: () => {} };
      const y = layer.definition.call(context as never, [syms.x as gradus.Sym]);
      return { outputs: { y }, loss: sum(multiply(y, syms.dy as gradus.Sym)) };
    });
    expect(shapes.y).toEqual(found.tensor("y").shape);
    expectClose(outputs.y ?? [], found.float32("y"), { floor: 0.1 });
    expectClose(gradients.x ?? [], found.float32("dx"), { floor: 0.1 });
    if (!found.names.includes("weight")) return;
    const dims = found.tensor("x").shape.map((factor) => ({ factor, symbol: 0 as const }));
    const [spec] = layer.definition.weights?.([dims], "test") ?? [];
    expect(spec?.shape).toEqual(found.tensor("weight").shape);
    expectClose(gradients.weight ?? [], found.float32("dWeight"), { floor: 1 });
  });

  it("there is one for every function", () => {
    const covered = new Set(cases.map((found) => found.extra.layer));
    const functions = Object.keys(activations).filter((name) => name !== "resolveActivation");
    for (const name of functions) {
      expect(gradus, name).toHaveProperty(name);
      if (name !== "sparsemax") expect(covered, name).toContain(name);
    }
  });
});

describe("learned activations", () => {
  it("learn their slopes", async () => {
    const x = Array.from({ length: 64 }, (_, i) => [(i - 32) / 10]);
    const y = x.map(([v = 0]) => [v < 0 ? -0.5 * v : v]);
    const model = sequential({ inputShape: [1], seed: 1, layers: [prelu()] });
    model.compile({ optimizer: gradus.adam({ learningRate: 0.05 }), loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 300, batchSize: 64 });
    expect(model.getWeights()["prelu/alpha"]?.data[0]).toBeCloseTo(-0.5, 2);
  });
  it("swish learns where its function came from, one slope for each feature", async () => {
    const x = Array.from({ length: 64 }, (_, i) => [(i - 32) / 8, (32 - i) / 16]);
    const by = (v: number, beta: number) => v / (1 + Math.exp(-beta * v));
    const y = x.map(([a = 0, b = 0]) => [by(a, 2), by(b, 0.5)]);
    const layers = [swish({ trainableBeta: true })];
    const model = sequential({ inputShape: [2], seed: 1, layers });
    model.compile({ optimizer: gradus.adam({ learningRate: 0.05 }), loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 300, batchSize: 64 });
    expectClose(model.getWeights()["swish/beta"]?.data ?? [], [2, 0.5], { tolerance: 2e-2 });
  });
  it("keep to their constraints", async () => {
    const x = [[-1], [-2], [1]];
    const layers = [
      prelu({ alphaConstraint: "nonNeg" }),
      swish({ trainableBeta: true, betaConstraint: "nonNeg" }),
    ];
    const model = sequential({ inputShape: [1], seed: 1, layers });
    model.compile({ optimizer: gradus.sgd({ learningRate: 1 }), loss: "meanSquaredError" });
    await model.fit(x, [[9], [9], [-9]], { epochs: 3 });
    const weights = model.getWeights();
    expect(weights["prelu/alpha"]?.data[0]).toBe(0);
    expect(weights["swish/beta"]?.data[0]).toBeGreaterThanOrEqual(0);
  });
  it("count as trainable weights, shared along axes", () => {
    const of = (layer: Layer) =>
      sequential({ inputShape: [4, 5, 3], layers: [layer] })
        .weights()
        .map(({ shape }) => shape);
    expect(of(prelu({ sharedAxes: [1, 2] }))).toEqual([[1, 1, 3]]);
    expect(of(prelu({ sharedAxes: 3 }))).toEqual([[4, 5, 1]]);
    expect(of(swish({ trainableBeta: true }))).toEqual([[1, 1, 3]]);
    expect(of(swish({ trainableBeta: true, sharedAxes: [] }))).toEqual([[4, 5, 3]]);
    expect(of(swish({ beta: 1.7 }))).toEqual([]);
  });
});

describe("layers of activations in models", () => {
  it("softmax over another axis works over batches of any size", async () => {
    const model = sequential({ inputShape: [2, 3], layers: [softmax({ axis: 1 })] });
    const rows = [0, 1, 2].map((i) => [
      [i, 0, 1],
      [0, i, 1],
    ]);
    const { data, shape } = await model.predict(rows, { batchSize: 2 });
    expect(shape).toEqual([3, 2, 3]);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        expect((data[6 * i + j] as number) + (data[6 * i + 3 + j] as number)).toBeCloseTo(1, 6);
      }
    }
  });
  it("take names and activity regularizers as other layers do", () => {
    const layer = relu({ name: "first", maxValue: 6, activityRegularizer: "l2" });
    expect(layer.name).toBe("first");
    expect(glu().kind).toBe("glu");
  });
  it("activations take options by function", async () => {
    const layers = [gradus.activation({ activation: (x) => activations.elu(x, { alpha: 2 }) })];
    const model = sequential({ inputShape: [1], layers });
    const y = await model.predict([[-1], [1]]);
    expectClose(y.data as Float32Array, [2 * Math.expm1(-1), 1]);
  });
});

describe("layers of activations refuse", () => {
  it.each([
    ["alpha below 0", () => elu({ alpha: -1 }), /^elu: expected alpha .*>= 0/],
    ["celu with alpha 0", () => gradus.celu({ alpha: 0 }), /alpha .*> 0/],
    ["a negative slope below 0", () => gradus.leakyRelu({ negativeSlope: -0.1 }), /negativeSlope/],
    ["relu's slope below 0", () => relu({ negativeSlope: -1 }), /negativeSlope/],
    ["relu's largest value below 0", () => relu({ maxValue: -1 }), /maxValue/],
    ["relu's threshold below 0", () => relu({ threshold: -1 }), /threshold/],
    ["b of 0", () => gradus.squareplus({ b: 0 }), /b .*> 0/],
    ["shrinking by less than 0", () => gradus.softShrink({ threshold: -1 }), /threshold/],
    ["shrinking by less than 0, hard", () => gradus.hardShrink({ threshold: -1 }), /threshold/],
    ["a threshold without options", () => threshold({} as never), /threshold/],
    ["approximate as text", () => gradus.gelu({ approximate: "yes" as never }), /true or false/],
    ["half an axis", () => softmax({ axis: 1.5 }), /softmax: expected axis/],
    ["no axes", () => softmax({ axis: [] }), /axis/],
    ["glu over half an axis", () => glu({ axis: 0.5 }), /glu: expected axis/],
    ["options of another", () => relu({ alpha: 1 } as never), /unknown option "alpha"/],
    ["the batch as a shared axis", () => prelu({ sharedAxes: [0] }), /sharedAxes .*>= 1/],
    ["shared axes as text", () => prelu({ sharedAxes: "all" as never }), /sharedAxes/],
    ["a beta that is no number", () => swish({ beta: Number.NaN }), /beta/],
    ["regularizing a fixed slope", () => swish({ betaRegularizer: "l2" }), /trainableBeta: true/],
    [
      "shared axes beyond the input",
      () => sequential({ inputShape: [3], layers: [prelu({ sharedAxes: [2] })] }).summary(),
      /sharedAxes among the axes 1 to 1/,
    ],
    [
      "an odd axis for glu",
      () => sequential({ inputShape: [3], layers: [glu()] }).summary(),
      /glu.*an even length/,
    ],
    [
      "an axis that is not there",
      () =>
        sequential({
          inputShape: [3],
          layers: [dense({ units: 2 }), softmax({ axis: 2 })],
        }).summary(),
      /an axis from -2 to 1/,
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(gradus.GradusError);
    expect(call).toThrow(message);
  });
});
