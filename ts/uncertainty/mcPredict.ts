// Role: Monte-Carlo dropout in one call: options, the run over batches, results in the user's hands.
import type { LaterChecks } from "../data/check.js";
import { sizeOf, type Tensor } from "../data/tensor.js";
import { checkBoolean, checkNumber, checkOneOf, checkOptions, fail } from "../errors.js";
import { type AnyData, readInputs } from "../models/input-data.js";
import type { Model } from "../models/model.js";
import { perOutput } from "../models/output-setup.js";
import { type DataFor, type InPlaceOf, inForm, type TensorStructure } from "../models/parts.js";
import { emptyResult } from "../models/prediction.js";
import { batchSizeOf, Pace } from "../models/run-options.js";
import { seedOf } from "../models/seed.js";
import { loadedCore } from "../runtime/load.js";
import { type Distribution, SamplingGraph } from "./sampling.js";

/** Options of {@link mcPredict}. */
export interface McPredictOptions {
  /**
   * How often each row is predicted, at least 2. Default: 100, with which the mean is known to a
   * tenth of `std`, and `std` to 7 %.
   */
  readonly samples?: number;
  /** What fixes the draws, from 0. Default: the model's seed, so that each call gives the same. */
  readonly seed?: number;
  /** Rows that are predicted at once, each `samples` times. No result depends on it. Default: 32. */
  readonly batchSize?: number;
  /**
   * What the outputs are: "categorical" (the last axis holds the probabilities of classes),
   * "bernoulli" (each number is the probability of an event of its own) or "none" (no
   * probabilities: no entropies); one for all outputs, an array, or by the name of the output.
   * Default: after the last activation: softmax, sigmoid, another.
   */
  readonly distribution?:
    | Distribution
    | readonly Distribution[]
    | Readonly<Record<string, Distribution>>;
  /** Whether to give all samples, too. Default: false. */
  readonly returnSamples?: boolean;
  /** Ends the call with its reason when it aborts. Default: none. */
  readonly signal?: AbortSignal;
  /** Milliseconds of work after which other work (painting, timers) gets a turn. Default: 12. */
  readonly yieldEvery?: number;
}

/** What the samples of one output say, for each row. */
export interface McPrediction {
  /** The mean of the samples, `[rows, ...output shape]`: the prediction. */
  readonly mean: Tensor;
  /** Their standard deviation (divided by the number of samples), in the unit of the output. */
  readonly std: Tensor;
  /**
   * The entropy of the mean distribution in nats: all uncertainty, that of the data and that of the
   * model. `[rows, ...]` without the axis of the classes, or for each event; null for outputs that
   * are no probabilities.
   */
  readonly predictiveEntropy: Tensor | null;
  /**
   * What of it comes from the model not knowing its weights (BALD), in nats: the entropy of the mean
   * less the mean of the entropies. Null for outputs that are no probabilities.
   */
  readonly mutualInformation: Tensor | null;
  /** With `returnSamples` all samples, `[samples, rows, ...output shape]`; else null. */
  readonly samples: Tensor | null;
}

const optionNames = [
  "samples",
  "seed",
  "batchSize",
  "distribution",
  "returnSamples",
  "signal",
  "yieldEvery",
];
const distributions = ["categorical", "bernoulli", "none"] as const;

/**
 * Monte-Carlo dropout: predicts each row many times with its dropout (and other noise) at work, and
 * says how far the predictions agree. For any trained model with a layer that draws at random.
 *
 * All samples of a batch are one call of one program: what comes before the first draw is computed
 * once, and the samples are reduced where they are made. Everything else works as in `predict`:
 * batch normalisation uses its moving statistics. The model, its optimizer and its random state stay
 * bit for bit what they were, and a row's result depends on the seed and the row's place in `x` only.
 *
 * Sources: Gal & Ghahramani 2016, https://arxiv.org/abs/1506.02142, for Monte-Carlo dropout;
 * Houlsby et al. 2011, https://arxiv.org/abs/1112.5745, for the mutual information.
 * @param model a model with at least one random layer before its outputs
 * @param x inputs, as for `predict`
 * @returns for the output, or each in the model's form, mean, spread and entropies
 * @throws GradusError for a model whose outputs are not random, options out of range, data that do
 *   not fit; the reason of `signal` when it aborts
 * @example
 * const { mean, predictiveEntropy } = await mcPredict(model, xTest, { samples: 50 });
 */
export async function mcPredict<I extends TensorStructure, O extends TensorStructure>(
  model: Model<I, O>,
  x: DataFor<I>,
  options: McPredictOptions = {},
): Promise<InPlaceOf<O, McPrediction>> {
  const where = "mcPredict";
  const { state } = model;
  const { activity, graph } = state;
  activity.check(where, "reads");
  const given = checkOptions(where, options, optionNames);
  const samples = checkNumber(where, "samples", given.samples ?? 100, { integer: true, min: 2 });
  const batchSize = batchSizeOf(where, given.batchSize);
  const seed = given.seed === undefined ? state.seed : seedOf(where, given.seed);
  const returnSamples = checkBoolean(where, "returnSamples", given.returnSamples ?? false);
  const pace = new Pace(where, given);
  const names = graph.outputs.map(({ name }) => name);
  const isOne = (value: unknown) => typeof value !== "object";
  const wanted = perOutput(where, "distribution", names, given.distribution, isOne, true);
  const later: LaterChecks = [];
  const { count, parts, variant } = readInputs(where, graph, x as AnyData, later);

  const sampling = new SamplingGraph(graph, variant, samples);
  if (!sampling.draws) {
    fail(where, {
      expected: "a model with a layer that draws random numbers before its outputs",
      received: `one of ${[...new Set(model.layers.map(({ kind }) => kind))].join(", ")}`,
      hint: "Build it with dropout, alphaDropout, gaussianNoise or the like, at a rate above 0.",
    });
  }
  const found = wanted.map((each, i) =>
    each === undefined
      ? sampling.distributionOf(i)
      : checkOneOf(`${where}: distribution`, each, distributions),
  );
  return activity.run(where, "reads", async () => {
    await pace.through(later);
    await state.remote?.pull();
    const core = await loadedCore();
    state.createWeights(core, where);
    const purpose = `sample ${samples} ${found} ${returnSamples}`;
    const capacity = Math.min(batchSize, count);
    const program = state.predictions.get(core, where, purpose, variant, capacity, () =>
      sampling.lower(found, returnSamples),
    );
    const empty = (shape: readonly number[]) => emptyResult(where, [count, ...shape]);
    const results = graph.outputs.map(({ rowShape }, i) => {
      const isNone = found[i] === "none";
      const events = found[i] === "categorical" ? rowShape.slice(0, -1) : rowShape;
      return {
        mean: empty(rowShape),
        std: empty(rowShape),
        predictiveEntropy: isNone ? null : empty(events),
        mutualInformation: isNone ? null : empty(events),
        samples: returnSamples ? emptyResult(where, [samples, count, ...rowShape]) : null,
      };
    });
    // Numbers of one draw are counted in 32 bits.
    const widest = graph.tensors.map(({ dims }) => sizeOf(dims.map(({ factor }) => factor)));
    const rowsPerDraw = Math.max(1, Math.floor(2 ** 31 / (samples * Math.max(...widest))));
    for (let from = 0, to = 0; from < count; from = to) {
      const draw = Math.floor(from / rowsPerDraw);
      to = Math.min(from + batchSize, (draw + 1) * rowsPerDraw, count);
      program.writeAll(parts, null, from, to);
      program.run(to - from, 0, seed, draw, from - draw * rowsPerDraw);
      for (const [i, result] of results.entries()) {
        for (const [name, target] of Object.entries(result)) {
          if (!target) continue;
          const { data } = target as Tensor;
          const blocks = name === "samples" ? samples : 1;
          const length = data.length / blocks / count;
          const part = length * (to - from);
          const numbers = program.output(`${name}.${i}`, part * blocks);
          for (let block = 0; block < blocks; block++) {
            const at = length * (block * count + from);
            data.set(numbers.subarray(block * part, (block + 1) * part), at);
          }
        }
      }
      pace.check();
      if (pace.isDue) await pace.giveWay();
    }
    return inForm(graph.outputForm, names, results) as InPlaceOf<O, McPrediction>;
  });
}
