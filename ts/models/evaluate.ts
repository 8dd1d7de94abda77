// Evaluation: loss and metrics over labelled data, also used for validation within fit.
import type { CallbackList, CallbackModel, Logs } from "../callbacks/callback.js";
import { checkOptions } from "../errors.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import { type AnyData, type ModelData, readLabelled } from "./labelled-data.js";
import { lowerEvaluation } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import { prepareProgram } from "./prepare.js";
import type { Program } from "./program.js";
import { batchSizeOf, callbackList, Pace, type RunOptions, runOptionNames } from "./run-options.js";
import type { TrainingSetup } from "./training-setup.js";

/** Options of `evaluate`. */
export interface EvaluateOptions extends RunOptions {
  /** How much each row counts in the loss and in weightedMetrics, at least 0. Default: 1 each. */
  sampleWeight?: AnyData;
}

/** Labelled data with the program that evaluates them. */
export interface Evaluation {
  readonly core: Core;
  readonly data: ModelData;
  readonly batchSize: number;
  readonly program: Program;
}

/** Runs `evaluate`. */
export async function evaluate(
  state: ModelState,
  model: CallbackModel,
  x: AnyData,
  y: AnyData,
  options: EvaluateOptions = {},
): Promise<Logs> {
  const where = "evaluate";
  state.activity.check(where, "reads");
  const given = checkOptions(where, options, [...runOptionNames, "sampleWeight"]);
  const setup = state.compiled(where);
  const batchSize = batchSizeOf(where, given.batchSize);
  const pace = new Pace(where, given);
  const { sampleWeight } = given;
  const data = readLabelled(where, state.graph, setup, { x, y, sampleWeight });
  const callbacks = callbackList(where, given, [], model, {
    epochs: 1,
    steps: Math.ceil(data.count / batchSize),
    samples: data.count,
    batchSize,
    metrics: setup.means.test.names,
  });
  return state.activity.run(where, "reads", async () => {
    const core = await loadedCore();
    const evaluation = prepareEvaluation(core, where, state, setup, data, batchSize);
    return runEvaluation(state, setup, evaluation, callbacks, pace);
  });
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
  return { core, data, batchSize, program };
}

/** Goes over the data once. */
export async function runEvaluation(
  state: ModelState,
  setup: TrainingSetup,
  evaluation: Evaluation,
  callbacks: CallbackList,
  pace: Pace,
): Promise<Logs> {
  const { core, data, batchSize } = evaluation;
  const means = setup.means.test;
  const { activity } = state;
  const wantsBegin = callbacks.has("onTestBatchBegin");
  const wantsEnd = callbacks.has("onTestBatchEnd");
  means.reset(core);
  await activity.hook(() => callbacks.run("onTestBegin", {}));
  for (let from = 0, batch = 0; from < data.count; from += batchSize, batch++) {
    const to = Math.min(from + batchSize, data.count);
    if (wantsBegin) {
      const wait = activity.hook(() => callbacks.at("onTestBatchBegin", batch, {}));
      if (wait) await wait;
    }
    evaluateBatch(state, evaluation, from, to);
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
