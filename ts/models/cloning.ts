// Copies of layers and models: the same functions with weights of their own.
import { checkBoolean, checkOptions, describe, fail } from "../errors.js";
import { placeOf } from "../layers/connect.js";
import { Layer, type LayerOptions, LayerState } from "../layers/layer.js";
import { LayerTensor, type LayerUse, type Scope } from "../layers/layer-tensor.js";
import { readyCore } from "../runtime/load.js";
import { LayerGraph, type NamedTensors } from "./layer-graph.js";
import { Model } from "./model.js";
import type { TensorStructure } from "./parts.js";
import { seedOf } from "./seed.js";

/** Options of `cloneLayer`. */
export interface CloneLayerOptions extends Omit<LayerOptions, "inputShape"> {
  /** Whether the copy starts with the layer's present weights. Default: false, with new ones. */
  weights?: boolean;
}

/**
 * A layer of the same kind and options with weights of its own. With `weights: true` they start as
 * copies of the layer's, which must exist then: a model that uses it has run, or `getWeights` was
 * called on it. It keeps the layer's name where that is free. Default of `trainable` and
 * `learningRateMultiplier`: the layer's.
 *
 * @example
 * const copy = cloneLayer(trained.getLayer("dense"), { weights: true, trainable: false });
 */
export function cloneLayer<L extends Layer>(layer: L, options: CloneLayerOptions = {}): L {
  const where = "cloneLayer";
  checkLayer(where, layer);
  const own = ["weights", "name", "trainable", "learningRateMultiplier"];
  const { weights = false, ...given } = checkOptions(where, options, own);
  checkBoolean(where, "weights", weights);
  const copy = copyOf(layer, given);
  if (weights) copyState(where, layer, copy);
  return copy as L;
}

function checkLayer(where: string, layer: unknown): asserts layer is Layer {
  if (layer instanceof Layer) return;
  fail(where, {
    expected: "a layer",
    received: describe(layer),
    ...(layer instanceof Model ? { hint: "Use cloneModel." } : {}),
  });
}

function copyOf(
  layer: Layer,
  options: LayerOptions = {},
  formerName = layer.name,
  others: ReadonlyMap<Layer, Layer> = new Map(),
): Layer {
  const { definition, trainable, learningRateMultiplier, inputShape } = layer;
  const copied = definition.copied?.((other) => others.get(other) ?? other);
  const copy = layer.remake(copied ?? definition, {
    trainable,
    learningRateMultiplier,
    ...(inputShape ? { inputShape } : {}),
    ...options,
  });
  copy.formerName = formerName;
  return copy;
}

/** Builds a copy with the numbers of the original. */
function copyState(where: string, layer: Layer, copy: Layer): void {
  const { state } = layer;
  if (!state?.weights.every(({ variable }) => variable.exists)) {
    fail(where, {
      expected: "a layer that has weights, to copy them",
      received: `${placeOf(layer)} without`,
      hint: "They are made when a model with the layer first runs, or by its getWeights().",
    });
  }
  const core = readyCore(where);
  const specs = state.weights.map(({ spec }) => spec);
  const made = new LayerState(copy, copy.name, state.inputs, specs);
  const variables = made.weights.map(({ variable }) => variable);
  made.resources.create(core, variables);
  for (const [i, { variable }] of state.weights.entries()) {
    variables[i]?.view(core).set(variable.view(core));
  }
  copy.state = made;
}

/** Options of `cloneModel`. */
export interface CloneModelOptions {
  /** Whether the copy starts with the model's present weights. Default: false, as in Keras. */
  weights?: boolean;
  /**
   * What becomes of each layer: a layer for the same inputs, another or the same one, whose weights
   * are shared then. Default: {@link cloneLayer}. Not together with `weights`.
   */
  cloneFunction?: (layer: Layer) => Layer;
  /** Default: the model's. */
  name?: string;
  /** Fixes initial weights, shuffling and dropout; whole, at least 0. Default: a random one. */
  seed?: number;
}

/**
 * A model of the same structure, with layers and weights of its own: a layer used twice is one
 * layer in the copy too, layers of nested models keep their names. It is not compiled. Weights start
 * anew, as in Keras; with `weights: true` they are copies, statistics included.
 *
 * Throws a `GradusError` where `cloneFunction` gives no layer, or one that cannot take the inputs.
 * Source: https://keras.io/api/models/model_saving_apis/ (clone_model)
 *
 * @example
 * const copy = cloneModel(trained, { weights: true });
 */
export function cloneModel<I extends TensorStructure, O extends TensorStructure>(
  model: Model<I, O>,
  options: CloneModelOptions = {},
): Model<I, O> {
  const where = "cloneModel";
  const own = ["weights", "cloneFunction", "name", "seed"];
  const given = checkOptions(where, options, own);
  if (!(model instanceof Model)) {
    fail(where, { expected: "a model", received: describe(model) });
  }
  const { weights = false, cloneFunction, name = model.name } = given;
  checkBoolean(where, "weights", weights);
  if (typeof name !== "string" || name === "") {
    fail(where, { expected: "name to be a text", received: describe(name) });
  }
  if (cloneFunction !== undefined && typeof cloneFunction !== "function") {
    fail(where, {
      expected: "cloneFunction to be a function from layer to layer",
      received: describe(cloneFunction),
    });
  }
  if (cloneFunction && weights) {
    fail(where, {
      expected: "either weights or cloneFunction",
      received: "both",
      hint: "Let cloneFunction call cloneLayer(layer, { weights: true }).",
    });
  }
  const seed = seedOf(where, given.seed);
  const { graph } = model;
  const copies = new Map<Layer, Layer>();
  for (const layer of graph.layers) {
    const copy = cloneFunction
      ? cloneFunction(layer)
      : copyOf(layer, {}, graph.nameOf(layer), copies);
    if (!(copy instanceof Layer)) {
      fail(where, { expected: "cloneFunction to return a layer", received: describe(copy) });
    }
    copies.set(layer, copy);
  }
  const clone = new Model<I, O>(name, copyGraph(where, graph, copies), seed);
  if (weights) clone.setWeights(model.getWeights());
  return clone;
}

/** Calls the copies as the layers of the graph are called. */
function copyGraph(
  where: string,
  graph: LayerGraph,
  copies: ReadonlyMap<Layer, Layer>,
): LayerGraph {
  const tensors = new Map<LayerTensor, LayerTensor>();
  for (const { tensor } of graph.inputs) {
    tensors.set(tensor, new LayerTensor(tensor.dims, tensor.dtype, null, tensor.givenName));
  }
  const copyOfTensor = (tensor: LayerTensor) => tensors.get(tensor) as LayerTensor;
  const scopeOf = copyScopes(copies);
  for (const tensor of graph.tensors.slice(graph.inputs.length)) {
    const { layer, inputs, scope } = tensor.use as LayerUse;
    const copy = copies.get(layer) as Layer;
    const place = placeOf(copy, graph.nameOf(layer));
    const options = { place, scope: scope && scopeOf(scope) };
    tensors.set(tensor, copy.connect(inputs.map(copyOfTensor), options));
  }
  // Names that were not given come from inputs and layers again.
  const nameIn = (form: string, name: string) => (form === "record" ? name : null);
  const inputs: NamedTensors = {
    form: graph.inputForm,
    entries: graph.inputs.map(({ name, tensor }) => {
      return { name: nameIn(graph.inputForm, name), tensor: copyOfTensor(tensor) };
    }),
  };
  const outputs: NamedTensors = {
    form: graph.outputForm,
    entries: graph.outputs.map(({ name, value }) => {
      const tensor = copyOfTensor(graph.tensors[value] as LayerTensor);
      return { name: nameIn(graph.outputForm, name), tensor };
    }),
  };
  return new LayerGraph(where, inputs, outputs);
}

/** The nested models of the copy: under the names of the originals, one for each. */
function copyScopes(copies: ReadonlyMap<Layer, Layer>): (scope: Scope) => Scope {
  const originals = new Map([...copies].map(([layer, copy]) => [copy, layer]));
  const scopes = new Map<object, Scope>();
  return (scope) => {
    const known = scopes.get(scope.key);
    if (known) return known;
    const pathOf = (layer: Layer) => scope.pathOf(originals.get(layer) ?? layer);
    const made = { key: {}, name: scope.name, pathOf };
    scopes.set(scope.key, made);
    return made;
  };
}
