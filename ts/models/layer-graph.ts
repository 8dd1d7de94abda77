// How the layers of a model are connected. Sequential models are a chain of it; whatever has
// layers is built, lowered and summarised through this one form. It must not know training.
import { fail } from "../errors.js";
import { GraphBuilder, type Sym } from "../graph.js";
import type { CallContext, Layer, WeightSpec } from "../layers/layer.js";
import { LayerState } from "../layers/layer.js";
import { batchOf, type Dim, printDims } from "../shape.js";

/** An input of a model. */
export interface GraphInput {
  readonly name: string;
  readonly rowShape: readonly number[];
}

/** One use of a layer: it reads values and makes the next one. */
export interface LayerCall {
  readonly layer: Layer;
  /** Numbers of values: inputs come first, then one for each call in order. */
  readonly inputs: readonly number[];
}

/** What lowering found. */
export interface Lowered {
  readonly outputs: readonly Sym[];
  /** Scalars that layers added to the loss. */
  readonly losses: readonly Sym[];
}

/** How layers are called. */
export interface LoweringMode {
  readonly training: boolean;
  /** Whether the weights of a layer are trained. */
  isTrainable(layer: Layer): boolean;
}

/** Layers, each built, and how values run through them. */
export class LayerGraph {
  readonly inputs: readonly GraphInput[];
  readonly calls: readonly LayerCall[];
  readonly outputs: readonly number[];
  /** Each layer once, in the order of first use. */
  readonly layers: readonly Layer[];
  /** The shape of each call's result. */
  readonly callDims: readonly (readonly Dim[])[];

  /** Names and builds the layers; when that fails, no layer has changed. */
  constructor(
    where: string,
    inputs: readonly GraphInput[],
    calls: readonly LayerCall[],
    outputs: readonly number[],
  ) {
    this.inputs = inputs;
    this.calls = calls;
    this.outputs = outputs;
    this.layers = [...new Set(calls.map((call) => call.layer))];
    const names = nameLayers(where, this.layers);
    const states = new Map<Layer, LayerState>();
    for (const layer of this.layers) if (layer.state) states.set(layer, layer.state);
    const dims: (readonly Dim[])[] = [];
    const build = (layer: Layer, syms: readonly Sym[]) => {
      const known = states.get(layer);
      const name = names.get(layer) as string;
      const place = placeOf(layer, name);
      const shapes = syms.map((sym) => sym.dims);
      const specs = layer.definition.weights?.(shapes, place) ?? [];
      if (known) checkSameWeights(place, known, specs);
      else states.set(layer, new LayerState(layer, name, shapes, specs));
      return states.get(layer) as LayerState;
    };
    const graph = new GraphBuilder();
    const syms = inputs.map((input) => graph.input(input.name, batchOf(input.rowShape)));
    const mode = { training: false, isTrainable: () => false };
    this.#walk(graph, syms, mode, build, (sym) => dims.push(sym.dims));
    for (const [layer, state] of states) layer.state = state;
    this.callDims = dims;
  }

  /** The shapes of the outputs. */
  get outputDims(): readonly (readonly Dim[])[] {
    return this.outputs.map((value) => this.#dimsOf(value));
  }

  /** Calls the layers on symbolic inputs. */
  lower(graph: GraphBuilder, inputs: readonly Sym[], mode: LoweringMode): Lowered {
    const losses: Sym[] = [];
    const states = (layer: Layer) => layer.state as LayerState;
    const values = this.#walk(graph, inputs, mode, states, undefined, losses);
    return { outputs: this.outputs.map((value) => values[value] as Sym), losses };
  }

  #dimsOf(value: number): readonly Dim[] {
    const input = this.inputs[value];
    if (input) return batchOf(input.rowShape);
    return this.callDims[value - this.inputs.length] as readonly Dim[];
  }

  #walk(
    graph: GraphBuilder,
    inputs: readonly Sym[],
    mode: LoweringMode,
    stateOf: (layer: Layer, inputs: readonly Sym[]) => LayerState,
    seen: ((sym: Sym) => void) | undefined,
    losses: Sym[] = [],
  ): Sym[] {
    const values = [...inputs];
    this.calls.forEach(({ layer, inputs: from }, index) => {
      const given = from.map((value) => values[value] as Sym);
      const state = stateOf(layer, given);
      const output = graph.within(placeOf(layer, state.name), () =>
        layer.definition.call(contextOf(graph, layer, state, index, mode, losses), given),
      );
      seen?.(output);
      values.push(output);
    });
    return values;
  }
}

/** `dense "dense_1"`, as errors name a layer. */
export function placeOf(layer: Layer, name = layer.name): string {
  return `${layer.kind} "${name}"`;
}

function contextOf(
  graph: GraphBuilder,
  layer: Layer,
  state: LayerState,
  index: number,
  mode: LoweringMode,
  losses: Sym[],
): CallContext {
  return {
    training: mode.training,
    trainable: mode.isTrainable(layer),
    stream: index,
    weight(name) {
      const weight = state.weights.find(({ spec }) => spec.name === name);
      if (weight) return graph.variable(weight.variable);
      return fail(placeOf(layer, state.name), {
        expected: `one of the weights ${state.weights.map(({ spec }) => spec.name).join(", ")}`,
        received: name,
      });
    },
    addLoss(value) {
      losses.push(value);
    },
  };
}

/** Names for layers that have none: their kind, then kind_1, kind_2. */
function nameLayers(where: string, layers: readonly Layer[]): Map<Layer, string> {
  const names = new Map<Layer, string>();
  const taken = new Map<string, Layer>();
  for (const layer of layers) {
    const name = layer.state?.name ?? layer.givenName;
    if (name === null) continue;
    const other = taken.get(name);
    if (other) {
      fail(where, {
        expected: "layers of different names",
        received: `"${name}" twice (a ${other.kind} and a ${layer.kind} layer)`,
        hint: "Give one of them another name.",
      });
    }
    taken.set(name, layer);
    names.set(layer, name);
  }
  for (const layer of layers) {
    if (names.has(layer)) continue;
    let name = layer.kind;
    for (let count = 1; taken.has(name); count++) name = `${layer.kind}_${count}`;
    taken.set(name, layer);
    names.set(layer, name);
  }
  return names;
}

/** A layer that is built already can only take inputs that need the same weights. */
function checkSameWeights(place: string, state: LayerState, specs: readonly WeightSpec[]): void {
  for (const [i, spec] of specs.entries()) {
    const shape = state.weights[i]?.spec.shape ?? [];
    if (shape.length === spec.shape.length && shape.every((n, axis) => n === spec.shape[axis])) {
      continue;
    }
    fail(place, {
      expected: `an input for which ${spec.name} has the shape [${shape.join(", ")}] it was built with`,
      received: `one that needs [${spec.shape.join(", ")}]`,
      hint: `It was built for inputs of shape ${state.inputs.map(printDims).join(" and ")}.`,
    });
  }
}
