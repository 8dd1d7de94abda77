// Wrong data and options of fit, evaluate and predict: each is refused with a message that says
// where, what and how to mend it, and leaves the model as it was.
import { beforeAll, describe, expect, it } from "vitest";
import { dense, flatten, GradusError, type Model, sequential } from "../../ts/index.js";

const x = [
  [0, 1],
  [1, 0],
  [1, 1],
  [0, 0],
];
const y = [0, 1, 2, 1];

function classifier() {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [dense({ units: 4, activation: "relu" }), dense({ units: 3, activation: "softmax" })],
  });
  model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
  return model;
}

async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(GradusError);
    return (error as GradusError).message;
  }
  throw new Error("nothing was thrown");
}

type Given = Parameters<Model["fit"]>;

const wrongFits: [string, [unknown, unknown, unknown?], RegExp][] = [
  [
    "too many features",
    [x.map((row) => [...row, 1]), y],
    /^fit: expected x .*\[2\].*received .*\[3\]/,
  ],
  ["a ragged array", [[[0, 1], [1], [1, 1], [0, 0]], y], /^fit: .*x\[1\]/],
  [
    "NaN in x",
    [
      [
        [0, 1],
        [1, 0],
        [1, Number.NaN],
        [0, 0],
      ],
      y,
    ],
    /^fit: .*NaN.*row 2/,
  ],
  ["Infinity in x", [Float32Array.of(0, 1, Number.POSITIVE_INFINITY, 0), [0, 1]], /Infinity/],
  ["NaN in y", [x, [0, Number.NaN, 1, 1]], /^fit: .*y.*NaN/],
  ["a label out of range", [x, [0, 1, 3, 1]], /0 to 2, received 3 in row 2\. Hint: /],
  ["a negative label", [x, [0, 1, -1, 1]], /0 to 2, received -1 in row 2/],
  ["a label that is not whole", [x, [0, 1, 1.5, 1]], /whole numbers.*1\.5 in row 2/],
  ["x and y of different length", [x, [0, 1, 2]], /same number of rows, received 4 and 3/],
  ["no data", [[], []], /^fit: expected x to have at least one row/],
  ["no y", [x, undefined], /^fit: expected y/],
  [
    "one-hot targets",
    [x, y.map((k) => [0, 1, 2].map((i) => Number(i === k)))],
    /categoricalCrossentropy/,
  ],
  ["batchSize 0", [x, y, { batchSize: 0 }], /batchSize to be a whole number >= 1, received 0/],
  ["a part of an epoch", [x, y, { epochs: 1.5 }], /epochs to be a whole number .*received 1\.5/],
  [
    "a misspelt option",
    [x, y, { epoch: 3 }],
    /unknown option "epoch"\. Hint: did you mean epochs\?/,
  ],
  ["shuffle that is no boolean", [x, y, { shuffle: 1 }], /shuffle to be true or false/],
  [
    "validationData without y",
    [x, y, { validationData: [x] }],
    /\[x, y\] or \[x, y, sampleWeight\]/,
  ],
  ["validationData of another shape", [x, y, { validationData: [[[1]], [1]] }], /validationData x/],
  ["validationSplit 1", [x, y, { validationSplit: 1 }], /validationSplit/],
  ["a split that leaves nothing", [x, y, { validationSplit: 0.99 }], /enough rows/],
  ["too few sample weights", [x, y, { sampleWeight: [1] }], /one weight for each of 4 rows/],
  ["a negative sample weight", [x, y, { sampleWeight: [1, 1, -1, 1] }], /weights >= 0/],
  ["a class that is not there", [x, y, { classWeight: { 3: 1 } }], /classes from 0 to 2/],
  ["callbacks that are none", [x, y, { callbacks: [3] }], /callbacks\[0\]/],
  ["a callback alone", [x, y, { callbacks: {} }], /callbacks to be an array/],
  ["a signal that is none", [x, y, { signal: 3 }], /AbortSignal/],
  ["yieldEvery below 0", [x, y, { yieldEvery: -1 }], /yieldEvery/],
];

describe("fit refuses", () => {
  let model: Model;
  let before: string;
  beforeAll(() => {
    model = classifier();
    before = JSON.stringify(model.saveState());
  });
  it.each(wrongFits)("%s", async (_, given, message) => {
    expect(await messageOf(() => model.fit(...(given as Given)))).toMatch(message);
    expect(JSON.stringify(model.saveState())).toBe(before);
  });
  it("works afterwards as if nothing had been", async () => {
    const other = classifier();
    const [first, second] = [await model.fit(x, y), await other.fit(x, y)];
    expect(first.history).toEqual(second.history);
  });
  it("a model that is not compiled", async () => {
    const fresh = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
    expect(await messageOf(() => fresh.fit(x, y))).toBe(
      'fit: expected a compiled model, received one that was not. Hint: Call model.compile({ optimizer: "adam", loss: … }) first.',
    );
    expect(await messageOf(() => fresh.evaluate(x, y))).toMatch(/^evaluate: .*compile/);
    expect(await messageOf(() => fresh.trainOnBatch(x, y))).toMatch(/^trainOnBatch: .*compile/);
    expect(await messageOf(() => fresh.learningRate)).toMatch(/^learningRate: .*compile/);
  });
});

describe("predict and evaluate refuse", () => {
  const model = classifier();
  it.each([
    ["too few features", () => model.predict([[1]]), /^predict: expected x/],
    ["no data", () => model.predict([]), /^predict: expected x to have at least one row/],
    ["NaN", () => model.predict([[1, Number.NaN]]), /^predict: .*NaN/],
    ["batchSize 0", () => model.predict(x, { batchSize: 0 }), /^predict: .*batchSize/],
    ["an option of fit", () => model.predict(x, { epochs: 2 } as never), /unknown option "epochs"/],
    [
      "a flat array of a wrong length",
      () => model.predict(Float32Array.of(1, 2, 3)),
      /multiple of 2/,
    ],
    ["a wrong label", () => model.evaluate(x, [0, 1, 2, 3]), /^evaluate: .*received 3/],
    [
      "an option of fit in evaluate",
      () => model.evaluate(x, y, { shuffle: true } as never),
      /shuffle/,
    ],
  ])("%s", async (_, call, message) => {
    expect(await messageOf(call)).toMatch(message);
  });
});

describe("compile refuses", () => {
  const options = { optimizer: "sgd", loss: "mse" } as const;
  const model = classifier();
  it.each([
    [
      "an unknown loss",
      { loss: "crossEntropy" },
      /compile: loss: .*did you mean "\w*[cC]rossentropy"/,
    ],
    ["an unknown optimizer", { optimizer: "adamw" }, /compile: optimizer: .*did you mean "adamW"/],
    ["an unknown metric", { metrics: ["acuracy"] }, /compile: metrics: .*did you mean "accuracy"/],
    ["metrics that are no array", { metrics: "accuracy" }, /compile: metrics: expected an array/],
    [
      "two metrics of one name",
      { metrics: ["mse", "mse"] },
      /different names, received "mse" twice/,
    ],
    ["a metric called loss", { metrics: [function loss() {}] }, /received "loss" twice/],
    ["no loss", { loss: undefined }, /compile: loss: expected/],
    ["an optimizer that was not called", { optimizer: () => {} }, /Call it/],
    ["a misspelt option", { metric: ["accuracy"] }, /did you mean metrics/],
    [
      "a metric for other targets",
      { loss: "mse", metrics: ["sparseCategoricalAccuracy"] },
      /metric "sparseCategoricalAccuracy": expected class numbers/,
    ],
  ])("%s", async (_, given, message) => {
    const before = model.learningRate;
    expect(await messageOf(() => model.compile({ ...options, ...given } as never))).toMatch(
      message,
    );
    expect(model.learningRate).toBe(before);
  });
  it("a loss that does not fit the output", async () => {
    const single = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
    const compile = () =>
      single.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    expect(await messageOf(compile)).toMatch(/at least 2 classes.*binaryCrossentropy/);
  });
});

describe("sequential refuses", () => {
  const ten = () => dense({ units: 10 });
  it.each([
    ["no inputShape", { layers: [ten()] }, /^dense "dense": expected an inputShape/],
    ["no layers", { layers: [], inputShape: [2] }, /^sequential: expected layers/],
    ["a factory instead of a layer", { layers: [dense], inputShape: [2] }, /layers\[0\].*Call it/],
    ["an extent of 0", { layers: [ten()], inputShape: [0] }, /inputShape\[0\]/],
    ["a number as shape", { layers: [ten()], inputShape: 2 }, /inputShape to be an array/],
    ["dense on single numbers", { layers: [ten()], inputShape: [] }, /^dense "dense": .*features/],
    ["a seed that is not whole", { layers: [ten()], inputShape: [2], seed: 0.5 }, /seed/],
    [
      "two layers of one name",
      { inputShape: [2], layers: [dense({ units: 1, name: "a" }), dense({ units: 1, name: "a" })] },
      /different names, received "a" twice/,
    ],
    [
      "two input shapes",
      { inputShape: [3], layers: [dense({ units: 1, inputShape: [2] })] },
      /inputShape \[2\] of its first layer/,
    ],
  ])("%s", async (_, options, message) => {
    expect(await messageOf(() => sequential(options as never))).toMatch(message);
  });
  it.each([
    ["units 0", () => dense({ units: 0 }), /dense: expected units/],
    ["no units", () => dense({} as never), /dense: expected units/],
    ["a misspelt option", () => dense({ unit: 3 } as never), /did you mean units/],
    ["an unknown activation", () => dense({ units: 1, activation: "swich" as never }), /swish/],
    [
      "an unknown initializer",
      () => dense({ units: 1, kernelInitializer: "he" as never }),
      /heNormal|heUniform/,
    ],
    ["an unknown regularizer", () => dense({ units: 1, kernelRegularizer: "l3" as never }), /l1/],
    ["a name with a slash", () => dense({ units: 1, name: "a/b" }), /name/],
    ["trainable that is no boolean", () => flatten({ trainable: 1 } as never), /trainable/],
  ])("in a layer: %s", async (_, make, message) => {
    expect(await messageOf(make)).toMatch(message);
  });
  it("a layer whose weights do not fit another input, and says what it was built for", async () => {
    const shared = dense({ units: 3, name: "shared" });
    sequential({ inputShape: [2], layers: [shared] });
    const other = () => sequential({ inputShape: [5], layers: [flatten(), shared] });
    expect(await messageOf(other)).toBe(
      'dense "shared": expected an input for which kernel has the shape [2, 3] it was built with, received one that needs [5, 3]. Hint: It was built for inputs of shape [batch, 2].',
    );
  });
});
