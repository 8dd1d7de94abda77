// Role: the split into training and validation rows, and the weight of each row
// from sampleWeight and classWeight. It must not shuffle nor know losses.
import { checkNumber, describe, fail } from "../errors.js";
import { sliceRows } from "./row-storage.js";
import { type DataLike, type Rows, toRows } from "./rows.js";

/** The two parts of a split. */
export interface SplitRows {
  /** The first rows. */
  readonly training: Rows;
  /** The last rows. */
  readonly validation: Rows;
}

/**
 * Where `validationSplit` cuts: training has the rows before, validation the
 * rest, in the order given, before any shuffling.
 * Source: `train_validation_split` in Keras 3.
 * @param where the caller for errors, such as `fit`
 * @param count number of rows
 * @param validationSplit the share of the rows held out, between 0 and 1 (both excluded)
 * @returns the number of training rows
 * @throws GradusError when a part would be empty
 */
export function splitPoint(where: string, count: number, validationSplit: number): number {
  checkNumber(where, "validationSplit", validationSplit, { exclusiveMin: 0, exclusiveMax: 1 });
  const point = Math.floor(count * (1 - validationSplit));
  if (point === 0 || point === count) {
    fail(where, {
      expected: `enough rows for a validationSplit of ${validationSplit}`,
      received: `${count}, which leaves ${point} for training and ${count - point} for validation`,
    });
  }
  return point;
}

/**
 * Cuts rows at a point from {@link splitPoint}, without a copy.
 * @param rows all rows
 * @param point the number of training rows
 */
export function splitRows(rows: Rows, point: number): SplitRows {
  return {
    training: sliceRows(rows, 0, point),
    validation: sliceRows(rows, point, rows.count),
  };
}

/** Weights by class label: `{ 0: 1, 1: 5 }`; a class left out weighs 1. */
export type ClassWeight = Readonly<Record<number, number>>;

/** What the weights of rows are made of. */
export interface RowWeightSources {
  /** One weight >= 0 per row. */
  readonly sampleWeight?: DataLike | undefined;
  /** One weight >= 0 per class. */
  readonly classWeight?: ClassWeight | undefined;
  /** The targets, integer labels or one probability per class; needed for `classWeight`. */
  readonly targets?: Rows | undefined;
  /** Number of classes; needed for `classWeight`. */
  readonly classes?: number | undefined;
}

/**
 * The weight of each row in the loss: its sample weight times the weight of its
 * class. (Keras 3 refuses the two together; their product is what Keras 2 used.)
 * @param where the caller for errors, such as `fit`
 * @param count number of rows
 * @param sources the weights given
 * @param name what the user calls the sample weights
 * @returns one weight per row; null where neither is given
 * @throws GradusError for negative, NaN or infinite weights, a number of them
 *   other than `count`, and a class that does not exist
 */
export function rowWeights(
  where: string,
  count: number,
  sources: RowWeightSources,
  name = "sampleWeight",
): Float32Array | null {
  const { sampleWeight, classWeight } = sources;
  if (sampleWeight === undefined && classWeight === undefined) return null;
  const weights = new Float32Array(count).fill(1);
  if (sampleWeight !== undefined) readSampleWeight(where, sampleWeight, weights, name);
  if (classWeight !== undefined) applyClassWeight(where, classWeight, sources, weights);
  return weights;
}

function readSampleWeight(
  where: string,
  sampleWeight: DataLike,
  weights: Float32Array,
  name: string,
): void {
  const rows = toRows(where, sampleWeight, [], { name });
  if (rows.count !== weights.length) {
    fail(where, {
      expected: `${name} to have one weight for each of ${weights.length} rows`,
      received: `${rows.count}`,
    });
  }
  rows.gather(null, 0, rows.count, weights);
  const negative = weights.findIndex((weight) => weight < 0);
  if (negative >= 0) {
    fail(where, {
      expected: `${name} to hold weights >= 0`,
      received: `${weights[negative]} in row ${negative}`,
    });
  }
}

function applyClassWeight(
  where: string,
  classWeight: ClassWeight,
  { targets, classes }: RowWeightSources,
  weights: Float32Array,
): void {
  if (targets === undefined || classes === undefined) {
    fail(where, {
      expected: "classWeight only with a loss over classes",
      received: describe(classWeight),
      hint: "use sampleWeight: one weight per row.",
    });
  }
  const byClass = classWeightTable(where, classWeight, classes);
  const { rowLength } = targets;
  if (rowLength !== 1 && rowLength !== classes) {
    fail(where, {
      expected: "classWeight only with one class per row",
      received: `targets with ${rowLength} numbers per row`,
      hint: "use sampleWeight: one weight per row.",
    });
  }
  const row = new Float32Array(rowLength);
  for (let i = 0; i < weights.length; i++) {
    targets.gather(null, i, i + 1, row);
    const label = rowLength === 1 ? (row[0] as number) : largest(row);
    // Labels themselves are checked where the loss is known.
    weights[i] = (weights[i] as number) * (byClass[label] ?? 1);
  }
}

function classWeightTable(where: string, classWeight: ClassWeight, classes: number): Float32Array {
  if (typeof classWeight !== "object" || classWeight === null || Array.isArray(classWeight)) {
    fail(where, {
      expected: "classWeight to be an object of weights by class such as { 0: 1, 1: 5 }",
      received: describe(classWeight),
    });
  }
  const byClass = new Float32Array(classes).fill(1);
  for (const [key, weight] of Object.entries(classWeight)) {
    const label = Number(key);
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      fail(where, {
        expected: `classWeight to name classes from 0 to ${classes - 1}`,
        received: `the class ${key}`,
      });
    }
    byClass[label] = checkNumber(where, `classWeight[${key}]`, weight, { min: 0 });
  }
  return byClass;
}

/** The position of the largest value, the first of equals. */
function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}
