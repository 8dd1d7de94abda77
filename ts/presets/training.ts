// Role: how a preset trains: optimizer, schedule, callbacks and what goes to `fit`. It must not
// know layers.
import type { Callback } from "../callbacks/callback.js";
import { earlyStopping } from "../callbacks/earlyStopping.js";
import { reduceLearningRateOnPlateau } from "../callbacks/learningRate.js";
import { splitPoint } from "../data/split.js";
import { checkNumber, checkOneOf, fail } from "../errors.js";
import { adamW, nesterov, type Optimizer } from "../optimizers.js";
import { oneCycle } from "../schedules.js";
import type { PresetChoice } from "./choices.js";

/** How a preset's learning rate changes. */
export type PresetSchedule = PerformanceSchedule | OneCycleSchedule;

/** Performance scheduling: the rate is halved where `valLoss` stops falling. */
export interface PerformanceSchedule {
  /** The default. */
  schedule?: "performance";
  /** The most epochs. Default: 100, of which early stopping leaves what is not needed. */
  epochs?: number;
}

/** 1cycle: the rate rises and falls once, momentum the other way, over all epochs. */
export interface OneCycleSchedule {
  /** Needs the number of rows. */
  schedule: "oneCycle";
  /** The epochs of the cycle. */
  epochs: number;
}

/** Options of how a preset trains. */
export interface PresetTrainingOptions {
  /**
   * The learning rate: with `"performance"` the first one, with `"oneCycle"` the highest; above 0.
   * Default: by optimizer and schedule, see {@link defaultDnn}; find a better one by
   * `findLearningRate`.
   */
  learningRate?: number;
  /** Rows per batch, at least 1. Default: 32. */
  batchSize?: number;
  /**
   * Epochs without a lower `valLoss` after which training ends, at least 1. Default: 10, and as many
   * as there are with `"oneCycle"`, which needs its end.
   */
  patience?: number;
  /**
   * The share of the rows, the last ones, that is held out to validate; from 0 to below 1. Shuffle
   * rows that are in an order. With 0 give `validationData` to `fit`. Default: 0.1.
   */
  validationSplit?: number;
}

/** The names of these options. */
export const trainingNames = [
  "schedule",
  "epochs",
  "learningRate",
  "batchSize",
  "patience",
  "validationSplit",
] as const;

/** What a preset has for `fit`. */
export interface PresetFitOptions {
  /** The most epochs. */
  readonly epochs: number;
  /** Rows per batch. */
  readonly batchSize: number;
  /** The share held out to validate; left out where it is 0, the default of `fit`. */
  readonly validationSplit?: number;
  /** The same as those beside. */
  readonly callbacks: readonly Callback[];
}

/** How to train. */
export interface TrainingPlan {
  readonly optimizer: Optimizer;
  readonly fitOptions: PresetFitOptions;
  readonly choices: readonly PresetChoice[];
}

/** The optimizers presets know. */
export type PresetOptimizer = "nesterov" | "adamW";

/** What presets take as a learning rate where none is given. */
const rates = {
  nesterov: { performance: 0.01, oneCycle: 0.02 },
  adamW: { performance: 0.001, oneCycle: 0.005 },
} as const;

/** What training depends on beside its options. */
interface PlanningFacts {
  readonly optimizer: PresetOptimizer;
  readonly weightDecay: number;
  /** How many rows `fit` will get; null where that is unknown. */
  readonly rows: number | null;
  /** By what the default learning rate is divided. Default: 1. */
  readonly slower?: number;
}

/** Weights that do not decay: they scale nothing up. */
const spared = ["bias", "gamma", "beta"];

/** Optimizer, callbacks and options of `fit`. */
export function planTraining(
  where: string,
  given: PresetTrainingOptions & PresetSchedule,
  { optimizer: name, weightDecay, rows, slower = 1 }: PlanningFacts,
): TrainingPlan {
  const whole = { integer: true, min: 1 };
  const schedule = checkOneOf(`${where}: schedule`, given.schedule ?? "performance", [
    "performance",
    "oneCycle",
  ] as const);
  const isCycle = schedule === "oneCycle";
  const epochs = checkNumber(where, "epochs", given.epochs ?? (isCycle ? undefined : 100), whole);
  const batchSize = checkNumber(where, "batchSize", given.batchSize ?? 32, whole);
  const patience = checkNumber(where, "patience", given.patience ?? (isCycle ? epochs : 10), whole);
  const usual = Number((rates[name][schedule] / slower).toPrecision(2));
  const rate = checkNumber(where, "learningRate", given.learningRate ?? usual, { exclusiveMin: 0 });
  const validationSplit = checkNumber(where, "validationSplit", given.validationSplit ?? 0.1, {
    min: 0,
    exclusiveMax: 1,
  });
  let learningRate: number | ReturnType<typeof oneCycle> = rate;
  let scheduled: PresetChoice;
  const plateauPatience = Math.max(1, Math.floor(patience / 2));
  if (isCycle) {
    if (rows === null) {
      return fail(where, {
        expected: "rows, how many fit will get, for the steps of oneCycle",
        received: "none",
        hint: "Give rows, or the rows themselves as x.",
      });
    }
    const trained = validationSplit === 0 ? rows : splitPoint(where, rows, validationSplit);
    const totalSteps = epochs * Math.ceil(trained / batchSize);
    learningRate = oneCycle({ maxLearningRate: rate, totalSteps });
    scheduled = {
      subject: "schedule",
      choice: `oneCycle up to ${rate} over ${totalSteps} steps`,
      reason:
        "A high rate crosses flat and narrow places in few epochs, and its fall to almost 0 settles (Smith & Topin 2017); momentum goes the other way, from 0.95 to 0.85 and back.",
    };
  } else {
    scheduled = {
      subject: "schedule",
      choice: `performance, halved after ${plateauPatience} epochs`,
      reason:
        "Where valLoss stops falling, smaller steps find what larger ones leap over; nothing has to be known of the number of epochs.",
    };
  }
  const decay = { weightDecay, excludeFromWeightDecay: spared };
  const optimizer = { nesterov, adamW }[name]({ learningRate, ...decay });
  const callbacks: Callback[] = [earlyStopping({ patience, restoreBestWeights: true })];
  if (!isCycle) {
    callbacks.push(reduceLearningRateOnPlateau({ factor: 0.5, patience: plateauPatience }));
  }
  const split = validationSplit === 0 ? {} : { validationSplit };
  return {
    optimizer,
    fitOptions: { epochs, batchSize, ...split, callbacks },
    choices: [
      {
        subject: "optimizer",
        choice: isCycle ? name : `${name}, learning rate ${rate}`,
        reason:
          name === "nesterov"
            ? "It looks ahead along its momentum (Sutskever et al. 2013), and generalises well."
            : "Steps of a size of their own for each weight need little tuning (Loshchilov & Hutter 2017).",
      },
      scheduled,
      {
        subject: "early stopping",
        choice: `after ${patience} epochs, best weights restored`,
        reason:
          isCycle && given.patience === undefined
            ? "The cycle needs its end, so that training is not cut short; the weights of the epoch of the lowest valLoss stay."
            : "What is learnt after valLoss has stopped falling is noise; the weights of its lowest epoch stay.",
      },
      weightDecay === 0
        ? {
            subject: "weight decay",
            choice: "none",
            reason: "Early stopping is enough until a gap between loss and valLoss shows.",
          }
        : {
            subject: "weight decay",
            choice: `${weightDecay}, kernels alone`,
            reason: "Small kernels make smooth functions; other weights scale nothing up.",
          },
    ],
  };
}
