// Models with several inputs and outputs: names of results, losses with weights, data in arrays
// and by name, and what is refused.
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  concatenate,
  dense,
  GradusError,
  input,
  model,
  ops,
  type Sym,
  sgd,
  type Tensor,
} from "../../ts/index.js";

const a = [[1], [2], [3]];
const b = [
  [1, 0],
  [0, 1],
  [1, 1],
];

function parts(seed = 1) {
  const left = input({ shape: [1], name: "left" });
  const right = input({ shape: [2] });
  const both = concatenate()([left, right]);
  const sum = dense({ units: 1, name: "sum" })(both);
  const kind = dense({ units: 2, activation: "softmax", name: "kind" })(both);
  return { left, right, sum, kind, seed };
}

const byArray = () => {
  const { left, right, sum, kind, seed } = parts();
  return model({ inputs: [left, right], outputs: [sum, kind], seed });
};

const byName = () => {
  const { left, right, sum, kind, seed } = parts();
  return model({ inputs: { left, right }, outputs: { sum, kind }, seed });
};

const compiled = {
  optimizer: sgd({ learningRate: 0.1 }),
  loss: { sum: "mse", kind: "sparseCategoricalCrossentropy" },
  lossWeights: { kind: 0.5 },
  metrics: { sum: "mae", kind: ["accuracy"] },
} as const;
const y = { sum: [1, 2, 3], kind: [0, 1, 0] };

describe("several inputs and outputs", () => {
  it("have names, shapes and types", async () => {
    const [first, second] = [byArray(), byName()];
    expect([first.inputNames, first.outputNames]).toEqual([
      ["left", "input"],
      ["sum", "kind"],
    ]);
    expect(second.inputShape).toEqual({ left: [null, 1], right: [null, 2] });
    expect(first.outputShape).toEqual([
      [null, 1],
      [null, 2],
    ]);
    expectTypeOf(first.predict).returns.toExtend<Promise<readonly [Tensor, Tensor]>>();
    expectTypeOf(second.predict).returns.resolves.toHaveProperty("kind");
    const never = () => {
      // @ts-expect-error: one input is missing
      first.predict([a]);
      // @ts-expect-error: no such input
      second.predict({ left: a, write: b });
    };
    expect(never).toBeTypeOf("function");
    const [sum, kind] = await first.predict([a, b], { batchSize: 2 });
    expect([sum.shape, kind.shape]).toEqual([
      [3, 1],
      [3, 2],
    ]);
    expect(await second.predict({ left: a, right: b })).toEqual({ sum, kind });
  });
  it("train the same from arrays and by name", async () => {
    const options = { epochs: 3, batchSize: 2, validationSplit: 0.34 };
    const [first, second] = [byArray(), byName()];
    first.compile({
      ...compiled,
      loss: ["mse", "sparseCategoricalCrossentropy"],
      lossWeights: [1, 0.5],
      metrics: ["mae", ["accuracy"]],
    });
    second.compile(compiled);
    const { history } = await first.fit([a, b], [y.sum, y.kind], options);
    expect((await second.fit({ left: a, right: b }, y, options)).history).toEqual(history);
    expect(Object.keys(history)).toEqual([
      "loss",
      "sumLoss",
      "kindLoss",
      "sumMae",
      "kindAccuracy",
      "valLoss",
      "valSumLoss",
      "valKindLoss",
      "valSumMae",
      "valKindAccuracy",
    ]);
    expect(second.getWeights()).toEqual(first.getWeights());
  });
  it("have losses by themselves, and their weighted sum", async () => {
    const net = byName();
    net.compile(compiled);
    const logs = await net.evaluate({ left: a, right: b }, y);
    const { sumLoss = 0, kindLoss = 0 } = logs;
    expect(logs.loss).toBeCloseTo(sumLoss + 0.5 * kindLoss, 5);
    const sum = (await net.predict({ left: a, right: b })).sum.data;
    const squares = y.sum.map((value, i) => (value - (sum[i] ?? 0)) ** 2);
    expect(sumLoss).toBeCloseTo(squares.reduce((p, q) => p + q) / 3, 5);
    expect(await net.testOnBatch({ left: a, right: b }, y)).toEqual(logs);
    expect(await net.trainOnBatch({ left: a, right: b }, y)).toEqual(logs);
  });
  it("take weights of rows for all or for each", async () => {
    const net = byName();
    net.compile(compiled);
    const x = { left: a, right: b };
    const loss = async (sampleWeight: never) => (await net.evaluate(x, y, { sampleWeight })).loss;
    const all = await loss([0, 1, 2] as never);
    expect(await loss({ sum: [0, 1, 2], kind: [0, 1, 2] } as never)).toBeCloseTo(all ?? 0, 6);
    const sumOnly = await net.evaluate(x, y, {
      sampleWeight: [
        [1, 1, 1],
        [0, 0, 0],
      ],
    });
    expect(sumOnly.kindLoss).toBe(0);
    expect(sumOnly.loss).toBeCloseTo(sumOnly.sumLoss ?? 0, 6);
  });
  it("take one loss for all, and functions", async () => {
    const x = input({ shape: [1] });
    const net = model({ inputs: x, outputs: [x, dense({ units: 1, name: "d" })(x)] });
    const loss = (yTrue: Sym, yPred: Sym) => ops.absolute(ops.subtract(yTrue, yPred));
    net.compile({ optimizer: "sgd", loss });
    const logs = await net.evaluate(a, [
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(logs.outputLoss).toBeCloseTo(2, 6);
    expect(net.outputNames).toEqual(["output", "d"]);
  });
  it("of nested models are those of the outer one", async () => {
    const inner = byName();
    const left = input({ shape: [1] });
    const right = input({ shape: [2] });
    const { sum, kind } = inner({ left, right });
    const outer = model({ inputs: [left, right], outputs: concatenate()([sum, kind]) });
    const { sum: s, kind: k } = await inner.predict({ left: a, right: b });
    const expected = [0, 1, 2].map((i) => [s.data[i], k.data[2 * i], k.data[2 * i + 1]]);
    expect((await outer.predict([a, b])).toArray()).toEqual(expected);
  });
});

describe("what is refused", () => {
  const net = byName();
  net.compile(compiled);
  const list = byArray();
  list.compile({ optimizer: "sgd", loss: "mse" });
  const x = { left: a, right: b };
  it.each([
    [
      "an input that is missing",
      () => net.fit({ left: a } as never, y),
      /x to have the key "right"/,
    ],
    ["a misspelt input", () => net.fit({ left: a, rigth: b } as never, y), /"rigth".*mean "right"/],
    ["data alone", () => net.fit(a as never, y), /x to be an object with the keys left, right/],
    ["too few", () => list.predict([a] as never), /^predict: expected x to be an array of 2, for/],
    ["a wrong shape by name", () => net.predict({ left: b, right: b }), /expected x\.left .*\[1\]/],
    ["a wrong shape", () => list.predict([a, a]), /expected x\[1\] to have rows of shape \[2\]/],
    [
      "inputs of different length",
      () => net.fit({ left: [[1]], right: b }, y),
      /x\.left and x\.right to have the same number of rows, received 1 and 3/,
    ],
    [
      "targets of different length",
      () => net.fit(x, { ...y, kind: [0] }),
      /x\.left and y\.kind to have the same number of rows, received 3 and 1/,
    ],
    ["a wrong label", () => net.fit(x, { ...y, kind: [0, 1, 2] }), /y\.kind .*received 2 in row 2/],
    ["classWeight", () => net.fit(x, y, { classWeight: { 0: 1 } }), /models with one output/],
    [
      "a negative weight",
      () => net.fit(x, y, { sampleWeight: { sum: [1, 1, 1], kind: [1, -1, 1] } }),
      /sampleWeight\.kind to hold weights >= 0/,
    ],
  ])("in data: %s", async (_, call, message) => {
    await expect(call()).rejects.toThrow(GradusError);
    await expect(call()).rejects.toThrow(message);
  });
  it.each([
    ["a loss that is missing", { loss: { sum: "mse" } }, /loss to have the key "kind"/],
    ["too many losses", { loss: ["mse", "mse", "mse"] }, /loss to be an array of 2, .*sum, kind/],
    ["a loss for no output", { loss: { sum: "mse", kin: "mse" } }, /"kin".*Did you mean "kind"/],
    ["an unknown loss", { loss: { sum: "mze", kind: "mse" } }, /output "sum": loss: .*"mse"/],
    ["a weight for no output", { lossWeights: { s: 1 } }, /lossWeights to have the keys/],
    ["one weight", { lossWeights: 2 }, /lossWeights to be an array of 2/],
    ["a weight that is NaN", { lossWeights: [1, Number.NaN] }, /lossWeights to be a finite/],
    ["metrics for one", { metrics: ["mae"] }, /metrics to be an array of 2/],
    ["an unknown metric", { metrics: { sum: "maee" } }, /compile: metrics: .*mean "mae"/],
  ])("in compile: %s", (_, options, message) => {
    expect(() => byName().compile({ ...compiled, ...options } as never)).toThrow(message);
  });
  it.each([
    ["no outputs", { outputs: [] }, /^model: expected outputs/],
    ["an output that is none", { outputs: { a: 3 } }, /outputs\.a to be a tensor/],
    ["an input twice", { inputs: [parts().left, parts().left].fill(parts().left) }, /twice/],
  ])("in model: %s", (_, options, message) => {
    const { left, right, sum } = parts();
    const given = { inputs: [left, right], outputs: sum, ...options };
    expect(() => model(given as never)).toThrow(message);
  });
  it("an input that nothing needs", () => {
    const { left, right, sum } = parts();
    const more = input({ shape: [1], name: "more" });
    const make = () => model({ inputs: [left, right, more], outputs: sum });
    expect(make).toThrow(/outputs that need every input, received none that needs "more"/);
  });
});
