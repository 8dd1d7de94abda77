// Role: the rules under which a net normalises itself, and which of them a net breaks. It must not
// build or train.
import type { DataLike } from "../data/rows.js";
import { GraphBuilder } from "../graph.js";
import { type FillPlan, lecunNormal } from "../initializers.js";
import { placeOf } from "../layers/connect.js";
import type { Layer, WeightSpec } from "../layers/layer.js";
import type { LayerTensor, LayerUse } from "../layers/layer-tensor.js";
import type { Model } from "../models/model.js";
import type { TensorStructure } from "../models/parts.js";
import { fixed } from "../shape.js";
import { readInputs, unstandardized } from "./inputs.js";

/** A rule of self-normalising nets. */
export type SelfNormalizingRule =
  /** Inputs have mean 0 and deviation 1. */
  | "inputs"
  /** Layers form a chain. */
  | "structure"
  /** Dense layers, selu and alpha dropout alone. */
  | "layer"
  /** Hidden layers end with selu. */
  | "activation"
  /** Their kernels start from lecunNormal. */
  | "initializer"
  /** Nothing pulls at weights or outputs. */
  | "regularizer"
  /** Nothing holds weights. */
  | "constraint";

/** A rule that is broken, where and why that matters. */
export interface SelfNormalizingFault {
  /** The layer: `dense "dense_1"`; or `inputs`. */
  readonly layer: string;
  /** What is broken. */
  readonly rule: SelfNormalizingRule;
  /** What is wrong and what to do, as a sentence. */
  readonly reason: string;
}

/** Layers that keep mean 0 and variance 1. */
const harmless = ["flatten", "normalization", "alphaDropout"];

/** Why layers must not be there, by what their kind's name contains. */
const layerReasons: readonly (readonly [RegExp, string])[] = [
  [/dropout|noise/i, "it shifts mean and variance, which alphaDropout keeps"],
  [/normalization/i, "outputs are normal already, and other statistics undo what selu does"],
  [/rescaling/i, "inputs need mean 0 and variance 1 for each feature, which normalization gives"],
];
const otherLayer =
  "only dense layers, selu and alphaDropout are known to keep mean 0 and variance 1";

/** The faults of a chain of layers on a tensor; `nameOf` names the layers. */
export function faultsOf(
  made: readonly LayerTensor[],
  first: LayerTensor,
  nameOf: (layer: Layer) => string,
): readonly SelfNormalizingFault[] {
  const uses = made.map(({ use }) => use as LayerUse);
  const last = uses.findLastIndex(({ layer }) => layer.kind === "dense");
  return uses.flatMap((use, i) => {
    const { layer } = use;
    const before = i === 0 ? first : (made[i - 1] as LayerTensor);
    const isChain = use.inputs.length === 1 && use.inputs[0] === before;
    // What follows the last dense layer, and its own activation and weights, are the output's.
    const found: readonly (readonly [SelfNormalizingRule, string])[] = [
      ...(isChain
        ? []
        : [
            [
              "structure",
              "it is not in a chain: where paths part or meet, as with skip connections, variances add up",
            ] as const,
          ]),
      ...(i < last ? hiddenFaults(use, uses[i + 1] as LayerUse) : []),
    ];
    return found.map(([rule, reason]) => ({ layer: placeOf(layer, nameOf(layer)), rule, reason }));
  });
}

/** What a layer ends with: `selu`, `linear`; a text that is no activation for what is made of several. */
function activationOf({ layer, inputs: [input], specs }: LayerUse): string {
  const graph = new GraphBuilder();
  const given = (input as LayerTensor).dims;
  const units = specs.find(({ name }) => name === "kernel")?.shape.at(-1);
  const x = graph.input("x", units === undefined ? given : [...given.slice(0, -1), fixed(units)]);
  const y = layer.definition.activation?.(x) ?? x;
  if (y === x) return "linear";
  const { op, kind, inputs } = graph.madeBy(y);
  return inputs[0] === x ? (kind ?? op) : "several functions";
}

function* hiddenFaults(
  use: LayerUse,
  next: LayerUse,
): Generator<readonly [SelfNormalizingRule, string]> {
  const { layer, specs, addsLoss } = use;
  const { kind } = layer;
  if (kind === "dense") {
    const own = activationOf(use);
    const isFollowed =
      own === "linear" && next.layer.kind !== "dense" && activationOf(next) === "selu";
    if (own !== "selu" && !isFollowed) {
      yield [
        "activation",
        `its activation is ${own}, not selu, the one with a fixed point at mean 0 and variance 1`,
      ];
    }
    yield* weightFaults(specs);
  } else if (!harmless.includes(kind) && activationOf(use) !== "selu") {
    const [, reason = otherLayer] = layerReasons.find(([name]) => name.test(kind)) ?? [];
    yield ["layer", reason];
  }
  if (addsLoss) yield ["regularizer", "a penalty on outputs pulls them away from variance 1"];
}

function* weightFaults(
  specs: readonly WeightSpec[],
): Generator<readonly [SelfNormalizingRule, string]> {
  for (const { name, shape, initializer, regularizer, constraint } of specs) {
    if (name === "kernel" && !sameFill(initializer.plan(shape), lecunNormal().plan(shape))) {
      yield [
        "initializer",
        `its kernel starts from ${initializer.name}, not from the variance 1 / inputs of lecunNormal`,
      ];
    }
    if (regularizer) {
      yield [
        "regularizer",
        `a penalty on its ${name} (l1, l2) shrinks weights, and with them the variance`,
      ];
    }
    if (constraint) yield ["constraint", `a constraint on its ${name} (maxNorm) cuts the variance`];
  }
}

function sameFill(a: FillPlan, b: FillPlan): boolean {
  return a.kind === b.kind && JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Which rules of self-normalising nets a model breaks; none in an empty list. Hidden layers (all
 * before the last dense one) must be a chain of dense layers with selu and `lecunNormal` kernels,
 * without regularizers and constraints; of other layers only `alphaDropout`, `flatten` and
 * `normalization` may be there. Klambauer et al. 2017, https://arxiv.org/abs/1706.02515; Géron,
 * Hands-On Machine Learning, 3rd edition, chapter 11.
 *
 * @param model any model
 * @param x the rows it is to be trained with, to see whether they are standardised where no
 *   `normalization` layer comes first. Default: inputs are not looked at.
 * @throws GradusError for rows that do not fit the model
 *
 * @example
 * for (const { layer, reason } of checkSelfNormalizing(model, x)) console.log(`${layer}: ${reason}`);
 */
export function checkSelfNormalizing<I extends TensorStructure, O extends TensorStructure>(
  model: Model<I, O>,
  x?: DataLike,
): readonly SelfNormalizingFault[] {
  const { graph } = model;
  const { inputs, outputs, tensors, layers } = graph;
  const inputFaults: SelfNormalizingFault[] = [];
  if (inputs.length > 1 || outputs.length > 1) {
    const reason =
      "several inputs or outputs: only a chain from one to one is known to normalise itself";
    inputFaults.push({ layer: "inputs", rule: "structure", reason });
  } else if (x !== undefined && !isStandardizing(layers)) {
    const { rowShape } = inputs[0] as (typeof inputs)[number];
    const { statistics } = readInputs("checkSelfNormalizing", { x, inputShape: rowShape });
    const reason = statistics && unstandardized(statistics);
    if (reason) inputFaults.push({ layer: "inputs", rule: "inputs", reason });
  }
  const made = tensors.slice(inputs.length);
  const faults = faultsOf(made, tensors[0] as LayerTensor, (layer) => graph.nameOf(layer));
  return [...inputFaults, ...faults];
}

/** Whether the first layer that does anything is a normalization. */
export function isStandardizing(layers: readonly Layer[]): boolean {
  return layers.find(({ kind }) => kind !== "flatten")?.kind === "normalization";
}
