// Measuring changes nothing, costs nothing where it is not asked for, and finds what formulas and
// predictions say, for all kinds of models.
import { describe, expect, it } from "vitest";
import {
  add,
  batchNormalization,
  type Callback,
  dense,
  diagnose,
  dropout,
  flatten,
  type History,
  input,
  type LayerReport,
  type Model,
  model,
  type StepReport,
  sequential,
  sgd,
  type WeightReport,
} from "../../ts/index.js";
import { expectClose } from "../support/close.js";

const rows = 50;
const x = Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(1.7 * i));
const y = Float32Array.from({ length: rows * 2 }, (_, i) => Math.cos(0.9 * i));

const numbersOf = (net: { saveState(): Record<string, { data: ArrayLike<number> }> }) =>
  Object.entries(net.saveState()).map(([name, { data }]) => [name, [...Array.from(data)]]);

function classic(): Model {
  const layers = [
    dense({ units: 9, activation: "relu", kernelRegularizer: "l2" }),
    dropout({ rate: 0.25 }),
    dense({ units: 7, useBias: false }),
    batchNormalization(),
    dense({ units: 6, activation: "tanh", activityRegularizer: "l2" }),
    dense({ units: 2 }),
  ];
  const net = sequential({ inputShape: [4], seed: 3, layers });
  net.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  return net;
}

function shared(): Model {
  const inputs = input({ shape: [4] });
  const twice = dense({ units: 4, activation: "relu", name: "twice" });
  const inner = sequential({
    inputShape: [4],
    name: "inner",
    layers: [dense({ units: 5, activation: "tanh" }), dense({ units: 4 })],
  });
  const once = twice(inputs);
  const outputs = dense({ units: 2, name: "last" })(inner(add()([twice(once), once])));
  const net = model({ inputs, outputs, seed: 5 });
  net.compile({ optimizer: sgd({ learningRate: 0.05, globalClipNorm: 0.1 }), loss: "mse" });
  return net;
}

function nothingTrained(): Model {
  const layer = dense({ units: 2, trainable: false });
  const net = sequential({ inputShape: [4], layers: [layer], seed: 1 });
  net.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "mse" });
  return net;
}

/** Four of five steps only gather gradients. */
function gathering(): Model {
  const net = sequential({
    inputShape: [4],
    seed: 6,
    layers: [dense({ units: 5, activation: "tanh" }), dense({ units: 2 })],
  });
  const optimizer = sgd({ learningRate: 0.05, momentum: 0.9, gradientAccumulationSteps: 5 });
  net.compile({ optimizer, loss: "mse" });
  return net;
}

const models: Record<string, () => Model> = { classic, shared, nothingTrained, gathering };

/** The program of a training step; variables have other numbers in every model. */
const programOf = (net: Model) => net.dump().replace(/variable\[\d+\]/g, "variable");

const fitted = async (net: Model, callbacks: Callback[]): Promise<History> =>
  net.fit(x, y, { epochs: 3, batchSize: 8, validationData: [x, y], callbacks });

describe.each(Object.entries(models))("training the model %s", (_, make) => {
  it.each([1, 3, 100])(
    "is the same bit for bit when every step of %i is measured",
    async (every) => {
      const plain = make();
      const watched = make();
      const { history: expected } = await fitted(plain, []);
      const { history } = await fitted(watched, [diagnose({ every, print: "never" })]);
      expect(history).toEqual(expected);
      expect(numbersOf(watched)).toEqual(numbersOf(plain));
      expect(programOf(watched)).toBe(programOf(plain));
    },
  );
});

function only<T>(list: readonly T[], test: (item: T) => boolean): T {
  const found = list.filter(test);
  expect(found).toHaveLength(1);
  return found[0] as T;
}

const weightOf = ({ layers }: StepReport, name: string): WeightReport =>
  only(
    layers.flatMap(({ weights }) => weights),
    (weight) => weight.name === name,
  );

const layerOf = ({ layers }: StepReport, name: string): LayerReport =>
  only(layers, (layer) => layer.name === name);

/** Mean and standard deviation in float64. */
function spread(values: ArrayLike<number>): [number, number] {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length;
  return [mean, Math.sqrt(variance)];
}

const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

async function reportOf(net: Model, batchSize = rows, every = 1) {
  const doctor = diagnose({ every, print: "never" });
  await net.fit(x, y, { batchSize, shuffle: false, callbacks: [doctor] });
  const { report } = doctor;
  if (!report) throw new Error("there is no report");
  return { report, doctor };
}

describe("figures", () => {
  it("of a linear model follow its formula", async () => {
    const net = sequential({ inputShape: [4], seed: 2, layers: [dense({ units: 2 })] });
    net.compile({ optimizer: sgd({ learningRate: 0.25 }), loss: "mse" });
    const { data: predicted } = await net.predict(x);
    const kernel = (net.getWeights()["dense/kernel"] as { data: Float32Array }).data.slice();
    const { report } = await reportOf(net);
    const gradient = new Float64Array(8);
    const slopes = new Float64Array(2);
    for (let row = 0; row < rows; row++) {
      for (let unit = 0; unit < 2; unit++) {
        const at = 2 * row + unit;
        const slope = ((predicted[at] as number) - (y[at] as number)) / rows;
        slopes[unit] = (slopes[unit] as number) + slope;
        for (let i = 0; i < 4; i++) {
          gradient[2 * i + unit] =
            (gradient[2 * i + unit] as number) + slope * (x[4 * row + i] as number);
        }
      }
    }
    const { weight, gradient: found, update, updateRatio } = weightOf(report, "dense/kernel");
    const size = norm(gradient);
    expectClose(
      [weight, found, update, updateRatio],
      [norm(kernel), size, size / 4, size / 4 / norm(kernel)],
      { tolerance: 1e-5 },
    );
    const bias = weightOf(report, "dense/bias");
    expectClose([bias.weight, bias.gradient, bias.update], [0, norm(slopes), norm(slopes) / 4]);
    expect(bias.updateRatio).toBeNaN();
    const { mean, deviation, saturated, dead, activation } = layerOf(report, "dense");
    expectClose([mean, deviation], spread(predicted));
    expect([saturated, dead, activation]).toEqual([null, null, null]);
    const [inputs] = report.inputs;
    const features = [0, 1, 2, 3].map((i) =>
      Math.sqrt(spread(x.filter((_, at) => at % 4 === i).map((v) => v * v))[0]),
    );
    expectClose([inputs?.mean, inputs?.deviation, inputs?.largest] as number[], [
      ...spread(x),
      Math.max(...features),
    ]);
    expect(inputs?.name).toBe("input");
  });

  it("are those of the rows of a short batch", async () => {
    const net = shared();
    const { report } = await reportOf(net, 48, 1);
    expect(report.history.map((step) => [step.step, step.rows])).toEqual([
      [0, 48],
      [1, 2],
    ]);
    const short = shared();
    await short.fit(x.subarray(0, 48 * 4), y.subarray(0, 96), { batchSize: 48, shuffle: false });
    const { data } = await short.predict(x.subarray(48 * 4));
    const { mean, deviation } = layerOf(report.history[1] as StepReport, "last");
    expectClose([mean, deviation], spread(data));
  });

  it("are told for each use of a shared layer, and for nested models", async () => {
    const { report } = await reportOf(shared());
    const uses = report.layers.filter(({ name }) => name === "twice");
    expect(uses.map(({ weights }) => weights.length)).toEqual([2, 0]);
    expect(uses[0]?.mean).not.toBe(uses[1]?.mean);
    expect(report.layers.map(({ name }) => name)).toContain("inner/dense");
    expect(weightOf(report, "inner/dense/kernel").gradient).toBeGreaterThan(0);
    const doctor = (await reportOf(shared())).doctor;
    expect(doctor.toString()).toContain("inner/dense ");
  });

  it.each([
    [1, [4, 9]],
    [3, [4, 9]],
    [7, [4, 9]],
    [50, [4]],
  ])("wait for an update where gradients gather, for every %i", async (every, expected) => {
    const doctor = diagnose({ every, print: "never" });
    const options = { batchSize: 10, shuffle: false, epochs: 2, callbacks: [doctor] };
    await gathering().fit(x, y, options);
    const history = doctor.report?.history ?? [];
    expect(history.map(({ step }) => step)).toEqual(expected);
    for (const { layers } of history) {
      for (const weight of layers.flatMap(({ weights }) => weights)) {
        expect(weight.gradient).toBeGreaterThan(0);
        expect(weight.update).toBeGreaterThan(0);
      }
    }
  });

  it("leave out what is not trained", async () => {
    const frozen = sequential({
      inputShape: [4],
      layers: [dense({ units: 3, activation: "relu", trainable: false }), dense({ units: 2 })],
      seed: 1,
    });
    frozen.compile({ optimizer: "sgd", loss: "mse" });
    const { report } = await reportOf(frozen);
    expect(report.layers.map(({ weights }) => weights.map(({ name }) => name))).toEqual([
      [],
      ["dense_1/kernel", "dense_1/bias"],
    ]);
    expect(layerOf(report, "dense").dead).not.toBeNull();
    const still = await reportOf(nothingTrained());
    expect(still.report.layers[0]?.weights).toEqual([]);
    expect(still.report.healthy).toBe(true);
  });

  it("are told for several inputs and outputs", async () => {
    const left = input({ shape: [2, 2], name: "left" });
    const right = input({ shape: [4], name: "right" });
    const hidden = add()([
      dense({ units: 3, activation: "relu" })(flatten()(left)),
      dense({ units: 3 })(right),
    ]);
    const net = model({
      inputs: [left, right],
      outputs: [
        dense({ units: 2, name: "a", activation: "sigmoid" })(hidden),
        dense({ units: 2, name: "b" })(hidden),
      ],
      seed: 1,
    });
    net.compile({ optimizer: "sgd", loss: ["binaryCrossentropy", "mse"], lossWeights: [1, 0] });
    const doctor = diagnose({ print: "never" });
    const z = y.map((v) => (v > 0 ? 1 : 0));
    const large = x.map((v) => 100 * v);
    await net.fit([x, large], [z, y], { batchSize: rows, callbacks: [doctor] });
    const report = doctor.report as NonNullable<typeof doctor.report>;
    expect(report.inputs.map(({ name }) => name)).toEqual(["left", "right"]);
    // What the loss does not depend on has no gradient.
    expect(weightOf(report, "b/kernel")).toMatchObject({ gradient: 0, update: 0 });
    expect(weightOf(report, "a/kernel").gradient).toBeGreaterThan(0);
    expect(report.findings[0]).toMatchObject({ sickness: "unscaledInputs", layers: ["right"] });
  });

  it("count dead units and saturated outputs of those rows", async () => {
    const net = sequential({
      inputShape: [4],
      seed: 1,
      layers: [
        dense({ units: 4, activation: "relu", name: "relu" }),
        dense({ units: 4, activation: "hardSigmoid", name: "hard" }),
        dense({ units: 2 }),
      ],
    });
    net.compile({ optimizer: "sgd", loss: "mse" });
    await net.predict(x);
    net.setWeights({
      "relu/bias": Float32Array.of(-100, 0, -100, -100),
      "hard/bias": Float32Array.of(-100, 0, 100, 0),
    });
    const { report } = await reportOf(net);
    expect(layerOf(report, "relu").dead).toBe(0.75);
    expect(layerOf(report, "hard").saturated).toBeGreaterThanOrEqual(0.5);
    expect(report.findings.find(({ sickness }) => sickness === "deadUnits")?.layers).toEqual([
      "relu",
    ]);
  });
});
