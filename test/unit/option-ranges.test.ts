// The range of every option of every factory: what lies at its edges is taken, what lies beyond is
// refused by name. A factory or option without a row fails here.
import { describe, expect, it } from "vitest";
import * as gradus from "../../ts/index.js";
import {
  above,
  any,
  atLeast,
  belowOne,
  call,
  flag,
  integer,
  numbers,
  oneOf,
  type Range,
  type Ranges,
  share,
  text,
  whole,
  within,
} from "../support/ranges.js";

const relusMost: Range = { good: [0, 6, Number.POSITIVE_INFINITY, null], bad: [-0.001, "6", {}] };
const initializer: Range = {
  good: ["zeros", gradus.ones(), () => 1],
  bad: ["zero", 1, {}, gradus.heNormal],
};
const regularizer: Range = { good: ["l2", gradus.l1(), null], bad: ["l3", 1, {}] };
const constraint: Range = {
  good: ["nonNeg", gradus.maxNorm(), null],
  bad: ["max", 1, gradus.maxNorm],
};
const activation: Range = { good: ["relu", gradus.activations.elu], bad: ["rel", 1, {}] };
const shape: Range = { good: [[2], [2, 3], []], bad: [2, "2", [0], [1.5], [-1], [Number.NaN]] };

const ofLayers: Ranges = {
  name: { good: ["a"], bad: ["", "a b", "a/b", 1] },
  trainable: flag,
  learningRateMultiplier: atLeast(0),
  inputShape: shape,
};
const scaleAndShift: Ranges = {
  ...ofLayers,
  epsilon: above(0),
  center: flag,
  scale: flag,
  betaInitializer: initializer,
  gammaInitializer: initializer,
  betaRegularizer: regularizer,
  gammaRegularizer: regularizer,
  betaConstraint: constraint,
  gammaConstraint: constraint,
};
const axis = integer([-1, 1]);
const axes: Range = { good: [-1, 1, [1, 2]], bad: [0.5, "1", [], [0.5]] };
const seed = whole(0, [0, 7]);
const ofRandom: Ranges = { ...ofLayers, seed: whole(0, [0, 2 ** 31 - 1]) };
const noiseShape: Range = {
  good: [
    [null, 1],
    [1, 16],
  ],
  bad: [1, "1", [0], [1.5]],
};
const ofActivations: Ranges = { ...ofLayers, activityRegularizer: regularizer };
const learningRate: Range = {
  good: [0, 0.1, () => 0.1, gradus.cosineDecay({ initialLearningRate: 1, decaySteps: 3 })],
  bad: [-0.001, Number.NaN, Number.POSITIVE_INFINITY, "0.1", {}],
};
const ofOptimizers: Ranges = {
  learningRate,
  weightDecay: atLeast(0),
  excludeFromWeightDecay: { good: [[], ["bias"]], bad: ["bias", [1], {}] },
  clipValue: above(0),
  clipNorm: above(0),
  globalClipNorm: above(0),
  useEma: flag,
  emaMomentum: share,
  emaOverwriteFrequency: whole(1),
  gradientAccumulationSteps: whole(2),
};
const ofAdam: Ranges = { ...ofOptimizers, beta1: belowOne, beta2: belowOne, epsilon: above(0) };
const decay: Ranges = { initialLearningRate: atLeast(0), decaySteps: above(0) };
const ofMonitors: Ranges = {
  monitor: { good: ["loss", "valAccuracy"], bad: text.bad },
  mode: oneOf("auto", "min", "max"),
  // As in Keras its sign does not count.
  minDelta: any,
};
const count = whole(0);
const crossentropy: Ranges = {
  name: text,
  reduction: oneOf("sumOverBatchSize", "mean", "sum", "meanWithSampleWeight"),
  fromLogits: flag,
  labelSmoothing: share,
};
const { fromLogits: _, labelSmoothing: __, ...ofLosses } = crossentropy;
const stream: Range = { good: [{ write: () => true }], bad: [1, {}, "stderr"] };

/** The ranges of a factory's options, and those that it needs. */
type Row = readonly [ranges: Ranges, needed?: Readonly<Record<string, unknown>>];

const rows: Readonly<Record<string, Row>> = {
  dense: [
    {
      ...ofLayers,
      units: whole(1),
      activation,
      useBias: flag,
      kernelInitializer: initializer,
      biasInitializer: initializer,
      kernelRegularizer: regularizer,
      biasRegularizer: regularizer,
      activityRegularizer: regularizer,
      kernelConstraint: constraint,
      biasConstraint: constraint,
    },
    { units: 2 },
  ],
  activation: [{ ...ofActivations, activation }, { activation: "relu" }],
  ...ofMany(
    ["dropout", "alphaDropout"],
    { ...ofRandom, rate: belowOne, noiseShape },
    { rate: 0.5 },
  ),
  gaussianDropout: [{ ...ofRandom, rate: belowOne }, { rate: 0.5 }],
  gaussianNoise: [{ ...ofRandom, stddev: share }, { stddev: 0.5 }],
  spatialDropout1D: [{ ...ofRandom, rate: belowOne }, { rate: 0.5 }],
  ...ofMany(
    ["spatialDropout2D", "spatialDropout3D"],
    { ...ofRandom, rate: belowOne, dataFormat: oneOf("channelsLast", "channelsFirst") },
    { rate: 0.5 },
  ),
  activityRegularization: [{ ...ofLayers, l1: atLeast(0), l2: atLeast(0) }],
  batchNormalization: [
    {
      ...scaleAndShift,
      axis,
      momentum: share,
      movingMeanInitializer: initializer,
      movingVarianceInitializer: initializer,
    },
  ],
  layerNormalization: [{ ...scaleAndShift, axis: axes }],
  groupNormalization: [
    { ...scaleAndShift, axis, groups: { good: [1, 8, -1], bad: [0, -2, 1.5, "8"] } },
  ],
  rmsNormalization: [{ ...ofLayers, axis: axes, epsilon: above(0) }],
  unitNormalization: [{ ...ofLayers, axis: axes }],
  normalization: [
    {
      ...ofLayers,
      axis: { good: [...axes.good, null], bad: axes.bad },
      mean: { good: [0, -1, [1, 2]], bad: ["0", Number.NaN, [1, Number.NaN], {}] },
      variance: { good: [0, 1, [1, 2]], bad: ["0", Number.NaN, -1, [1, -1], {}] },
      invert: flag,
    },
    { mean: 0, variance: 1 },
  ],
  rescaling: [
    {
      ...ofLayers,
      scale: { good: [0, -1, [1, 2], new Float32Array(2)], bad: ["1", Number.NaN, [], {}] },
      offset: { good: [0, -1, [1, 2]], bad: ["1", Number.NaN, [[1]], {}] },
    },
    { scale: 1 },
  ],
  flatten: [ofLayers],
  reshape: [
    {
      ...ofLayers,
      targetShape: { good: [[2], [-1, 2], []], bad: [2, [0], [-2], [1.5], [-1, -1]] },
    },
    { targetShape: [2] },
  ],
  permute: [
    { ...ofLayers, dims: { good: [[1], [2, 1]], bad: [1, [0], [1, 1], [1.5]] } },
    { dims: [1] },
  ],
  repeatVector: [{ ...ofLayers, n: whole(1) }, { n: 1 }],
  concatenate: [{ ...ofLayers, axis }],
  dot: [
    { ...ofLayers, axes: { good: [1, [1, 2]], bad: ["1", [1], 0.5] }, normalize: flag },
    { axes: 1 },
  ],
  prelu: [
    {
      ...ofLayers,
      alphaInitializer: initializer,
      alphaRegularizer: regularizer,
      alphaConstraint: constraint,
      sharedAxes: { good: [1, [1, 2], null], bad: [0, -1, [0], 0.5, "1"] },
    },
  ],
  swish: [
    {
      ...ofLayers,
      beta: any,
      trainableBeta: { good: [true], bad: flag.bad },
      betaRegularizer: regularizer,
      betaConstraint: constraint,
      sharedAxes: { good: [1, [1, 2], null], bad: [0, -1, [0], 0.5, "1"] },
    },
    { trainableBeta: true },
  ],
  customLayer: [
    {
      ...ofLayers,
      kind: ofLayers.name as Range,
      inputs: { good: [1, 4, "any"], bad: [0, 5, 1.5, "all"] },
      weights: call,
      call,
    },
    { call: () => undefined },
  ],
  lambda: [{ ...ofLayers, call }, { call: () => undefined }],
  relu: [
    { ...ofActivations, negativeSlope: atLeast(0), maxValue: relusMost, threshold: atLeast(0) },
  ],
  leakyRelu: [{ ...ofActivations, negativeSlope: atLeast(0) }],
  elu: [{ ...ofActivations, alpha: atLeast(0) }],
  celu: [{ ...ofActivations, alpha: above(0) }],
  gelu: [{ ...ofActivations, approximate: flag }],
  squareplus: [{ ...ofActivations, b: above(0) }],
  softShrink: [{ ...ofActivations, threshold: atLeast(0) }],
  hardShrink: [{ ...ofActivations, threshold: atLeast(0) }],
  threshold: [
    { ...ofActivations, threshold: any, defaultValue: any },
    { threshold: 0, defaultValue: 0 },
  ],
  glu: [{ ...ofActivations, axis }],
  ...ofMany(["softmax", "logSoftmax", "sparsemax"], { ...ofActivations, axis: axes }),
  ...ofMany(
    "exponential hardSigmoid hardSilu hardTanh linear logSigmoid mish relu6 selu sigmoid silu softplus softsign sparsePlus sparseSigmoid tanh tanhShrink",
    ofActivations,
  ),
  ...ofMany("add average maximum minimum multiply subtract", ofLayers),

  constant: [{ value: any }],
  ...ofMany(["randomNormal", "truncatedNormal"], { mean: any, stddev: atLeast(0), seed }),
  randomUniform: [{ minval: numbers([-1], [1]), maxval: numbers([1], [-1]), seed }],
  varianceScaling: [
    {
      scale: above(0),
      mode: oneOf("fanIn", "fanOut", "fanAvg"),
      distribution: oneOf("truncatedNormal", "untruncatedNormal", "uniform"),
      seed,
    },
  ],
  orthogonal: [{ gain: any, seed }],
  identity: [{ gain: any }],
  ...ofMany("glorotNormal glorotUniform heNormal heUniform lecunNormal lecunUniform", { seed }),

  l1l2: [{ l1: atLeast(0), l2: atLeast(0) }],
  orthogonalRegularizer: [{ factor: atLeast(0), mode: oneOf("rows", "columns") }],
  maxNorm: [{ maxValue: above(0), axis: { good: [0, -1, [0, 1]], bad: axes.bad } }],
  unitNorm: [{ axis: { good: [0, -1, [0, 1]], bad: axes.bad } }],
  minMaxNorm: [
    {
      minValue: numbers([0, 1], [-0.1, 1.1]),
      maxValue: numbers([1e-6, 2], [0, -1]),
      rate: numbers([0.001, 1], [0, 1.001]),
      axis: { good: [0, -1, [0, 1]], bad: axes.bad },
    },
  ],

  ...ofMany(["binaryCrossentropy", "categoricalCrossentropy"], crossentropy),
  sparseCategoricalCrossentropy: [{ ...ofLosses, fromLogits: flag }],
  ...ofMany(["meanSquaredError", "meanAbsoluteError"], ofLosses),
  ...ofMany("accuracy categoricalAccuracy sparseCategoricalAccuracy", { name: text }),
  binaryAccuracy: [{ name: text, threshold: any }],
  ...ofMany(["topKCategoricalAccuracy", "sparseTopKCategoricalAccuracy"], {
    name: text,
    k: whole(1),
  }),

  sgd: [{ ...ofOptimizers, momentum: share, nesterov: flag }],
  ...ofMany(["momentum", "nesterov"], { ...ofOptimizers, momentum: share }),
  ...ofMany(["adam", "adamW"], { ...ofAdam, amsgrad: flag }),
  ...ofMany(["adamax", "nadam", "lamb"], ofAdam),
  adagrad: [{ ...ofOptimizers, initialAccumulatorValue: atLeast(0), epsilon: above(0) }],
  rmsprop: [{ ...ofOptimizers, rho: belowOne, momentum: share, epsilon: above(0), centered: flag }],
  adadelta: [{ ...ofOptimizers, rho: belowOne, epsilon: above(0) }],
  lion: [{ ...ofOptimizers, beta1: numbers([0.001, 1], [0, 1.001]), beta2: belowOne }],
  ftrl: [
    {
      ...ofOptimizers,
      learningRatePower: numbers([-1, 0], [0.001]),
      initialAccumulatorValue: atLeast(0),
      l1RegularizationStrength: atLeast(0),
      l2RegularizationStrength: atLeast(0),
      l2ShrinkageRegularizationStrength: atLeast(0),
      beta: atLeast(0),
    },
  ],
  muon: [
    {
      ...ofOptimizers,
      momentum: belowOne,
      nesterov: flag,
      nsSteps: whole(1),
      muonA: any,
      muonB: any,
      muonC: any,
      rmsRate: above(0),
      excludeLayers: { good: [[], ["out"]], bad: ["out", [1]] },
      excludeEmbeddings: flag,
      adamBeta1: belowOne,
      adamBeta2: belowOne,
      adamWeightDecay: atLeast(0),
      adamLrRatio: above(0),
      epsilon: above(0),
    },
  ],

  exponentialDecay: [
    { ...decay, decayRate: atLeast(0), staircase: flag },
    { initialLearningRate: 1, decaySteps: 3, decayRate: 0.5 },
  ],
  inverseTimeDecay: [
    { ...decay, decayRate: atLeast(0), staircase: flag },
    { initialLearningRate: 1, decaySteps: 3, decayRate: 0.5 },
  ],
  powerDecay: [
    { ...decay, power: atLeast(0) },
    { initialLearningRate: 1, decaySteps: 3 },
  ],
  polynomialDecay: [
    { ...decay, endLearningRate: atLeast(0), power: above(0), cycle: flag },
    { initialLearningRate: 1, decaySteps: 3 },
  ],
  piecewiseConstantDecay: [
    {
      boundaries: { good: [[1], [0]], bad: [1, [-1], ["1"], [Number.NaN], [1, 2]] },
      values: { good: [[0, 1]], bad: [1, [-1, 1], ["1", 1], [1], [1, 2, 3]] },
    },
    { boundaries: [1], values: [1, 2] },
  ],
  cosineDecay: [
    { ...decay, alpha: atLeast(0), warmupTarget: atLeast(0), warmupSteps: atLeast(0) },
    { initialLearningRate: 1, decaySteps: 3 },
  ],
  cosineDecayRestarts: [
    {
      initialLearningRate: atLeast(0),
      firstDecaySteps: above(0),
      tMul: atLeast(1),
      mMul: atLeast(0),
      alpha: atLeast(0),
    },
    { initialLearningRate: 1, firstDecaySteps: 3 },
  ],
  oneCycle: [
    {
      maxLearningRate: above(0),
      totalSteps: whole(1, [5, 9]),
      pctStart: share,
      anneal: oneOf("cos", "linear"),
      divFactor: above(0),
      finalDivFactor: above(0),
      threePhase: flag,
      cycleMomentum: flag,
      baseMomentum: numbers([0, 0.95], [-0.001, 0.951]),
      maxMomentum: numbers([0.85, 0.999], [0.849, 1]),
    },
    { maxLearningRate: 1, totalSteps: 9 },
  ],

  earlyStopping: [
    {
      ...ofMonitors,
      patience: count,
      startFromEpoch: count,
      baseline: any,
      restoreBestWeights: flag,
      restoreOptimizerState: flag,
      verbose: flag,
    },
    { restoreBestWeights: true },
  ],
  reduceLearningRateOnPlateau: [
    {
      ...ofMonitors,
      factor: within,
      patience: count,
      cooldown: count,
      minLearningRate: atLeast(0),
      verbose: flag,
    },
  ],
  csvLogger: [{ write: call, separator: text, append: flag }, { write: () => undefined }],
  progressBar: [
    { stream, write: call, isTTY: flag, unicode: flag, width: whole(1), interval: atLeast(0) },
  ],
  terminateOnNaN: [{}],
  diagnose: [
    {
      every: whole(1),
      print: oneOf("end", "epoch", "never"),
      stream,
      onReport: call,
      thresholds: { good: [{}], bad: [1, { other: 1 }, []] },
    },
  ],
  input: [{ shape, name: text }, { shape: [2] }],
};

function ofMany(
  names: string | readonly string[],
  ranges: Ranges,
  needed: Readonly<Record<string, unknown>> = {},
): Record<string, Row> {
  const list = typeof names === "string" ? names.split(" ") : names;
  return Object.fromEntries(list.map((name): [string, Row] => [name, [ranges, needed]]));
}

/** What takes no options in its first argument, or is checked where its test says. */
const elsewhere: Readonly<Record<string, string>> = {
  GradusError: "errors.test.ts",
  activations: "unit/activations.test.ts",
  checkSelfNormalizing: "presets/selfNormalizingDnn.test.ts",
  defaultDnn: "presets/defaultDnn.test.ts",
  mcPredict: "uncertainty/mcPredict.test.ts",
  selfNormalizingDnn: "presets/selfNormalizingDnn.test.ts",
  byEpoch: "schedules/options.test.ts",
  cloneLayer: "models/cloning.test.ts",
  cloneModel: "models/cloning.test.ts",
  exportModel: "infer/exportModel.test.ts",
  findLearningRate: "tuning/findLearningRate.test.ts",
  freeze: "models/freezing.test.ts",
  gradualUnfreezing: "models/freezing.test.ts",
  init: "unit/runtime.test.ts",
  initSync: "unit/runtime.test.ts",
  l1: "below",
  l2: "below",
  lambdaCallback: "callbacks/list.test.ts",
  learningRateScheduler: "below",
  model: "models/functional.test.ts",
  nonNeg: "no options",
  onWarning: "models/warnings.test.ts",
  ones: "no options",
  ops: "unit/ops.test.ts",
  plotHistory: "notebook.test.ts",
  plotSchedule: "schedules/plotSchedule.test.ts",
  pretrainAutoencoder: "pretraining/autoencoder.test.ts",
  runtimeInfo: "no options",
  sequential: "below",
  tensor: "data/rows.test.ts",
  unfreeze: "models/freezing.test.ts",
  warmUp: "schedules/options.test.ts",
  zeros: "no options",
};

type Factory = (options: Readonly<Record<string, unknown>>) => unknown;
const factories = gradus as unknown as Readonly<Record<string, Factory>>;

function messageOf(make: () => unknown): string | null {
  try {
    make();
    return null;
  } catch (error) {
    if (error instanceof gradus.GradusError) return error.message;
    throw error;
  }
}

describe.each(Object.entries(rows))("%s", (name, [ranges, needed = {}]) => {
  const make = factories[name] as Factory;
  const message = (options: object) => messageOf(() => make({ ...needed, ...options }));

  it.each(Object.entries(ranges))("checks %s", (option, { good, bad }) => {
    for (const value of good) expect(message({ [option]: value }), `${value}`).toBeNull();
    for (const value of bad) {
      const text = message({ [option]: value });
      expect(text, `${option}: ${JSON.stringify(value)} is taken`).not.toBeNull();
      expect(text).toMatch(/^.+: expected .+, received /s);
      expect(text, `${JSON.stringify(value)}`).toMatch(new RegExp(`${name}|${option}`));
    }
  });

  it("knows no others", () => {
    const text = message({ zzz: 1 }) ?? "";
    expect(text).toMatch(/unknown option "zzz"/);
    const [, known = ""] = /only the options (.*), received/.exec(text) ?? [];
    const unlisted = known.split(", ").filter((each) => each !== "" && !(each in ranges));
    expect(unlisted, "options without a row").toEqual([]);
  });

  it("wants what it needs, and options", () => {
    for (const option of Object.keys(needed)) {
      if (name === "earlyStopping" || name === "swish") continue;
      const { [option]: _, ...rest } = needed;
      expect(
        messageOf(() => make(rest)),
        option,
      ).toMatch(/expected/);
    }
    // Merging layers say more about arrays; an activation's options are taken apart.
    for (const wrong of [1, "a", null]) {
      expect(
        messageOf(() => make(wrong as never)),
        `${wrong}`,
      ).not.toBeNull();
    }
  });
});

it("has a row for every function that is exported", () => {
  const names = Object.keys(gradus).filter((name) => !(name in rows) && !(name in elsewhere));
  expect(names, "add a row of option ranges").toEqual([]);
});

describe("factories without an object of options", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["l1", () => gradus.l1(-1), /l1: expected l1 to be a finite number >= 0, received -1/],
    ["l2", () => gradus.l2(Number.NaN), /l2: expected l2.*NaN/],
    [
      "learningRateScheduler",
      () => gradus.learningRateScheduler(1 as never),
      /learningRateScheduler/,
    ],
    [
      "its verbose",
      () => gradus.learningRateScheduler(() => 1, { verbose: 1 as never }),
      /verbose/,
    ],
    ["sequential without layers", () => gradus.sequential({ layers: [] }), /layers to be an array/],
    [
      "a negative seed",
      () => gradus.sequential({ seed: -1, inputShape: [1], layers: [gradus.flatten()] }),
      /seed to be a whole/,
    ],
    [
      "a model without a name",
      () => gradus.sequential({ name: "", inputShape: [1], layers: [gradus.flatten()] }),
      /name to be a text/,
    ],
  ])("refuse %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
