// Role: the learning-rate finder: options, the sweep, and its result in the user's hands.
import type { ClassWeight } from "../data/split.js";
import { checkBoolean, checkNumber, checkOptions, fail } from "../errors.js";
import { showInNotebooks } from "../inspect.js";
import type { InputComplaint, TargetComplaint } from "../models/data-types.js";
import type { AnyData } from "../models/input-data.js";
import { readLabelled } from "../models/labelled-data.js";
import type { Model } from "../models/model.js";
import type { DataFor, TensorStructure } from "../models/parts.js";
import { batchSizeOf, Pace } from "../models/run-options.js";
import { Plot, type PlotSvgOptions, type PlotTextOptions } from "../plot/plot.js";
import { DivergenceWatch, readLosses } from "./suggestion.js";
import { sweep } from "./sweep.js";

/** Options of {@link findLearningRate}. */
export interface FindLearningRateOptions {
  /** The learning rate of the first step; above 0. Default: 1e-6. */
  readonly minLearningRate?: number;
  /** The learning rate of the last step, if it comes to that; above the first. Default: 10. */
  readonly maxLearningRate?: number;
  /** Steps from the one to the other, each the same factor; whole, at least 10. Default: 200. */
  readonly steps?: number;
  /** Rows per batch, at least 1: best what training will use. Default: 32. */
  readonly batchSize?: number;
  /** Whether the rows come in another order in each pass, as in `fit`. Default: true. */
  readonly shuffle?: boolean;
  /** How much of the smoothed loss the next one keeps; at least 0, below 1. Default: 0.9. */
  readonly smoothing?: number;
  /**
   * The sweep ends where the smoothed loss is so many times as high as it was at best; above 1.
   * Default: 4.
   */
  readonly divergence?: number;
  /** How much each row counts in the loss, as in `fit`. Default: 1 each. */
  readonly sampleWeight?: AnyData;
  /** How much the rows of a class count, as in `fit`. Default: 1, for classes left out too. */
  readonly classWeight?: ClassWeight;
  /** Ends the sweep with its reason when it aborts. Default: none. */
  readonly signal?: AbortSignal;
  /** Milliseconds of work after which other work (painting, timers) gets a turn. Default: 12. */
  readonly yieldEvery?: number;
}

const optionNames = [
  "minLearningRate",
  "maxLearningRate",
  "steps",
  "batchSize",
  "shuffle",
  "smoothing",
  "divergence",
  "sampleWeight",
  "classWeight",
  "signal",
  "yieldEvery",
];

/** What a sweep found. */
export class LearningRateSweep {
  /** The learning rate of each step that was made, ascending. */
  readonly learningRates: readonly number[];
  /** The loss of each step's batch, before its update. */
  readonly losses: readonly number[];
  /** The losses smoothed in both directions, those above the first level counting as that. */
  readonly smoothed: readonly number[];
  /** Whether the sweep ended because the loss grew too high or was no number any more. */
  readonly diverged: boolean;
  readonly #suggestion: number | null;
  readonly #plot: Plot;

  /** @internal */
  constructor(
    learningRates: readonly number[],
    losses: readonly number[],
    smoothing: number,
    diverged: boolean,
  ) {
    const { smoothed, first, lowest, step } = readLosses(losses, smoothing);
    this.learningRates = learningRates;
    this.losses = losses;
    this.smoothed = smoothed;
    this.diverged = diverged;
    const rate = step === null ? null : Number((learningRates[step] as number).toPrecision(2));
    this.#suggestion = rate;
    const least = losses.reduce((a, b) => Math.min(a, b), lowest);
    showInNotebooks(this, (self) => self.#plot.display());
    const title = "loss";
    const series = [
      { name: "loss", y: losses, joined: false },
      { name: "smoothed", y: smoothed, joined: true },
    ];
    this.#plot = new Plot({
      title: "Learning-rate sweep",
      x: learningRates,
      xTitle: "learning rate",
      xAxis: { log: true },
      panels: [
        {
          title,
          series,
          axis: { rounded: true },
          range: [least, first + (first - lowest) / 4],
          ...(rate === null ? {} : { mark: { name: `suggestion ${rate}`, x: rate } }),
        },
      ],
    });
  }

  /**
   * The learning rate to train with, in two digits: where the smoothed loss has made nine tenths
   * of its fall. Above it little is left to gain, and soon the loss rises again.
   * @throws GradusError where the loss did not fall by more than its noise
   */
  get suggestion(): number {
    if (this.#suggestion !== null) return this.#suggestion;
    const [from, to] = [this.learningRates[0], this.learningRates.at(-1)];
    return fail("findLearningRate", {
      expected: "a loss that falls clearly in the sweep",
      received: `none between the learning rates ${from} and ${to}`,
      hint: this.diverged
        ? "Look at the plot. Begin with a lower minLearningRate, or take more steps."
        : "Look at the plot. End with a higher maxLearningRate, or take more steps.",
    });
  }

  /** The losses over the learning rate for a terminal: Unicode text without colours. */
  toString(options?: PlotTextOptions): string {
    return this.#plot.toString(options);
  }

  /** The losses over the learning rate as an SVG document. */
  toSVG(options?: PlotSvgOptions): string {
    return this.#plot.toSVG(options);
  }
}

/**
 * Looks for a learning rate: trains a few hundred steps at ever higher rates, from far too low to
 * far too high, and watches the loss.
 *
 * It is the model's own training step, with its optimizer, loss, regularizers and batches, but for
 * the learning rate; a momentum that a schedule cycles is held where it stands. Afterwards the
 * model is bit for bit what it was (weights, statistics, the optimizer's slots, counts, metrics),
 * also when the call fails or is aborted. Ask before training, or where training is to go on.
 *
 * Source: Smith 2015, https://arxiv.org/abs/1506.01186, section 3.3, for the sweep; how the
 * suggestion is read off is this library's own: see {@link LearningRateSweep.suggestion}.
 * @param model a compiled model
 * @param x inputs, as for `fit`
 * @param y targets, as for `fit`
 * @param options range and length of the sweep
 * @throws GradusError for options out of range, data that do not fit, a loss that is no number
 *   from the start; the reason of `signal` when it aborts
 * @example
 * const sweep = await findLearningRate(model, x, y, { batchSize: 64 });
 * console.log(String(sweep));
 * model.compile({ optimizer: adam({ learningRate: sweep.suggestion }), loss: "mse" });
 */
export async function findLearningRate<
  I extends TensorStructure,
  O extends TensorStructure,
  X extends DataFor<I>,
  Y extends DataFor<O>,
>(
  model: Model<I, O>,
  x: X & InputComplaint<X, I>,
  y: Y & TargetComplaint<Y, O>,
  options: FindLearningRateOptions = {},
): Promise<LearningRateSweep> {
  const where = "findLearningRate";
  const { state } = model;
  state.activity.check(where, "trains");
  const given = checkOptions(where, options, optionNames);
  const setup = state.compiled(where);
  const positive = { exclusiveMin: 0 };
  const min = checkNumber(where, "minLearningRate", given.minLearningRate ?? 1e-6, positive);
  const max = checkNumber(where, "maxLearningRate", given.maxLearningRate ?? 10, {
    exclusiveMin: min,
  });
  const steps = checkNumber(where, "steps", given.steps ?? 200, { integer: true, min: 10 });
  const batchSize = batchSizeOf(where, given.batchSize);
  const shuffle = checkBoolean(where, "shuffle", given.shuffle ?? true);
  const smoothing = checkNumber(where, "smoothing", given.smoothing ?? 0.9, {
    min: 0,
    exclusiveMax: 1,
  });
  const divergence = checkNumber(where, "divergence", given.divergence ?? 4, { exclusiveMin: 1 });
  const pace = new Pace(where, given);
  const { sampleWeight, classWeight } = given;
  const labelled = { x: x as AnyData, y: y as AnyData, sampleWeight, classWeight };
  const data = readLabelled(where, state.graph, setup, labelled);

  const learningRates = Array.from(
    { length: steps },
    (_, i) => min * (max / min) ** (i / (steps - 1)),
  );
  const losses: number[] = [];
  const watch = new DivergenceWatch(smoothing, divergence);
  let diverged = false;
  const plan = { data, batchSize, shuffle, learningRates };
  await state.activity.run(where, "trains", () =>
    sweep(where, state, setup, plan, pace, (loss) => {
      diverged = !Number.isFinite(loss);
      if (!diverged) losses.push(loss);
      diverged ||= watch.add(loss);
      return diverged;
    }),
  );
  if (losses.length === 0) {
    fail(where, {
      expected: "a loss that is a number at the start",
      received: "NaN or Infinity in the first step",
      hint: "Look at the weights and the loss of the model: model.evaluate(x, y).",
    });
  }
  return new LearningRateSweep(learningRates.slice(0, losses.length), losses, smoothing, diverged);
}
