// What compile and training warn of, and that good nets give no warning.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  activation,
  adamW,
  add,
  alphaDropout,
  batchNormalization,
  binaryCrossentropy,
  type CompileOptions,
  categoricalCrossentropy,
  dense,
  dropout,
  flatten,
  input,
  type Layer,
  l1,
  l1l2,
  l2,
  lambda,
  layerNormalization,
  type Model,
  meanSquaredError,
  model,
  onWarning,
  ops,
  selu,
  sequential,
  sgd,
  softmax,
  sparseCategoricalCrossentropy,
  type Warning,
} from "../../ts/index.js";

const found: Warning[] = [];
beforeEach(() => {
  found.length = 0;
  onWarning((warning) => found.push(warning));
});
afterEach(() => onWarning());

const net = (...layers: Layer[]) => sequential({ inputShape: [4], seed: 1, layers });
const hidden = () => dense({ units: 8, activation: "relu", kernelInitializer: "heNormal" });
const out = (units: number, activation: "softmax" | "sigmoid" | "linear" | "relu" | "tanh") =>
  dense({ units, activation });

function warningsOf(model: Model, options: Partial<CompileOptions> = {}): string[] {
  found.length = 0;
  model.compile({ optimizer: "adam", loss: "mse", ...options });
  return found.map(({ name }) => name);
}

const sparse = "sparseCategoricalCrossentropy" as const;
const logits = { fromLogits: true };
const regularized = (kernelRegularizer: Parameters<typeof dense>[0]["kernelRegularizer"]) =>
  net(dense({ units: 1, kernelRegularizer: kernelRegularizer ?? null }));

describe("compile warns of", () => {
  it.each<[string, string, () => Model, Partial<CompileOptions>, RegExp]>([
    [
      "l2 with adam",
      "l2WithAdam",
      () => regularized(l2(1e-4)),
      {},
      /^compile: l2 on "dense\/kernel" does little with adam.*Hint: use adamW/,
    ],
    [
      "l2 by name with nadam",
      "l2WithAdam",
      () => regularized("l2"),
      { optimizer: "nadam" },
      /nadam/,
    ],
    [
      "l1l2 with adamW",
      "l2WithAdam",
      () => regularized(l1l2({ l1: 0.1, l2: 0.1 })),
      { optimizer: adamW() },
      /adamW/,
    ],
    [
      "l2 of a bias with lamb",
      "l2WithAdam",
      () => net(dense({ units: 1, biasRegularizer: "l2" })),
      { optimizer: "lamb" },
      /dense\/bias/,
    ],
    [
      "l2 of many layers",
      "l2WithAdam",
      () => net(...[1, 2, 3, 4, 5].map(() => dense({ units: 1, kernelRegularizer: "l2" }))),
      {},
      /"dense_2\/kernel" and 2 more/,
    ],
    [
      "softmax over one unit",
      "softmaxOfOne",
      () => net(hidden(), out(1, "softmax")),
      {},
      /softmax over the one unit of dense "dense_1" is always 1.*sigmoid/,
    ],
    [
      "a softmax layer over one unit",
      "softmaxOfOne",
      () => net(out(1, "linear"), softmax()),
      {},
      /softmax "softmax"/,
    ],
    [
      "softmax over one unit with binaryCrossentropy",
      "softmaxOfOne",
      () => net(out(1, "softmax")),
      { loss: "binaryCrossentropy" },
      /always 1/,
    ],
    [
      "sigmoid with categoricalCrossentropy",
      "sigmoidWithCategorical",
      () => net(out(3, "sigmoid")),
      { loss: "categoricalCrossentropy" },
      /output "dense" is a sigmoid, but categoricalCrossentropy/,
    ],
    [
      "sigmoid with class numbers",
      "sigmoidWithCategorical",
      () => net(out(3, "sigmoid")),
      { loss: sparseCategoricalCrossentropy({ name: "mine" }) },
      /sparseCategoricalCrossentropy/,
    ],
    [
      "softmax with binaryCrossentropy",
      "softmaxWithBinary",
      () => net(out(3, "softmax")),
      { loss: "binaryCrossentropy" },
      /takes each unit for itself/,
    ],
    [
      "softmax taken as logits",
      "probabilitiesAsLogits",
      () => net(out(3, "softmax")),
      { loss: categoricalCrossentropy(logits) },
      /a softmax, but categoricalCrossentropy takes it as logits/,
    ],
    [
      "sigmoid taken as logits",
      "probabilitiesAsLogits",
      () => net(out(1, "sigmoid")),
      { loss: binaryCrossentropy(logits) },
      /a sigmoid, but binary/,
    ],
    [
      "linear outputs taken as probabilities",
      "logitsAsProbabilities",
      () => net(out(3, "linear")),
      { loss: sparse },
      /is linear, but sparse.*use softmax, or fromLogits: true/,
    ],
    [
      "a linear output of binaryCrossentropy",
      "logitsAsProbabilities",
      () => net(out(1, "linear")),
      { loss: "binaryCrossentropy" },
      /use sigmoid, or fromLogits/,
    ],
    [
      "relu with crossentropy",
      "logitsAsProbabilities",
      () => net(out(3, "relu")),
      { loss: sparse },
      /is a relu, but/,
    ],
    [
      "tanh as a layer with crossentropy",
      "logitsAsProbabilities",
      () => net(out(1, "linear"), activation({ activation: "tanh" })),
      { loss: "binaryCrossentropy" },
      /is a tanh, but/,
    ],
    [
      "alpha dropout behind relu",
      "alphaDropoutWithoutSelu",
      () => net(hidden(), alphaDropout({ rate: 0.1 }), out(1, "linear")),
      {},
      /alphaDropout "alphaDropout" follows dense "dense", whose activation is not selu.*use dropout/,
    ],
    [
      "alpha dropout behind a linear layer",
      "alphaDropoutWithoutSelu",
      () => net(out(2, "linear"), flatten(), alphaDropout({ rate: 0.1 })),
      {},
      /follows dense/,
    ],
  ])("%s", (_, name, make, options, message) => {
    expect(warningsOf(make(), options)).toEqual([name]);
    expect(found[0]?.message).toMatch(message);
  });

  it("each output of several", () => {
    const x = input({ shape: [4] });
    const two = model({
      inputs: x,
      outputs: { kind: out(3, "sigmoid")(x), size: out(1, "linear")(x) },
    });
    expect(
      warningsOf(two as never, { loss: { kind: "categoricalCrossentropy", size: "mse" } }),
    ).toEqual(["sigmoidWithCategorical"]);
    expect(found[0]?.message).toContain('"kind"');
  });
});

describe("nothing is said of", () => {
  it.each<[string, () => Model, Partial<CompileOptions>]>([
    [
      "classifiers",
      () => net(hidden(), dropout({ rate: 0.5 }), out(3, "softmax")),
      { loss: sparse },
    ],
    [
      "classifiers with one-hot targets",
      () => net(hidden(), out(3, "softmax")),
      { loss: "categoricalCrossentropy" },
    ],
    [
      "classifiers of logits",
      () => net(hidden(), out(3, "linear")),
      { loss: sparseCategoricalCrossentropy(logits) },
    ],
    ["a softmax layer", () => net(out(3, "linear"), softmax()), { loss: sparse }],
    ["two classes", () => net(hidden(), out(1, "sigmoid")), { loss: "binaryCrossentropy" }],
    [
      "two classes by logits",
      () => net(hidden(), out(1, "linear")),
      { loss: binaryCrossentropy(logits) },
    ],
    ["several labels", () => net(hidden(), out(5, "sigmoid")), { loss: "binaryCrossentropy" }],
    ["regression", () => net(hidden(), layerNormalization(), out(1, "linear")), {}],
    ["regression of shares", () => net(hidden(), out(1, "sigmoid")), { loss: meanSquaredError() }],
    ["regression with relu at the end", () => net(hidden(), out(1, "relu")), { loss: "mae" }],
    [
      "probabilities of one's own",
      () =>
        net(
          out(3, "linear"),
          lambda({
            call: (x) => ops.divide(ops.exp(x), ops.sum(ops.exp(x), { axis: -1, keepDims: true })),
          }),
        ),
      { loss: sparse },
    ],
    ["sparsemax", () => net(dense({ units: 3, activation: "sparsemax" })), { loss: sparse }],
    [
      "a loss of one's own",
      () => net(out(3, "linear")),
      { loss: (yTrue, yPred) => ops.squaredDifference(yTrue, yPred) },
    ],
    [
      "residual nets with batch normalisation",
      () => {
        const x = input({ shape: [4] });
        const block = batchNormalization()(dense({ units: 4 })(x));
        return model({ inputs: x, outputs: out(3, "softmax")(add()([x, block])) });
      },
      { loss: sparse, optimizer: adamW() },
    ],
    ["l2 with sgd", () => regularized("l2"), { optimizer: sgd({ learningRate: 0.01 }) }],
    ["l1 with adam", () => regularized(l1()), {}],
    ["l2 of 0", () => regularized(l2(0)), {}],
    [
      "l2 of frozen layers",
      () => net(dense({ units: 2, kernelRegularizer: "l2", trainable: false }), out(1, "linear")),
      {},
    ],
    ["l2 of outputs", () => net(dense({ units: 1, activityRegularizer: "l2" })), {}],
    [
      "decay of adamW",
      () => net(hidden(), out(1, "linear")),
      { optimizer: adamW({ weightDecay: 0.01 }) },
    ],
    [
      "self-normalising nets",
      () =>
        net(
          dense({ units: 8, activation: "selu", kernelInitializer: "lecunNormal" }),
          alphaDropout({ rate: 0.1 }),
          out(1, "linear"),
        ),
      {},
    ],
    [
      "selu as a layer, then alpha dropout",
      () => net(out(8, "linear"), selu(), flatten(), alphaDropout({ rate: 0.1 }), out(1, "linear")),
      {},
    ],
    ["alpha dropout of inputs", () => net(alphaDropout({ rate: 0.1 }), out(1, "linear")), {}],
  ])("%s", (_, make, options) => {
    expect(warningsOf(make(), options)).toEqual([]);
  });
});

describe("training with batch normalisation", () => {
  const rows = (count: number): [number[][], number[]] => [
    Array.from({ length: count }, (_, i) => [i, 1, i % 2, 0]),
    Array.from({ length: count }, (_, i) => i % 3),
  ];
  const normalised = (options = {}) => {
    const made = net(batchNormalization(options), out(1, "linear"));
    made.compile({ optimizer: "sgd", loss: "mse" });
    return made;
  };

  it("warns of tiny batches, once for each compile", async () => {
    const made = normalised();
    await made.fit(...rows(8), { batchSize: 2 });
    await made.fit(...rows(8), { batchSize: 2 });
    expect(found.map(({ message }) => message)).toEqual([
      'fit: batchNormalization "batchNormalization" takes mean and variance of 2 rows, too few. Hint: use a batchSize of 16 or more, or layerNormalization.',
    ]);
    made.compile({ optimizer: "sgd", loss: "mse" });
    await made.trainOnBatch(...rows(1));
    expect(found[1]?.message).toMatch(/^trainOnBatch: .* of 1 row, too few/);
  });

  it("warns of a last batch of one row", async () => {
    await normalised().fit(...rows(17), { batchSize: 8 });
    expect(found.map(({ name }) => name)).toEqual(["smallBatches"]);
    expect(found[0]?.message).toMatch(/last batch has 1 row.*another batchSize/);
  });

  it("says nothing of others", async () => {
    await normalised().fit(...rows(16), { batchSize: 4 });
    await normalised().fit(...rows(18), { batchSize: 8 });
    await normalised().evaluate(...rows(1));
    await normalised({ trainable: false }).fit(...rows(4), { batchSize: 1 });
    const plain = net(out(1, "linear"));
    plain.compile({ optimizer: "sgd", loss: "mse" });
    await plain.fit(...rows(4), { batchSize: 1 });
    expect(found).toEqual([]);
  });
});

describe("warnings", () => {
  it("go to the console unless a function or nobody takes them", () => {
    const console = vi.spyOn(globalThis.console, "warn").mockImplementation(() => {});
    try {
      onWarning();
      regularized("l2").compile({ optimizer: "adam", loss: "mse" });
      expect(console).toHaveBeenCalledTimes(1);
      expect(console.mock.calls[0]?.[0]).toMatch(/^compile: l2 on/);
      onWarning(null);
      regularized("l2").compile({ optimizer: "adam", loss: "mse" });
      expect(console).toHaveBeenCalledTimes(1);
    } finally {
      console.mockRestore();
    }
  });

  it("are refused another kind of receiver", () => {
    expect(() => onWarning("no" as never)).toThrow(
      /onWarning: expected a function, null or nothing/,
    );
  });

  it("tell of layers that were changed after compile", async () => {
    const layer = out(1, "linear");
    const made = net(layer);
    made.compile({ optimizer: "sgd", loss: "mse" });
    layer.trainable = false;
    await made.fit([[1, 2, 3, 4]], [1]);
    await made.fit([[1, 2, 3, 4]], [1]);
    expect(found).toEqual([
      {
        name: "changedAfterCompile",
        message: expect.stringMatching(
          /^fit: .*"dense" changed after compile.*Hint: compile again\.$/,
        ),
      },
    ]);
  });
});
