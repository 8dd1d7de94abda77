// The training loop: epochs, shuffled batches, validation, callbacks. One step is one call of the
// engine; here nothing is computed, and per step next to nothing is allocated.
import type { CallbackList, CallbackModel, HookName, Logs } from "../callbacks/callback.js";
import { type History, HistoryRecorder } from "../callbacks/history.js";
import { isBatchSource } from "../data/stream.js";
import { checkBoolean } from "../errors.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import { type Evaluation, runEvaluation, startEvaluation } from "./evaluate.js";
import { ArrayFeed, type Batches, type Passes } from "./feed.js";
import {
  checkFitOptions,
  type FitBatchesOptions,
  type FitOptions,
  type Plan,
  readPlan,
} from "./fit-plan.js";
import type { AnyData, ModelData } from "./input-data.js";
import type { ModelState } from "./model-state.js";
import { joinNames } from "./parts.js";
import { RemoteFit } from "./remote/remote-fit.js";
import { callbackList, Pace } from "./run-options.js";
import { StepWatch } from "./step-watch.js";
import { prepareTraining, shuffled, type Training, trainBatch } from "./training.js";
import type { TrainingSetup } from "./training-setup.js";
import { warnOfBatches } from "./warnings.js";

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
  const given = checkFitOptions(where, streams, y, options);
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
    validate: evaluation ? () => evaluateHere(evaluation) : validation && (() => remote.evaluate()),
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
