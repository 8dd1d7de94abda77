// What a pass over labelled data needs before its first batch: weights, the state of training, and
// a compiled program. When that fails, nothing has changed.
import type { Core } from "../runtime/core.js";
import type { ModelData } from "./input-data.js";
import type { LayerGraph } from "./layer-graph.js";
import type { Variant } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import type { Lowering, Program } from "./program.js";
import type { TrainingSetup } from "./training-setup.js";

/** How a model becomes a graph for data of these types. */
export type Lower = (graph: LayerGraph, setup: TrainingSetup, variant: Variant) => Lowering;

/** The program for these data in batches of `batchSize`; `purpose` tells programs apart. */
export function prepareProgram(
  core: Core,
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  { count, variant }: ModelData,
  batchSize: number,
  purpose: "train" | "gather" | "evaluate",
  lower: Lower,
): Program {
  state.createWeights(core, where);
  setup.create(core, where);
  const capacity = Math.min(batchSize, count);
  return setup.programs.get(core, where, purpose, variant, capacity, () =>
    lower(state.graph, setup, variant),
  );
}
