// The data of fit and evaluate: inputs, targets and weights, checked against the model and its
// loss before anything is run.
import { checkClassLabels, checkWithin } from "../data/labels.js";
import { type DataLike, isNumericArray, type Rows, toRows } from "../data/rows.js";
import { type ClassWeight, rowWeights } from "../data/split.js";
import { isTensor, shapeText, sizeOf } from "../data/tensor.js";
import { fail } from "../errors.js";
import { targetType } from "../losses.js";
import type { LayerGraph } from "./layer-graph.js";
import { outputShape, type Variant } from "./lowering.js";
import type { TrainingSetup } from "./training-setup.js";

/** Checked data with labels. */
export interface LabelledData {
  readonly x: Rows;
  readonly y: Rows;
  readonly weights: Rows | null;
  readonly variant: Variant;
}

/** Weights of rows and classes. */
export interface WeightOptions {
  readonly sampleWeight?: DataLike | undefined;
  readonly classWeight?: ClassWeight | undefined;
}

/** The names under which users know the parts. */
export interface PartNames {
  readonly x: string;
  readonly y: string;
}

/** Checks inputs. */
export function readInputs(where: string, model: LayerGraph, x: DataLike, name = "x"): Rows {
  return toRows(where, x, model.inputs[0]?.rowShape ?? [], { name });
}

/** Checks inputs, targets and weights. */
export function readLabelled(
  where: string,
  model: LayerGraph,
  setup: TrainingSetup,
  data: { readonly x: DataLike; readonly y: DataLike } & WeightOptions,
  names: PartNames = { x: "x", y: "y" },
): LabelledData {
  const x = readInputs(where, model, data.x, names.x);
  const { y, classes } = readTargets(where, model, setup, data.y, x.count, names.y);
  if (y.count !== x.count) {
    fail(where, {
      expected: `${names.x} and ${names.y} to have the same number of rows`,
      received: `${x.count} and ${y.count}`,
    });
  }
  const { sampleWeight, classWeight } = data;
  const numbers = rowWeights(where, x.count, { sampleWeight, classWeight, targets: y, classes });
  const weights = numbers && toRows(where, numbers, [], { name: "sampleWeight" });
  const { loss } = setup;
  const yType = loss.targets === "any" ? "float32" : targetType(loss.targets);
  const variant = { xType: x.dtype, yShape: y.rowShape, yType, weighted: weights !== null };
  return { x, y, weights, variant };
}

function readTargets(
  where: string,
  model: LayerGraph,
  setup: TrainingSetup,
  data: DataLike,
  count: number,
  name: string,
): { y: Rows; classes: number } {
  const { loss } = setup;
  const predicted = outputShape(model);
  const scores = predicted.at(-1) ?? 1;
  const classes = scores > 1 ? scores : 2;
  if (loss.targets === "labels") {
    const expected = predicted.slice(0, -1);
    checkKind(where, data, count, predicted, expected, name, {
      what: "one class number per row",
      hint: 'For one-hot targets use the loss "categoricalCrossentropy".',
    });
    const y = toRows(where, data, expected, { dtype: "int32", name });
    checkClassLabels(where, y, scores, name);
    return { y, classes };
  }
  if (loss.targets === "values") {
    checkKind(where, data, count, predicted.slice(0, -1), predicted, name, {
      what: "targets in the shape of the predictions",
      hint: 'For class numbers use the loss "sparseCategoricalCrossentropy".',
    });
    const y = toRows(where, data, predicted, { name });
    if (loss.targetRange) checkWithin(where, y, ...loss.targetRange, name);
    return { y, classes };
  }
  return { y: toRows(where, data, freeShape(data, count, predicted), { name }), classes };
}

/**
 * The shape of targets for a user's function, which takes them as they come: null for their own.
 * Flat ones are like the predictions where they fit; one number per row is the same with and
 * without an axis of its own.
 */
function freeShape(
  data: DataLike,
  count: number,
  predicted: readonly number[],
): readonly number[] | null {
  const own = ownRowShape(data);
  if (own) return sizeOf(own) === 1 && sizeOf(predicted) === 1 ? predicted : null;
  return isNumericArray(data) && data.length === count * sizeOf(predicted) ? predicted : [];
}

/** Finds targets of the other kind, which would only be told to have a wrong shape. */
function checkKind(
  where: string,
  data: DataLike,
  count: number,
  other: readonly number[],
  expected: readonly number[],
  name: string,
  { what, hint }: { what: string; hint: string },
): void {
  if (sizeOf(other) === sizeOf(expected)) return;
  const own = ownRowShape(data);
  const isOther = own
    ? own.length === other.length && own.every((extent, i) => extent === other[i])
    : isNumericArray(data) && data.length === count * sizeOf(other);
  if (!isOther) return;
  fail(where, {
    expected: `${name} to hold ${what}, rows of shape ${shapeText(expected)}`,
    received: `rows of shape ${shapeText(other)}`,
    hint,
  });
}

/** The shape of a row where the data have one; null for a flat typed array and what is no data. */
function ownRowShape(data: DataLike): readonly number[] | null {
  if (isTensor(data)) return data.shape.slice(1);
  if (!Array.isArray(data)) return null;
  const shape: number[] = [];
  let part: unknown = data[0];
  for (; Array.isArray(part); part = part[0]) shape.push(part.length);
  return isNumericArray(part) ? [...shape, part.length] : shape;
}
