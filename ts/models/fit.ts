// The training loop: epochs, shuffled batches, validation, callbacks. One step is one call of the
// engine; here nothing is computed, and per step next to nothing is allocated.
import type { CallbackList, CallbackModel, Logs } from "../callbacks/callback.js";
import { type History, HistoryRecorder } from "../callbacks/history.js";
import type { DataLike } from "../data/rows.js";
import { type ClassWeight, splitPoint, splitRows } from "../data/split.js";
import { checkBoolean, checkNumber, checkOptions, describe, fail } from "../errors.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import { type Evaluation, prepareEvaluation, runEvaluation } from "./evaluate.js";
import { type AnyData, type ModelData, readLabelled } from "./labelled-data.js";
import { inputNames, lowerTraining } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import { joinNames } from "./parts.js";
import { prepareProgram } from "./prepare.js";
import type { Program } from "./program.js";
import { batchSizeOf, callbackList, Pace, type RunOptions, runOptionNames } from "./run-options.js";
import { StepWatch } from "./step-watch.js";
import type { TrainingSetup } from "./training-setup.js";
import { warnOfBatches } from "./warnings.js";

/** Data to validate with: inputs, targets and, if wanted, a weight for each row. */
export type ValidationData<X = DataLike, Y = DataLike> =
  | readonly [x: X, y: Y]
  | readonly [x: X, y: Y, sampleWeight: AnyData];

/** Options of `fit`. */
export interface FitOptions<X = DataLike, Y = DataLike> extends RunOptions {
  /** The number of the epoch after the last one. Default: 1. */
  epochs?: number;
  /** The number of the first epoch, where training goes on. Default: 0. */
  initialEpoch?: number;
  /** Whether each epoch takes the rows in another order, fixed by the seed. Default: true. */
  shuffle?: boolean;
  /** Data whose loss and metrics are reported after each epoch as `valLoss` and so on. */
  validationData?: ValidationData<X, Y>;
  /** The share of the rows, the last ones, that is held out to validate; between 0 and 1. */
  validationSplit?: number;
  /** Rows per batch of validation. Default: `batchSize`. */
  validationBatchSize?: number;
  /**
   * How much each row counts in the loss, at least 0. For several outputs the same for all, or
   * an array, or by the name of the output. Default: 1 each.
   */
  sampleWeight?: AnyData;
  /** How much the rows of a class count: `{ 0: 1, 1: 5 }`; classes left out weigh 1. */
  classWeight?: ClassWeight;
}

/** The names of these options. */
export const fitOptionNames = [
  ...runOptionNames,
  "epochs",
  "initialEpoch",
  "shuffle",
  "validationData",
  "validationSplit",
  "validationBatchSize",
  "sampleWeight",
  "classWeight",
] as const;

/** Labelled data with the program that trains on them. */
export interface Training {
  readonly core: Core;
  readonly data: ModelData;
  /** Makes an update. */
  readonly program: Program;
  /** Only adds up gradients, where several batches make an update; else null. */
  readonly gather: Program | null;
}

interface Plan {
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly shuffle: boolean;
  readonly batchSize: number;
  readonly validationBatchSize: number;
  readonly training: ModelData;
  readonly validation: ModelData | null;
}

/** Runs `fit`. */
export async function fit(
  state: ModelState,
  model: CallbackModel,
  x: AnyData,
  y: AnyData,
  options: FitOptions<AnyData, AnyData> = {},
): Promise<History> {
  const where = "fit";
  state.activity.check(where, "trains");
  const given = checkOptions(where, options, fitOptionNames);
  const setup = state.compiled(where);
  const pace = new Pace(where, given);
  const plan = readPlan(where, state, setup, x, y, given);
  const { names } = setup.means.train;
  const history = new HistoryRecorder();
  const callbacks = callbackList(where, given, [history], model, {
    epochs: plan.epochs,
    initialEpoch: plan.initialEpoch,
    steps: Math.ceil(plan.training.count / plan.batchSize),
    samples: plan.training.count,
    batchSize: plan.batchSize,
    metrics: plan.validation ? [...names, ...names.map(validationName)] : names,
  });
  return state.activity.run(where, "trains", async () => {
    const core = await loadedCore();
    const training = prepareTraining(core, where, state, setup, plan.training, plan.batchSize);
    const { validation, validationBatchSize } = plan;
    const evaluation =
      validation && prepareEvaluation(core, where, state, setup, validation, validationBatchSize);
    const { probes } = callbacks;
    const watch =
      probes.length > 0
        ? new StepWatch(core, where, state, setup, plan.training, plan.batchSize, probes)
        : null;
    try {
      await runEpochs(state, setup, model, plan, training, watch, evaluation, callbacks, pace);
    } finally {
      watch?.free();
    }
    return history;
  });
}

/** `valLoss` of `loss`. */
export function validationName(name: string): string {
  return joinNames("val", name);
}

/** Compiles what training needs; when that fails, nothing has changed. */
export function prepareTraining(
  core: Core,
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  data: ModelData,
  batchSize: number,
): Training {
  setup.layers.warnOfChanges(where);
  warnOfBatches(where, state.graph, setup, data.count, batchSize);
  const programOf = (purpose: "train" | "gather") =>
    prepareProgram(core, where, state, setup, data, batchSize, purpose, (graph, ...given) =>
      lowerTraining(graph, ...given, purpose === "train"),
    );
  const gather = setup.optimizer.accumulationSteps > 1 ? programOf("gather") : null;
  return { core, data, program: programOf("train"), gather };
}

/** What a training step goes by, besides data and weights. */
export interface StepRates {
  readonly learningRate: number;
  /** Undefined where the optimizer's own counts. */
  readonly momentum: number | undefined;
}

/** One training step on the rows at these places in `order`. */
export function trainBatch(
  state: ModelState,
  setup: TrainingSetup,
  { data, program: update, gather }: Training,
  order: Uint32Array | null,
  from: number,
  to: number,
  rates: StepRates = setup,
): void {
  // Asked for first: these may be a user's functions, and may fail.
  const { learningRate, momentum } = rates;
  const program = gather && !setup.updatesNow ? gather : update;
  program.writeAll(data.parts, order, from, to);
  program.set(inputNames.learningRate, learningRate);
  if (momentum !== undefined) program.set(inputNames.momentum, momentum);
  program.run(to - from, setup.updates + 1, state.seed, state.draws);
  setup.iterations++;
  state.draws++;
}

function readPlan(
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  x: AnyData,
  y: AnyData,
  options: FitOptions<AnyData, AnyData>,
): Plan {
  const initialEpoch = checkNumber(where, "initialEpoch", options.initialEpoch ?? 0, {
    integer: true,
    min: 0,
  });
  const epochs = checkNumber(where, "epochs", options.epochs ?? 1, { integer: true, min: 1 });
  const batchSize = batchSizeOf(where, options.batchSize);
  const shuffle = checkBoolean(where, "shuffle", options.shuffle ?? true);
  const validationBatchSize = batchSizeOf(
    where,
    options.validationBatchSize ?? batchSize,
    "validationBatchSize",
  );
  const { sampleWeight, classWeight, validationData, validationSplit } = options;
  const all = readLabelled(where, state.graph, setup, { x, y, sampleWeight, classWeight });
  const common = { epochs, initialEpoch, shuffle, batchSize, validationBatchSize };
  // Explicit data win over a split, as in Keras.
  if (validationData !== undefined) {
    const validation = readValidation(where, state, setup, validationData);
    return { ...common, training: all, validation };
  }
  if (validationSplit === undefined || validationSplit === 0) {
    return { ...common, training: all, validation: null };
  }
  return { ...common, ...splitData(all, splitPoint(where, all.count, validationSplit)) };
}

function splitData(all: ModelData, point: number): { training: ModelData; validation: ModelData } {
  const splits = all.parts.map(({ name, rows }) => ({ name, ...splitRows(rows, point) }));
  const part = (key: "training" | "validation"): ModelData => ({
    count: key === "training" ? point : all.count - point,
    parts: splits.map((split) => ({ name: split.name, rows: split[key] })),
    variant: all.variant,
  });
  return { training: part("training"), validation: part("validation") };
}

function readValidation(
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  given: ValidationData<AnyData, AnyData>,
): ModelData {
  if (!Array.isArray(given) || given.length < 2 || given.length > 3) {
    fail(where, {
      expected: "validationData to be [x, y] or [x, y, sampleWeight]",
      received: describe(given),
    });
  }
  const [x, y, sampleWeight] = given;
  const names = { x: "validationData x", y: "validationData y" };
  return readLabelled(where, state.graph, setup, { x, y, sampleWeight }, names);
}

async function runEpochs(
  state: ModelState,
  setup: TrainingSetup,
  model: CallbackModel,
  plan: Plan,
  training: Training,
  watch: StepWatch | null,
  evaluation: Evaluation | null,
  callbacks: CallbackList,
  pace: Pace,
): Promise<void> {
  const { activity } = state;
  const means = setup.means.train;
  model.stopTraining = false;
  await activity.hook(() => callbacks.run("onTrainBegin", {}));
  let logs: Logs = {};
  for (let epoch = plan.initialEpoch; epoch < plan.epochs && !model.stopTraining; epoch++) {
    setup.epoch = epoch;
    means.reset(training.core);
    await activity.hook(() => callbacks.at("onEpochBegin", epoch, {}));
    await runBatches(state, setup, model, plan, training, watch, callbacks, pace);
    state.epochs++;
    logs = means.read(training.core);
    if (evaluation) {
      // They may be evaluations, which use the same running means.
      await activity.callsFromHooks();
      const found = await runEvaluation(state, setup, evaluation, callbacks, pace);
      for (const [name, value] of Object.entries(found)) logs[validationName(name)] = value;
    }
    const epochLogs = logs;
    await activity.hook(() => callbacks.at("onEpochEnd", epoch, epochLogs));
  }
  // Before the end is told, as in Keras.
  setup.finish(training.core);
  await activity.hook(() => callbacks.run("onTrainEnd", logs));
}

async function runBatches(
  state: ModelState,
  setup: TrainingSetup,
  model: CallbackModel,
  { batchSize, shuffle }: Plan,
  training: Training,
  watch: StepWatch | null,
  callbacks: CallbackList,
  pace: Pace,
): Promise<void> {
  const { activity } = state;
  const { core, data } = training;
  const means = setup.means.train;
  const { count } = data;
  const order = shuffle ? shuffled(core, state, count, state.epochs) : null;
  const wantsBegin = callbacks.has("onTrainBatchBegin");
  const wantsEnd = callbacks.has("onTrainBatchEnd");
  for (let from = 0, batch = 0; from < count; from += batchSize, batch++) {
    if (wantsBegin) {
      const wait = activity.hook(() => callbacks.at("onTrainBatchBegin", batch, {}));
      if (wait) await wait;
    }
    const to = Math.min(from + batchSize, count);
    const watching = watch?.isDue() ? watch : null;
    trainBatch(state, setup, watching ?? training, order, from, to);
    watching?.report(to - from);
    if (wantsEnd) {
      const wait = activity.hook(() => callbacks.at("onTrainBatchEnd", batch, means.read(core)));
      if (wait) await wait;
    }
    if (model.stopTraining) return;
    pace.check();
    if (pace.isDue) await pace.giveWay();
  }
}

/** The order of the rows in an epoch: fixed by the seed and the epochs before. */
export function shuffled(
  core: Core,
  state: ModelState,
  count: number,
  epochs: number,
): Uint32Array {
  const places = new Uint32Array(count);
  for (let i = 0; i < places.length; i++) places[i] = i;
  const { low, high } = state.seed;
  return core.call("fit", (engine) => engine.shuffle(places, low, high, epochs));
}
