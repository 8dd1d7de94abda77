// An encoder as stages: each a dense layer with what follows it, and the decoder that mirrors it.
import { type Activation, resolveActivation } from "../activations.js";
import { fail } from "../errors.js";
import type { Sym } from "../graph.js";
import { dense } from "../layers/dense.js";
import type { Layer } from "../layers/layer.js";
import type { LayerTensor, LayerUse } from "../layers/layer-tensor.js";
import type { LayerGraph } from "../models/layer-graph.js";
import { printDims, sameDims } from "../shape.js";
import { tiedDense } from "./tied-dense.js";

/** One dense layer of an encoder with the layers around it. */
export interface Stage {
  /** In order; layers before the first dense one belong to its stage. */
  readonly layers: readonly Layer[];
  readonly dense: Layer;
  /** Numbers per row that it reads. */
  readonly inputs: number;
  /** Numbers per row that it makes. */
  readonly units: number;
  /** What its codes went through last. */
  readonly activation: (x: Sym) => Sym;
}

interface OpenStage {
  layers: Layer[];
  dense: Layer | null;
  inputs: number;
  units: number;
  activation: (x: Sym) => Sym;
}

const identity = (x: Sym) => x;

/** The stages of an encoder; only chains of dense layers and layers that keep the shape have some. */
export function stagesOf(where: string, graph: LayerGraph): readonly Stage[] {
  const made = graph.tensors.slice(graph.inputs.length);
  let before = graph.tensors[0] as LayerTensor;
  if (before.dims.length !== 2) {
    fail(where, {
      expected: "an encoder of rows of features [batch, features]",
      received: printDims(before.dims),
      hint: "Give flat rows, and flatten() neither.",
    });
  }
  const isChain =
    graph.inputs.length === 1 &&
    graph.outputs.length === 1 &&
    graph.outputs[0]?.value === made.length &&
    graph.calls.every(({ inputs }, i) => inputs.length === 1 && inputs[0] === i);
  if (!isChain) {
    fail(where, {
      expected: "a chain of layers, each reading the one before",
      received: "a model of another structure",
    });
  }
  const begin = (): OpenStage => {
    const inputs = before.dims[1]?.factor as number;
    return { layers: [], dense: null, inputs, units: inputs, activation: identity };
  };
  const stages: OpenStage[] = [begin()];
  for (const tensor of made) {
    const { layer } = tensor.use as LayerUse;
    const place = graph.nameOf(layer);
    const isDense = layer.kind === "dense";
    if (!isDense && !sameDims(tensor.dims, before.dims)) {
      fail(where, {
        expected: "dense layers, and layers that keep the shape",
        received: `${layer.kind} "${place}" from ${printDims(before.dims)} to ${printDims(tensor.dims)}`,
      });
    }
    let stage = stages.at(-1) as OpenStage;
    if (isDense && stage.dense) {
      stage = begin();
      stages.push(stage);
    }
    stage.layers.push(layer);
    if (isDense) {
      stage.dense = layer;
      stage.units = tensor.dims[1]?.factor as number;
    }
    if (stage.dense) stage.activation = layer.definition.activation ?? stage.activation;
    before = tensor;
  }
  if (!stages[0]?.dense) {
    fail(where, { expected: "an encoder with dense layers", received: "none" });
  }
  return stages as Stage[];
}

/** The layer that leads from the codes of a stage back to its inputs. */
export function decoderOf(stage: Stage, activation: Activation, tied: boolean): Layer {
  const { dense: source, inputs, units } = stage;
  if (!tied) return dense({ units: inputs, activation });
  const apply = resolveActivation("pretrainAutoencoder: activation", activation);
  return tiedDense({ source, inputs, units, activation: apply });
}
