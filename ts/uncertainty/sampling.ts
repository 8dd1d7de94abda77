// The graph of Monte-Carlo prediction: layers that draw see each row several times over, and the
// samples of a row become a mean, a spread and entropies.
import { GraphBuilder, type Sym } from "../graph.js";
import type { LayerGraph } from "../models/layer-graph.js";
import { callLayers, dataInputs, lowering, type Variant } from "../models/lowering.js";
import type { Lowering } from "../models/program.js";
import {
  add,
  log,
  maximum,
  mean,
  multiply,
  repeat,
  reshapeTo,
  sqrt,
  squaredDifference,
  subtract,
  sum,
  toFloat,
  transpose,
} from "../ops.js";
import { batch, type Dim, fixed, sizeOf } from "../shape.js";

/** What the numbers of an output are: probabilities of classes, each of its own event, or neither. */
export type Distribution = "categorical" | "bernoulli" | "none";

/** A graph that computes an output several times for each row. */
export class SamplingGraph {
  readonly graph = new GraphBuilder();
  /** Whether any layer draws. */
  readonly draws: boolean;
  readonly #variant: Variant;
  readonly #samples: number;
  readonly #outputs: readonly Sym[];
  readonly #sampled: readonly Sym[];

  constructor(model: LayerGraph, variant: Variant, samples: number) {
    const { graph } = this;
    this.#variant = variant;
    this.#samples = samples;
    /** Values that differ from sample to sample: `[samples * batch, …]`, those of a row together. */
    const sampled = new Set<Sym>();
    const spread = (x: Sym) => (sampled.has(x) ? x : inSamples(x, samples));
    const { outputs } = callLayers(graph, model, variant, {
      training: false,
      random: true,
      isTrainable: () => false,
      around(inputs, call) {
        if (!inputs.some((x) => sampled.has(x))) {
          // Before the first draw all samples are the same: once is enough.
          const before = graph.draws;
          const once = call(inputs);
          if (graph.draws === before) return once;
        }
        graph.batch = { factor: samples, symbol: 1 };
        const result = call(inputs.map(spread));
        graph.batch = batch;
        sampled.add(result);
        return result;
      },
    });
    this.draws = outputs.some((output) => sampled.has(output));
    this.#outputs = outputs;
    this.#sampled = outputs.map((output) => toFloat(spread(output)));
  }

  /** What the layer that makes this output ends with. */
  distributionOf(output: number): Distribution {
    const { op, kind } = this.graph.madeBy(this.#outputs[output] as Sym);
    if (op === "softmax") return "categorical";
    return kind === "sigmoid" ? "bernoulli" : "none";
  }

  /** The program; `withSamples` gives out all samples, too. */
  lower(distributions: readonly Distribution[], withSamples: boolean): Lowering {
    const outputs = this.#sampled.flatMap((output, i) => {
      const found = this.graph.within(`samples of output ${i}`, () =>
        statistics(output, this.#samples, distributions[i] as Distribution, withSamples),
      );
      return Object.entries(found).map(([name, value]) => [`${name}.${i}`, value] as const);
    });
    const result = { outputs: Object.fromEntries(outputs), train: null };
    return lowering(this.graph, result, dataInputs(this.#variant));
  }
}

/** Each row so many times, one after the other: [batch, …] as [samples * batch, …]. */
function inSamples(x: Sym, samples: number): Sym {
  const { factor, symbol } = sizeOf(x.dims) as Dim;
  if (symbol === 0) return x;
  const repeated = repeat(reshapeTo(x, [batch, fixed(factor)]), samples);
  const [first = batch, ...row] = x.dims;
  return reshapeTo(repeated, [{ ...first, factor: samples * first.factor }, ...row]);
}

function statistics(
  output: Sym,
  samples: number,
  distribution: Distribution,
  withSamples: boolean,
): Readonly<Record<string, Sym>> {
  const classes = distribution === "categorical" ? (output.dims.at(-1)?.factor ?? 1) : 1;
  const rowLength = output.dims.slice(1).reduce((product, { factor }) => product * factor, 1);
  const all = reshapeTo(output, [
    batch,
    fixed(samples),
    fixed(rowLength / classes),
    fixed(classes),
  ]);
  const average = mean(all, { axis: 1, keepDims: true });
  const std = sqrt(mean(squaredDifference(all, average), { axis: 1 }));
  const found: Record<string, Sym> = { mean: average, std };
  if (withSamples) found.samples = transpose(all, [1, 0, 2, 3]);
  if (distribution !== "none") {
    const entropy = distribution === "categorical" ? categoricalEntropy : bernoulliEntropy;
    found.predictiveEntropy = entropy(average);
    const expected = mean(entropy(all), { axis: 1, keepDims: true });
    // Never below 0, but for rounding.
    found.mutualInformation = maximum(subtract(found.predictiveEntropy, expected), 0);
  }
  return found;
}

/** `p * log(p)`, 0 for 0. */
const plogp = (p: Sym) => multiply(p, log(maximum(p, 2 ** -126)));
const categoricalEntropy = (p: Sym) => subtract(0, sum(plogp(p), { axis: -1 }));
const bernoulliEntropy = (p: Sym) => subtract(0, add(plogp(p), plogp(subtract(1, p))));
