// Evaluation: loss and metrics over labelled data, also used for validation within fit.
import type { CallbackList, CallbackModel, Logs } from "../callbacks/callback.js";
import type { LaterChecks } from "../data/check.js";
import { isBatchSource } from "../data/stream.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import {
  ArrayFeed,
  type Batches,
  type Feed,
  labelledReader,
  onePass,
  type Passes,
  StreamFeed,
} from "./feed.js";
import type { AnyData, ModelData } from "./input-data.js";
import { readLabelled } from "./labelled-data.js";
import { lowerEvaluation } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import { prepareProgram } from "./prepare.js";
import type { Program } from "./program.js";
import { batchSizeOf, callbackList, checkRun, Pace, type RunOptions } from "./run-options.js";
import type { TrainingSetup } from "./training-setup.js";

/** Options of `evaluate`. */
export interface EvaluateOptions extends RunOptions {
  /** How much each row counts in the loss and in weightedMetrics, at least 0. Default: 1 each. */
  sampleWeight?: AnyData;
}

/** Options of `evaluate` over batches that come one at a time. */
export interface EvaluateBatchesOptions extends Omit<RunOptions, "batchSize"> {
  /** How many batches are taken. Default: all there are. */
  steps?: number;
}

/** Labelled data with the program that evaluates them. */
export interface Evaluation {
  readonly data: ModelData;
  readonly program: Program;
}

/** Runs `evaluate`; over batches, options come in the place of `y`. */
export async function evaluate(
  state: ModelState,
  model: CallbackModel,
  x: AnyData | Batches<AnyData, AnyData>,
  y: AnyData | EvaluateBatchesOptions | undefined,
  options?: EvaluateOptions,
): Promise<Logs> {
  const where = "evaluate";
  state.activity.check(where, "reads");
  const setup = state.compiled(where);
  const streams = isBatchSource(x);
  const run: RunOptions = checkRun(where, streams, y, options, ["sampleWeight"], ["steps"]);
  const pace = new Pace(where, run);
  const later: LaterChecks = [];
  const feed = streams
    ? new StreamFeed(where, state, x, labelledReader(state, setup), {
        ...onePass,
        steps: (run as EvaluateBatchesOptions).steps,
      })
    : arrayFeed(where, state, setup, { ...(run as EvaluateOptions), x, y: y as AnyData }, later);
  const metrics = setup.means.test.names;
  const { steps, samples, batchSize } = feed;
  const params = { epochs: 1, steps, samples, batchSize, metrics };
  const callbacks = callbackList(where, run, [], model, params);
  return state.activity.run(where, "reads", async () => {
    await pace.through(later);
    await state.remote?.pull();
    const core = await loadedCore();
    const passes = startEvaluation(core, where, state, setup, feed);
    try {
      return (await runEvaluation(core, state, setup, passes, callbacks, pace)) as Logs;
    } finally {
      await passes.close();
    }
  });
}

function arrayFeed(
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  given: EvaluateOptions & { readonly x: AnyData; readonly y: AnyData },
  later: LaterChecks,
): Feed {
  const batchSize = batchSizeOf(where, given.batchSize);
  const { x, y, sampleWeight } = given;
  const labelled = { x, y, sampleWeight };
  return new ArrayFeed(
    readLabelled(where, state.graph, setup, labelled, undefined, later),
    batchSize,
  );
}

/** Gets ready to evaluate data, pass after pass. */
export function startEvaluation(
  core: Core,
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  feed: Feed,
): Passes<Evaluation> {
  return feed.start((data, size) => prepareEvaluation(core, where, state, setup, data, size));
}

/** Compiles what evaluation needs. */
export function prepareEvaluation(
  core: Core,
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  data: ModelData,
  batchSize: number,
): Evaluation {
  const program = prepareProgram(
    core,
    where,
    state,
    setup,
    data,
    batchSize,
    "evaluate",
    lowerEvaluation,
  );
  return { data, program };
}

/** Goes over the data once; null where nothing is left of them. */
export async function runEvaluation(
  core: Core,
  state: ModelState,
  setup: TrainingSetup,
  passes: Passes<Evaluation>,
  callbacks: CallbackList,
  pace: Pace,
): Promise<Logs | null> {
  const means = setup.means.test;
  const { activity } = state;
  const wantsBegin = callbacks.has("onTestBatchBegin");
  const wantsEnd = callbacks.has("onTestBatchEnd");
  if (!(await passes.begin(pace))) return null;
  means.reset(core);
  await activity.hook(() => callbacks.run("onTestBegin", {}));
  for (let batch = 0; ; batch++) {
    const coming = passes.next(pace);
    const step = coming instanceof Promise ? await coming : coming;
    if (step === null) break;
    if (wantsBegin) {
      const wait = activity.hook(() => callbacks.at("onTestBatchBegin", batch, {}));
      if (wait) await wait;
    }
    evaluateBatch(state, step.prepared, step.from, step.to);
    if (wantsEnd) {
      const wait = activity.hook(() => callbacks.at("onTestBatchEnd", batch, means.read(core)));
      if (wait) await wait;
    }
    pace.check();
    if (pace.isDue) await pace.giveWay();
  }
  const logs = means.read(core);
  await activity.hook(() => callbacks.run("onTestEnd", logs));
  return logs;
}

/** Adds the rows from `from` to `to` to the running means. */
export function evaluateBatch(
  state: ModelState,
  { data, program }: Evaluation,
  from: number,
  to: number,
): void {
  program.writeAll(data.parts, null, from, to);
  program.run(to - from, 0, state.seed, 0);
}
