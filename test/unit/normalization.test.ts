// Layers that normalise samples (layer, group, RMS, unit) or give them other shapes: against Keras,
// against what they are made of, and what they refuse.
import { describe, expect, it } from "vitest";
import {
  batchNormalization,
  dense,
  GradusError,
  groupNormalization,
  input,
  type Layer,
  layerNormalization,
  model,
  permute,
  repeatVector,
  reshape,
  rmsNormalization,
  type Sym,
  sequential,
  unitNormalization,
} from "../../ts/index.js";
import { multiply, sum } from "../../ts/ops.js";
import { fixed } from "../../ts/shape.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";
import { type TrialInput, trial } from "../support/trial.js";

const { cases } = readGolden("normalization-layers");

const factories = {
  layerNormalization,
  groupNormalization,
  rmsNormalization,
  unitNormalization,
  reshape,
  permute,
  repeatVector,
} as unknown as Record<string, (options: object) => Layer>;

/** Output and gradients of a layer for inputs x, dy and its weights. */
async function run(layer: Layer, inputs: Readonly<Record<string, TrialInput>>) {
  const shapes: Record<string, readonly number[]> = {};
  const result = await trial(inputs, (syms) => {
    const x = syms.x as Sym;
    for (const { name, shape } of layer.definition.weights?.([x.dims], "test") ?? []) {
      shapes[name] = shape;
    }
    const context = {
      training: true,
      random: true,
      trainable: true,
      stream: 0,
      weight: (name: string) => syms[name] as Sym,
      addLoss: () => {},
    };
    const y = layer.definition.call(context, [x]);
    return { outputs: { y }, loss: sum(multiply(y, syms.dy as Sym)) };
  });
  return { ...result, weightShapes: shapes };
}

describe.each(Object.keys(factories))("%s agrees with Keras", (kind) => {
  const own = cases.filter((found) => found.extra.kind === kind);
  it.each(own.map((found) => [found.name, found] as const))("%s", async (_, found: GoldenCase) => {
    const weights = ["gamma", "beta", "scale"].filter((name) => found.names.includes(name));
    const inputs: Record<string, TrialInput> = {};
    for (const name of ["x", "dy", ...weights]) inputs[name] = found.tensor(name);
    const make = factories[kind] as (options: object) => Layer;
    const { outputs, shapes, gradients, weightShapes } = await run(make(found.options), inputs);
    expect(shapes.y).toEqual(found.tensor("y").shape);
    expect(weightShapes).toEqual(
      Object.fromEntries(weights.map((name) => [name, found.tensor(name).shape])),
    );
    // Where x - mean cancels, Keras' x * scale + (beta - mean * scale) loses digits.
    const stray = (found.extra.strayFromFloat64 ?? {}) as Record<string, number>;
    const compare = (name: string, actual: ArrayLike<number> | undefined) => {
      const floor = Math.max(1e-1, 2e5 * (stray[name] ?? 0));
      expectClose(actual ?? [], found.float32(name), { what: name, floor });
    };
    compare("y", outputs.y);
    compare("dx", gradients.x);
    for (const name of weights) {
      compare(`d${name[0]?.toUpperCase()}${name.slice(1)}`, gradients[name]);
    }
  });
});

/** Numbers that look random and are the same everywhere. */
function numbers(shape: readonly number[], offset = 0) {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const data = Float32Array.from({ length: size }, (_, i) => offset + Math.sin(i * i + 1));
  return { shape, data };
}

/** A graph function of x as a layer, to compare with. */
const chain =
  (...layers: readonly Layer[]) =>
  (shape: readonly number[]) =>
    sequential({ inputShape: shape, layers });

describe("normalisation", () => {
  it("keeps the digits of a deviation beside a mean of 1e4", async () => {
    const x = numbers([4, 33], 1e4);
    const dy = numbers([4, 33]);
    const [gamma, beta] = [numbers([33], 2), numbers([33])];
    const { outputs } = await run(layerNormalization(), { x, dy, gamma, beta });
    const expected = Array.from({ length: 4 }, (_, row) => {
      const values = Array.from(x.data).slice(33 * row, 33 * row + 33);
      const mean = values.reduce((p, q) => p + q) / 33;
      const variance = values.reduce((p, q) => p + (q - mean) ** 2, 0) / 33;
      return values.map((value, i) => {
        const normal = (value - mean) / Math.sqrt(variance + 1e-3);
        return normal * (gamma.data[i] as number) + (beta.data[i] as number);
      });
    });
    expectClose(outputs.y ?? [], expected.flat(), { tolerance: 1e-6, floor: 1 });
  });

  it("of samples without variance is beta, with gradients that are numbers", async () => {
    const x = { shape: [2, 5], data: new Float32Array(10).fill(7) };
    const [gamma, beta] = [numbers([5], 2), numbers([5])];
    const layers = [layerNormalization(), groupNormalization({ groups: 1 })];
    for (const layer of layers) {
      const found = await run(layer, { x, dy: numbers([2, 5]), gamma, beta });
      expect([...(found.outputs.y ?? [])]).toEqual([...beta.data, ...beta.data]);
      expect(found.gradients.gamma?.every((value) => value === 0)).toBe(true);
      expect(found.gradients.x?.every(Number.isFinite)).toBe(true);
    }
  });

  it("of zeros to unit length is zeros, with gradients that are numbers", async () => {
    const x = { shape: [1, 3], data: new Float32Array(3) };
    const { outputs, gradients } = await run(unitNormalization(), { x, dy: numbers([1, 3]) });
    expect([...(outputs.y ?? [])]).toEqual([0, 0, 0]);
    expect(gradients.x?.every(Number.isFinite)).toBe(true);
  });

  it("by the mean square scales along its axis, which Keras does for the last ones only", async () => {
    const x = numbers([2 * 3 * 4 * 5]).data;
    const along = chain(rmsNormalization({ axis: 2, name: "rms" }))([3, 4, 5]);
    const turned = chain(
      permute({ dims: [1, 3, 2] }),
      rmsNormalization({ name: "rms" }),
      permute({ dims: [1, 3, 2] }),
    )([3, 4, 5]);
    for (const each of [along, turned]) each.setWeights({ "rms/scale": [1, 2, 3, 4] });
    expectClose((await along.predict(x)).data, (await turned.predict(x)).data);
  });

  it("of groups is that of instances with as many groups as channels", async () => {
    const x = numbers([2 * 3 * 4 * 6]).data;
    const make = (groups: number) => chain(groupNormalization({ groups }))([3, 4, 6]);
    expect((await make(6).predict(x)).data).toEqual((await make(-1).predict(x)).data);
  });

  it("ignores how many samples a batch has, and is the same in training", async () => {
    const x = numbers([7 * 6]).data;
    const net = chain(layerNormalization(), groupNormalization({ groups: 2 }))([6]);
    net.compile({ optimizer: "sgd", loss: "mse" });
    const y = (await net.predict(x)).data;
    expect((await net.predict(x, { batchSize: 3 })).data).toEqual(y);
    expect((await net.trainOnBatch(x, y)).loss).toBe(0);
  });

  it("trains gamma and beta with their penalties and limits", async () => {
    const layer = layerNormalization({
      name: "norm",
      gammaInitializer: "zeros",
      betaInitializer: "ones",
      betaRegularizer: "l2",
      gammaConstraint: "nonNeg",
    });
    const net = chain(layer)([4]);
    net.compile({ optimizer: "sgd", loss: "mse" });
    const x = numbers([8 * 4]).data;
    const { loss } = await net.trainOnBatch(x, new Float32Array(32).fill(1));
    expect(loss).toBeCloseTo(0.01 * 4, 6);
    await net.fit(
      x,
      x.map((value) => -value),
      { epochs: 3 },
    );
    const gamma = net.getWeights()["norm/gamma"]?.data ?? [];
    expect([...gamma]).toEqual([0, 0, 0, 0]);
    expect(net.weights().map(({ name }) => name)).toEqual(["norm/gamma", "norm/beta"]);
  });

  it("of batches along an axis learns what it learns along the last", async () => {
    const x = numbers([6 * 3 * 4]).data;
    const y = numbers([6 * 3 * 4], 1).data;
    const train = async (layers: readonly Layer[]) => {
      const net = chain(...layers)([3, 4]);
      net.compile({ optimizer: "sgd", loss: "mse" });
      for (let step = 0; step < 5; step++) await net.trainOnBatch(x, y);
      return { predicted: (await net.predict(x)).data, weights: net.getWeights() };
    };
    const swap = () => permute({ dims: [2, 1] });
    const along = await train([batchNormalization({ axis: 1, name: "norm" })]);
    const turned = await train([swap(), batchNormalization({ name: "norm" }), swap()]);
    expectClose(along.predicted, turned.predicted);
    for (const [name, { data }] of Object.entries(turned.weights)) {
      expectClose(along.weights[name]?.data ?? [], data, { what: name });
    }
  });

  it("stands between layers of a functional model", async () => {
    const x = input({ shape: [4, 6] });
    const hidden = groupNormalization({ groups: 3 })(dense({ units: 6 })(x));
    const y = unitNormalization()(rmsNormalization()(layerNormalization({ axis: [1, 2] })(hidden)));
    expect(y.shape).toEqual([null, 4, 6]);
    const net = model({ inputs: x, outputs: y });
    const { data } = await net.predict(numbers([2 * 4 * 6]).data);
    const squares = Array.from({ length: 8 }, (_, row) =>
      Array.from(data.slice(6 * row, 6 * row + 6)).reduce((total, v) => total + v * v, 0),
    );
    expectClose(
      squares,
      squares.map(() => 1),
    );
  });
});

describe("shapes", () => {
  it("follow each other as written", async () => {
    const net = chain(
      reshape({ targetShape: [2, -1] }),
      permute({ dims: [2, 1] }),
      reshape({ targetShape: [6] }),
      repeatVector({ n: 2 }),
    )([6]);
    const y = await net.predict([[1, 2, 3, 4, 5, 6]]);
    expect(y.toArray()).toEqual([
      [
        [1, 4, 2, 5, 3, 6],
        [1, 4, 2, 5, 3, 6],
      ],
    ]);
  });
  it("keep -0, Infinity and NaN", async () => {
    const row = [-0, Number.POSITIVE_INFINITY, Number.NaN];
    const x = { shape: [1, 3], data: Float32Array.from(row) };
    const { outputs } = await trial({ x }, (syms) => {
      const plain = (syms.x as Sym).graph.input("x", [fixed(1), fixed(3)]);
      return { outputs: { y: repeatVector({ n: 2 }).definition.call({} as never, [plain]) } };
    });
    expect([...(outputs.y ?? [])]).toEqual([...row, ...row]);
  });
});

const on = (shape: readonly number[], layer: Layer) => layer(input({ shape }));

describe("errors name place, expectation and what came", () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      "an axis that is not there",
      () => on([4], layerNormalization({ axis: 2 })),
      /^layerNormalization "layerNormalization".*axis from 1 to 1.*received axis 2 of \[batch, 4\].*Hint/,
    ],
    [
      "an axis far before the first",
      () => on([4], layerNormalization({ axis: -3 })),
      /received axis -3/,
    ],
    ["the batch", () => on([4], layerNormalization({ axis: [0, 1] })), /received axis 0/],
    ["the batch from behind", () => on([4], batchNormalization({ axis: -2 })), /received axis -2/],
    [
      "an axis twice",
      () => on([4, 3], layerNormalization({ axis: [2, -1] })),
      /each axis once.*\[2, -1\]/,
    ],
    ["no axes", () => layerNormalization({ axis: [] }), /at least one axis/],
    ["half an axis", () => layerNormalization({ axis: 0.5 }), /axis to be a whole number.*0\.5/],
    [
      "half an axis of several",
      () => rmsNormalization({ axis: [1, 0.5] }),
      /axis\[1\] to be a whole/,
    ],
    ["a text as an axis", () => unitNormalization({ axis: "1" as never }), /pass the number 1/],
    ["a single number a sample", () => on([], layerNormalization()), /axis behind the batch/],
    ["epsilon 0", () => layerNormalization({ epsilon: 0 }), /epsilon to be a finite number > 0/],
    ["epsilon below 0", () => groupNormalization({ epsilon: -1 }), /epsilon.*received -1/],
    ["epsilon NaN", () => rmsNormalization({ epsilon: Number.NaN }), /epsilon.*received NaN/],
    ["rms epsilon 0", () => rmsNormalization({ epsilon: 0 }), /epsilon.*> 0/],
    ["center", () => layerNormalization({ center: 1 as never }), /center to be true or false/],
    ["scale", () => groupNormalization({ scale: "no" as never }), /scale to be true or false/],
    [
      "an initializer",
      () => layerNormalization({ gammaInitializer: "one" as never }),
      /gammaInitializer.*"ones"/,
    ],
    [
      "a regularizer",
      () => layerNormalization({ betaRegularizer: "l3" as never }),
      /betaRegularizer/,
    ],
    [
      "a constraint",
      () => groupNormalization({ gammaConstraint: "nonNegative" as never }),
      /gammaConstraint/,
    ],
    [
      "an unknown option",
      () => layerNormalization({ rmsScaling: true } as never),
      /unknown option "rmsScaling"/,
    ],
    ["a misspelt option", () => groupNormalization({ group: 2 } as never), /did you mean groups\?/],
    ["an order", () => unitNormalization({ order: 1 } as never), /unknown option "order"/],
    [
      "weights of unit length",
      () => unitNormalization({ epsilon: 1 } as never),
      /unknown option "epsilon"/,
    ],
    ["synchronized", () => batchNormalization({ synchronized: true } as never), /unknown option/],
    [
      "no groups",
      () => groupNormalization({ groups: 0 }),
      /groups to be a whole number >= 1, or -1.*received 0/,
    ],
    ["too few groups", () => groupNormalization({ groups: -2 }), /groups.*received -2/],
    ["half groups", () => groupNormalization({ groups: 1.5 }), /groups.*received 1\.5/],
    [
      "groups that do not divide",
      () => on([6], groupNormalization({ groups: 4 })),
      /^groupNormalization "groupNormalization".*cut into 4 groups, received 6.*Hint/,
    ],
    [
      "more groups than channels",
      () => on([6], groupNormalization()),
      /cut into 32 groups, received 6/,
    ],
    [
      "an axis of no channels",
      () => on([6, 2], groupNormalization({ axis: 3 })),
      /received axis 3/,
    ],
    [
      "a batch axis of statistics",
      () => on([6], batchNormalization({ axis: 0 })),
      /received axis 0/,
    ],
    ["no shape", () => reshape({} as never), /targetShape to be an array.*undefined/],
    [
      "an extent of 0",
      () => reshape({ targetShape: [0, 3] }),
      /targetShape\[0\].*>= 1, received 0/,
    ],
    ["half an extent", () => reshape({ targetShape: [1.5] }), /targetShape\[0\].*1\.5/],
    ["two open extents", () => reshape({ targetShape: [-1, -1] }), /at most one -1.*\[-1, -1\]/],
    [
      "another size",
      () => on([3, 4], reshape({ targetShape: [5] })),
      /^reshape "reshape".*12 elements.*\[batch, 3, 4\], received \[5\].*Hint/,
    ],
    [
      "an open extent that fits nothing",
      () => on([3, 4], reshape({ targetShape: [5, -1] })),
      /12 elements/,
    ],
    ["no order", () => permute({} as never), /dims to be an array.*undefined/],
    ["axes from 0", () => permute({ dims: [0, 1] }), /1, 2, \.\.\. in any order.*Hint: The batch/],
    ["an axis of the order twice", () => permute({ dims: [1, 1] }), /each once/],
    ["a gap", () => permute({ dims: [1, 3] }), /each once/],
    [
      "another rank",
      () => on([3], permute({ dims: [2, 1] })),
      /rank 3 for dims \[2, 1\], received \[batch, 3\]/,
    ],
    ["no times", () => repeatVector({ n: 0 }), /n to be a whole number >= 1, received 0/],
    ["half times", () => repeatVector({ n: 2.5 }), /n to be a whole number/],
    [
      "repeating a matrix",
      () => on([3, 4], repeatVector({ n: 2 })),
      /\[batch, features\], received \[batch, 3, 4\]/,
    ],
    [
      "two inputs",
      () => layerNormalization()([input({ shape: [2] }), input({ shape: [2] })]),
      /one input, received 2/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(GradusError);
    expect(make).toThrow(message);
  });
});
