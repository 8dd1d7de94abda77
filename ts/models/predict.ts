// Prediction: the outputs of a model for inputs, batch by batch.
import type { CallbackModel } from "../callbacks/callback.js";
import type { DataLike, Rows } from "../data/rows.js";
import { shapeText, sizeOf, type Tensor, tensor } from "../data/tensor.js";
import { checkOptions, fail } from "../errors.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import { readInputs } from "./labelled-data.js";
import { lowerPrediction, outputShape } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import type { Program } from "./program.js";
import { batchSizeOf, callbackList, Pace, type RunOptions, runOptionNames } from "./run-options.js";

/** Options of `predict`. */
export interface PredictOptions extends RunOptions {}

/** Runs `predict`. */
export async function predict(
  state: ModelState,
  model: CallbackModel,
  x: DataLike,
  options: PredictOptions = {},
): Promise<Tensor> {
  const where = "predict";
  state.activity.check(where, "reads");
  const given = checkOptions(where, options, runOptionNames);
  const batchSize = batchSizeOf(where, given.batchSize);
  const pace = new Pace(where, given);
  const rows = readInputs(where, state.graph, x);
  const callbacks = callbackList(where, given, [], model, {
    epochs: 1,
    steps: Math.ceil(rows.count / batchSize),
    samples: rows.count,
    batchSize,
  });
  const { activity } = state;
  return activity.run(where, "reads", async () => {
    const core = await loadedCore();
    const program = preparePrediction(core, where, state, rows, batchSize);
    const result = emptyResult(where, state, rows);
    const wantsBegin = callbacks.has("onPredictBatchBegin");
    const wantsEnd = callbacks.has("onPredictBatchEnd");
    await activity.hook(() => callbacks.run("onPredictBegin", {}));
    for (let from = 0, batch = 0; from < rows.count; from += batchSize, batch++) {
      if (wantsBegin) {
        const wait = activity.hook(() => callbacks.at("onPredictBatchBegin", batch, {}));
        if (wait) await wait;
      }
      predictBatch(state, program, rows, from, Math.min(from + batchSize, rows.count), result);
      if (wantsEnd) {
        const wait = activity.hook(() => callbacks.at("onPredictBatchEnd", batch, {}));
        if (wait) await wait;
      }
      pace.check();
      if (pace.isDue) await pace.giveWay();
    }
    await activity.hook(() => callbacks.run("onPredictEnd", {}));
    return result;
  });
}

/** Runs `predictOnBatch`. */
export async function predictOnBatch(state: ModelState, x: DataLike): Promise<Tensor> {
  const where = "predictOnBatch";
  state.activity.check(where, "reads");
  const rows = readInputs(where, state.graph, x);
  return state.activity.run(where, "reads", async () => {
    const core = await loadedCore();
    const program = preparePrediction(core, where, state, rows, rows.count);
    const result = emptyResult(where, state, rows);
    predictBatch(state, program, rows, 0, rows.count, result);
    return result;
  });
}

function preparePrediction(
  core: Core,
  where: string,
  state: ModelState,
  rows: Rows,
  batchSize: number,
): Program {
  state.createWeights(core, where);
  const capacity = Math.min(batchSize, rows.count);
  return state.predictions.get(core, where, `predict ${rows.dtype}`, capacity, () =>
    lowerPrediction(state.graph, rows.dtype),
  );
}

function emptyResult(where: string, state: ModelState, rows: Rows): Tensor {
  const shape = [rows.count, ...outputShape(state.graph)];
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
  rows: Rows,
  from: number,
  to: number,
  result: Tensor,
): void {
  program.write(state.graph.inputs[0]?.name ?? "x", rows, null, from, to);
  program.run(to - from, 0, state.seed, 0);
  const length = result.data.length / rows.count;
  result.data.set(program.output("output", length * (to - from)), length * from);
}
