// The preset for dense nets that keep their signals at mean 0 and variance 1 by themselves.
import { checkNumber, checkOptions, describe, fail } from "../errors.js";
import { alphaDropout } from "../layers/alphaDropout.js";
import { dense } from "../layers/dense.js";
import { Layer } from "../layers/layer.js";
import { LayerTensor } from "../layers/layer-tensor.js";
import { nameLayers } from "../models/layer-names.js";
import { sequential } from "../models/sequential.js";
import { batchOf } from "../shape.js";
import { checkPrint, explain, type PresetChoice, type PresetPrintOption } from "./choices.js";
import type { Preset } from "./defaultDnn.js";
import { type HiddenUnits, unitsOf } from "./hidden.js";
import {
  layersBefore,
  type PresetRows,
  readInputs,
  standardizing,
  unstandardized,
} from "./inputs.js";
import { faultsOf } from "./self-normalizing.js";
import { type PresetTask, setUpTask, taskNames } from "./task.js";
import {
  type PresetSchedule,
  type PresetTrainingOptions,
  planTraining,
  trainingNames,
} from "./training.js";

/** Options of `selfNormalizingDnn` besides those of its task and schedule. */
export interface SelfNormalizingDnnOwnOptions
  extends PresetRows,
    PresetTrainingOptions,
    PresetPrintOption {
  /**
   * The hidden layers: `[300, 100]`, or `{ layers: 20, units: 100 }`, or layers of your own, which
   * must keep to the rules.
   */
  hidden: HiddenUnits | readonly Layer[];
  /** The share of the outputs of each hidden layer that alpha dropout takes; from 0 to below 1. Default: 0. */
  alphaDropout?: number;
  /** Fixes initial weights, shuffling and dropout; whole, at least 0. Default: a random one. */
  seed?: number;
}

/** Options of `selfNormalizingDnn`. */
export type SelfNormalizingDnnOptions = SelfNormalizingDnnOwnOptions & PresetTask & PresetSchedule;

/**
 * From more hidden layers on the learning rate is lower, in proportion: without normalisation the
 * effects of all their steps add up. (20 layers of 100 units on digits end in NaN at 0.01.)
 */
const fullSpeedDepth = 3;

/** Options that others would have, and why there is none. */
const refused: Readonly<Record<string, string>> = {
  optimizer: "The preset trains by nesterov; compile its model again for another optimizer.",
  weightDecay:
    "It shrinks weights below the variance 1 / inputs: use early stopping, or alphaDropout.",
  kernelRegularizer:
    "l1 and l2 shrink weights below the variance 1 / inputs: use early stopping, or alphaDropout.",
  kernelConstraint: "It cuts the variance of weights: use early stopping, or alphaDropout.",
  dropout: "It shifts mean and variance, which alphaDropout keeps: alphaDropout: 0.1.",
  batchNormalization: "Outputs have mean 0 and variance 1 without it.",
  activation: "Only selu has a fixed point at mean 0 and variance 1.",
  kernelInitializer: "Only the variance 1 / inputs of lecunNormal fits selu.",
};

/**
 * A net of dense layers with selu that keeps its signals near mean 0 and deviation 1 through any
 * number of layers, built and compiled, with callbacks and options for `fit`; prints what was chosen
 * and why. Klambauer et al. 2017, https://arxiv.org/abs/1706.02515; the choices are those of Géron,
 * Hands-On Machine Learning, 3rd edition, chapter 11, table 11-4: LeCun initialization, selu, no
 * normalisation, alpha dropout on request, `nesterov`, performance scheduling or 1cycle.
 *
 * Its rules: inputs of mean 0 and deviation 1, and a chain of dense layers alone. So the rows are
 * needed, as `x`: a `normalization` layer with their statistics comes first, or, with `standardize:
 * false`, they are checked. What breaks a rule is refused with the reason; {@link checkSelfNormalizing}
 * tells it of any model. Learning rates are those of {@link defaultDnn} with `nesterov`, times
 * 3 / layers where there are more than 3 hidden ones.
 *
 * @throws GradusError for what breaks a rule, for options out of range, and for none or several of
 *   `classes`, `labels` and `outputs`
 *
 * @example
 * const hidden = { layers: 20, units: 100 };
 * const { model, fitOptions } = selfNormalizingDnn({ x, hidden, classes: 10, alphaDropout: 0.05 });
 * await model.fit(x, y, fitOptions);
 */
export function selfNormalizingDnn(options: SelfNormalizingDnnOptions): Preset {
  const where = "selfNormalizingDnn";
  for (const [name, value] of Object.entries(options ?? {})) {
    const hint = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (hint) fail(where, { expected: `no ${name}`, received: describe(value), hint });
  }
  const given = checkOptions(where, options, [
    ...taskNames,
    ...trainingNames,
    ...["x", "inputShape", "standardize", "hidden", "alphaDropout", "seed", "print"],
  ]);
  checkPrint(where, given);
  const { output, loss, metrics, choice: ending } = setUpTask(where, given);
  const rate = checkNumber(where, "alphaDropout", given.alphaDropout ?? 0, {
    min: 0,
    exclusiveMax: 1,
  });
  const hidden = hiddenLayers(where, given.hidden, rate);
  if (given.x === undefined) {
    fail(where, {
      expected: "x, the rows to be trained with",
      received: "none",
      hint: "A net normalises itself only if its inputs have mean 0 and deviation 1: they are brought there by the statistics of x, or checked.",
    });
  }
  const inputs = readInputs(where, given);
  const wrong = !inputs.standardize && inputs.statistics && unstandardized(inputs.statistics);
  if (wrong) {
    fail(where, {
      expected: "x of mean 0 and deviation 1, each feature or all numbers together, within 0.1",
      received: `rows whose ${wrong}`,
      hint: "Leave standardize: false out: a normalization layer does it.",
    });
  }
  const depth = hidden.filter(({ kind }) => kind === "dense").length;
  const plan = planTraining(where, given, {
    optimizer: "nesterov",
    weightDecay: 0,
    rows: inputs.rows,
    slower: Math.max(1, depth / fullSpeedDepth),
  });
  const layers = [...layersBefore(inputs), ...hidden, output];
  checkRules(where, inputs.inputShape, layers);
  const model = sequential({
    name: where,
    inputShape: inputs.inputShape,
    ...(given.seed === undefined ? {} : { seed: given.seed }),
    layers,
  });
  model.compile({ optimizer: plan.optimizer, loss, metrics });
  const choices: readonly PresetChoice[] = [
    {
      subject: "inputs",
      choice: standardizing(inputs) ?? "found to be standardised",
      reason: "Layers keep mean 0 and deviation 1 only where they begin with it.",
    },
    {
      subject: "initializer",
      choice: "lecunNormal",
      reason: "The variance 1 / inputs hands variance 1 on (LeCun et al. 1998).",
    },
    {
      subject: "activation",
      choice: "selu",
      reason:
        "It draws mean and variance to its fixed point, 0 and 1, layer by layer (Klambauer et al. 2017).",
    },
    {
      subject: "normalisation",
      choice: "none",
      reason: "The net normalises itself, at no cost, however deep it is.",
    },
    ...(rate > 0
      ? [
          {
            subject: "alpha dropout",
            choice: `${rate} after each hidden layer`,
            reason: "You asked for it: unlike dropout it keeps mean and variance.",
          },
        ]
      : []),
    ending,
    ...(depth > fullSpeedDepth && given.learningRate === undefined
      ? [
          {
            subject: "learning rate",
            choice: `${fullSpeedDepth} / ${depth} of that for ${fullSpeedDepth} layers`,
            reason: "Steps of many layers that nothing normalises add up.",
          },
        ]
      : []),
    ...plan.choices.filter(({ subject }) => subject !== "weight decay"),
  ];
  const title = `${inputs.inputShape.join(" x ")} - ${depth} hidden layers - output`;
  const explanation = explain(where, title, choices, given);
  const { fitOptions } = plan;
  return { model, callbacks: fitOptions.callbacks, fitOptions, choices, explanation };
}

/** Layers of those units, or those that were given. */
function hiddenLayers(
  where: string,
  given: SelfNormalizingDnnOwnOptions["hidden"],
  rate: number,
): readonly Layer[] {
  if (Array.isArray(given) && given.some((layer) => layer instanceof Layer)) {
    const odd = given.findIndex((layer) => !(layer instanceof Layer));
    if (odd >= 0) {
      fail(where, { expected: `hidden[${odd}] to be a layer`, received: describe(given[odd]) });
    }
    if (rate > 0) {
      fail(where, {
        expected: "no alphaDropout beside layers of your own",
        received: String(rate),
        hint: "Put alphaDropout({ rate }) among the layers.",
      });
    }
    return given as readonly Layer[];
  }
  return unitsOf(where, given as HiddenUnits).flatMap((units) => [
    dense({ units, activation: "selu", kernelInitializer: "lecunNormal" }),
    ...(rate > 0 ? [alphaDropout({ rate })] : []),
  ]);
}

/** Refuses layers that break a rule, before any of them is built. */
function checkRules(where: string, inputShape: readonly number[], layers: readonly Layer[]): void {
  const names = nameLayers(
    where,
    layers.map((layer) => ({ layer, scope: null })),
  );
  const first = new LayerTensor(batchOf(inputShape), "float32", null);
  let x = first;
  const made = layers.map((layer) => {
    x = layer.connect(x);
    return x;
  });
  const faults = faultsOf(made, first, (layer) => names.get(layer) as string);
  if (faults.length === 0) return;
  fail(where, {
    expected: "hidden layers that keep mean 0 and variance 1",
    received: faults.map(({ layer, reason }) => `${layer}: ${reason}`).join("; "),
  });
}
