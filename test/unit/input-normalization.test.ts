// Normalisation with statistics of data against Keras; how `adapt` goes with models; rescaling.
import { describe, expect, it } from "vitest";
import {
  batchNormalization,
  cloneLayer,
  cloneModel,
  dense,
  input,
  type Layer,
  lambdaCallback,
  model,
  normalization,
  rescaling,
  sequential,
  tensor,
} from "../../ts/index.js";
import { type GoldenCase, type GoldenTensor, readData, readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";

const { cases } = readGolden("input-normalization");
const ofKind = (kind: string) =>
  cases.filter(({ extra }) => extra.kind === kind).map((found) => [found.name, found] as const);
const asTensor = ({ data, shape }: GoldenTensor) => tensor(data as Float32Array, shape);

async function outputOf(layer: Layer, found: GoldenCase) {
  const x = found.tensor("x");
  const net = sequential({ inputShape: x.shape.slice(1), layers: [layer] });
  return { net, y: await net.predict(asTensor(x)) };
}

describe("normalization agrees with Keras", () => {
  it.each(ofKind("adapt"))("%s", async (_, found) => {
    const layer = normalization(found.options);
    layer.adapt(asTensor(found.tensor("data")));
    const { net, y } = await outputOf(layer, found);
    expect(y.shape).toEqual(found.tensor("y").shape);
    expectClose(y.data, found.float32("y"), { floor: 1 });
    const weights = net.getWeights();
    for (const name of ["mean", "variance"]) {
      const { data, shape } = found.tensor(`${name}True`);
      const weight = weights[`normalization/${name}`];
      expect(weight?.shape).toEqual(shape);
      // One rounding to float32, whatever the offset.
      expectClose(weight?.data ?? [], data, { tolerance: 1e-7, floor: 1e-12, what: name });
    }
  });

  it.each(ofKind("given"))("%s", async (_, found) => {
    const given = (name: string) => {
      const { data, shape } = found.tensor(name);
      return shape.length === 0 ? (data[0] as number) : [...data];
    };
    const options = { ...found.options, mean: given("mean"), variance: given("variance") };
    const { y } = await outputOf(normalization(options), found);
    expectClose(y.data, found.float32("y"), { floor: 1 });
  });
});

describe("rescaling", () => {
  it.each(ofKind("rescaling"))("agrees with Keras: %s", async (_, found) => {
    const { y } = await outputOf(rescaling(found.options as { scale: number }), found);
    expectClose(y.data, found.float32("y"), { floor: 1 });
  });

  it.each<[string, () => unknown, RegExp]>([
    ["no scale", () => rescaling({} as never), /rescaling: expected scale .* received undefined/],
    ["a text", () => rescaling({ scale: "2" as never }), /expected scale to be a number.*"2"/],
    ["NaN", () => rescaling({ scale: Number.NaN }), /scale to be a finite number.*NaN/],
    ["an infinite offset", () => rescaling({ scale: 1, offset: [1 / 0] }), /offset to be a finite/],
    ["nothing", () => rescaling({ scale: [] }), /scale to be a finite number or a list/],
    ["another option", () => rescaling({ scale: 1, shift: 1 } as never), /unknown option "shift"/],
    [
      "arrays that do not fit",
      () => rescaling({ scale: [1, 2] })(input({ shape: [3] })),
      /rescaling .*broadcast together, received \[batch, 3\] and \[2\]/,
    ],
    [
      "arrays that widen the input",
      () => rescaling({ scale: 1, offset: [1, 2] })(input({ shape: [1] })),
      /as many numbers.*2 in offset for \[batch, 1\]/,
    ],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

const rows = [
  [1, 10],
  [3, 30],
];

describe("adapt", () => {
  it("takes nested arrays, tensors, typed arrays of every kind and bytes", async () => {
    const flat = rows.flat();
    const asWell = [
      rows,
      tensor(new Float32Array(flat), [2, 2]),
      new Float32Array(flat),
      new Float64Array(flat),
      new Int32Array(flat),
      new Uint8Array(flat),
      rows.map((row) => new Float32Array(row)),
    ];
    for (const data of asWell) {
      const layer = normalization({ inputShape: [2] });
      layer.adapt(data);
      const net = sequential({ layers: [layer] });
      expect((await net.predict(rows)).toArray()).toEqual([
        [-1, -1],
        [1, 1],
      ]);
    }
  });

  it("keeps what float32 holds of numbers far from 0", () => {
    const layer = normalization();
    const far = Array.from({ length: 4096 }, (_, i) => [2 ** 23 + (i % 2)]);
    layer.adapt(far);
    const net = sequential({ inputShape: [1], layers: [layer] });
    // A sum of squares minus a square of sums would be 0 or negative.
    expect(net.getWeights()["normalization/variance"]?.data[0]).toBe(0.25);
    expect(net.getWeights()["normalization/mean"]?.data[0]).toBe(2 ** 23);
  });

  it("is the same over several blocks as over one", () => {
    const { data } = readData("digits")("images");
    const [small, large] = [
      normalization({ inputShape: [64] }),
      normalization({ inputShape: [8] }),
    ];
    small.adapt(data as Uint8Array);
    large.adapt(data as Uint8Array);
    const mean = (layer: Layer, shape: number[]) =>
      sequential({ inputShape: shape, layers: [layer] }).getWeights()["normalization/mean"]?.data ??
      [];
    const [fine, coarse] = [mean(small, [64]), mean(large, [8])];
    for (let k = 0; k < 8; k++) {
      const own = Array.from({ length: 8 }, (_, i) => fine[8 * i + k] as number);
      expect(coarse[k]).toBeCloseTo(own.reduce((a, b) => a + b) / 8, 5);
    }
  });

  it("changes nothing as long as it was not called", async () => {
    const net = sequential({ inputShape: [2], layers: [normalization()] });
    expect((await net.predict(rows)).toArray()).toEqual(rows);
  });

  it("works in a model that has run already, and starts anew each time", async () => {
    const layer = normalization();
    const net = sequential({ inputShape: [2], layers: [layer] });
    await net.predict(rows);
    layer.adapt([
      [5, 5],
      [7, 9],
    ]);
    layer.adapt(rows);
    expect((await net.predict(rows)).toArray()).toEqual([
      [-1, -1],
      [1, 1],
    ]);
    expect(net.weights().map(({ trainable }) => trainable)).toEqual([false, false]);
  });

  it("works between a call of the layer and the model", async () => {
    const layer = normalization();
    const x = input({ shape: [2] });
    const y = layer(x);
    layer.adapt(rows);
    const net = model({ inputs: x, outputs: y });
    expect((await net.predict([[2, 20]])).toArray()).toEqual([[0, 0]]);
  });

  it("is left alone by training, and travels with weights, states and clones", async () => {
    const layer = normalization();
    layer.adapt(rows);
    const net = sequential({ inputShape: [2], seed: 1, layers: [layer, dense({ units: 1 })] });
    net.compile({ optimizer: "sgd", loss: "mse" });
    await net.fit(rows, [1, 2], { epochs: 2, batchSize: 2 });
    const mean = (of: typeof net) => [...(of.getWeights()["normalization/mean"]?.data ?? [])];
    expect(mean(net)).toEqual([2, 20]);
    expect([...(net.saveState()["normalization/variance"]?.data ?? [])]).toEqual([1, 100]);
    const clone = cloneModel(net);
    expect(mean(clone)).toEqual([2, 20]);
    expect(mean(cloneModel(net, { weights: true }))).toEqual([2, 20]);
    // The copy is a layer of its own.
    (clone.getLayer("normalization") as typeof layer).adapt([[0, 0]]);
    expect([mean(clone), mean(net)]).toEqual([
      [0, 0],
      [2, 20],
    ]);
    net.setWeights({ "normalization/mean": [1, 1] });
    expect(mean(net)).toEqual([1, 1]);
    const copy = cloneLayer(layer, { weights: true });
    copy.adapt(rows);
    expect(mean(net)).toEqual([1, 1]);
  });

  it("is refused while a model with the layer trains, but for its callbacks", async () => {
    const layer = normalization();
    layer.adapt(rows);
    const x = input({ shape: [2] });
    const net = model({ inputs: x, outputs: dense({ units: 1 })(layer(x)) });
    model({ inputs: x, outputs: layer(x) });
    net.compile({ optimizer: "sgd", loss: "mse" });
    let inside = 0;
    const callbacks = [
      lambdaCallback({
        onEpochEnd: () => {
          layer.adapt(rows);
          inside++;
        },
      }),
    ];
    const running = net.fit(rows, [1, 2], { callbacks });
    expect(() => layer.adapt([[0, 0]])).toThrow(/adapt: expected one call at a time.*while fit/);
    await running;
    expect(inside).toBe(1);
    expect([...(net.getWeights()["normalization/mean"]?.data ?? [])]).toEqual([2, 20]);
    net.dispose();
    layer.adapt([[0, 0]]);
  });

  it("normalises so that batch normalisation on the same data changes little", async () => {
    const { data, shape } = readData("iris")("features");
    const layer = normalization();
    const features = tensor(data as Float32Array, shape);
    layer.adapt(features);
    const net = sequential({ inputShape: [4], layers: [layer, batchNormalization()] });
    const y = (await net.predict(features)).data;
    for (let k = 0; k < 4; k++) {
      const column = [...y].filter((_, i) => i % 4 === k);
      expect(column.reduce((a, b) => a + b) / column.length).toBeCloseTo(0, 4);
      expect(column.reduce((a, b) => a + b * b, 0) / column.length).toBeCloseTo(1, 2);
    }
  });

  it.each<[string, () => unknown, RegExp]>([
    ["mean alone", () => normalization({ mean: 1 }), /both mean and variance.*mean alone/],
    ["variance alone", () => normalization({ variance: 1 }), /variance alone/],
    [
      "a negative variance",
      () => normalization({ mean: 0, variance: [1, -1] }),
      /variance to be finite numbers >= 0, received -1/,
    ],
    ["NaN", () => normalization({ mean: Number.NaN, variance: 1 }), /mean to be finite.*NaN/],
    ["a text", () => normalization({ mean: "a" as never, variance: 1 }), /mean to be a number/],
    ["half an axis", () => normalization({ axis: 0.5 }), /axis to be a whole number/],
    ["no axis", () => normalization({ axis: [] }), /at least one axis/],
    ["invert: 1", () => normalization({ invert: 1 as never }), /invert to be true or false/],
    ["another option", () => normalization({ epsilon: 1 } as never), /unknown option "epsilon"/],
    [
      "several numbers for all",
      () => normalization({ axis: null, mean: [1, 2], variance: [1, 2] }),
      /one mean where axis is null, received 2/,
    ],
    [
      "the batch as axis",
      () => normalization({ axis: 0 })(input({ shape: [2] })),
      /normalization "normalization": expected an axis from 1/,
    ],
    [
      "statistics of another shape",
      () => normalization({ mean: [1, 2, 3], variance: [1, 2, 3] })(input({ shape: [2] })),
      /expected means of shape \[2\].*given ones of shape \[3\]/,
    ],
    [
      "data of another shape than its input",
      () => {
        const layer = normalization();
        layer.adapt([[1, 2, 3]]);
        layer(input({ shape: [2] }));
      },
      /adapted ones of shape \[3\]\. Hint: Adapt it/,
    ],
    [
      "data of another shape than the model's",
      () => {
        const layer = normalization();
        sequential({ inputShape: [2], layers: [layer] });
        layer.adapt([[1, 2, 3]]);
      },
      /adapt: expected data to have rows of shape \[2\]/,
    ],
    [
      "NaN in data",
      () => normalization().adapt([[1, Number.NaN]]),
      /adapt: .*NaN.*row 0, column 1/,
    ],
    ["no rows", () => normalization().adapt([]), /adapt: expected data to have at least one row/],
    [
      "flat data without a shape",
      () => normalization().adapt(new Float32Array(4)),
      /adapt: expected an input with an axis behind the batch/,
    ],
    [
      "adapt with given statistics",
      () => normalization({ mean: 0, variance: 1 }).adapt(rows),
      /finds mean and variance itself.*was given them/,
    ],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
