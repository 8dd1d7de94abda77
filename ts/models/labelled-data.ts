// The data of fit and evaluate: inputs, targets and weights, checked against the model and its
// loss before anything is run.
import type { LaterChecks } from "../data/check.js";
import { checkClassLabels, checkWithin } from "../data/labels.js";
import { type DataLike, isNumericArray, type Rows, toRows } from "../data/rows.js";
import { type ClassWeight, rowWeights } from "../data/split.js";
import { isTensor, shapeText, sizeOf } from "../data/tensor.js";
import { fail } from "../errors.js";
import { targetType } from "../losses.js";
import {
  type AnyData,
  checkCounts,
  dataOf,
  type Labelled,
  type ModelData,
  readX,
} from "./input-data.js";
import type { LayerGraph } from "./layer-graph.js";
import { inputNames, targetName, weightName } from "./lowering.js";
import type { OutputSetup } from "./output-setup.js";
import { isRecord, type Part, partsOf } from "./parts.js";
import type { TrainingSetup } from "./training-setup.js";

/** Weights of rows and classes. */
export interface WeightOptions {
  readonly sampleWeight?: AnyData | undefined;
  readonly classWeight?: ClassWeight | undefined;
}

/** The names under which users know the parts. */
export interface PartNames {
  readonly x: string;
  readonly y: string;
}

/** Checks inputs, targets and weights; values later where there is a list for that. */
export function readLabelled(
  where: string,
  model: LayerGraph,
  setup: TrainingSetup,
  data: { readonly x: AnyData; readonly y: AnyData } & WeightOptions,
  names: PartNames = { x: "x", y: "y" },
  later?: LaterChecks,
): ModelData {
  const all = readX(where, model, data.x, names.x, later);
  // Weights of classes are made of the targets' values.
  const laterY = data.classWeight === undefined ? later : undefined;
  const [first] = all as [Labelled];
  const { count } = first.rows;
  const given = partsOf(where, names.y, model.outputForm, model.outputs, data.y);
  const targets = setup.outputs.map((output, i) => {
    const { label, value } = given[i] as Part;
    const predicted = model.outputs[i]?.rowShape ?? [];
    const place = { where, name: label, later: laterY };
    const { y, classes } = readTargets(place, output, predicted, value as DataLike, count);
    const name = targetName(setup, output);
    const dtype = output.loss.targets === "any" ? "float32" : targetType(output.loss.targets);
    return { label, name, rows: y, dtype, rowShape: y.rowShape, classes };
  });
  checkCounts(where, first, targets);
  all.push(...targets);
  if (data.sampleWeight !== undefined || data.classWeight !== undefined) {
    all.push(...readWeights(where, setup, count, targets, data));
  }
  return dataOf(all);
}

/** The weights of rows: one part for all outputs, or one for each. */
function readWeights(
  where: string,
  setup: TrainingSetup,
  count: number,
  targets: readonly { readonly rows: Rows; readonly classes: number }[],
  { sampleWeight, classWeight }: WeightOptions,
): readonly Labelled[] {
  const [only] = targets;
  if (targets.length > 1 && classWeight !== undefined) {
    fail(where, {
      expected: "classWeight only for models with one output",
      received: `${targets.length} outputs`,
      hint: "Use sampleWeight, which may be given for each output.",
    });
  }
  const read = (name: string, weight: AnyData | undefined, label: string): readonly Labelled[] => {
    const numbers = rowWeights(
      where,
      count,
      {
        sampleWeight: weight as DataLike | undefined,
        classWeight,
        targets: only?.rows,
        classes: only?.classes,
      },
      label,
    );
    if (!numbers) return [];
    const rows = toRows(where, numbers, [], { name: label });
    return [{ label, name, rows, dtype: "float32", rowShape: rows.rowShape }];
  };
  const isEach =
    targets.length > 1 &&
    (isRecord(sampleWeight) ||
      (Array.isArray(sampleWeight) && sampleWeight.some((each) => typeof each !== "number")));
  if (!isEach) return read(inputNames.weight, sampleWeight, "sampleWeight");
  const form = isRecord(sampleWeight) ? "record" : "array";
  const parts = partsOf(where, "sampleWeight", form, setup.outputs, sampleWeight);
  return setup.outputs.flatMap((output, i) => {
    const { label, value } = parts[i] as Part;
    return read(weightName(output), value as DataLike, label);
  });
}

function readTargets(
  place: { where: string; name: string; later: LaterChecks | undefined },
  { loss }: OutputSetup,
  predicted: readonly number[],
  data: DataLike,
  count: number,
): { y: Rows; classes: number } {
  const { where, name, later } = place;
  const scores = predicted.at(-1) ?? 1;
  const classes = scores > 1 ? scores : 2;
  if (loss.targets === "labels") {
    const expected = predicted.slice(0, -1);
    checkKind(where, data, count, predicted, expected, name, {
      what: "one class number per row",
      hint: 'For one-hot targets use the loss "categoricalCrossentropy".',
    });
    const y = toRows(where, data, expected, { dtype: "int32", name });
    checkClassLabels(where, y, scores, name, later);
    return { y, classes };
  }
  if (loss.targets === "values") {
    checkKind(where, data, count, predicted.slice(0, -1), predicted, name, {
      what: "targets in the shape of the predictions",
      hint: 'For class numbers use the loss "sparseCategoricalCrossentropy".',
    });
    const y = toRows(where, data, predicted, { name, later });
    if (loss.targetRange) checkWithin(where, y, ...loss.targetRange, name, later);
    return { y, classes };
  }
  return { y: toRows(where, data, freeShape(data, count, predicted), { name, later }), classes };
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
