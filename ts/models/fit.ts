// The training loop: epochs, shuffled batches, validation, callbacks. One step is one call of the
// engine; here nothing is computed, and per step next to nothing is allocated.
import type { CallbackList, CallbackModel, HookName, Logs } from "../callbacks/callback.js";
import { type History, HistoryRecorder } from "../callbacks/history.js";
import type { LaterChecks } from "../data/check.js";
import type { DataLike } from "../data/rows.js";
import { type ClassWeight, splitPoint, splitRows } from "../data/split.js";
import { isBatchSource } from "../data/stream.js";
import { checkBoolean, checkNumber, describe, fail } from "../errors.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import { type Evaluation, runEvaluation, startEvaluation } from "./evaluate.js";
import {
  ArrayFeed,
  type Batches,
  type Feed,
  labelledReader,
  type Passes,
  StreamFeed,
} from "./feed.js";
import { type AnyData, type ModelData, readLabelled } from "./labelled-data.js";
import { lowerTraining } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import { joinNames } from "./parts.js";
import { prepareProgram } from "./prepare.js";
import type { Program } from "./program.js";
import { RemoteFit } from "./remote/remote-fit.js";
import {
  batchSizeOf,
  callbackList,
  checkRun,
  Pace,
  type RunOptions,
  runOptionNames,
} from "./run-options.js";
import { runStep, type StepRates } from "./step.js";
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
  validationData?: ValidationData<X, Y> | Batches<X, Y>;
  /**
   * How many batches of `validationData` are taken after each epoch, where these come one at a
   * time. Default: all there are.
   */
  validationSteps?: number;
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
  /**
   * Whether the arithmetic is done in a worker of its own, so that none of it is done where `fit` is
   * called: the page stays as quick as if nothing happened. Results are the same bits; everything
   * else works as before, but see `Callback.needs` for callbacks that look at weights. The worker
   * gets a copy of the data and ends with `fit`. Errors: where the platform has no workers (edge
   * workers), or its script cannot be loaded. Default: false.
   */
  worker?: boolean;
}

/** Options of `fit` over batches that come one at a time. */
export interface FitBatchesOptions<X = DataLike, Y = DataLike>
  extends Omit<FitOptions<X, Y>, (typeof ofArrays)[number]> {
  /**
   * Batches of an epoch; the next one goes on where it ended, and where the data end, it begins
   * anew if it can. Default: all there are, anew in each epoch.
   */
  stepsPerEpoch?: number;
}

const ofArrays = ["batchSize", "shuffle", "validationSplit", "sampleWeight", "worker"] as const;
const ofStreams = ["stepsPerEpoch"] as const;
const ofBoth = [
  "epochs",
  "initialEpoch",
  "validationData",
  "validationBatchSize",
  "validationSteps",
  "classWeight",
] as const;

/** The names of the options of `fit` over arrays. */
export const fitOptionNames = [...runOptionNames, ...ofArrays, ...ofBoth] as const;

/** Labelled data with the program that trains on them. */
export interface Training {
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
  readonly training: Feed;
  readonly validation: Feed | null;
  /** What is to be looked at before any of the data are used. */
  readonly later: LaterChecks;
}

/** How `fit` goes over the data: here, or in a worker. */
interface Runs {
  /** Begins a pass to train; false where there are no batches any more. */
  begin(): boolean | Promise<boolean>;
  /** Before a hook that may look at weights. */
  before(hook: HookName): Promise<void> | undefined;
  /** Trains on all batches, or on those before training is stopped. */
  train(): Promise<void>;
  /** Loss and metrics of the validation data; null where there are none. */
  validate: (() => Promise<Logs | null>) | null;
  /** Weights are here from now on. */
  finish(): Promise<void> | undefined;
  /** Lets go of everything. */
  close(): Promise<unknown>;
}

/** Runs `fit`; over batches that come one at a time, options come in the place of `y`. */
export async function fit(
  state: ModelState,
  model: CallbackModel,
  x: AnyData | Batches<AnyData, AnyData>,
  y: AnyData | FitBatchesOptions<AnyData, AnyData> | undefined,
  options?: FitOptions<AnyData, AnyData>,
): Promise<History> {
  const where = "fit";
  state.activity.check(where, "trains");
  const streams = isBatchSource(x);
  const given: FitOptions<AnyData, AnyData> = checkRun(
    where,
    streams,
    y,
    options,
    ofArrays,
    ofStreams,
    ofBoth,
  );
  const setup = state.compiled(where);
  const pace = new Pace(where, given);
  const inWorker = checkBoolean(where, "worker", given.worker ?? false);
  const plan = readPlan(where, state, setup, x, y as AnyData, given);
  const { names } = setup.means.train;
  const history = new HistoryRecorder();
  const { steps, samples, batchSize } = plan.training;
  const callbacks = callbackList(where, given, [history], model, {
    epochs: plan.epochs,
    initialEpoch: plan.initialEpoch,
    steps,
    samples,
    batchSize,
    metrics: plan.validation ? [...names, ...names.map(validationName)] : names,
  });
  return state.activity.run(where, "trains", async () => {
    // Whoever made the model just before has done enough for one turn.
    if (inWorker) await pace.giveWay();
    await pace.through(plan.later);
    const core = await loadedCore();
    const run = { core, where, state, setup, model, plan, callbacks, pace };
    const runs = await (inWorker ? remoteRuns(run) : localRuns(run));
    try {
      await runEpochs(run, runs);
    } finally {
      await runs.close();
    }
    return history;
  });
}

/** All that a `fit` goes by. */
interface Run {
  readonly core: Core;
  readonly where: string;
  readonly state: ModelState;
  readonly setup: TrainingSetup;
  readonly model: CallbackModel;
  readonly plan: Plan;
  readonly callbacks: CallbackList;
  readonly pace: Pace;
}

async function localRuns(run: Run): Promise<Runs> {
  const { core, where, state, setup, plan, callbacks, pace } = run;
  const { batchSize, samples } = plan.training;
  const training = plan.training.start(
    (data, size) => prepareTraining(core, where, state, setup, data, size),
    () => (plan.shuffle ? shuffled(core, state, samples as number, state.epochs) : null),
  );
  const evaluation = plan.validation && startEvaluation(core, where, state, setup, plan.validation);
  let watch: StepWatch | null = null;
  const close = () => {
    watch?.free();
    return Promise.all([training.close(), evaluation?.close()]);
  };
  try {
    // Of a stream, the first batch shows what is to be compiled.
    await training.begin(pace);
    watch = watchSteps(run, training.first.data, batchSize, false);
  } catch (error) {
    await close();
    throw error;
  }
  let isFirst = true;
  return {
    begin() {
      if (!isFirst) return training.begin(pace);
      isFirst = false;
      return true;
    },
    before: () => undefined,
    train: () => runBatches(run, training, watch),
    validate: evaluation && (() => runEvaluation(core, state, setup, evaluation, callbacks, pace)),
    finish: () => undefined,
    close,
  };
}

async function remoteRuns(run: Run): Promise<Runs> {
  const { core, where, state, setup, model, plan, callbacks, pace } = run;
  const training = plan.training as ArrayFeed;
  const { data, batchSize } = training;
  const validation = plan.validation instanceof ArrayFeed ? plan.validation : null;
  setup.layers.warnOfChanges(where);
  warnOfBatches(where, state.graph, setup, data.count, batchSize);
  state.createWeights(core, where);
  setup.create(core, where);
  const watch = watchSteps(run, data, batchSize, true);
  const remotePlan = { training, validation, shuffle: plan.shuffle };
  const isStopped = () => model.stopTraining;
  const given = [core, where, state, setup, remotePlan, watch, callbacks, pace, isStopped] as const;
  const remote = await RemoteFit.start(...given).catch((error: unknown) => {
    watch?.free();
    throw error;
  });
  // Batches that come one at a time come here.
  const evaluation =
    plan.validation && !validation
      ? startEvaluation(core, where, state, setup, plan.validation)
      : null;
  const evaluateHere = async (passes: Passes<Evaluation>) => {
    await remote.pull();
    return runEvaluation(core, state, setup, passes, callbacks, pace);
  };
  return {
    begin: () => true,
    before: (hook) => remote.before(hook),
    async train() {
      remote.beginEpoch();
      await remote.run("train", watch);
    },
    validate: evaluation
      ? () => evaluateHere(evaluation)
      : validation && (() => remote.evaluate()),
    finish: () => remote.end(),
    async close() {
      try {
        await Promise.all([remote.end(), evaluation?.close()]);
      } finally {
        watch?.free();
      }
    },
  };
}

/** What measures steps for callbacks; null where none asks for it. */
function watchSteps(
  { core, where, state, setup, callbacks: { probes } }: Run,
  data: ModelData,
  batchSize: number | null,
  inWorker: boolean,
): StepWatch | null {
  if (probes.length === 0) return null;
  const size = batchSize ?? data.count;
  return new StepWatch(core, where, state, setup, data, size, probes, inWorker);
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
  return { data, program: programOf("train"), gather };
}

/** One training step on the rows at these places in `order`. */
export function trainBatch(
  state: ModelState,
  setup: TrainingSetup,
  training: Training,
  order: Uint32Array | null,
  from: number,
  to: number,
  rates: StepRates = setup,
): void {
  // Asked for first: these may be a user's functions, and may fail.
  const { learningRate, momentum } = rates;
  const { seed, draws } = state;
  const { iterations, optimizer } = setup;
  const clock = { seed, draws, iterations, accumulationSteps: optimizer.accumulationSteps };
  runStep(training, clock, order, from, to, { learningRate, momentum });
  setup.iterations++;
  state.draws++;
}

function readPlan(
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  x: AnyData | Batches<AnyData, AnyData>,
  y: AnyData,
  options: FitOptions<AnyData, AnyData> & { readonly stepsPerEpoch?: number },
): Plan {
  const initialEpoch = checkNumber(where, "initialEpoch", options.initialEpoch ?? 0, {
    integer: true,
    min: 0,
  });
  const epochs = checkNumber(where, "epochs", options.epochs ?? 1, { integer: true, min: 1 });
  const batchSize = batchSizeOf(where, options.batchSize);
  const given = checkBoolean(where, "shuffle", options.shuffle ?? true);
  const validationBatchSize = batchSizeOf(
    where,
    options.validationBatchSize ?? batchSize,
    "validationBatchSize",
  );
  const { sampleWeight, classWeight, validationData, validationSplit } = options;
  const streams = isBatchSource(x);
  const later: LaterChecks = [];
  const common = { epochs, initialEpoch, shuffle: given && !streams, later };
  const passes = Math.max(1, epochs - initialEpoch);
  const validation = () =>
    validationData === undefined
      ? checkNoSteps(where, options.validationSteps)
      : readValidation(where, state, setup, validationData, validationBatchSize, later, {
          passes,
          steps: options.validationSteps,
        });
  if (streams) {
    const training = new StreamFeed(where, state, x, labelledReader(state, setup, classWeight), {
      name: "x",
      batch: "batch",
      stepsName: "stepsPerEpoch",
      steps: options.stepsPerEpoch,
      passes,
      goesOn: true,
    });
    return { ...common, training, validation: validation() };
  }
  const labelled = { x, y, sampleWeight, classWeight };
  const all = readLabelled(where, state.graph, setup, labelled, undefined, later);
  // Explicit data win over a split, as in Keras.
  if (validationData !== undefined || validationSplit === undefined || validationSplit === 0) {
    return { ...common, training: new ArrayFeed(all, batchSize), validation: validation() };
  }
  checkNoSteps(where, options.validationSteps);
  const parts = splitData(all, splitPoint(where, all.count, validationSplit));
  return {
    ...common,
    training: new ArrayFeed(parts.training, batchSize),
    validation: new ArrayFeed(parts.validation, validationBatchSize),
  };
}

function checkNoSteps(where: string, validationSteps: unknown): null {
  if (validationSteps === undefined) return null;
  return fail(where, {
    expected: "validationSteps only with validationData from an iterator",
    received: describe(validationSteps),
  });
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
  given: ValidationData<AnyData, AnyData> | Batches<AnyData, AnyData>,
  batchSize: number,
  later: LaterChecks,
  stream: { readonly passes: number; readonly steps: number | undefined },
): Feed {
  if (isBatchSource(given)) {
    return new StreamFeed(where, state, given, labelledReader(state, setup), {
      name: "validationData",
      batch: "validation batch",
      stepsName: "validationSteps",
      ...stream,
      goesOn: false,
    });
  }
  checkNoSteps(where, stream.steps);
  const list: unknown = given;
  if (!Array.isArray(list) || list.length < 2 || list.length > 3) {
    return fail(where, {
      expected: "validationData to be [x, y] or [x, y, sampleWeight], or an iterator of batches",
      received: describe(given),
    });
  }
  const [x, y, sampleWeight] = list;
  const names = { x: "validationData x", y: "validationData y" };
  return new ArrayFeed(
    readLabelled(where, state.graph, setup, { x, y, sampleWeight }, names, later),
    batchSize,
  );
}

/** Trains epoch after epoch. */
async function runEpochs(
  { core, state, setup, model, plan, callbacks }: Run,
  runs: Runs,
): Promise<void> {
  const { activity } = state;
  const means = setup.means.train;
  model.stopTraining = false;
  await activity.hook(() => callbacks.run("onTrainBegin", {}));
  let logs: Logs = {};
  for (let epoch = plan.initialEpoch; epoch < plan.epochs && !model.stopTraining; epoch++) {
    if (!(await runs.begin())) break;
    setup.epoch = epoch;
    means.reset(core);
    await runs.before("onEpochBegin");
    await activity.hook(() => callbacks.at("onEpochBegin", epoch, {}));
    await runs.train();
    state.epochs++;
    logs = means.read(core);
    if (runs.validate) {
      // They may be evaluations, which use the same running means.
      await activity.callsFromHooks();
      const found = await runs.validate();
      for (const [name, value] of Object.entries(found ?? {})) logs[validationName(name)] = value;
    }
    const epochLogs = logs;
    await runs.before("onEpochEnd");
    await activity.hook(() => callbacks.at("onEpochEnd", epoch, epochLogs));
  }
  await runs.finish();
  // Before the end is told, as in Keras.
  setup.finish(core);
  await activity.hook(() => callbacks.run("onTrainEnd", logs));
}

async function runBatches(
  { core, state, setup, model, callbacks, pace }: Run,
  passes: Passes<Training>,
  watch: StepWatch | null,
): Promise<void> {
  const { activity } = state;
  const means = setup.means.train;
  const wantsBegin = callbacks.has("onTrainBatchBegin");
  const wantsEnd = callbacks.has("onTrainBatchEnd");
  for (let batch = 0; ; batch++) {
    const coming = passes.next(pace);
    const step = coming instanceof Promise ? await coming : coming;
    if (step === null) return;
    if (wantsBegin) {
      const wait = activity.hook(() => callbacks.at("onTrainBatchBegin", batch, {}));
      if (wait) await wait;
    }
    const { data, prepared, order, from, to } = step;
    const watching = watch?.isDue() ? watch : null;
    trainBatch(state, setup, watching ? watching.over(data) : prepared, order, from, to);
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
