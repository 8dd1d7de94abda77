// The preset for dense nets: the configuration to start with where nothing speaks against it.
import type { Callback } from "../callbacks/callback.js";
import { checkNumber, checkOneOf, checkOptions } from "../errors.js";
import { activation } from "../layers/activation.js";
import { batchNormalization } from "../layers/batchNormalization.js";
import { dense } from "../layers/dense.js";
import { dropout } from "../layers/dropout.js";
import type { Model } from "../models/model.js";
import { sequential } from "../models/sequential.js";
import { checkPrint, explain, type PresetChoice, type PresetPrintOption } from "./choices.js";
import { type HiddenUnits, unitsOf } from "./hidden.js";
import {
  inputNames,
  layersBefore,
  type PresetInputs,
  readInputs,
  standardizing,
} from "./inputs.js";
import { type PresetTask, setUpTask, taskNames } from "./task.js";
import {
  type PresetFitOptions,
  type PresetOptimizer,
  type PresetSchedule,
  type PresetTrainingOptions,
  planTraining,
  trainingNames,
} from "./training.js";

/** Options of `defaultDnn` besides those of its input, task and schedule. */
export interface DefaultDnnOwnOptions extends PresetTrainingOptions, PresetPrintOption {
  /** The hidden layers: `[300, 100]`, or `{ layers: 5, units: 100 }`. */
  hidden: HiddenUnits;
  /** Default: `"nesterov"`. */
  optimizer?: PresetOptimizer;
  /** Decoupled weight decay of the kernels, at least 0. Default: 0; 0.004 for `"adamW"`. */
  weightDecay?: number;
  /** The share of the outputs of each hidden layer that is dropped; from 0 to below 1. Default: 0. */
  dropout?: number;
  /** Fixes initial weights, shuffling and dropout; whole, at least 0. Default: a random one. */
  seed?: number;
}

/** Options of `defaultDnn`. */
export type DefaultDnnOptions = DefaultDnnOwnOptions & PresetInputs & PresetTask & PresetSchedule;

/** What a preset gives. */
export interface Preset {
  /** Built and compiled. */
  readonly model: Model;
  /** Early stopping, and the schedule where that is one between epochs. */
  readonly callbacks: readonly Callback[];
  /** Options of `fit` with these callbacks in them: `model.fit(x, y, fitOptions)`. */
  readonly fitOptions: PresetFitOptions;
  /** What was chosen and why. */
  readonly choices: readonly PresetChoice[];
  /** The same as text. */
  readonly explanation: string;
}

/** So many hidden layers make a net deep. */
const deepFrom = 4;

/**
 * A dense net by the book, built and compiled, with callbacks and options for `fit`; prints what was
 * chosen and why. The choices are those of Géron, Hands-On Machine Learning, 3rd edition, chapter 11,
 * table 11-3, with elu (his 2nd edition's) where the 3rd takes relu:
 *
 * - He initialization; elu up to 3 hidden layers, swish and batch normalisation (before the
 *   activation, in the place of the bias) from 4 on.
 * - Early stopping on `valLoss` that restores the best weights; weight decay of kernels on request.
 * - `nesterov` or `adamW`; the learning rate is halved where `valLoss` stops falling, or makes one
 *   cycle. It starts from (`"performance"`) or rises to (`"oneCycle"`) 0.01 or 0.02 for `nesterov`,
 *   0.001 or 0.005 for `adamW`.
 *
 * Given the rows as `x`, it standardises them by a `normalization` layer that travels with the model.
 * Early stopping needs rows to validate with: the last tenth of them, unless `validationSplit` says
 * otherwise.
 *
 * @throws GradusError for options out of range, none or several of `classes`, `labels` and `outputs`,
 *   and `"oneCycle"` without a number of rows
 *
 * @example
 * const { model, fitOptions } = defaultDnn({ x, hidden: [100, 50], classes: 10, seed: 42 });
 * await model.fit(x, y, fitOptions);
 */
export function defaultDnn(options: DefaultDnnOptions): Preset {
  const where = "defaultDnn";
  const given = checkOptions(where, options, [
    ...inputNames,
    ...taskNames,
    ...trainingNames,
    ...["hidden", "optimizer", "weightDecay", "dropout", "seed", "print"],
  ]);
  checkPrint(where, given);
  const units = unitsOf(where, given.hidden);
  const { output, loss, metrics, choice: ending } = setUpTask(where, given);
  const name = checkOneOf(`${where}: optimizer`, given.optimizer ?? "nesterov", [
    "nesterov",
    "adamW",
  ] as const);
  const byDefault = name === "adamW" ? 0.004 : 0;
  const weightDecay = checkNumber(where, "weightDecay", given.weightDecay ?? byDefault, { min: 0 });
  const rate = checkNumber(where, "dropout", given.dropout ?? 0, { min: 0, exclusiveMax: 1 });
  const inputs = readInputs(where, given);
  const plan = planTraining(where, given, { optimizer: name, weightDecay, rows: inputs.rows });
  const standardized = standardizing(inputs);
  const isDeep = units.length >= deepFrom;
  const depth = `${units.length} hidden layer${units.length === 1 ? "" : "s"}`;
  const kernelInitializer = "heNormal";
  const hidden = units.flatMap((count) => [
    ...(isDeep
      ? [
          dense({ units: count, kernelInitializer, useBias: false }),
          batchNormalization({ momentum: 0.9 }),
          activation({ activation: "swish" }),
        ]
      : [dense({ units: count, kernelInitializer, activation: "elu" })]),
    ...(rate > 0 ? [dropout({ rate })] : []),
  ]);
  const model = sequential({
    name: where,
    inputShape: inputs.inputShape,
    ...(given.seed === undefined ? {} : { seed: given.seed }),
    layers: [...layersBefore(inputs), ...hidden, output],
  });
  model.compile({ optimizer: plan.optimizer, loss, metrics });
  const choices: readonly PresetChoice[] = [
    standardized
      ? {
          subject: "inputs",
          choice: standardized,
          reason: "Numbers around 0 and of one scale let all weights learn at one rate.",
        }
      : {
          subject: "inputs",
          choice: "as they are",
          reason: "Bring them to mean 0 and deviation 1, or give x without standardize: false.",
        },
    {
      subject: "initializer",
      choice: kernelInitializer,
      reason:
        "The variance 2 / inputs makes up for what the activation takes away below 0 (He et al. 2015).",
    },
    isDeep
      ? {
          subject: "activation",
          choice: "swish",
          reason: `A net of ${depth} is deep (from ${deepFrom} on), where swish tends to learn best (Ramachandran et al. 2017).`,
        }
      : {
          subject: "activation",
          choice: "elu",
          reason: `A net of ${depth} is shallow (deep from ${deepFrom} on); no elu unit dies, and outputs stay near mean 0 (Clevert et al. 2015).`,
        },
    isDeep
      ? {
          subject: "normalisation",
          choice: "batchNormalization before each activation, momentum 0.9",
          reason:
            "It keeps signals at one scale through all layers, and takes the place of the bias (Ioffe & Szegedy 2015); the momentum lets its statistics follow within tens of steps.",
        }
      : {
          subject: "normalisation",
          choice: "none",
          reason: "Initialization alone keeps signals at one scale through few layers.",
        },
    ...(rate > 0
      ? [
          {
            subject: "dropout",
            choice: `${rate} after each hidden layer`,
            reason: "You asked for it: units learn not to rely on single others.",
          },
        ]
      : []),
    ending,
    ...plan.choices,
  ];
  const title = [inputs.inputShape.join(" x "), ...units, output.name].join(" - ");
  const explanation = explain(where, title, choices, given);
  const { fitOptions } = plan;
  return { model, callbacks: fitOptions.callbacks, fitOptions, choices, explanation };
}
