// Which layers training changes, and how fast, as `compile` found them. As in Keras that is decided
// then and not when training begins, so that a model stays what it was compiled to be.
import type { Layer } from "../layers/layer.js";
import { warn } from "../warnings.js";
import type { LayerGraph } from "./layer-graph.js";

interface Setting {
  readonly trainable: boolean;
  readonly multiplier: number;
}

/** What each layer of a model said when the model was compiled. */
export class LayerTraining {
  readonly #graph: LayerGraph;
  readonly #settings: ReadonlyMap<Layer, Setting>;
  #hasWarned = false;

  constructor(graph: LayerGraph) {
    this.#graph = graph;
    this.#settings = new Map(
      graph.layers.map((layer) => {
        const { trainable, learningRateMultiplier: multiplier } = layer;
        return [layer, { trainable, multiplier }];
      }),
    );
  }

  /** Whether the weights of a layer are trained. */
  isTrainable(layer: Layer): boolean {
    return this.#settings.get(layer)?.trainable ?? false;
  }

  /** The factor of a layer for the learning rate. */
  multiplierOf(layer: Layer): number {
    return this.#settings.get(layer)?.multiplier ?? 1;
  }

  /** Says, once, which layers were changed since: that does not count until `compile`. */
  warnOfChanges(where: string): void {
    if (this.#hasWarned) return;
    // Asked in every step of loops that users write themselves.
    const changed: Layer[] = [];
    for (const [layer, { trainable, multiplier }] of this.#settings) {
      if (layer.trainable === trainable && layer.learningRateMultiplier === multiplier) continue;
      if (layer.state !== null && layer.state.weights.length > 0) changed.push(layer);
    }
    if (changed.length === 0) return;
    this.#hasWarned = true;
    const names = changed.slice(0, 3).map((layer) => `"${this.#graph.nameOf(layer)}"`);
    const more = changed.length > 3 ? ` and ${changed.length - 3} more` : "";
    warn(
      where,
      "changedAfterCompile",
      `trainable or learningRateMultiplier of ${names.join(", ")}${more} changed after compile and does not count yet`,
      "compile again",
    );
  }
}
