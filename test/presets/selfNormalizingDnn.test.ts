// The preset for nets that normalise themselves: what it builds, says and refuses; the rules on any
// model; and that mean and deviation stay through many layers.
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  activation,
  activations,
  add,
  alphaDropout,
  batchNormalization,
  checkSelfNormalizing,
  dense,
  dropout,
  flatten,
  heNormal,
  input,
  type Layer,
  l1,
  l2,
  layerNormalization,
  type Model,
  maxNorm,
  model,
  normalization,
  ops,
  type Preset,
  relu,
  type SelfNormalizingDnnOptions,
  selfNormalizingDnn,
  selu,
  sequential,
  softmax,
  type TensorStructure,
  varianceScaling,
} from "../../ts/index.js";
import { readData } from "../fixtures/golden.js";
import { wordsOf } from "./describe.js";

const quiet = { print: false } as const;
/** Two features, standardised and not. */
const standard = Array.from({ length: 40 }, (_, i) => [i % 2 ? 1 : -1, i % 4 < 2 ? 1 : -1]);
const raw = standard.map(([a = 0, b = 0]) => [100 + a, 5 * b]);
const base = { ...quiet, x: raw, hidden: [6, 4], classes: 3 } as const;
const lecun = { activation: "selu", kernelInitializer: "lecunNormal" } as const;

describe("architecture", () => {
  it("is dense layers with selu from lecunNormal, behind a normalization", () => {
    const { model: net, callbacks, fitOptions } = selfNormalizingDnn(base);
    expect(net.layers.map(wordsOf)).toEqual([
      "normalization",
      "dense 6 selu lecunNormal",
      "dense 4 selu lecunNormal",
      "dense 3 softmax glorotUniform",
    ]);
    expect(net.state.compiled("test").optimizer).toMatchObject({ rule: "nesterov" });
    expect(net.learningRate).toBe(0.01);
    expect(fitOptions).toEqual({ epochs: 100, batchSize: 32, validationSplit: 0.1, callbacks });
    expect(checkSelfNormalizing(net, raw)).toEqual([]);
  });
  it("has alpha dropout behind each hidden layer on request", () => {
    const { model: net } = selfNormalizingDnn({ ...base, alphaDropout: 0.1 });
    expect(net.layers.map(({ kind }) => kind)).toEqual([
      ...["normalization", "dense", "alphaDropout", "dense", "alphaDropout", "dense"],
    ]);
    expect(checkSelfNormalizing(net)).toEqual([]);
  });
  it("takes rows that are standardised already, feature by feature or together", () => {
    const standardize = false;
    const { model: net } = selfNormalizingDnn({ ...base, x: standard, standardize });
    expect(net.layers.map(({ kind }) => kind)).toEqual(["dense", "dense", "dense"]);
    const together = standard.map(([a = 0]) => [1.2 * a, 0.75 * a]);
    expect(() => selfNormalizingDnn({ ...base, x: together, standardize })).not.toThrow();
  });
  it("takes layers that keep to the rules", () => {
    const hidden = [
      dense({ units: 5, ...lecun }),
      alphaDropout({ rate: 0.1 }),
      dense({ units: 5, kernelInitializer: varianceScaling() }),
      selu(),
      dense({ units: 5, kernelInitializer: "lecunNormal", useBias: false }),
      activation({ activation: (x) => activations.selu(x) }),
    ];
    const { model: net } = selfNormalizingDnn({ ...base, hidden });
    expect(net.layers.slice(1, -1)).toEqual(hidden);
  });
  it("makes a cycle of the rows it was given", () => {
    const { explanation } = selfNormalizingDnn({ ...base, schedule: "oneCycle", epochs: 5 });
    expect(explanation).toContain("oneCycle up to 0.02 over 10 steps"); // 36 rows.
  });
});

it("explains itself", () => {
  const texts: string[] = [];
  const print = (text: string) => texts.push(text);
  const { explanation } = selfNormalizingDnn({ ...base, alphaDropout: 0.05, print });
  expect(texts).toEqual([explanation]);
  expect(explanation).toMatchSnapshot();
});

describe("options it refuses", () => {
  it.each<[string, object, string]>([
    ["dropout", { dropout: 0.2 }, "It shifts mean and variance, which alphaDropout keeps"],
    ["weight decay", { weightDecay: 0.01 }, "It shrinks weights below the variance 1 / inputs"],
    ["l1", { kernelRegularizer: "l1" }, "expected no kernelRegularizer"],
    ["constraints", { kernelConstraint: "maxNorm" }, "It cuts the variance"],
    ["another optimizer", { optimizer: "adamW" }, "trains by nesterov"],
    ["batch normalisation", { batchNormalization: true }, "mean 0 and variance 1 without it"],
    ["another activation", { activation: "relu" }, "Only selu"],
    ["another initializer", { kernelInitializer: "heNormal" }, "Only the variance 1 / inputs"],
    ["unknown ones", { depth: 3 }, 'the unknown option "depth"'],
    ["no rows", { x: undefined }, "x, the rows to be trained with"],
    [
      "rows that are not standardised",
      { standardize: false },
      "feature 0 has mean 100 and deviation 1",
    ],
    ["alphaDropout of all", { alphaDropout: 1 }, "alphaDropout to be a finite number >= 0 and < 1"],
    ["a mixture", { hidden: [dense({ units: 2, ...lecun }), 3] }, "hidden[1] to be a layer"],
    [
      "alphaDropout beside layers",
      { hidden: [dense({ units: 2, ...lecun })], alphaDropout: 0.1 },
      "Put alphaDropout({ rate }) among the layers",
    ],
  ])("%s", (_, options, message) => {
    expect(() => selfNormalizingDnn({ ...base, ...options } as never)).toThrow(message);
  });
});

describe("layers it refuses", () => {
  it.each<[string, readonly Layer[], string]>([
    ["dropout", [dropout({ rate: 0.1 })], 'dropout "dropout": it shifts mean and variance'],
    [
      "batch normalisation",
      [batchNormalization()],
      'batchNormalization "batchNormalization": outputs are normal already',
    ],
    ["layer normalisation", [layerNormalization()], "outputs are normal already"],
    ["other activations", [relu()], 'relu "relu": only dense layers, selu and alphaDropout'],
    [
      "activations as options",
      [dense({ units: 3, activation: "relu", kernelInitializer: "lecunNormal" })],
      'dense "dense": its activation is relu, not selu',
    ],
    [
      "none",
      [dense({ units: 3, kernelInitializer: "lecunNormal" })],
      "its activation is linear, not selu",
    ],
    [
      "one of its own",
      [dense({ units: 3, ...lecun, activation: (x) => ops.multiply(activations.selu(x), 2) })],
      "its activation is several functions, not selu",
    ],
    [
      "he",
      [dense({ units: 3, activation: "selu", kernelInitializer: heNormal() })],
      "starts from heNormal, not from the variance 1 / inputs",
    ],
    [
      "the default initializer",
      [dense({ units: 3, activation: "selu" })],
      "starts from glorotUniform",
    ],
    [
      "l1",
      [dense({ units: 3, ...lecun, kernelRegularizer: l1() })],
      "a penalty on its kernel (l1, l2)",
    ],
    [
      "l2 on the bias",
      [dense({ units: 3, ...lecun, biasRegularizer: l2() })],
      "a penalty on its bias",
    ],
    [
      "a penalty on outputs",
      [dense({ units: 3, ...lecun, activityRegularizer: l1() })],
      "a penalty on outputs",
    ],
    [
      "maxNorm",
      [dense({ units: 3, ...lecun, kernelConstraint: maxNorm() })],
      "a constraint on its kernel (maxNorm)",
    ],
  ])("%s", (_, hidden, message) => {
    expect(() => selfNormalizingDnn({ ...base, hidden })).toThrow(message);
    // They were not built, and are free to be used elsewhere.
    expect(hidden.map(({ state }) => state)).toEqual(hidden.map(() => null));
  });
});

describe("checkSelfNormalizing", () => {
  const rules = <I extends TensorStructure, O extends TensorStructure>(
    net: Model<I, O>,
    x?: number[][],
  ) => checkSelfNormalizing(net, x).map(({ layer, rule }) => `${layer}: ${rule}`);

  it("finds skip connections, and the layers that make them", () => {
    const x = input({ shape: [4] });
    const first = dense({ units: 4, ...lecun })(x);
    const second = dense({ units: 4, ...lecun })(first);
    const outputs = dense({ units: 1 })(add()([first, second]));
    expect(rules(model({ inputs: x, outputs }))).toEqual([
      'add "add": structure',
      'add "add": layer',
    ]);
  });
  it("finds paths that part", () => {
    const x = input({ shape: [4] });
    const left = dense({ units: 4, ...lecun })(x);
    const right = dense({ units: 4, ...lecun })(x);
    const outputs = dense({ units: 1 })(add()([left, right]));
    expect(rules(model({ inputs: x, outputs }))[0]).toBe('dense "dense_1": structure');
  });
  it("finds several inputs or outputs", () => {
    const x = input({ shape: [4] });
    const hidden = dense({ units: 4, ...lecun })(x);
    const outputs = { a: dense({ units: 1 })(hidden), b: dense({ units: 1 })(hidden) };
    expect(rules(model({ inputs: x, outputs }))[0]).toBe("inputs: structure");
  });
  it("names every broken rule, and leaves the output alone", () => {
    const net = sequential({
      inputShape: [2],
      layers: [
        dense({
          units: 4,
          activation: "relu",
          kernelRegularizer: l1(),
          kernelConstraint: maxNorm(),
        }),
        dropout({ rate: 0.5 }),
        dense({ units: 4, kernelInitializer: "lecunNormal" }),
        selu(),
        dense({ units: 3, kernelRegularizer: l2() }),
        softmax(),
      ],
    });
    expect(rules(net, raw)).toEqual([
      "inputs: inputs",
      ...["activation", "initializer", "regularizer", "constraint"].map(
        (rule) => `dense "dense": ${rule}`,
      ),
      'dropout "dropout": layer',
    ]);
    expect(checkSelfNormalizing(net, standard)[0]?.rule).toBe("activation");
    expect(checkSelfNormalizing(net)[0]?.rule).toBe("activation");
  });
  it("trusts a normalization at the beginning, and nothing else", () => {
    const layers = (...before: Layer[]) =>
      sequential({
        inputShape: [2],
        layers: [...before, dense({ units: 4, ...lecun }), dense({ units: 1 })],
      });
    const adapted = normalization();
    adapted.adapt(raw);
    expect(rules(layers(flatten(), adapted), raw)).toEqual([]);
    expect(rules(layers(), raw)).toEqual(["inputs: inputs"]);
    expect(rules(layers(), standard)).toEqual([]);
  });
  it("needs rows that fit", () => {
    const { model: net } = selfNormalizingDnn({ ...base, x: standard, standardize: false });
    expect(() => checkSelfNormalizing(net, [[1, 2, 3]])).toThrow("rows of shape [2]");
  });
});

describe("the property", () => {
  const digits = readData("digits");
  const isTest = digits("isTest").data;
  const pixels = digits("images").data;
  const chosen = [...isTest.keys()].filter((row) => isTest[row] === 0);
  const x = chosen.map((row) => pixels.slice(64 * row, 64 * row + 64));
  const y = chosen.map((row) => digits("labels").data[row] as number);

  /** Mean and deviation of what each hidden layer makes of the rows. */
  async function signals({ model: net }: Preset) {
    const found: { mean: number; deviation: number }[] = [];
    for (const layer of net.layers.filter(({ kind }) => kind === "dense").slice(0, -1)) {
      const part = model({ inputs: net.inputs, outputs: net.outputOf(layer) });
      const data = Float32Array.from((await part.predict(x, { batchSize: 500 })).data);
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const squares = data.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      found.push({ mean, deviation: Math.sqrt(squares / data.length) });
      part.dispose();
    }
    return found;
  }

  it.each([1, 2])(
    "20 layers keep mean 0 and deviation 1, trained or not, seed %i",
    async (seed) => {
      const hidden = { layers: 20, units: 100 };
      const task = { classes: 10, standardize: "overall", epochs: 5 } as const;
      const preset = selfNormalizingDnn({ ...quiet, ...task, x, hidden, seed });
      const before = await signals(preset);
      expect(before).toHaveLength(20);
      for (const { mean, deviation } of before) {
        // Three standard errors of a mean over 100 units: deep down, all rows look alike.
        expect(Math.abs(mean)).toBeLessThan(0.3);
        expect(deviation).toBeGreaterThan(0.8);
        expect(deviation).toBeLessThan(1.2);
      }
      const { history } = await preset.model.fit(x, y, preset.fitOptions);
      expect(history.accuracy?.at(-1)).toBeGreaterThan(0.95);
      for (const { mean, deviation } of await signals(preset)) {
        expect(Math.abs(mean)).toBeLessThan(0.4);
        expect(deviation).toBeGreaterThan(0.7);
        expect(deviation).toBeLessThan(1.6);
      }
    },
  );
  it("is lost with relu from the same weights", async () => {
    const layers = Array.from({ length: 20 }, () =>
      dense({ units: 100, activation: "relu", kernelInitializer: "lecunNormal" }),
    );
    const net = sequential({
      inputShape: [64],
      seed: 1,
      layers: [...layers, dense({ units: 10 })],
    });
    const found = await signals({ model: net } as unknown as Preset);
    expect(found.at(-1)?.deviation).toBeLessThan((found[0]?.deviation ?? 0) / 50);
  });
});

it("has types that say what goes together", () => {
  expectTypeOf(selfNormalizingDnn).returns.toEqualTypeOf<Preset>();
  expectTypeOf<SelfNormalizingDnnOptions>().not.toHaveProperty("optimizer");
  const never = (): void => {
    // @ts-expect-error: rows are needed
    selfNormalizingDnn({ inputShape: [1], hidden: [1], classes: 2 });
    // @ts-expect-error: dropout of another kind
    selfNormalizingDnn({ x: [[1]], hidden: [1], classes: 2, dropout: 0.1 });
    // @ts-expect-error: a cycle needs its epochs
    selfNormalizingDnn({ x: [[1]], hidden: [1], classes: 2, schedule: "oneCycle" });
  };
  expect(never).toBeTypeOf("function");
});
