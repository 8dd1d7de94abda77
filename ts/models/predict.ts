// Prediction: the outputs of a model for inputs, batch by batch.
import type { CallbackList, CallbackModel } from "../callbacks/callback.js";
import type { LaterChecks } from "../data/check.js";
import { type BatchSource, isBatchSource } from "../data/stream.js";
import type { Tensor } from "../data/tensor.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import { onBatch } from "./batch.js";
import { ArrayFeed, type Feed, inputReader, onePass, type Passes, StreamFeed } from "./feed.js";
import { type AnyData, type ModelData, readInputs } from "./input-data.js";
import { lowerPrediction, outputName } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import { emptyResults, predictBatch } from "./prediction.js";
import type { Program } from "./program.js";
import { batchSizeOf, callbackList, checkRun, Pace, type RunOptions } from "./run-options.js";

/** Options of `predict`. */
export interface PredictOptions extends RunOptions {}

/** Options of `predict` over batches that come one at a time. */
export interface PredictBatchesOptions extends Omit<RunOptions, "batchSize"> {
  /** How many batches are taken. Default: all there are. */
  steps?: number;
}

/** Runs `predict`. */
export async function predict(
  state: ModelState,
  model: CallbackModel,
  x: AnyData | BatchSource<AnyData>,
  options?: PredictOptions | PredictBatchesOptions,
): Promise<readonly Tensor[]> {
  const where = "predict";
  state.activity.check(where, "reads");
  const streams = isBatchSource(x);
  const given: RunOptions & PredictBatchesOptions = streams
    ? checkRun(where, true, options, undefined, [], ["steps"])
    : checkRun(where, false, undefined, options, [], []);
  const pace = new Pace(where, given);
  const later: LaterChecks = [];
  const feed: Feed = streams
    ? new StreamFeed(where, state, x, inputReader(state), { ...onePass, steps: given.steps })
    : new ArrayFeed(readInputs(where, state.graph, x, later), batchSizeOf(where, given.batchSize));
  if (feed instanceof ArrayFeed && given.callbacks === undefined && isSmall(feed)) {
    for (const check of later) check();
    return predictData(state, where, feed.data);
  }
  const { steps, samples, batchSize } = feed;
  const params = { epochs: 1, steps, samples, batchSize };
  const callbacks = callbackList(where, given, [], model, params);
  return state.activity.run(where, "reads", async () => {
    await pace.through(later);
    await state.remote?.pull();
    const core = await loadedCore();
    const passes = feed.start((data, size) => preparePrediction(core, where, state, data, size));
    try {
      return await runPrediction(where, state, samples, passes, callbacks, pace);
    } finally {
      await passes.close();
    }
  });
}

/** Goes over the data once; `samples` is null where nobody knows how many rows there will be. */
async function runPrediction(
  where: string,
  state: ModelState,
  samples: number | null,
  passes: Passes<Program>,
  callbacks: CallbackList,
  pace: Pace,
): Promise<readonly Tensor[]> {
  const { activity } = state;
  await passes.begin(pace);
  const results = samples === null ? null : emptyResults(where, state.graph.outputs, samples);
  const parts: (readonly Tensor[])[] = [];
  const names = outputNames(state);
  const wantsBegin = callbacks.has("onPredictBatchBegin");
  const wantsEnd = callbacks.has("onPredictBatchEnd");
  await activity.hook(() => callbacks.run("onPredictBegin", {}));
  for (let batch = 0; ; batch++) {
    const coming = passes.next(pace);
    const step = coming instanceof Promise ? await coming : coming;
    if (step === null) break;
    if (wantsBegin) {
      const wait = activity.hook(() => callbacks.at("onPredictBatchBegin", batch, {}));
      if (wait) await wait;
    }
    const { prepared, data, from, to } = step;
    const part = results ?? emptyResults(where, state.graph.outputs, data.count);
    predictBatch(prepared, state.seed, data, from, to, names, part);
    if (!results) parts.push(part);
    if (wantsEnd) {
      const wait = activity.hook(() => callbacks.at("onPredictBatchEnd", batch, {}));
      if (wait) await wait;
    }
    pace.check();
    if (pace.isDue) await pace.giveWay();
  }
  await activity.hook(() => callbacks.run("onPredictEnd", {}));
  return results ?? joined(where, state, parts);
}

/** The results of all batches as one. */
function joined(
  where: string,
  state: ModelState,
  parts: readonly (readonly Tensor[])[],
): readonly Tensor[] {
  const rows = parts.reduce((sum, part) => sum + ((part[0] as Tensor).shape[0] as number), 0);
  const results = emptyResults(where, state.graph.outputs, rows);
  for (const [i, { data }] of results.entries()) {
    let at = 0;
    for (const part of parts) {
      const piece = (part[i] as Tensor).data;
      data.set(piece, at);
      at += piece.length;
    }
  }
  return results;
}

/** Runs `predictOnBatch`. */
export async function predictOnBatch(state: ModelState, x: AnyData): Promise<readonly Tensor[]> {
  const where = "predictOnBatch";
  state.activity.check(where, "reads");
  return predictData(state, where, readInputs(where, state.graph, x));
}

/** Predicts all rows as one batch. */
function predictData(
  state: ModelState,
  where: string,
  data: ModelData,
): readonly Tensor[] | Promise<readonly Tensor[]> {
  return onBatch(state, where, "reads", (core) => {
    const program = preparePrediction(core, where, state, data, data.count);
    const results = emptyResults(where, state.graph.outputs, data.count);
    predictBatch(program, state.seed, data, 0, data.count, outputNames(state), results);
    return results;
  });
}

/** Numbers of input that are not worth giving way for. */
const smallInput = 65_536;

/** Whether all of it is a single batch, and soon done. */
function isSmall({ data: { count, parts }, batchSize }: ArrayFeed): boolean {
  const numbers = parts.reduce((sum, { rows }) => sum + count * rows.rowLength, 0);
  return count <= batchSize && numbers <= smallInput;
}

function outputNames({ graph }: ModelState): readonly string[] {
  return graph.outputs.map((output) => outputName(graph, output));
}

function preparePrediction(
  core: Core,
  where: string,
  state: ModelState,
  data: ModelData,
  batchSize: number,
): Program {
  state.createWeights(core, where);
  const capacity = Math.min(batchSize, data.count);
  const { variant } = data;
  return state.predictions.get(core, where, "predict", variant, capacity, () =>
    lowerPrediction(state.graph, variant),
  );
}
