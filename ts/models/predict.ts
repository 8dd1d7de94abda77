// Prediction: the outputs of a model for inputs, batch by batch.
import type { CallbackModel } from "../callbacks/callback.js";
import { shapeText, sizeOf, type Tensor, tensor } from "../data/tensor.js";
import { checkOptions, fail } from "../errors.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import { type AnyData, type ModelData, readInputs } from "./labelled-data.js";
import type { GraphOutput } from "./layer-graph.js";
import { lowerPrediction, outputName, variantKey } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import type { Program } from "./program.js";
import { batchSizeOf, callbackList, Pace, type RunOptions, runOptionNames } from "./run-options.js";

/** Options of `predict`. */
export interface PredictOptions extends RunOptions {}

/** Runs `predict`. */
export async function predict(
  state: ModelState,
  model: CallbackModel,
  x: AnyData,
  options: PredictOptions = {},
): Promise<readonly Tensor[]> {
  const where = "predict";
  state.activity.check(where, "reads");
  const given = checkOptions(where, options, runOptionNames);
  const batchSize = batchSizeOf(where, given.batchSize);
  const pace = new Pace(where, given);
  const data = readInputs(where, state.graph, x);
  const callbacks = callbackList(where, given, [], model, {
    epochs: 1,
    steps: Math.ceil(data.count / batchSize),
    samples: data.count,
    batchSize,
  });
  const { activity } = state;
  return activity.run(where, "reads", async () => {
    const core = await loadedCore();
    const program = preparePrediction(core, where, state, data, batchSize);
    const results = emptyResults(where, state, data.count);
    const wantsBegin = callbacks.has("onPredictBatchBegin");
    const wantsEnd = callbacks.has("onPredictBatchEnd");
    await activity.hook(() => callbacks.run("onPredictBegin", {}));
    for (let from = 0, batch = 0; from < data.count; from += batchSize, batch++) {
      if (wantsBegin) {
        const wait = activity.hook(() => callbacks.at("onPredictBatchBegin", batch, {}));
        if (wait) await wait;
      }
      predictBatch(state, program, data, from, Math.min(from + batchSize, data.count), results);
      if (wantsEnd) {
        const wait = activity.hook(() => callbacks.at("onPredictBatchEnd", batch, {}));
        if (wait) await wait;
      }
      pace.check();
      if (pace.isDue) await pace.giveWay();
    }
    await activity.hook(() => callbacks.run("onPredictEnd", {}));
    return results;
  });
}

/** Runs `predictOnBatch`. */
export async function predictOnBatch(state: ModelState, x: AnyData): Promise<readonly Tensor[]> {
  const where = "predictOnBatch";
  state.activity.check(where, "reads");
  const data = readInputs(where, state.graph, x);
  return state.activity.run(where, "reads", async () => {
    const core = await loadedCore();
    const program = preparePrediction(core, where, state, data, data.count);
    const results = emptyResults(where, state, data.count);
    predictBatch(state, program, data, 0, data.count, results);
    return results;
  });
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
  return state.predictions.get(core, where, `predict ${variantKey(data.variant)}`, capacity, () =>
    lowerPrediction(state.graph, data.variant),
  );
}

function emptyResults(where: string, state: ModelState, count: number): readonly Tensor[] {
  return state.graph.outputs.map(({ rowShape }) => emptyResult(where, [count, ...rowShape]));
}

function emptyResult(where: string, shape: readonly number[]): Tensor {
  const size = sizeOf(shape);
  try {
    return tensor(new Float32Array(size), shape);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail(where, {
      expected: "a result that fits into memory",
      received: `${shapeText(shape)}, ${((4 * size) / 1e6).toFixed(1)} MB`,
      hint: "Predict fewer rows at a time.",
    });
  }
}

function predictBatch(
  state: ModelState,
  program: Program,
  { count, parts }: ModelData,
  from: number,
  to: number,
  results: readonly Tensor[],
): void {
  program.writeAll(parts, null, from, to);
  program.run(to - from, 0, state.seed, 0);
  for (const [i, { data }] of results.entries()) {
    const name = outputName(state.graph, state.graph.outputs[i] as GraphOutput);
    const length = data.length / count;
    data.set(program.output(name, length * (to - from)), length * from);
  }
}
