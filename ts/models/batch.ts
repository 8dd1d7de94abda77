// Training and evaluation on one batch, for loops that users write themselves.
import type { Logs } from "../callbacks/callback.js";
import type { ClassWeight } from "../data/split.js";
import { checkOptions } from "../errors.js";
import { loadedCore } from "../runtime/load.js";
import { evaluateBatch, prepareEvaluation } from "./evaluate.js";
import type { AnyData } from "./input-data.js";
import { readLabelled } from "./labelled-data.js";
import type { ModelState } from "./model-state.js";
import { prepareTraining, trainBatch } from "./training.js";

/** Options of `testOnBatch`. */
export interface TestOnBatchOptions {
  /** How much each row counts in the loss and in weightedMetrics, at least 0. Default: 1 each. */
  sampleWeight?: AnyData;
}

/** Options of `trainOnBatch`. */
export interface TrainOnBatchOptions extends TestOnBatchOptions {
  /** How much the rows of a class count: `{ 0: 1, 1: 5 }`. Default: 1, for classes left out too. */
  classWeight?: ClassWeight;
}

/** Runs `trainOnBatch`. */
export async function trainOnBatch(
  state: ModelState,
  x: AnyData,
  y: AnyData,
  options: TrainOnBatchOptions = {},
): Promise<Logs> {
  const where = "trainOnBatch";
  state.activity.check(where, "trains");
  const given = checkOptions(where, options, ["sampleWeight", "classWeight"]);
  const setup = state.compiled(where);
  const data = readLabelled(where, state.graph, setup, { ...given, x, y });
  return state.activity.run(where, "trains", async () => {
    const core = await loadedCore();
    const training = prepareTraining(core, where, state, setup, data, data.count);
    setup.means.train.reset(core);
    trainBatch(state, setup, training, null, 0, data.count);
    return setup.means.train.read(core);
  });
}

/** Runs `testOnBatch`. */
export async function testOnBatch(
  state: ModelState,
  x: AnyData,
  y: AnyData,
  options: TestOnBatchOptions = {},
): Promise<Logs> {
  const where = "testOnBatch";
  state.activity.check(where, "reads");
  const given = checkOptions(where, options, ["sampleWeight"]);
  const setup = state.compiled(where);
  const data = readLabelled(where, state.graph, setup, { ...given, x, y });
  return state.activity.run(where, "reads", async () => {
    await state.remote?.pull();
    const core = await loadedCore();
    const evaluation = prepareEvaluation(core, where, state, setup, data, data.count);
    setup.means.test.reset(core);
    evaluateBatch(state, evaluation, 0, data.count);
    return setup.means.test.read(core);
  });
}
