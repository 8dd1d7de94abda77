// Freezing: which layers training leaves alone, given one by one, by name or as a range.
import { checkOptions, describe, fail } from "../errors.js";
import { Layer } from "../layers/layer.js";
import { Model } from "./model.js";
import type { TensorStructure } from "./parts.js";

/** A model of any structure. */
export type AnyModel = Pick<Model<TensorStructure, TensorStructure>, "layers" | "graph">;

/** The place of a layer in a model: the layer, its name, or its number, negative from the end. */
export type LayerPlace = Layer | string | number;

/** Which layers of a model. */
export interface LayerRange {
  /** These. Default: all between `from` and `to`. */
  layers?: readonly LayerPlace[];
  /** The first one. Default: the first of the model. */
  from?: LayerPlace;
  /** The one after the last. Default: none, so that the last of the model is the last. */
  to?: LayerPlace;
}

/**
 * Freezes layers of a model: sets `trainable` to false, which counts from the next `compile`. Frozen
 * weights keep their values bit for bit, and batch normalisation works as in inference. Returns the
 * layers.
 *
 * Throws a `GradusError` for layers that the model has not, and for an empty range.
 * Source: https://keras.io/guides/transfer_learning/
 *
 * @example
 * freeze(model, { to: "head" }); // all before "head"
 * freeze(model, { layers: ["dense", "dense_1"] });
 * freeze(model, { to: -1 }); // all but the last
 */
export function freeze<I extends TensorStructure, O extends TensorStructure>(
  model: Model<I, O>,
  which: LayerRange = {},
): readonly Layer[] {
  return setTrainable("freeze", model, which, false);
}

/** The opposite of {@link freeze}: sets `trainable` to true. */
export function unfreeze<I extends TensorStructure, O extends TensorStructure>(
  model: Model<I, O>,
  which: LayerRange = {},
): readonly Layer[] {
  return setTrainable("unfreeze", model, which, true);
}

function setTrainable(
  where: string,
  model: unknown,
  which: LayerRange,
  trainable: boolean,
): readonly Layer[] {
  const layers = layersIn(where, checkModel(where, model), which);
  for (const layer of layers) layer.trainable = trainable;
  return layers;
}

/** A model, checked. */
export function checkModel(where: string, model: unknown): AnyModel {
  if (model instanceof Model) return model;
  return fail(where, { expected: "a model", received: describe(model) });
}

function layersIn(where: string, model: AnyModel, which: LayerRange): readonly Layer[] {
  const { layers, from, to } = checkOptions(where, which, ["layers", "from", "to"]);
  if (layers !== undefined) {
    if (from !== undefined || to !== undefined) {
      fail(where, { expected: "either layers, or from and to", received: "both" });
    }
    if (!Array.isArray(layers)) {
      fail(where, { expected: "layers to be an array of layers", received: describe(layers) });
    }
    return layers.map((place) => model.layers[indexOf(where, model, place)] as Layer);
  }
  const first = from === undefined ? 0 : indexOf(where, model, from);
  const end = to === undefined ? model.layers.length : indexOf(where, model, to);
  if (first < end) return model.layers.slice(first, end);
  return fail(where, {
    expected: "from to come before to",
    received: `from ${printPlace(from, first)} to ${printPlace(to, end)}`,
  });
}

function printPlace(place: LayerPlace | undefined, index: number): string {
  return place === undefined ? `${index}` : describe(place instanceof Layer ? place.name : place);
}

/** The number of a layer in its model. */
function indexOf(where: string, model: AnyModel, place: LayerPlace): number {
  if (typeof place !== "number") {
    return model.layers.indexOf(model.graph.layerOf(where, place));
  }
  const count = model.layers.length;
  const index = place < 0 ? count + place : place;
  if (Number.isInteger(index) && index >= 0 && index < count) return index;
  return fail(where, {
    expected: `the number of a layer, from ${-count} to ${count - 1}`,
    received: describe(place),
  });
}
