// Role: what a preset knows of the rows that go in: their shape and number, mean and deviation of
// each feature, and the layers that standardise them. It must not know what follows.
import { type DataLike, toRows } from "../data/rows.js";
import { type Statistics, statisticsOf } from "../data/statistics.js";
import { isTensor } from "../data/tensor.js";
import { checkNumber, checkOneOf, describe, fail } from "../errors.js";
import { flatten } from "../layers/flatten.js";
import { checkShape, type Layer } from "../layers/layer.js";
import { normalization } from "../layers/normalization.js";

/** Rows that a preset may look at. */
export interface PresetRows {
  /** The rows that `fit` will get: shape, number, mean and deviation of each feature are taken from them. */
  x: DataLike;
  /** The shape of one row, where `x` is a flat typed array. */
  inputShape?: readonly number[];
  /**
   * How a `normalization` layer with the statistics of `x` brings rows to mean 0 and deviation 1, or
   * false for none. `"perFeature"` is for measurements of several kinds; features that are the same
   * in all rows of `x` are only shifted. `"overall"`, one mean and one deviation for all numbers, is
   * for those of one kind, such as pixels, of which some hardly ever differ. Default:
   * `"perFeature"`, and `"overall"` for rows of several axes.
   */
  standardize?: "perFeature" | "overall" | false;
  /** Not beside `x`, whose rows are counted. */
  rows?: never;
}

/** Rows that a preset does not look at. */
export interface PresetShape {
  /** The shape of one row. */
  inputShape: readonly number[];
  /** How many rows `fit` will get: `"oneCycle"` counts its steps by them. */
  rows?: number;
  /** Not without rows. */
  x?: never;
  /** Not without `x`. */
  standardize?: never;
}

const standardizations = ["perFeature", "overall"] as const;
type Standardization = (typeof standardizations)[number];

/** The rows of a preset that may look at none. */
export type PresetInputs = PresetRows | PresetShape;

/** The names of these options. */
export const inputNames = ["x", "inputShape", "rows", "standardize"] as const;

/** What is known of the rows. */
export interface InputSetup {
  readonly inputShape: readonly number[];
  /** How many there are; null where that is unknown. */
  readonly rows: number | null;
  /** Mean and variance of each number of a row; null without rows. */
  readonly statistics: Statistics | null;
  readonly standardize: Standardization | false;
}

/** Reads shape, number and statistics of the rows. */
export function readInputs(where: string, given: PresetInputs): InputSetup {
  const { x, rows: counted } = given;
  if (x === undefined) {
    if (given.standardize !== undefined) {
      fail(where, {
        expected: "x, whose statistics standardize uses",
        received: describe(x),
      });
    }
    if (given.inputShape === undefined) {
      fail(where, {
        expected: "x, or the inputShape of one row",
        received: "none of them",
        hint: "Give inputShape: [784].",
      });
    }
    const inputShape = checkShape(where, "inputShape", given.inputShape);
    const limits = { integer: true, min: 1 };
    const rows = counted === undefined ? null : checkNumber(where, "rows", counted, limits);
    return { inputShape, rows, statistics: null, standardize: false };
  }
  if (counted !== undefined) {
    fail(where, {
      expected: "no rows beside x, which are counted",
      received: describe(counted),
    });
  }
  const shape =
    given.inputShape === undefined ? null : checkShape(where, "inputShape", given.inputShape);
  if (shape === null && ArrayBuffer.isView(x) && !isTensor(x)) {
    fail(where, {
      expected: "inputShape for rows in a flat array",
      received: "none",
      hint: "Add inputShape: [784].",
    });
  }
  const rows = toRows(where, x, shape, { name: "x" });
  const inputShape = rows.rowShape.length === 0 ? [1] : rows.rowShape;
  const channels = Int32Array.from({ length: rows.rowLength }, (_, i) => i);
  const statistics = statisticsOf(rows, channels, rows.rowLength);
  const byDefault = inputShape.length > 1 ? "overall" : "perFeature";
  const { standardize = byDefault } = given;
  if (standardize !== false) checkOneOf(`${where}: standardize`, standardize, standardizations);
  return { inputShape, rows: rows.count, statistics, standardize };
}

/** Mean and variance of all numbers together. */
function overall({ mean, variance }: Statistics) {
  const average = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const center = average(mean);
  return {
    mean: center,
    variance: average(variance.map((v, i) => v + ((mean[i] as number) - center) ** 2)),
  };
}

/** Whether a number is the same in all rows, as far as float32 can tell. */
function isConstant(mean: number, variance: number): boolean {
  return Math.sqrt(variance) <= 1e-7 * Math.abs(mean);
}

/** The layers before the first hidden one: flat rows, standardised where that is wanted. */
export function layersBefore({ inputShape, statistics, standardize }: InputSetup): Layer[] {
  const flat = inputShape.length > 1 ? [flatten()] : [];
  if (!standardize || !statistics) return flat;
  if (standardize === "overall") {
    const { mean, variance } = overall(statistics);
    const spread = isConstant(mean, variance) ? 1 : variance;
    return [...flat, normalization({ axis: null, mean, variance: spread })];
  }
  const mean = Float32Array.from(statistics.mean);
  // What Keras' layer does with a feature without variance is to multiply it by 10^7.
  const variance = Float32Array.from(statistics.variance, (value, i) =>
    isConstant(statistics.mean[i] as number, value) ? 1 : value,
  );
  return [...flat, normalization({ mean, variance })];
}

/** How far mean and deviation of a standardised feature may lie from 0 and 1. */
const tolerance = 0.1;

/**
 * What keeps rows from being standardised, neither feature by feature nor all numbers together; null
 * where nothing does.
 */
export function unstandardized(statistics: Statistics): string | null {
  const deviates = (mean: number, variance: number) =>
    Math.abs(mean) > tolerance ||
    (!isConstant(mean, variance) && Math.abs(Math.sqrt(variance) - 1) > tolerance);
  const all = overall(statistics);
  const features = [...statistics.mean].map((mean, i) => {
    return { mean, variance: statistics.variance[i] as number };
  });
  const wrong = features.findIndex(({ mean, variance }) => deviates(mean, variance));
  if (wrong < 0 || !(isConstant(all.mean, all.variance) || deviates(all.mean, all.variance))) {
    return null;
  }
  const print = ({ mean, variance }: { mean: number; variance: number }) =>
    `mean ${Number(mean.toPrecision(3))} and deviation ${Number(Math.sqrt(variance).toPrecision(3))}`;
  const feature = features[wrong] as { mean: number; variance: number };
  return `feature ${wrong} has ${print(feature)}, and all numbers together ${print(all)}`;
}

/** How rows are standardised, in words; null where they are not. */
export function standardizing({ standardize }: InputSetup): string | null {
  if (!standardize) return null;
  const how = standardize === "overall" ? "all numbers together" : "each feature";
  return `standardised by a normalization layer, ${how}`;
}
