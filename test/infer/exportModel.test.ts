// What a model predicts after its way through a file: the same bits where nothing is folded, the
// same up to rounding where normalisations are, and nothing of training in the file.
import { describe, expect, it } from "vitest";
import type { Layer, Model, Sym, Tensor } from "../../ts/index.js";
import { gradus, infer, numbers } from "./packaged.js";

const { batchNormalization, dense, dropout, exportModel, sequential } = gradus;

const rows = 50;

/** The tensors of a file by name, with their shapes. */
function shapesIn(file: Uint8Array): Record<string, number[]> {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const { __metadata__: _, ...tensors } = header as Record<string, { shape: number[] }>;
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
}

/** Predictions of the model and of what its file gives. */
async function both(model: Model, x: Float32Array, options = {}) {
  const file = await exportModel(model);
  const loaded = await infer.loadModel(file);
  const expected = await model.predict(x, options);
  const found = await loaded.predict(x, options);
  expect(found.shape).toEqual(expected.shape);
  expect(found.dtype).toBe("float32");
  loaded.dispose();
  return { file, expected: expected.data, found: found.data };
}

/** The largest difference in shares of the largest number. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const largest = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (y, i) => Math.abs(y - (found[i] as number)))) / largest;
}

/** A model with moving statistics, gammas and betas as training leaves them. */
function trained(width: number, layers: Layer[]): Model {
  const model = sequential({ inputShape: [width], seed: 5, layers });
  const weights = Object.fromEntries(
    model.weights().map(({ name, shape }, i) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const values = numbers(size, i + 1);
      if (name.endsWith("movingVariance")) return [name, values.map((v) => 1 + v * 0.9)];
      if (name.endsWith("gamma")) return [name, values.map((v) => 1 + v / 2)];
      return [name, values];
    }),
  );
  model.setWeights(weights);
  return model;
}

const activationNames = [
  ...["relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "sigmoid", "tanh", "hardSilu"],
  ...["relu6", "leakyRelu", "celu", "softsign", "exponential", "softmax", "logSoftmax", "linear"],
] as const;

describe("a model without normalisation", () => {
  it.each([1, 3, 32, rows])("predicts the same bits in batches of %i", async (batchSize) => {
    const layers = activationNames.flatMap((activation) => [
      dense({ units: 9, activation }),
      dropout({ rate: 0.5 }),
    ]);
    const model = sequential({ inputShape: [7], seed: 3, layers });
    const { expected, found } = await both(model, numbers(rows * 7, 9), { batchSize });
    expect(found).toEqual(expected);
  });

  it("predicts the same bits through every layer that stays as it is", async () => {
    const { activation, layerNormalization, rmsNormalization, groupNormalization } = gradus;
    const { unitNormalization, prelu, repeatVector, reshape, permute, flatten, swish } = gradus;
    const model = sequential({
      inputShape: [6],
      seed: 3,
      layers: [
        dense({ units: 12 }),
        layerNormalization(),
        prelu(),
        rmsNormalization(),
        reshape({ targetShape: [3, 4] }),
        permute({ dims: [2, 1] }),
        flatten(),
        groupNormalization({ groups: 3 }),
        unitNormalization(),
        swish(),
        repeatVector({ n: 2 }),
        dense({ units: 8 }),
        activation({ activation: "sparsemax" }),
      ],
    });
    const { expected, found } = await both(model, numbers(rows * 6, 1));
    expect(found).toEqual(expected);
  });

  it("has a file with the weights and the graph alone", async () => {
    const model = sequential({
      inputShape: [4],
      layers: [dense({ units: 3 }), dropout({ rate: 0.3 })],
    });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    await model.fit(numbers(40, 1), numbers(30, 2), { epochs: 2 });
    const { graph, ...weights } = shapesIn(await exportModel(model));
    expect(weights).toEqual({ "dense/kernel": [4, 3], "dense/bias": [3] });
    expect(graph).toHaveLength(1);
  });
});

describe("batch normalisation", () => {
  const normal = () => batchNormalization();
  const nets: Record<string, () => Layer[]> = {
    "behind a product": () => [dense({ units: 16 }), normal(), dense({ units: 3 })],
    "behind a product without bias, before an activation": () => [
      ...[
        dense({ units: 16, useBias: false }),
        normal(),
        gradus.activation({ activation: "relu" }),
      ],
      dense({ units: 3, activation: "tanh" }),
    ],
    "behind an activation": () => [
      ...[dense({ units: 16, activation: "relu" }), normal(), dropout({ rate: 0.2 })],
      ...[dense({ units: 12, activation: "elu" }), normal(), dense({ units: 3, useBias: false })],
    ],
    "before the first product": () => [normal(), dense({ units: 3, activation: "relu" })],
    "without gamma and beta": () => [
      ...[
        dense({ units: 8, activation: "gelu" }),
        batchNormalization({ center: false, scale: false }),
      ],
      ...[dense({ units: 8 }), batchNormalization({ scale: false }), dense({ units: 2 })],
    ],
    "in a deep net": () =>
      Array.from({ length: 6 }, () => [
        dense({ units: 20 }),
        normal(),
        gradus.activation({ activation: "elu" }),
      ]).flat(),
  };

  it.each(Object.keys(nets))("%s becomes part of it", async (name) => {
    const model = trained(10, (nets[name] as () => Layer[])());
    const { file, expected, found } = await both(model, numbers(rows * 10, 77));
    expect(relativeError(found, expected)).toBeLessThan(1e-6);
    const names = Object.keys(shapesIn(file));
    expect(names.filter((each) => /batch|moving|gamma|beta/.test(each))).toEqual([]);
  });

  it("at the end, behind an activation, stays", async () => {
    const model = trained(5, [dense({ units: 4, activation: "relu" }), normal()]);
    const { file, expected, found } = await both(model, numbers(rows * 5, 7));
    expect(found).toEqual(expected);
    expect(Object.keys(shapesIn(file))).toContain("batchNormalization/movingMean");
  });

  it("stays where means are so large that folding would cost digits", async () => {
    const model = trained(4, [normal(), dense({ units: 3 })]);
    model.setWeights({ "batchNormalization/movingMean": [1000, -1000, 500, 0] });
    const x = numbers(rows * 4, 7).map(
      (value, i) => value + ([1000, -1000, 500, 0][i % 4] as number),
    );
    const { expected, found } = await both(model, x);
    expect(found).toEqual(expected);
  });

  it("is folded into one of two readers only if it has no other", async () => {
    const { input, model: functional } = gradus;
    const x = input({ shape: [6] });
    const product = dense({ units: 5, name: "shared" })(x);
    const outputs = [batchNormalization()(product), dense({ units: 2 })(product)];
    const model = functional({ inputs: x, outputs });
    const data = numbers(rows * 6, 4);
    const loaded = await infer.loadModel<Float32Array, readonly Tensor[]>(await exportModel(model));
    const [expected, found] = [await model.predict(data), await loaded.predict(data)];
    expect(found.map((y) => y.data)).toEqual(expected.map((y) => y.data));
  });
});

describe("exportModel", () => {
  it("takes activations of one's own, and computes once what depends on no input", async () => {
    const { ops } = gradus;
    const model = sequential({
      inputShape: [6],
      seed: 2,
      layers: [
        dense({ units: 6, activation: (x) => ops.multiply(x, ops.oneHot(ops.argmax(x), 6)) }),
        dense({
          units: 6,
          activation: (x) => ops.matmul(x, ops.matmul(x, x, { transposeA: true })),
        }),
      ],
    });
    const { file, expected, found } = await both(model, numbers(rows * 6, 3), { batchSize: rows });
    expect(found).toEqual(expected);
    expect(shapesIn(file)["constant/0"]).toEqual([6]);
  });

  it("takes models with several inputs and outputs, in every form", async () => {
    const { concatenate, input, model: functional } = gradus;
    const image = input({ shape: [2, 2], name: "image" });
    const age = input({ shape: [1], name: "age" });
    const joined = concatenate()([gradus.flatten()(image), age]);
    const [a, b] = [dense({ units: 2, name: "a" })(joined), dense({ units: 3, name: "b" })(joined)];
    const x = { image: numbers(4 * rows, 1), age: numbers(rows, 2) };

    const byName = functional({ inputs: { image, age }, outputs: { a, b } });
    const expected = await byName.predict(x);
    const loaded = await infer.loadModel<typeof x, { a: Tensor; b: Tensor }>(
      await exportModel(byName),
    );
    const found = await loaded.predict(x, { batchSize: 7 });
    expect([found.a.data, found.b.data]).toEqual([expected.a.data, expected.b.data]);
    expect(loaded.inputNames).toEqual(byName.inputNames);
    expect(loaded.outputNames).toEqual(byName.outputNames);
    expect(loaded.inputShape).toEqual({ image: [null, 2, 2], age: [null, 1] });
    expect(loaded.outputShape).toEqual(byName.outputShape);

    const inArrays = functional({ inputs: [image, age], outputs: [a] });
    const second = await infer.loadModel<Float32Array[], Tensor[]>(await exportModel(inArrays));
    const [only] = await second.predict([x.image, x.age]);
    expect(only?.data).toEqual(expected.a.data);
    expect(second.outputShape).toEqual([[null, 2]]);
  });

  it("adds what is computed after a product to it", async () => {
    const { customLayer, input, model: functional, ops } = gradus;
    const [x, z] = [input({ shape: [3] }), input({ shape: [2] })];
    const shifted = customLayer({
      inputs: 2,
      call: ([product, z]) => ops.add(product, ops.mean(ops.multiply(z, 3), { axis: 0 })),
    });
    const outputs = shifted([dense({ units: 2, useBias: false })(x), z]);
    const made = functional({ inputs: [x, z], outputs });
    const loaded = await infer.loadModel<Float32Array[]>(await exportModel(made));
    const data = [numbers(3 * rows, 1), numbers(2 * rows, 2)] as const;
    const expected = await made.predict(data, { batchSize: rows });
    expect((await loaded.predict([...data], { batchSize: rows })).data).toEqual(expected.data);
  });

  it("keeps the places of inputs that nothing reads", async () => {
    const { customLayer, input, model: functional } = gradus;
    const [unread, read] = [input({ shape: [3] }), input({ shape: [2] })];
    const second = customLayer({ inputs: 2, call: ([, b]) => b });
    const made = functional({ inputs: [unread, read], outputs: second([unread, read]) });
    const loaded = await infer.loadModel<Float32Array[]>(await exportModel(made));
    const x = [numbers(3 * rows, 1), numbers(2 * rows, 2)] as const;
    expect((await loaded.predict([...x])).data).toEqual(x[1]);
  });

  it("refuses weights that are not finite, and layers that call losses", async () => {
    const model = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
    model.setWeights({ "dense/kernel": [[Number.NaN], [1]] });
    await expect(exportModel(model)).rejects.toThrow(
      /^exportModel: expected finite weights, received NaN in dense\/kernel\. Hint: Training diverged/,
    );
    const { categoricalCrossentropy, ops } = gradus;
    const loss = categoricalCrossentropy({ fromLogits: true });
    const activation = (x: Sym) => ops.multiply(x, ops.reshape(loss.compute(x, x), [null, 1]));
    const odd = sequential({ inputShape: [2], layers: [dense({ units: 2, activation })] });
    await expect(exportModel(odd)).rejects.toThrow(
      /^exportModel: expected operations that gradus\/infer has, received crossEntropy in dense "dense"/,
    );
  });

  it("refuses what is no model, and one that was disposed of", async () => {
    await expect(exportModel({} as never)).rejects.toThrow(
      /exportModel: expected a model, received/,
    );
    const model = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
    model.dispose();
    await expect(exportModel(model)).rejects.toThrow(
      /a model in use, received one that was disposed of/,
    );
  });
});
