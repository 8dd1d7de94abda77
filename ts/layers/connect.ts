// Calling layers: on tensors between layers, which tells shapes and mistakes at once, and on the
// symbolic tensors of a graph. It must not know models.
import { describe, fail } from "../errors.js";
import { GraphBuilder, type GraphVariable, type Sym } from "../graph.js";
import { printDims } from "../shape.js";
import type { Layer, LayerState, WeightSpec } from "./layer.js";
import { LayerTensor, type Scope } from "./layer-tensor.js";

/** How a layer is called. */
export interface LayerCallMode {
  /** Whether this is a training step. */
  readonly training: boolean;
  /** Whether layers that draw random numbers do. */
  readonly random: boolean;
  /** Whether the layer's weights are trained. */
  readonly trainable: boolean;
  /** A number no other call of a layer in the model has. */
  readonly stream: number;
  /** Where scalars go that the layer adds to the loss. */
  readonly losses: Sym[];
}

/** `dense "dense_1"`, as errors name a layer. */
export function placeOf(layer: Layer, name: string = layer.name): string {
  return `${layer.kind} "${name}"`;
}

/** The output of a layer for these inputs. */
export function callLayer(
  graph: GraphBuilder,
  place: string,
  layer: Layer,
  weights: readonly { readonly spec: WeightSpec; readonly variable: GraphVariable }[],
  inputs: readonly Sym[],
  { training, random, trainable, stream, losses }: LayerCallMode,
): Sym {
  const context = {
    training,
    random,
    trainable,
    stream,
    weight(name: string): Sym {
      const weight = weights.find(({ spec }) => spec.name === name);
      if (weight) return graph.variable(weight.variable);
      return fail(place, {
        expected: `one of the weights ${weights.map(({ spec }) => spec.name).join(", ")}`,
        received: name,
      });
    },
    addLoss(value: Sym): void {
      losses.push(value);
    },
  };
  return graph.within(place, () => layer.definition.call(context, inputs));
}

/** What errors call the layer, and the model it is called through. */
export interface ConnectOptions {
  readonly place?: string;
  readonly scope?: Scope | null;
}

/** The output of a layer for tensors between layers. */
export function connectLayer(
  layer: Layer,
  given: unknown,
  { place = placeOf(layer), scope = null }: ConnectOptions = {},
): LayerTensor {
  const inputs = layerTensors(place, given);
  const shapes = inputs.map((tensor) => tensor.dims);
  const specs = layer.definition.weights?.(shapes, place) ?? [];
  if (layer.state) checkSameWeights(place, layer.state, specs);
  const graph = new GraphBuilder();
  const weights = specs.map((spec) => {
    return { spec, variable: { name: spec.name, shape: spec.shape, id: -1 } };
  });
  const syms = inputs.map(({ dims, dtype }, i) => graph.input(`${i}`, dims, dtype));
  const losses: Sym[] = [];
  const mode = { training: false, random: false, trainable: false, stream: 0, losses };
  const output = callLayer(graph, place, layer, weights, syms, mode);
  const addsLoss = losses.length > 0;
  return new LayerTensor(output.dims, output.dtype, { layer, inputs, specs, addsLoss, scope });
}

/** One tensor or an array of them as an array. */
export function layerTensors(place: string, given: unknown): readonly LayerTensor[] {
  const tensors: readonly unknown[] = Array.isArray(given) ? [...given] : [given];
  for (const [i, tensor] of tensors.entries()) {
    if (tensor instanceof LayerTensor) continue;
    const what = Array.isArray(given) ? `input ${i}` : "its input";
    fail(place, {
      expected: `${what} to be a tensor made by input() or by calling a layer`,
      received: describe(tensor),
      ...(typeof tensor === "function" ? { hint: "Call that layer on a tensor first." } : {}),
    });
  }
  return tensors as readonly LayerTensor[];
}

/** A layer that is built already can only take inputs that need the same weights. */
export function checkSameWeights(
  place: string,
  state: LayerState,
  specs: readonly WeightSpec[],
): void {
  const names = (list: readonly { readonly name: string }[]) =>
    list.map(({ name }) => name).join(", ") || "none";
  const [own, given] = [names(state.weights.map(({ spec }) => spec)), names(specs)];
  if (own !== given) {
    fail(place, {
      expected: `an input for which it has the weights it was built with, ${own}`,
      received: `one for which they are ${given}`,
    });
  }
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
