// Each rule finds its sickness, and nothing else, in figures that are made up; healthy ones pass.
import { describe, expect, it } from "vitest";
import type {
  OutputFigures,
  ProbedModel,
  StepFigures,
  WeightNorms,
} from "../../ts/callbacks/step-probe.js";
import { type Case, isFine, typicalOf } from "../../ts/diagnose/analysis.js";
import { defaultThresholds, type Sickness } from "../../ts/diagnose/findings.js";
import { judge } from "../../ts/diagnose/rules.js";

const depth = 4;

/** Dense layers d0, d1, d2 with an activation, then the output d3. */
function chain(activation = "tanh"): ProbedModel {
  return {
    inputs: ["x"],
    calls: Array.from({ length: depth }, (_, i) => ({
      layer: `d${i}`,
      kind: "dense",
      activation: i === depth - 1 ? "sigmoid" : activation,
      hasWeights: true,
      sources: [i],
      isOutput: i === depth - 1,
    })),
    weights: Array.from({ length: 2 * depth }, (_, i) => ({
      name: `d${i >> 1}/${i % 2 === 0 ? "kernel" : "bias"}`,
      layer: `d${i >> 1}`,
      shape: i % 2 === 0 ? [10, 10] : [10],
    })),
  };
}

const output: OutputFigures = { mean: 0, deviation: 0.6, saturated: 0.05, dead: 0 };
const norms: WeightNorms = { weight: 5, gradient: 0.5, update: 0.005 };

interface Changes {
  loss?: number;
  step?: number;
  rows?: number;
  input?: Partial<StepFigures["inputs"][number]>;
  outputs?: Partial<OutputFigures>[];
  kernels?: Partial<WeightNorms>[];
}

/** Healthy figures, with some of them changed. */
function figures({ outputs = [], kernels = [], input, ...rest }: Changes = {}): StepFigures {
  return {
    step: 0,
    rows: 32,
    loss: 2,
    inputs: [{ mean: 0.1, deviation: 0.9, largest: 1.5, ...input }],
    calls: Array.from({ length: depth }, (_, i) => ({ ...output, ...outputs[i] })),
    weights: Array.from({ length: 2 * depth }, (_, i) => ({
      ...norms,
      // Biases start at 0: shares of their norm say nothing.
      ...(i % 2 === 0 ? kernels[i >> 1] : { weight: 0 }),
    })),
    ...rest,
  };
}

function sicknesses(
  steps: readonly StepFigures[],
  { model = chain(), ...rest }: Partial<Case> = {},
): [Sickness, ...string[]][] {
  const sound = steps.filter(isFine);
  const given: Case = {
    model,
    steps,
    typical: typicalOf(sound.length > 0 ? sound : steps),
    first: steps[0] as StepFigures,
    broken: steps.find((each) => !isFine(each)) ?? null,
    epochLosses: [],
    thresholds: defaultThresholds,
    ...rest,
  };
  return judge(given).map(({ sickness, layers }) => [sickness, ...layers]);
}

const gradients = (...list: number[]) => list.map((gradient) => ({ gradient }));
const updates = (...list: number[]) => list.map((update) => ({ update }));

describe("rules", () => {
  it.each<[string, Changes[], [Sickness, ...string[]][]]>([
    ["healthy figures", [{}, { step: 50, loss: 1 }], []],
    ["a single step", [{}], []],
    ["large inputs", [{ input: { largest: 11 } }], [["unscaledInputs", "x"]]],
    ["inputs just in range", [{ input: { largest: 9.9 } }], []],
    [
      "tiny inputs",
      [{ input: { mean: 0.004, deviation: 0.004, largest: 0.006 } }],
      [["unscaledInputs", "x"]],
    ],
    [
      "gradients that vanish",
      [{ kernels: gradients(1e-5, 1e-4, 1, 1) }],
      [["vanishingGradients", "d0", "d1"]],
    ],
    ["gradients that shrink a little", [{ kernels: gradients(2e-3, 0.01, 0.1, 1) }], []],
    [
      "gradients that are all 0",
      [{ kernels: gradients(0, 0, 0, 0) }],
      [["vanishingGradients", "d0", "d1", "d2", "d3"]],
    ],
    [
      "gradients that grow",
      [{ kernels: gradients(200, 20, 2, 0.1) }],
      [["explodingGradients", "d0"]],
    ],
    [
      "gradients that are large together",
      [{ kernels: gradients(900, 900, 3, 3) }],
      [["explodingGradients"]],
    ],
    [
      "outputs that grow",
      [{ outputs: [{}, {}, { deviation: 2000 }] }],
      [["explodingGradients", "d2"]],
    ],
    ["dead units", [{ outputs: [{}, { dead: 0.41 }] }], [["deadUnits", "d1"]]],
    ["some dead units", [{ outputs: [{}, { dead: 0.39 }] }], []],
    ["units that rest in a tiny batch", [{ rows: 7, outputs: [{}, { dead: 1 }] }], []],
    [
      "dead units, and no gradient for that",
      [{ outputs: [{}, { dead: 1 }], kernels: gradients(0, 0, 1, 1) }],
      [["deadUnits", "d1"]],
    ],
    [
      "saturated outputs",
      [{ outputs: [{ saturated: 0.51 }, { saturated: 0.9 }] }],
      [["saturatedUnits", "d0", "d1"]],
    ],
    ["sure predictions", [{ outputs: [{}, {}, {}, { saturated: 1 }] }], []],
    [
      "updates that are too large",
      [{ kernels: updates(0.6, 0.005, 0.4, 0.6) }],
      [["learningRateTooHigh", "d0", "d3"]],
    ],
    [
      "a loss that rises",
      [{}, { loss: 3, step: 50 }, { loss: 3, step: 100 }],
      [["learningRateTooHigh"]],
    ],
    [
      "updates that are too small",
      [{ kernels: updates(1e-6, 1e-6, 1e-6, 2e-6) }, { kernels: updates(1e-6, 1e-6, 1e-6, 2e-6) }],
      [["learningRateTooLow"]],
    ],
    [
      "small updates after success",
      [
        { kernels: updates(1e-6, 1e-6, 1e-6, 2e-6) },
        { loss: 0.2, kernels: updates(1e-6, 1e-6, 1e-6, 2e-6) },
        { loss: 0.2, kernels: updates(1e-6, 1e-6, 1e-6, 2e-6) },
      ],
      [],
    ],
    [
      "a loss that breaks on the way",
      [{}, { loss: Number.NaN, step: 50, outputs: [{}, { mean: Number.NaN }] }],
      [["notFinite", "d1"], ["learningRateTooHigh"]],
    ],
    [
      "a loss that is broken from the start",
      [{ loss: Number.POSITIVE_INFINITY, kernels: gradients(1, Number.NaN, 1, 1) }],
      [["notFinite", "d1"], ["explodingGradients"]],
    ],
    [
      "what exploded at first and broke then",
      [{ kernels: gradients(1e6, 1e6, 1, 1) }, { loss: Number.NaN }],
      [["notFinite"], ["explodingGradients", "d0", "d1"]],
    ],
  ])("see %s", (_, steps, expected) => {
    expect(sicknesses(steps.map(figures))).toEqual(expected);
  });

  it("take losses of epochs into account", () => {
    const steps = [figures({ step: 500, loss: 1 })];
    const first = figures();
    expect(sicknesses(steps, { first, epochLosses: [1, 0.9, 1.5] })).toEqual([
      ["learningRateTooHigh"],
    ]);
    expect(sicknesses(steps, { first, epochLosses: [1, 0.9, 0.95] })).toEqual([]);
    // A loss near 0 may double by chance.
    expect(sicknesses(steps, { first, epochLosses: [0.5, 1e-4, 3e-4] })).toEqual([]);
    expect(sicknesses(steps, { first, epochLosses: [1, Number.NaN] })).toEqual([
      ["notFinite"],
      ["learningRateTooHigh"],
    ]);
  });

  it("compare a layer with those behind it only", () => {
    const model = chain();
    // d0 feeds the output; d1 and d2 are a branch of their own with tiny gradients.
    const branched: ProbedModel = {
      ...model,
      calls: model.calls.map((call, i) => ({ ...call, sources: [[0], [0], [2], [1]][i] ?? [] })),
    };
    const steps = [figures({ kernels: gradients(1, 1e-6, 1e-6, 1) })];
    expect(sicknesses(steps, { model: branched })).toEqual([]);
    expect(sicknesses(steps)).toEqual([["vanishingGradients", "d1", "d2"]]);
  });

  it("leave inputs alone that are normalised or looked up", () => {
    const steps = [figures({ input: { largest: 255 } })];
    const kinds = (kind: string): ProbedModel => {
      const model = chain();
      return {
        ...model,
        calls: model.calls.map((call, i) => (i === 0 ? { ...call, kind } : call)),
      };
    };
    expect(sicknesses(steps, { model: kinds("batchNormalization") })).toEqual([]);
    expect(sicknesses(steps, { model: kinds("embedding") })).toEqual([]);
    expect(sicknesses(steps, { model: kinds("conv2d") })).toEqual([["unscaledInputs", "x"]]);
  });

  it("see through layers without weights to the inputs", () => {
    const steps = [figures({ input: { largest: 255 } })];
    const model = chain();
    const calls = model.calls.map((call, i) =>
      i === 0 ? { ...call, kind: "flatten", hasWeights: false, activation: null } : call,
    );
    expect(sicknesses(steps, { model: { ...model, calls } })).toEqual([["unscaledInputs", "x"]]);
  });

  it("follow other limits", () => {
    const limits: [Partial<Case["thresholds"]>, Sickness][] = [
      [{ vanishing: 10 }, "vanishingGradients"],
      [{ exploding: 0.5 }, "explodingGradients"],
      [{ gradientNorm: 0.5 }, "explodingGradients"],
      [{ deviation: 0.5 }, "explodingGradients"],
      [{ saturated: 0.01 }, "saturatedUnits"],
      [{ highUpdate: 1e-4 }, "learningRateTooHigh"],
      [{ lowUpdate: 0.1 }, "learningRateTooLow"],
      [{ risingLoss: 0.5 }, "learningRateTooHigh"],
      [{ largeInput: 1 }, "unscaledInputs"],
      [{ smallInput: 1 }, "unscaledInputs"],
    ];
    const steps = [figures(), figures({ step: 50 })];
    expect(sicknesses(steps)).toEqual([]);
    for (const [limit, sickness] of limits) {
      const found = sicknesses(steps, { thresholds: { ...defaultThresholds, ...limit } });
      expect(
        found.map(([name]) => name),
        JSON.stringify(limit),
      ).toContain(sickness);
    }
  });
});
