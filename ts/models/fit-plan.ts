// What `fit` is asked for: its options, checked, and the data to train and validate with.
import type { LaterChecks } from "../data/check.js";
import type { DataLike } from "../data/rows.js";
import { type ClassWeight, splitPoint, splitRows } from "../data/split.js";
import { isBatchSource } from "../data/stream.js";
import { checkBoolean, checkNumber, describe, fail } from "../errors.js";
import { ArrayFeed, type Batches, type Feed, labelledReader, StreamFeed } from "./feed.js";
import type { AnyData, ModelData } from "./input-data.js";
import { readLabelled } from "./labelled-data.js";
import type { ModelState } from "./model-state.js";
import { batchSizeOf, checkRun, type RunOptions, runOptionNames } from "./run-options.js";
import type { TrainingSetup } from "./training-setup.js";

/** Data to validate with: inputs, targets and, if wanted, a weight for each row. */
export type ValidationData<X = DataLike, Y = DataLike> =
  | readonly [x: X, y: Y]
  | readonly [x: X, y: Y, sampleWeight: AnyData];

/** Options of `fit`. */
export interface FitOptions<
  X = DataLike,
  Y = DataLike,
  V = ValidationData<X, Y> | Batches<X, Y>,
  S = number,
> extends RunOptions {
  /** The number of the epoch after the last one. Default: 1. */
  epochs?: number;
  /** The number of the first epoch, where training goes on. Default: 0. */
  initialEpoch?: number;
  /** Whether each epoch takes the rows in another order, fixed by the seed. Default: true. */
  shuffle?: boolean;
  /** Data whose loss and metrics are reported after each epoch as `valLoss` and so on. Default: none. */
  validationData?: V;
  /**
   * How many batches of `validationData` are taken after each epoch, where these come one at a
   * time. Default: all there are.
   */
  validationSteps?: number;
  /** The share of the rows, the last ones, that is held out to validate; between 0 and 1. Default: none. */
  validationSplit?: S;
  /** Rows per batch of validation. Default: `batchSize`. */
  validationBatchSize?: number;
  /**
   * How much each row counts in the loss, at least 0. For several outputs the same for all, or
   * an array, or by the name of the output. Default: 1 each.
   */
  sampleWeight?: AnyData;
  /** How much the rows of a class count: `{ 0: 1, 1: 5 }`. Default: 1, for classes left out too. */
  classWeight?: ClassWeight;
  /**
   * Whether the arithmetic is done in a worker of its own, so that none of it is done where `fit` is
   * called: the page stays as quick as if nothing happened. Results are the same bits; everything
   * else works as before, but see `Callback.needs` for callbacks that look at weights. The worker
   * gets a copy of the data and ends with `fit`. Errors: where the platform has no workers (edge
   * workers), or its script cannot be loaded. Default: false.
   */
  worker?: boolean;
}

/** Options of `fit` over batches that come one at a time. */
export interface FitBatchesOptions<
  X = DataLike,
  Y = DataLike,
  V = ValidationData<X, Y> | Batches<X, Y>,
> extends Omit<FitOptions<X, Y, V>, "batchSize" | (typeof ofArrays)[number]> {
  /**
   * Batches of an epoch; the next one goes on where it ended, and where the data end, it begins
   * anew if it can. Default: all there are, anew in each epoch.
   */
  stepsPerEpoch?: number;
}

const ofArrays = ["shuffle", "validationSplit", "sampleWeight", "worker"] as const;
const ofStreams = ["stepsPerEpoch"] as const;
const ofBoth = [
  "epochs",
  "initialEpoch",
  "validationData",
  "validationBatchSize",
  "validationSteps",
  "classWeight",
] as const;

/** The names of the options of `fit` over arrays. */
export const fitOptionNames = [...runOptionNames, ...ofArrays, ...ofBoth] as const;

/** Checks the names of the options; over batches that come one at a time these are second. */
export function checkFitOptions(
  where: string,
  streams: boolean,
  second: unknown,
  third: FitOptions<AnyData, AnyData> | undefined,
): FitOptions<AnyData, AnyData> {
  return checkRun(where, streams, second, third, ofArrays, ofStreams, ofBoth);
}

/** What a `fit` does. */
export interface Plan {
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly shuffle: boolean;
  readonly training: Feed;
  readonly validation: Feed | null;
  /** What is to be looked at before any of the data are used. */
  readonly later: LaterChecks;
}

/** Checks what `fit` is asked for. */
export function readPlan(
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  x: AnyData | Batches<AnyData, AnyData>,
  y: AnyData,
  options: FitOptions<AnyData, AnyData> & { readonly stepsPerEpoch?: number },
): Plan {
  const initialEpoch = checkNumber(where, "initialEpoch", options.initialEpoch ?? 0, {
    integer: true,
    min: 0,
  });
  const epochs = checkNumber(where, "epochs", options.epochs ?? 1, { integer: true, min: 1 });
  const batchSize = batchSizeOf(where, options.batchSize);
  const given = checkBoolean(where, "shuffle", options.shuffle ?? true);
  const validationBatchSize = batchSizeOf(
    where,
    options.validationBatchSize ?? batchSize,
    "validationBatchSize",
  );
  const { sampleWeight, classWeight, validationData, validationSplit } = options;
  const streams = isBatchSource(x);
  const later: LaterChecks = [];
  const common = { epochs, initialEpoch, shuffle: given && !streams, later };
  const passes = Math.max(1, epochs - initialEpoch);
  const validation = () =>
    validationData === undefined
      ? checkNoSteps(where, options.validationSteps)
      : readValidation(where, state, setup, validationData, validationBatchSize, later, {
          passes,
          steps: options.validationSteps,
        });
  if (streams) {
    const training = new StreamFeed(where, state, x, labelledReader(state, setup, classWeight), {
      name: "x",
      batch: "batch",
      stepsName: "stepsPerEpoch",
      steps: options.stepsPerEpoch,
      passes,
      goesOn: true,
    });
    return { ...common, training, validation: validation() };
  }
  const labelled = { x, y, sampleWeight, classWeight };
  const all = readLabelled(where, state.graph, setup, labelled, undefined, later);
  // Explicit data win over a split, as in Keras.
  if (validationData !== undefined || validationSplit === undefined || validationSplit === 0) {
    return { ...common, training: new ArrayFeed(all, batchSize), validation: validation() };
  }
  checkNoSteps(where, options.validationSteps);
  const parts = splitData(all, splitPoint(where, all.count, validationSplit));
  return {
    ...common,
    training: new ArrayFeed(parts.training, batchSize),
    validation: new ArrayFeed(parts.validation, validationBatchSize),
  };
}

function checkNoSteps(where: string, validationSteps: unknown): null {
  if (validationSteps === undefined) return null;
  return fail(where, {
    expected: "validationSteps only with validationData from an iterator",
    received: describe(validationSteps),
  });
}

function splitData(all: ModelData, point: number): { training: ModelData; validation: ModelData } {
  const splits = all.parts.map(({ name, rows }) => ({ name, ...splitRows(rows, point) }));
  const part = (key: "training" | "validation"): ModelData => ({
    count: key === "training" ? point : all.count - point,
    parts: splits.map((split) => ({ name: split.name, rows: split[key] })),
    variant: all.variant,
  });
  return { training: part("training"), validation: part("validation") };
}

function readValidation(
  where: string,
  state: ModelState,
  setup: TrainingSetup,
  given: ValidationData<AnyData, AnyData> | Batches<AnyData, AnyData>,
  batchSize: number,
  later: LaterChecks,
  stream: { readonly passes: number; readonly steps: number | undefined },
): Feed {
  if (isBatchSource(given)) {
    return new StreamFeed(where, state, given, labelledReader(state, setup), {
      name: "validationData",
      batch: "validation batch",
      stepsName: "validationSteps",
      ...stream,
      goesOn: false,
    });
  }
  checkNoSteps(where, stream.steps);
  const list: unknown = given;
  if (!Array.isArray(list) || list.length < 2 || list.length > 3) {
    return fail(where, {
      expected: "validationData to be [x, y] or [x, y, sampleWeight], or an iterator of batches",
      received: describe(given),
    });
  }
  const [x, y, sampleWeight] = list;
  const names = { x: "validationData x", y: "validationData y" };
  return new ArrayFeed(
    readLabelled(where, state.graph, setup, { x, y, sampleWeight }, names, later),
    batchSize,
  );
}
