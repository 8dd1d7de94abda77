// What `compile` and training warn of: a table of rules over a model as it was compiled. Rules look
// and change nothing; what a good net may do on purpose is none.
import { GraphBuilder, type Sym } from "../graph.js";
import { placeOf } from "../layers/connect.js";
import type { Layer } from "../layers/layer.js";
import { penalisesSquares } from "../regularizers.js";
import { batchOf } from "../shape.js";
import { warn } from "../warnings.js";
import type { LayerGraph } from "./layer-graph.js";
import type { OutputSetup } from "./output-setup.js";
import type { TrainingSetup } from "./training-setup.js";

/** What is wrong, and what to do. */
type Finding = readonly [what: string, hint: string];

/** A compiled model, and what its layers make of symbolic inputs. */
interface Facts {
  readonly graph: LayerGraph;
  readonly setup: TrainingSetup;
  /** All values by number. */
  readonly values: readonly Sym[];
}

const adamFamily = new Set(["adam", "adamW", "adamax", "nadam", "lamb"]);
const categorical = new Set(["categoricalCrossentropy", "sparseCategoricalCrossentropy"]);
/** Layers that leave the distribution of what comes in as it is. */
const passing = new Set([
  "flatten",
  "reshape",
  "permute",
  "repeatVector",
  "dropout",
  "alphaDropout",
  "gaussianDropout",
  "gaussianNoise",
  "activityRegularization",
]);
/** Functions whose values are no probabilities. */
const unbounded = new Set(
  "relu relu6 leakyRelu elu selu celu gelu geluTanh silu mish tanh hardTanh softsign softplus squareplus hardSilu logSigmoid logSoftmax".split(
    " ",
  ),
);

/** The function that made a value: `relu`, `softmax`; the operation where it is none. */
function madeBy(value: Sym): string {
  const { op, kind } = value.graph.madeBy(value);
  return kind ?? op;
}

function name({ graph }: Facts, layer: Layer): string {
  return placeOf(layer, graph.nameOf(layer));
}

/** The layer that makes a value; null for an input. */
function sourceOf({ graph }: Facts, value: number) {
  return graph.calls[value - graph.inputs.length] ?? null;
}

/** Findings about the outputs: what made each, and its loss. */
function ofOutputs(
  facts: Facts,
  find: (made: string, output: OutputSetup, last: Layer | null, units: number) => Finding | null,
): Finding[] {
  return facts.setup.outputs.flatMap((output, i) => {
    const value = facts.graph.outputs[i]?.value as number;
    const last = sourceOf(facts, value)?.layer ?? null;
    const symbol = facts.values[value] as Sym;
    const found = find(madeBy(symbol), output, last, symbol.shape.at(-1) ?? 0);
    return found ? [found] : [];
  });
}

const rules = {
  /** Loshchilov & Hutter 2017: adaptive steps scale the penalty's gradient away. */
  l2WithAdam({ setup }: Facts): Finding[] {
    if (!adamFamily.has(setup.optimizer.name)) return [];
    const names = setup.updated
      .filter(({ weight }) => penalisesSquares(weight.spec.regularizer))
      .map(({ weight }) => `"${weight.name}"`);
    if (names.length === 0) return [];
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    return [
      [
        `l2 on ${names.slice(0, 3).join(", ")}${more} does little with ${setup.optimizer.name}, which scales its gradient away`,
        "use adamW, or weightDecay of the optimizer",
      ],
    ];
  },

  /** Klambauer et al. 2017: it keeps mean and variance for selu's fixed point only. */
  alphaDropoutWithoutSelu(facts: Facts): Finding[] {
    return facts.graph.calls.flatMap(({ layer, inputs }): Finding[] => {
      if (layer.kind !== "alphaDropout") return [];
      let value = inputs[0] as number;
      let source = sourceOf(facts, value);
      while (source && passing.has(source.layer.kind)) {
        value = source.inputs[0] as number;
        source = sourceOf(facts, value);
      }
      if (!source || madeBy(facts.values[value] as Sym) === "selu") return [];
      return [
        [
          `${name(facts, layer)} follows ${name(facts, source.layer)}, whose activation is not selu`,
          "use dropout, or selu with lecunNormal",
        ],
      ];
    });
  },

  /** It is 1 whatever its input is. */
  softmaxOfOne(facts: Facts): Finding[] {
    return facts.graph.calls.flatMap(({ layer }, i): Finding[] => {
      const value = facts.values[facts.graph.inputs.length + i] as Sym;
      if (madeBy(value) !== "softmax" || value.shape.at(-1) !== 1) return [];
      return [[`softmax over the one unit of ${name(facts, layer)} is always 1`, "use sigmoid"]];
    });
  },

  sigmoidWithCategorical: (facts: Facts) =>
    ofOutputs(facts, (made, { name: output, loss }) =>
      made === "sigmoid" && categorical.has(loss.factory ?? "") && !loss.fromLogits
        ? [
            `the output "${output}" is a sigmoid, but ${loss.factory} wants one class of several`,
            "use softmax; or binaryCrossentropy, where several classes may be true",
          ]
        : null,
    ),

  softmaxWithBinary: (facts: Facts) =>
    ofOutputs(facts, (made, { name: output, loss }, _, units) =>
      made === "softmax" && units > 1 && loss.factory === "binaryCrossentropy" && !loss.fromLogits
        ? [
            `the output "${output}" is a softmax, but binaryCrossentropy takes each unit for itself`,
            "use categoricalCrossentropy; or sigmoid, where several classes may be true",
          ]
        : null,
    ),

  probabilitiesAsLogits: (facts: Facts) =>
    ofOutputs(facts, (made, { name: output, loss }) =>
      loss.fromLogits && (made === "softmax" || made === "sigmoid")
        ? [
            `the output "${output}" is a ${made}, but ${loss.factory} takes it as logits`,
            "leave fromLogits out, or the activation",
          ]
        : null,
    ),

  logitsAsProbabilities: (facts: Facts) =>
    ofOutputs(facts, (made, { name: output, loss }, last) => {
      if (!loss.factory?.endsWith("Crossentropy") || loss.fromLogits) return null;
      const isLinear = last?.kind === "dense" && (made === "binary" || made === "matMul");
      if (!isLinear && !unbounded.has(made)) return null;
      const wanted = loss.factory === "binaryCrossentropy" ? "sigmoid" : "softmax";
      return [
        `the output "${output}" is ${isLinear ? "linear" : `a ${made}`}, but ${loss.factory} wants probabilities`,
        `use ${wanted}, or fromLogits: true with a linear output`,
      ];
    }),
} satisfies Record<string, (facts: Facts) => Finding[]>;

/** Tells of everything that the rules find in a compiled model. */
export function warnOfModel(where: string, graph: LayerGraph, setup: TrainingSetup): void {
  const builder = new GraphBuilder();
  const inputs = graph.inputs.map(({ wire, rowShape }) => builder.input(wire, batchOf(rowShape)));
  const mode = { training: false, random: false, isTrainable: () => false };
  const { values } = graph.lower(builder, inputs, mode);
  for (const [rule, find] of Object.entries(rules)) {
    for (const [what, hint] of find({ graph, setup, values })) warn(where, rule, what, hint);
  }
}

/** Fewer rows tell too little of a feature's mean and variance (Wu & He 2018). */
const fewestRows = 4;

/** Tells, once for a `compile`, of batches that are too small for batch normalisation. */
export function warnOfBatches(
  where: string,
  graph: LayerGraph,
  setup: TrainingSetup,
  rows: number,
  batchSize: number,
): void {
  if (setup.warnedOfBatches) return;
  // Behind features of images each channel has the pixels of a batch.
  const call = graph.calls.find(
    ({ layer, dims }) =>
      layer.kind === "batchNormalization" && dims.length === 2 && setup.isTrainable(layer),
  );
  if (!call) return;
  const size = Math.min(rows, batchSize);
  const place = placeOf(call.layer, graph.nameOf(call.layer));
  const rest = rows % size;
  if (size >= fewestRows && rest !== 1) return;
  setup.warnedOfBatches = true;
  const many = (count: number) => `${count} row${count === 1 ? "" : "s"}`;
  warn(
    where,
    "smallBatches",
    size < fewestRows
      ? `${place} takes mean and variance of ${many(size)}, too few`
      : `the last batch has 1 row, for which ${place} gives only its beta and learns the variance 0`,
    size < fewestRows
      ? `use a batchSize of ${4 * fewestRows} or more, or layerNormalization`
      : "use another batchSize",
  );
}
