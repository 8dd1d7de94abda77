// Training with a model's own program, step by step: what it needs compiled, one step, the order of
// the rows. Loops over it are elsewhere.
import type { Core } from "../runtime/core.js";
import type { ModelData } from "./input-data.js";
import { lowerTraining } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import { type Lower, prepareProgram } from "./prepare.js";
import type { Program } from "./program.js";
import { runStep, type StepRates } from "./step.js";
import type { TrainingSetup } from "./training-setup.js";
import { warnOfBatches } from "./warnings.js";

/** Labelled data with the program that trains on them. */
export interface Training {
  readonly data: ModelData;
  /** Makes an update. */
  readonly program: Program;
  /** Only adds up gradients, where several batches make an update; else null. */
  readonly gather: Program | null;
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
  const gathers = setup.optimizer.accumulationSteps > 1;
  const gather = gathers
    ? prepareProgram(core, where, state, setup, data, batchSize, "gather", lowerGather)
    : null;
  const program = prepareProgram(core, where, state, setup, data, batchSize, "train", lowerUpdate);
  return { data, program, gather };
}

const lowerUpdate: Lower = (graph, setup, variant) => lowerTraining(graph, setup, variant, true);
const lowerGather: Lower = (graph, setup, variant) => lowerTraining(graph, setup, variant, false);

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
