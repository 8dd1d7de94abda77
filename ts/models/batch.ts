// Training and evaluation on one batch, for loops that users write themselves.
import type { Logs } from "../callbacks/callback.js";
import type { ClassWeight } from "../data/split.js";
import { checkOptions } from "../errors.js";
import type { Core } from "../runtime/core.js";
import { coreNow, loadedCore } from "../runtime/load.js";
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
  return onBatch(state, where, "trains", (core) => {
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
  return onBatch(state, where, "reads", (core) => {
    const evaluation = prepareEvaluation(core, where, state, setup, data, data.count);
    setup.means.test.reset(core);
    evaluateBatch(state, evaluation, 0, data.count);
    return setup.means.test.read(core);
  });
}

/** Does something with a batch that passed `check` just before: at once, where nothing is to wait for. */
export function onBatch<T>(
  state: ModelState,
  where: string,
  kind: "trains" | "reads",
  work: (core: Core) => T,
): T | Promise<T> {
  const core = coreNow();
  if (core && !state.remote) return state.activity.runNow(where, kind, () => work(core));
  return state.activity.run(where, kind, async () => {
    if (kind === "reads") await state.remote?.pull();
    return work(await loadedCore());
  });
}
