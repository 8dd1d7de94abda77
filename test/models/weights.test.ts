// Weights by name, seeds, freezing, sharing, summaries, memory.
import { describe, expect, it } from "vitest";
import {
  batchNormalization,
  dense,
  dropout,
  flatten,
  heNormal,
  type Model,
  model,
  sequential,
} from "../../ts/index.js";

const small = (seed = 3) =>
  sequential({
    inputShape: [4],
    seed,
    layers: [dense({ units: 3 }), batchNormalization(), dense({ units: 2, name: "out" })],
  });

const numbersOf = (model: Model) =>
  Object.entries(model.getWeights()).map(([name, { data }]) => [name, [...data]]);

describe("weights by name", () => {
  it("are called after layer and weight, in order", () => {
    expect(small().weights()).toEqual([
      { name: "dense/kernel", shape: [4, 3], trainable: true },
      { name: "dense/bias", shape: [3], trainable: true },
      { name: "batchNormalization/gamma", shape: [3], trainable: true },
      { name: "batchNormalization/beta", shape: [3], trainable: true },
      { name: "batchNormalization/movingMean", shape: [3], trainable: false },
      { name: "batchNormalization/movingVariance", shape: [3], trainable: false },
      { name: "out/kernel", shape: [3, 2], trainable: true },
      { name: "out/bias", shape: [2], trainable: true },
    ]);
    expect(small().countParams()).toBe(12 + 3 + 12 + 6 + 2);
  });
  it("are numbered per model", () => {
    const model = sequential({
      inputShape: [2],
      layers: [dense({ units: 1 }), dense({ units: 1, name: "dense_1" }), dense({ units: 1 })],
    });
    expect(model.layers.map((layer) => layer.name)).toEqual(["dense", "dense_1", "dense_2"]);
    expect(model.getLayer("dense_2")).toBe(model.layers[2]);
    expect(() => model.getLayer("dense_3")).toThrow(/getLayer: .*Did you mean "dense/);
  });
  it("are read and written as copies", async () => {
    const model = small();
    const weights = model.getWeights();
    const bias = weights["out/bias"]?.data as Float32Array;
    bias.set([5, -5]);
    expect([...(model.getWeights()["out/bias"]?.data ?? [])]).toEqual([0, 0]);
    model.setWeights({
      "out/bias": bias,
      "out/kernel": [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    });
    bias.fill(0);
    expect([...(model.getWeights()["out/bias"]?.data ?? [])]).toEqual([5, -5]);
    expect(model.getWeights()["out/kernel"]?.toArray()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const other = small(99);
    other.setWeights(model.getWeights());
    expect(numbersOf(other)).toEqual(numbersOf(model));
    const x = [[1, 2, 3, 4]];
    expect((await other.predict(x)).toArray()).toEqual((await model.predict(x)).toArray());
  });
  it.each([
    [
      "an unknown name",
      { "out/kernal": [[1]] },
      /setWeights: .*"out\/kernal"\. Hint: Did you mean "out\/kernel"/,
    ],
    [
      "a wrong shape",
      { "out/kernel": [[1, 2]] },
      /out\/kernel: expected the shape \[3, 2\], received \[1, 2\]/,
    ],
    ["a wrong length", { "out/kernel": new Float32Array(5) }, /\[3, 2\], received .*5 numbers/],
    ["no object", [1, 2], /an object of weights by name/],
  ])("refuse %s and stay", (_, given, message) => {
    const model = small();
    const before = numbersOf(model);
    const all = { "out/bias": [9, 9], ...(given as object) };
    expect(() => model.setWeights(Array.isArray(given) ? (given as never) : all)).toThrow(message);
    expect(numbersOf(model)).toEqual(before);
  });
});

describe("seeds", () => {
  it("give the same weights bit for bit, and others otherwise", () => {
    expect(numbersOf(small(3))).toEqual(numbersOf(small(3)));
    expect(numbersOf(small(3))).not.toEqual(numbersOf(small(4)));
    expect(small(3).seed).toBe(3);
    expect(numbersOf(small(2 ** 40))).not.toEqual(numbersOf(small(0)));
  });
  it("are random unless given, and can be read", () => {
    const model = sequential({ inputShape: [2], layers: [dense({ units: 2 })] });
    const again = sequential({ inputShape: [2], seed: model.seed, layers: [dense({ units: 2 })] });
    expect(numbersOf(again)).toEqual(numbersOf(model));
    const other = sequential({ inputShape: [2], layers: [dense({ units: 2 })] });
    expect(other.seed).not.toBe(model.seed);
  });
  it("hold for layers that a model without one uses first", async () => {
    const make = (shares: boolean) => {
      const net = small(3);
      if (shares) model({ inputs: net.inputs, outputs: net.outputs }).getWeights();
      return numbersOf(net);
    };
    expect(make(true)).toEqual(make(false));
    // A seed of its own counts.
    const net = small(3);
    const other = model({ inputs: net.inputs, outputs: net.outputs, seed: 4 });
    expect(numbersOf(other)).toEqual(numbersOf(small(4)));
    expect(numbersOf(net)).toEqual(numbersOf(small(4)));
    // Weights that are given back are drawn anew, from the seed of whoever holds the layers then.
    const layers = [dense({ units: 2 })];
    sequential({ inputShape: [2], seed: 1, layers }).dispose();
    const again = sequential({ inputShape: [2], seed: 2, layers });
    const shares = model({ inputs: again.inputs, outputs: again.outputs });
    const fresh = sequential({ inputShape: [2], seed: 2, layers: [dense({ units: 2 })] });
    expect(numbersOf(shares)).toEqual(numbersOf(fresh));
  });
  it("fill every weight from a stream of its own", () => {
    const model = sequential({
      inputShape: [5],
      seed: 1,
      layers: [dense({ units: 5 }), dense({ units: 5 })],
    });
    const { "dense/kernel": first, "dense_1/kernel": second } = model.getWeights();
    expect([...(first?.data ?? [])]).not.toEqual([...(second?.data ?? [])]);
  });
  it("of initializers hold whatever the model's seed", () => {
    const make = (seed: number) =>
      sequential({
        inputShape: [3],
        seed,
        layers: [dense({ units: 3, kernelInitializer: heNormal({ seed: 5 }) })],
      });
    expect(numbersOf(make(1))).toEqual(numbersOf(make(2)));
  });
  it("fix shuffling and dropout", async () => {
    const x = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i));
    const y = Float32Array.from({ length: 50 }, (_, i) => Math.cos(i));
    const run = async (seed: number, validationSplit = 0) => {
      const model = sequential({
        inputShape: [4],
        seed,
        layers: [
          dense({ units: 8, activation: "tanh" }),
          dropout({ rate: 0.3 }),
          dense({ units: 1 }),
        ],
      });
      model.compile({ optimizer: "adam", loss: "mse" });
      const n = validationSplit > 0 ? 50 : 40;
      const options = { epochs: 3, batchSize: 7, validationSplit };
      const { history } = await model.fit(x.slice(0, 4 * n), y.slice(0, n), options);
      return { loss: history.loss, weights: numbersOf(model) };
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
    // 40 rows either way: validation must not change training.
    expect(await run(1, 0.2)).toEqual(await run(1));
  });
});

describe("layers", () => {
  it("that are frozen stay as they are, from the next compile on", async () => {
    const model = small();
    const [first] = model.layers;
    if (first) first.trainable = false;
    expect(model.weights()[0]?.trainable).toBe(false);
    model.compile({ optimizer: "adam", loss: "mse" });
    const before = model.getWeights();
    await model.fit(
      [
        [1, 2, 3, 4],
        [0, 1, 0, 1],
      ],
      [
        [1, 2],
        [2, 1],
      ],
      { epochs: 2 },
    );
    const after = model.getWeights();
    expect(after["dense/kernel"]?.data).toEqual(before["dense/kernel"]?.data);
    expect(after["out/kernel"]?.data).not.toEqual(before["out/kernel"]?.data);
    if (first) first.trainable = true;
    await model.fit([[1, 2, 3, 4]], [[1, 2]]);
    expect(model.getWeights()["dense/kernel"]?.data).toEqual(before["dense/kernel"]?.data);
    model.compile({ optimizer: "adam", loss: "mse" });
    await model.fit(
      [
        [1, 2, 3, 4],
        [0, 1, 0, 1],
      ],
      [
        [1, 2],
        [2, 1],
      ],
    );
    expect(model.getWeights()["dense/kernel"]?.data).not.toEqual(before["dense/kernel"]?.data);
  });
  it("can be shared by two models, with their weights", async () => {
    const shared = dense({ units: 3, activation: "tanh" });
    const first = sequential({ inputShape: [2], seed: 1, layers: [shared, dense({ units: 1 })] });
    const second = sequential({ inputShape: [2], seed: 2, layers: [shared] });
    first.compile({ optimizer: "sgd", loss: "mse" });
    const x = [[1, 2]];
    const before = (await second.predict(x)).toArray();
    await first.fit(x, [3]);
    expect((await second.predict(x)).toArray()).not.toEqual(before);
    expect(second.getWeights()["dense/kernel"]).toEqual(first.getWeights()["dense/kernel"]);
    first.dispose();
    expect((await second.predict(x)).shape).toEqual([1, 3]);
  });
  it("can be used twice in one model", async () => {
    const twice = dense({ units: 2 });
    const model = sequential({ inputShape: [2], seed: 1, layers: [twice, twice] });
    expect(model.countParams()).toBe(6);
    model.setWeights({
      "dense/kernel": [
        [0, 1],
        [2, 0],
      ],
      "dense/bias": [1, 0],
    });
    expect((await model.predict([[1, 1]])).toArray()).toEqual([[3, 3]]);
  });
});

describe("the model", () => {
  it("prints a table of its layers", () => {
    const printed: string[] = [];
    const table = sequential({
      inputShape: [28, 28],
      name: "digits",
      layers: [flatten(), dense({ units: 10 }), batchNormalization({ name: "norm" })],
    }).summary({ print: (text) => printed.push(text) });
    expect(printed).toEqual([table]);
    expect(table).toContain('Model: "digits"');
    expect(table).toMatch(/flatten \(flatten\) +│ \[null, 784\] +│ +0 │/);
    expect(table).toMatch(/dense \(dense\) +│ \[null, 10\] +│ +7,850 │/);
    expect(table).toMatch(/Parameters: 7,890 \(30\.82 KB\)/);
    expect(table).toMatch(/Not trainable: 20 \(80 B\)/);
  });
  it("knows its shapes", () => {
    expect(small().inputShape).toEqual([null, 4]);
    expect(small().outputShape).toEqual([null, 2]);
  });
  it("shows its compiled graph once there is one", async () => {
    const model = small();
    expect(() => model.dump("predict")).toThrow(/used to predict/);
    await model.predict([[1, 2, 3, 4]]);
    expect(model.dump("predict")).toMatch(/matMul.*dense "dense"/);
    expect(() => model.dump("train")).toThrow(/compiled model/);
    expect(() => model.dump("fit" as never)).toThrow(/dump: expected one of/);
  });
  it("that is too large for memory is refused with its size", async () => {
    const model = sequential({ inputShape: [100_000], layers: [dense({ units: 100_000 })] });
    await expect(model.predict(new Float32Array(100_000))).rejects.toThrow(
      /predict: expected a model that fits into memory, received 10,000,100,000 weights, 40000\.4 MB/,
    );
    expect((await small().predict([[1, 2, 3, 4]])).shape).toEqual([1, 2]);
  });
  it("whose batches or results are too large says how large", async () => {
    const long = sequential({ inputShape: [1], layers: [dense({ units: 1_000_000 })] });
    await expect(long.predict(new Float32Array(20_000), { batchSize: 1 })).rejects.toThrow(
      /^predict: expected a result that fits into memory, received \[20000, 1000000\], 80000\.0 MB/,
    );
    const many = long.predict(new Float32Array(5000), { batchSize: 5000 });
    await expect(many).rejects.toThrow(
      /^predict: expected a batch that fits into memory, received 5000 rows .* Hint: .*batchSize/,
    );
    long.dispose();
  });
  it("without weights to train still counts its loss", async () => {
    const model = sequential({ inputShape: [2], layers: [flatten()] });
    model.compile({ optimizer: "adam", loss: "mse" });
    expect((await model.fit([[1, 2]], [[1, 1]])).history.loss).toEqual([0.5]);
  });
  it("that was disposed of is refused", async () => {
    const model = small();
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit([[1, 2, 3, 4]], [[1, 2]]);
    model.dispose();
    await expect(model.predict([[1, 2, 3, 4]])).rejects.toThrow(/predict: .*disposed/);
    expect(() => model.setWeights({})).toThrow(/disposed/);
  });
});
