// The preset for dense nets: what it builds for each option, what it says, and what it refuses.
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type DataLike,
  type DefaultDnnOptions,
  defaultDnn,
  type FitOptions,
  type Model,
  progressBar,
  tensor,
} from "../../ts/index.js";
import { wordsOf } from "./describe.js";

const quiet = { print: false } as const;
const base = { ...quiet, inputShape: [8], hidden: [6, 4], classes: 3 } as const;

/** Rows of three features of other scales; the last is always 7. */
const rows = Array.from({ length: 40 }, (_, i) => [i % 2 === 0 ? 10 : 14, (i % 5) / 100, 7]);

const layersOf = (options: DefaultDnnOptions) => defaultDnn(options).model.layers.map(wordsOf);

describe("architecture", () => {
  it.each([1, 2, 3])("%i hidden layers are shallow: elu", (layers) => {
    expect(layersOf({ ...base, hidden: { layers, units: 5 } })).toEqual([
      ...Array.from({ length: layers }, () => "dense 5 elu heNormal"),
      "dense 3 softmax glorotUniform",
    ]);
  });
  it.each([4, 7])("%i are deep: batch normalisation before swish", (layers) => {
    expect(layersOf({ ...base, hidden: { layers, units: 5 } })).toEqual([
      ...Array.from({ length: layers }, () => [
        "dense 5 no bias linear heNormal",
        "batchNormalization",
        "activation silu",
      ]).flat(),
      "dense 3 softmax glorotUniform",
    ]);
  });
  it("takes units for each layer, and dropout behind each", () => {
    expect(layersOf({ ...base, dropout: 0.2 })).toEqual([
      "dense 6 elu heNormal",
      "dropout",
      "dense 4 elu heNormal",
      "dropout",
      "dense 3 softmax glorotUniform",
    ]);
    expect(layersOf({ ...base, hidden: [5, 4, 3, 2], dropout: 0.2 }).slice(0, 5)).toEqual([
      "dense 5 no bias linear heNormal",
      "batchNormalization",
      "activation silu",
      "dropout",
      "dense 4 no bias linear heNormal",
    ]);
  });
  it.each([
    [{ classes: 2 }, "dense 1 sigmoid glorotUniform", "binaryCrossentropy, accuracy"],
    [{ classes: 5 }, "dense 5 softmax glorotUniform", "sparseCategoricalCrossentropy, accuracy"],
    [{ labels: 4 }, "dense 4 sigmoid glorotUniform", "binaryCrossentropy, binaryAccuracy"],
    [{ outputs: 2 }, "dense 2 linear glorotUniform", "meanSquaredError, meanAbsoluteError"],
    [
      { outputs: 1, loss: "meanAbsoluteError" },
      "dense 1 linear glorotUniform",
      "meanAbsoluteError, meanSquaredError",
    ],
  ] as const)("task %j", (task, last, judged) => {
    const { model, choices } = defaultDnn({ ...quiet, inputShape: [8], hidden: [6], ...task });
    expect(model.layers.map(wordsOf).at(-1)).toBe(last);
    expect(choices.find(({ subject }) => subject === "output")?.choice).toContain(judged);
  });
  it("flattens rows of several axes, and has the seed it is given", () => {
    const { model } = defaultDnn({ ...base, inputShape: [4, 2], seed: 9 });
    expect(model.layers.map(wordsOf)[0]).toBe("flatten");
    expect(model.seed).toBe(9);
    expect(model.inputShape).toEqual([null, 4, 2]);
  });
});

describe("inputs", () => {
  it("are standardised with the statistics of x, which give shape and number, too", async () => {
    const { model, explanation } = defaultDnn({
      ...quiet,
      x: rows,
      hidden: [4],
      classes: 2,
      schedule: "oneCycle",
      epochs: 3,
    });
    expect(model.layers.map(wordsOf)).toEqual([
      "normalization",
      "dense 4 elu heNormal",
      "dense 1 sigmoid glorotUniform",
    ]);
    expect(explanation).toContain("over 6 steps"); // 36 of the 40 rows make 2 batches.
    const { mean, variance } = await statisticsOf(model, rows);
    expect(mean).toEqual([12, expect.closeTo(0.02, 6), 7]);
    // A feature that is always the same is not blown up.
    expect(variance).toEqual([4, expect.closeTo(0.0002, 6), 1]);
  });
  it("of one kind are standardised together: images by themselves", async () => {
    const images = tensor(
      new Uint8Array(20 * 4).fill(0).map((_, i) => (i % 2) * 200),
      [20, 2, 2],
    );
    const { model, explanation } = defaultDnn({ ...quiet, x: images, hidden: [4], classes: 2 });
    expect(model.layers.map(wordsOf).slice(0, 2)).toEqual(["flatten", "normalization"]);
    expect(explanation).toContain("all numbers together");
    expect(await statisticsOf(model, images)).toEqual({ mean: [100], variance: [10_000] });
    const flatRows = { ...quiet, inputShape: [4], hidden: [4], classes: 2 };
    const x = images.data;
    const { model: net } = defaultDnn({ ...flatRows, x, standardize: "overall" });
    expect((await statisticsOf(net, x)).mean).toEqual([100]);
    expect(defaultDnn({ ...flatRows, x, standardize: false }).model.layers).toHaveLength(2);
  });
});

/** Mean and variance of the normalization. */
async function statisticsOf(model: Model, x: DataLike) {
  await model.predict(x);
  const weights = Object.entries(model.getWeights());
  const read = (name: string) => weights.find(([key]) => key.endsWith(`/${name}`))?.[1].data;
  return { mean: [...(read("mean") ?? [])], variance: [...(read("variance") ?? [])] };
}

describe("training", () => {
  it("by default is nesterov, halved on plateaus, stopped early", () => {
    const { model, callbacks, fitOptions } = defaultDnn(base);
    expect(model.learningRate).toBe(0.01);
    const setup = model.state.compiled("test");
    expect(setup.optimizer).toMatchObject({ rule: "nesterov", hyperparameters: [0.9] });
    expect(callbacks).toHaveLength(2);
    expect(fitOptions).toEqual({ epochs: 100, batchSize: 32, validationSplit: 0.1, callbacks });
  });
  it.each([
    ["nesterov", "performance", 0.01],
    ["adamW", "performance", 0.001],
    ["nesterov", "oneCycle", 0.02],
    ["adamW", "oneCycle", 0.005],
  ] as const)("%s with %s has the rate %f", (optimizer, schedule, rate) => {
    const { model, fitOptions } = defaultDnn({
      ...base,
      optimizer,
      schedule,
      epochs: 10,
      rows: 100,
      batchSize: 10,
    });
    const { learningRate } = model.state.compiled("test").optimizer;
    const steps = Array.from({ length: 90 }, (_, step) => learningRate.learningRate(step));
    expect(Math.max(...steps)).toBeCloseTo(rate, 8);
    expect(learningRate.momentum(26)).toBe(schedule === "oneCycle" ? 0.85 : undefined);
    // 90 rows in 9 batches for 10 epochs: the end of the cycle is its lowest.
    if (schedule === "oneCycle") expect(steps.indexOf(Math.min(...steps))).toBe(89);
    expect(fitOptions.callbacks).toHaveLength(schedule === "oneCycle" ? 1 : 2);
  });
  it("decays kernels alone, with adamW by default", () => {
    const decays = (options: Partial<DefaultDnnOptions>) => {
      const { model } = defaultDnn({ ...base, ...options } as DefaultDnnOptions);
      const { decayOf } = model.state.compiled("test").optimizer;
      const names = ["dense/kernel", "dense/bias", "batchNormalization/gamma"];
      return names.map((name) => decayOf({ name, shape: [2] }));
    };
    expect(decays({})).toEqual([0, 0, 0]);
    expect(decays({ weightDecay: 1e-3 })).toEqual([1e-3, 0, 0]);
    expect(decays({ optimizer: "adamW" })).toEqual([0.004, 0, 0]);
    expect(decays({ optimizer: "adamW", weightDecay: 0 })).toEqual([0, 0, 0]);
  });
  it("halves the rate and stops when valLoss does not fall, and restores the best weights", async () => {
    const { model, fitOptions, callbacks } = defaultDnn({
      ...quiet,
      x: rows,
      hidden: [4],
      outputs: 1,
      seed: 1,
      patience: 4,
      learningRate: 0.02,
      validationSplit: 0,
    });
    expect(fitOptions).toEqual({ epochs: 100, batchSize: 32, callbacks });
    // What it learns is the opposite of what it is judged by.
    const y = rows.map(([first = 0]) => first - 12);
    const against = y.map((value) => -value);
    const { history } = await model.fit(rows, y, {
      ...fitOptions,
      validationData: [rows, against],
    });
    const { valLoss = [], learningRate } = history;
    const best = valLoss.indexOf(Math.min(...valLoss));
    expect(valLoss.length).toBe(best + 5);
    expect(learningRate?.at(-1)).toBe(0.01);
    expect((await model.evaluate(rows, against)).loss).toBeCloseTo(valLoss[best] as number, 4);
  });
  it("takes other callbacks beside its own", async () => {
    const { model, callbacks, fitOptions } = defaultDnn({
      ...quiet,
      x: rows,
      hidden: [4],
      outputs: 1,
      epochs: 2,
    });
    const lines: string[] = [];
    const bar = progressBar({ stream: { write: (text: string) => lines.push(text) > 0 } });
    const y = rows.map(() => 0);
    const { history } = await model.fit(rows, y, { ...fitOptions, callbacks: [...callbacks, bar] });
    expect(history.loss).toHaveLength(2);
    expect(lines.length).toBeGreaterThan(0);
  });
});

describe("the explanation", () => {
  it("says what was chosen and why: a shallow net", () => {
    const { explanation } = defaultDnn(base);
    expect(explanation).toMatchSnapshot();
  });
  it("says what was chosen and why: a deep net", () => {
    const { explanation } = defaultDnn({
      ...quiet,
      x: rows,
      hidden: { layers: 5, units: 10 },
      outputs: 1,
      optimizer: "adamW",
      schedule: "oneCycle",
      epochs: 20,
      dropout: 0.1,
    });
    expect(explanation).toMatchSnapshot();
  });
  it("goes where it is wanted, and holds each choice", () => {
    const texts: string[] = [];
    const { explanation, choices } = defaultDnn({ ...base, print: (text) => texts.push(text) });
    expect(texts).toEqual([explanation]);
    for (const { subject, choice, reason } of choices) {
      expect(explanation).toContain(`${subject}: ${choice}. ${reason}`);
      expect(reason).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe("what it refuses", () => {
  it.each<[string, object, string]>([
    ["an unknown option", { clases: 3 }, "did you mean classes?"],
    ["no task", { classes: undefined }, "one of classes, labels and outputs, received none"],
    ["two tasks", { outputs: 1 }, "received classes and outputs"],
    ["one class", { classes: 1 }, "classes to be a whole number >= 2, received 1"],
    ["a loss of classes", { loss: "meanSquaredError" }, "loss only together with outputs"],
    ["no hidden layers", { hidden: [] }, "hidden to be units such as [300, 100]"],
    ["half a unit", { hidden: [3, 0.5] }, "hidden[1] to be a whole number >= 1, received 0.5"],
    ["no layers", { hidden: { layers: 0, units: 3 } }, "layers to be a whole number >= 1"],
    ["other names", { hidden: { depth: 2, units: 3 } }, 'the unknown option "depth"'],
    ["no shape", { inputShape: undefined }, "x, or the inputShape of one row"],
    ["a wrong shape", { inputShape: 8 }, "inputShape to be an array"],
    ["another optimizer", { optimizer: "adam" }, 'one of "nesterov" or "adamW"'],
    ["another schedule", { schedule: "cosine" }, '"performance" or "oneCycle"'],
    ["a cycle without end", { schedule: "oneCycle", rows: 9 }, "epochs to be a whole number >= 1"],
    ["a cycle of unknown steps", { schedule: "oneCycle", epochs: 3 }, "Give rows, or the rows"],
    ["too few rows", { schedule: "oneCycle", epochs: 3, rows: 1 }, "enough rows"],
    ["a rate of 0", { learningRate: 0 }, "learningRate to be a finite number > 0"],
    ["negative decay", { weightDecay: -1 }, "weightDecay to be a finite number >= 0"],
    ["dropping all", { dropout: 1 }, "dropout to be a finite number >= 0 and < 1"],
    ["no patience", { patience: 0 }, "patience to be a whole number >= 1"],
    ["a split of all", { validationSplit: 1 }, "validationSplit to be a finite number"],
    ["no batch", { batchSize: 0 }, "batchSize to be a whole number >= 1"],
    ["print as text", { print: "yes" }, "print to be true, false or a function"],
    ["a negative seed", { seed: -1 }, "seed to be a whole number >= 0"],
    ["statistics of nothing", { standardize: "overall" }, "x, whose statistics standardize uses"],
    ["rows beside x", { x: [[1, 2, 3, 4, 5, 6, 7, 8]], rows: 1 }, "no rows beside x"],
    [
      "another way",
      { x: [[1, 2, 3, 4, 5, 6, 7, 8]], standardize: true },
      '"perFeature" or "overall"',
    ],
    ["NaN", { x: [[1, 2, 3, 4, 5, 6, 7, Number.NaN]] }, "NaN"],
    ["rows of another shape", { x: [[1, 2]] }, "rows of shape [8]"],
  ])("%s", (_, options, message) => {
    expect(() => defaultDnn({ ...base, ...options } as never)).toThrow(message);
  });
  it("flat rows without a shape", () => {
    const x = new Float32Array(8);
    expect(() => defaultDnn({ ...quiet, x, hidden: [2], outputs: 1 })).toThrow("inputShape");
  });
});

it("has types that say what goes together", () => {
  expectTypeOf(defaultDnn(base).model).toEqualTypeOf<Model>();
  expectTypeOf(defaultDnn(base).fitOptions).toExtend<FitOptions>();
  const never = (): void => {
    // @ts-expect-error: a task is needed
    defaultDnn({ inputShape: [1], hidden: [1] });
    // @ts-expect-error: one task alone
    defaultDnn({ inputShape: [1], hidden: [1], classes: 2, outputs: 1 });
    // @ts-expect-error: a loss belongs to outputs
    defaultDnn({ inputShape: [1], hidden: [1], classes: 2, loss: "meanSquaredError" });
    // @ts-expect-error: a cycle needs its epochs
    defaultDnn({ inputShape: [1], hidden: [1], classes: 2, schedule: "oneCycle", rows: 5 });
    // @ts-expect-error: rows are counted
    defaultDnn({ x: [[1]], hidden: [1], classes: 2, rows: 1 });
    // @ts-expect-error: a shape is needed
    defaultDnn({ hidden: [1], classes: 2 });
    // @ts-expect-error: another optimizer
    defaultDnn({ inputShape: [1], hidden: [1], classes: 2, optimizer: "sgd" });
  };
  expect(never).toBeTypeOf("function");
});
