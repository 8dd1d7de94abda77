// Layers of users' own: equal to built-in ones, with state, losses, several inputs.
import { describe, expect, it } from "vitest";
import {
  activations,
  batchNormalization,
  cloneLayer,
  cloneModel,
  customLayer,
  dense,
  freeze,
  input,
  type Layer,
  type LayerOptions,
  l2,
  lambda,
  type Model,
  maxNorm,
  model,
  ops,
  type Sym,
  sequential,
  sgd,
} from "../../ts/index.js";
import { readData } from "../fixtures/golden.js";

const myDense = ({ units, ...options }: { units: number } & LayerOptions) =>
  customLayer({
    kind: "dense",
    weights: ([x]) => ({
      kernel: { shape: [x.features, units], regularizer: l2(1e-3), constraint: maxNorm() },
      bias: { shape: [units], initializer: "zeros" },
    }),
    call: ([x], { weights: { kernel, bias } }) =>
      activations.relu(ops.add(ops.matmul(x, kernel), bias)),
    ...options,
  });

const builtIn = ({ units, ...options }: { units: number } & LayerOptions) =>
  dense({
    units,
    activation: "relu",
    kernelRegularizer: l2(1e-3),
    kernelConstraint: maxNorm(),
    ...options,
  });

const iris = () => {
  const read = readData("iris");
  return { x: [...read("features").data], y: [...read("labels").data] };
};
const irisRows = () => {
  const { x, y } = iris();
  return { x: y.map((_, i) => x.slice(4 * i, 4 * i + 4)), y };
};

const bits = (net: Model) =>
  Object.entries(net.getWeights()).map(([name, { shape, data }]) => [name, shape, [...data]]);

describe("a dense layer of one's own", () => {
  it("equals dense bit for bit, also frozen, slower and cloned", async () => {
    const { x, y } = irisRows();
    const train = async (make: typeof builtIn) => {
      const net = sequential({
        inputShape: [4],
        seed: 3,
        layers: [
          make({ units: 8 }),
          make({ units: 7, learningRateMultiplier: 0.5 }),
          make({ units: 6, trainable: false }),
          dense({ units: 3, activation: "softmax" }),
        ],
      });
      net.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
      const { history } = await net.fit(x, y, { epochs: 3 });
      const clone = cloneModel(net, { weights: true });
      expect(bits(clone)).toEqual(bits(net));
      const again = cloneModel(net, { seed: 5 });
      return { history, weights: bits(net), anew: bits(again), table: net.summary({ print() {} }) };
    };
    expect(await train(myDense)).toEqual(await train(builtIn));
  });

  it("is copied and shared as others are", async () => {
    const layer = myDense({ units: 2, name: "shared" });
    const x = input({ shape: [2] });
    const net = model({ inputs: x, outputs: layer(layer(x)) });
    expect(net.weights().map(({ name }) => name)).toEqual(["shared/kernel", "shared/bias"]);
    net.setWeights({
      "shared/kernel": [
        [1, 0],
        [0, 1],
      ],
    });
    const copy = cloneLayer(layer, { weights: true, name: "copy" });
    expect(
      (await sequential({ inputShape: [2], layers: [copy] }).predict([[1, 2]])).toArray(),
    ).toEqual([[1, 2]]);
    freeze(net);
    expect(net.weights().some(({ trainable }) => trainable)).toBe(false);
    expect(() => layer(input({ shape: [3] }))).toThrow(
      /dense "shared": expected an input for which kernel has the shape \[2, 2\]/,
    );
  });

  it("works in nested models under their names", async () => {
    const x = input({ shape: [4] });
    const encoder = model({ inputs: x, outputs: myDense({ units: 3 })(x), name: "encoder" });
    const z = input({ shape: [4] });
    const net = model({ inputs: z, outputs: dense({ units: 1 })(encoder(z)) });
    expect(Object.keys(net.getWeights())).toContain("encoder/dense/kernel");
    expect(net.summary({ print() {} })).toMatch(/encoder\/dense \(dense\) +│ \[null, 3\] +│ +15/);
  });
});

/** Gives features mean 0 and variance 1 as batch normalisation does, with moving statistics. */
const ownNormalization = (momentum: number) =>
  customLayer({
    kind: "ownNormalization",
    weights: ([x]) => ({
      movingMean: { shape: [x.features], initializer: "zeros", trainable: false },
      movingVariance: { shape: [x.features], initializer: "ones", trainable: false },
    }),
    call: ([x], { weights, training, trainable, assign }) => {
      const learns = training && trainable;
      const mean = learns ? ops.mean(x, { axis: 0 }) : weights.movingMean;
      const variance = learns
        ? ops.mean(ops.squaredDifference(x, mean), { axis: 0 })
        : weights.movingVariance;
      if (learns) {
        for (const [name, value] of [
          ["movingMean", mean],
          ["movingVariance", variance],
        ] as const) {
          const kept = ops.multiply(weights[name], momentum);
          assign(name, ops.add(kept, ops.multiply(value, 1 - momentum)));
        }
      }
      return ops.divide(ops.subtract(x, mean), ops.sqrt(ops.add(variance, 1e-3)));
    },
  });

describe("state", () => {
  const train = async (layer: Layer, { trainable = true } = {}) => {
    const { x, y } = irisRows();
    layer.trainable = trainable;
    const net = sequential({ inputShape: [4], seed: 1, layers: [layer, dense({ units: 1 })] });
    net.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: "mse" });
    await net.fit(x, y, { epochs: 3, batchSize: 50 });
    const found = net.getWeights();
    const named = (name: string) => [...(found[`${layer.name}/${name}`]?.data ?? [])];
    return { net, x, y, mean: named("movingMean"), variance: named("movingVariance") };
  };

  it("that training assigns is that of batch normalisation", async () => {
    const own = await train(ownNormalization(0.9));
    const other = await train(
      batchNormalization({ momentum: 0.9, center: false, scale: false }) as Layer,
    );
    own.mean.forEach((value, i) => {
      expect(value).toBeCloseTo(other.mean[i] as number, 4);
      expect(own.variance[i]).toBeCloseTo(other.variance[i] as number, 4);
    });
    const [a, b] = [await own.net.predict(own.x), await other.net.predict(other.x)];
    a.data.forEach((value, i) => {
      expect(value).toBeCloseTo(b.data[i] as number, 3);
    });
    expect(own.net.weights().filter(({ trainable }) => trainable)).toHaveLength(2);
  });

  it("is not changed by evaluation, prediction and frozen layers", async () => {
    const { net, x, y, mean } = await train(ownNormalization(0.9));
    await net.evaluate(x, y);
    await net.predict(x);
    expect([...(net.getWeights()["ownNormalization/movingMean"]?.data ?? [])]).toEqual(mean);
    expect((await train(ownNormalization(0.9), { trainable: false })).mean).toEqual([0, 0, 0, 0]);
  });

  it("counts steps, and is ignored outside of training", async () => {
    const counter = customLayer({
      weights: () => ({ steps: { shape: [], initializer: "zeros", trainable: false } }),
      call([x], { weights, assign }) {
        assign("steps", ops.add(weights.steps, 1));
        return ops.multiply(x, 1);
      },
    });
    const net = sequential({ inputShape: [1], layers: [counter, dense({ units: 1 })] });
    net.compile({ optimizer: "sgd", loss: "mse" });
    await net.fit([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], { batchSize: 2, epochs: 2 });
    await net.predict([1, 2]);
    const steps = net.getWeights()["customLayer/steps"];
    expect([steps?.shape, steps?.data[0]]).toEqual([[], 6]);
    net.setWeights({ "customLayer/steps": Float32Array.of(1) });
    expect(net.getWeights()["customLayer/steps"]?.data[0]).toBe(1);
  });
});

describe("gradients", () => {
  it("agree with central differences", async () => {
    // Bilinear: x W x' + v x, with a penalty of its own.
    const layer = customLayer({
      weights: ([x]) => ({
        w: { shape: [x.features, x.features], initializer: "glorotNormal" },
        v: { shape: [x.features], initializer: "ones" },
      }),
      call([x], { weights: { w, v }, addLoss }) {
        addLoss(ops.multiply(ops.sum(ops.square(v)), 0.1));
        const squares = ops.sum(ops.multiply(ops.matmul(x, w), x), { axis: -1, keepDims: true });
        return ops.add(
          activations.tanh(squares),
          ops.sum(ops.multiply(x, v), { axis: -1, keepDims: true }),
        );
      },
    });
    const net = sequential({ inputShape: [3], seed: 2, layers: [layer] });
    const x = [
      [0.5, -1, 0.3],
      [1, 0.2, -0.7],
    ];
    const y = [0.3, -0.4];
    net.compile({ optimizer: sgd({ learningRate: 1 }), loss: "mse" });
    const before = net.getWeights();
    await net.trainOnBatch(x, y);
    const after = net.getWeights();
    const lossAt = async (name: string, i: number, shift: number) => {
      net.setWeights(before);
      const moved = Float32Array.from(before[name]?.data ?? []);
      (moved[i] as number) += shift;
      net.setWeights({ [name]: moved });
      const { loss } = await net.testOnBatch(x, y);
      return loss as number;
    };
    for (const [name, { data }] of Object.entries(before)) {
      for (let i = 0; i < data.length; i++) {
        const h = 2 ** -6;
        const slope = ((await lossAt(name, i, h)) - (await lossAt(name, i, -h))) / (2 * h);
        const gradient = (data[i] as number) - (after[name]?.data[i] as number);
        expect(Math.abs(slope - gradient), `${name}[${i}]`).toBeLessThan(
          2e-3 * (1 + Math.abs(gradient)),
        );
      }
    }
  });

  it("flow to several inputs", async () => {
    const gate = () =>
      customLayer({
        kind: "gate",
        inputs: 2,
        weights: ([a, b]) => ({ mix: { shape: [b.features, a.features] } }),
        call: ([a, b], { weights }) =>
          ops.multiply(a, activations.sigmoid(ops.matmul(b, weights.mix))),
      });
    const [a, b] = [input({ shape: [2], name: "a" }), input({ shape: [3], name: "b" })];
    const net = model({
      inputs: [a, b],
      seed: 1,
      outputs: dense({ units: 1 })(gate()([dense({ units: 2 })(a), dense({ units: 3 })(b)])),
    });
    net.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "mse" });
    const data: [number[][], number[][]] = [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 0, 1],
        [0, 1, 0],
      ],
    ];
    const before = net.getWeights();
    const { loss: first } = await net.trainOnBatch(data, [1, 2]);
    for (const [name, { data: numbers }] of Object.entries(net.getWeights())) {
      if (name.endsWith("bias")) continue;
      expect(numbers, name).not.toEqual(before[name]?.data);
    }
    for (let i = 0; i < 100; i++) await net.trainOnBatch(data, [1, 2]);
    const { loss: last } = await net.testOnBatch(data, [1, 2]);
    expect(last as number).toBeLessThan((first as number) / 10);
  });
});

describe("on real data", () => {
  it("feature-wise scaling and shifting by a second input learns digits", async () => {
    // FiLM (Perez et al. 2018): the lower half of an image says how its upper half is read.
    const film = ({ units }: { units: number }) =>
      customLayer({
        kind: "film",
        inputs: 2,
        weights: ([x, condition]) => ({
          kernel: { shape: [x.features, units], initializer: "heNormal" },
          scale: { shape: [condition.features, units] },
          shift: { shape: [condition.features, units] },
        }),
        call([x, condition], { weights, dropout }) {
          const features = ops.matmul(x, weights.kernel);
          const scale = ops.add(ops.matmul(condition, weights.scale), 1);
          const shift = ops.matmul(condition, weights.shift);
          return dropout(activations.relu(ops.add(ops.multiply(features, scale), shift)), 0.1);
        },
      });
    const read = readData("digits");
    const [images, labels] = [read("images").data, [...read("labels").data]];
    const half = (from: number) =>
      labels.map((_, i) => [...images.slice(64 * i + from, 64 * i + from + 32)].map((v) => v / 16));
    const [upper, lower] = [input({ shape: [32] }), input({ shape: [32] })];
    const net = model({
      inputs: [upper, lower],
      seed: 4,
      outputs: dense({ units: 10, activation: "softmax" })(film({ units: 48 })([upper, lower])),
    });
    net.compile({
      optimizer: "adam",
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
    const { history } = await net.fit([half(0), half(32)], labels, {
      epochs: 25,
      validationSplit: 0.2,
    });
    expect(history.valAccuracy?.at(-1)).toBeGreaterThan(0.9);
  });

  it("attention over features learns iris", async () => {
    const attention = customLayer({
      kind: "attention",
      weights: ([x]) => ({
        query: { shape: [x.features, x.features] },
        value: { shape: [x.features, 16], initializer: "heNormal" },
      }),
      call([x], { weights, addLoss }) {
        const shares = activations.softmax(ops.matmul(x, weights.query));
        addLoss(ops.multiply(ops.mean(ops.square(shares)), 1e-3));
        return activations.relu(
          ops.matmul(ops.multiply(x, ops.multiply(shares, 4)), weights.value),
        );
      },
    });
    const { x, y } = irisRows();
    const net = sequential({
      inputShape: [4],
      seed: 5,
      layers: [attention, dense({ units: 3, activation: "softmax" })],
    });
    net.compile({
      optimizer: "adam",
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
    net.learningRate = 0.01;
    await net.fit(x, y, { epochs: 60 });
    expect((await net.evaluate(x, y)).accuracy).toBeGreaterThan(0.93);
  });
});

describe("dropout of a custom layer", () => {
  it("draws in training only, differently for each use", async () => {
    const noisy = customLayer({
      call: ([x], { dropout }) => ops.subtract(dropout(x, 0.5), dropout(x, 0.5)),
    });
    const net = sequential({ inputShape: [64], seed: 1, layers: [noisy] });
    net.compile({ optimizer: "sgd", loss: "mse" });
    const [x, y] = [[Array(64).fill(1)], [Array(64).fill(0)]];
    expect((await net.testOnBatch(x, y)).loss).toBe(0);
    // Both draws keep or drop a number with even chances: the difference is 0, 2 or -2.
    const { loss } = await net.trainOnBatch(x, y);
    expect(loss as number).toBeGreaterThan(1);
    expect(loss as number).toBeLessThan(3);
  });
});

describe("lambda", () => {
  it("applies a function", async () => {
    const squares = lambda({ call: (x) => ops.square(x), name: "squares" });
    const net = sequential({ inputShape: [2], layers: [squares] });
    expect((await net.predict([[2, 3]])).toArray()).toEqual([[4, 9]]);
    expect(net.summary({ print() {} })).toContain("squares (lambda)");
  });

  it("may change the shape, and differ in training", async () => {
    const layer = lambda({
      call: (x, { training }) => ops.multiply(ops.sum(x, { axis: -1 }), training ? 0 : 1),
    });
    const net = sequential({ inputShape: [2], layers: [layer] });
    expect(net.outputShape).toEqual([null]);
    net.compile({ optimizer: "sgd", loss: "mse" });
    expect((await net.trainOnBatch([[1, 2]], [0])).loss).toBe(0);
    expect((await net.testOnBatch([[1, 2]], [0])).loss).toBe(9);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "no function",
      () => lambda({} as never),
      /lambda: expected call to be a function, received un/,
    ],
    ["weights", () => lambda({ call: (x: Sym) => x, weights: 1 } as never), /unknown option "weig/],
    [
      "two inputs",
      () => {
        const x = input({ shape: [2] });
        lambda({ call: (y) => y })([x, x]);
      },
      /lambda "lambda": expected one input, received 2/,
    ],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
