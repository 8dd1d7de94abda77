// What a model holds between calls, shared by training, evaluation and prediction.
import { fail } from "../errors.js";
import type { Core } from "../runtime/core.js";
import { Resources } from "../runtime/resources.js";
import { Activity } from "./activity.js";
import type { LayerGraph } from "./layer-graph.js";
import { ProgramCache } from "./program.js";
import type { RemoteFit } from "./remote/remote-fit.js";
import type { Seed } from "./seed.js";
import type { TrainingSetup } from "./training-setup.js";
import { createWeights } from "./weights.js";

/** The state of one model. */
export class ModelState {
  readonly name: string;
  readonly graph: LayerGraph;
  readonly seed: Seed;
  readonly activity = new Activity();
  readonly resources = new Resources(this);
  /** Programs that predict; they outlive `compile`. */
  readonly predictions = new ProgramCache(this.resources);
  /** What `compile` made; null before. */
  setup: TrainingSetup | null = null;
  /** The worker that trains it at the moment; null where none does. */
  remote: RemoteFit | null = null;
  /** Training steps ever made: keys the dropout masks. */
  draws = 0;
  /** Epochs ever trained: keys the order of rows. */
  epochs = 0;
  /** The layout of memory in which all weights were found to exist. */
  #createdAt = -1;

  constructor(name: string, graph: LayerGraph, seed: Seed) {
    this.name = name;
    this.graph = graph;
    this.seed = seed;
  }

  /** What `compile` made. */
  compiled(where: string): TrainingSetup {
    if (this.setup) return this.setup;
    return fail(where, {
      expected: "a compiled model",
      received: "one that was not",
      hint: 'Call model.compile({ optimizer: "adam", loss: … }) first.',
    });
  }

  /** Makes the weights where they do not exist yet. */
  createWeights(core: Core, where: string): void {
    if (this.#createdAt === core.layout) return;
    createWeights(core, where, this.graph, this.seed);
    this.#createdAt = core.layout;
  }
}
