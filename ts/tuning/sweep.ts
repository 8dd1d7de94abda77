// Role: the learning-rate sweep: trains a few steps at ever higher rates with the model's own
// program, writes down the losses, and leaves the model as it was. It must not judge the losses.

import type { ModelData } from "../models/input-data.js";
import type { ModelState } from "../models/model-state.js";
import type { Pace } from "../models/run-options.js";
import type { RunningMeans } from "../models/running-means.js";
import { restoreState, saveState } from "../models/saved-state.js";
import { prepareTraining, shuffled, type Training, trainBatch } from "../models/training.js";
import type { TrainingSetup } from "../models/training-setup.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";

/** What is done to the model. */
export interface SweepPlan {
  readonly data: ModelData;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** The learning rate of each step. */
  readonly learningRates: readonly number[];
}

/** Gets the loss of each step, taken before its update; returns true to end the sweep. */
export type Watch = (loss: number) => boolean;

/** Runs the sweep; afterwards, and when it fails, the model is bit for bit what it was. */
export async function sweep(
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  plan: SweepPlan,
  pace: Pace,
  watch: Watch,
): Promise<void> {
  const core = await loadedCore();
  const training = prepareTraining(core, where, state, setup, plan.data, plan.batchSize);
  const restore = remember(core, where, state, setup.means.train);
  try {
    await runSteps(core, state, setup, plan, training, pace, watch);
  } finally {
    restore();
  }
}

/** Copies all that steps change; gives the function that writes it back. */
function remember(core: Core, where: string, state: ModelState, means: RunningMeans): () => void {
  const saved = saveState(core, state);
  const sums = means.variables.map((variable) => variable.view(core).slice());
  return () => {
    restoreState(core, where, state, saved);
    means.variables.forEach((variable, i) => {
      variable.view(core).set(sums[i] as Float32Array);
    });
  };
}

async function runSteps(
  core: Core,
  state: ModelState,
  setup: TrainingSetup,
  { data, batchSize, shuffle, learningRates }: SweepPlan,
  training: Training,
  pace: Pace,
  watch: Watch,
): Promise<void> {
  const means = setup.means.train;
  // A schedule would move the momentum on; what is looked for is a rate for where it stands.
  const { momentum } = setup;
  const { epochs } = state;
  // A short last batch would have a loss of its own: it is left out.
  const batches = Math.max(1, Math.floor(data.count / batchSize));
  let order: Uint32Array | null = null;
  for (const [step, learningRate] of learningRates.entries()) {
    const batch = step % batches;
    if (shuffle && batch === 0) order = shuffled(core, state, data.count, epochs + step / batches);
    const from = batch * batchSize;
    const to = Math.min(from + batchSize, data.count);
    means.reset(core);
    trainBatch(state, setup, training, order, from, to, { learningRate, momentum });
    if (watch(means.read(core).loss as number)) return;
    pace.check();
    if (pace.isDue) await pace.giveWay();
  }
}
