// Role: checks of targets against what a loss can use: class labels, one-hot and
// soft targets. It must not change them nor know losses.
import { fail } from "../errors.js";
import type { LaterChecks } from "./check.js";
import type { Rows } from "./rows.js";
import { shapeText } from "./tensor.js";

/** Numbers looked at in one go. */
const blockNumbers = 1 << 14;

/** Calls `look` with consecutive blocks of rows; later where there is a list for that. */
function eachBlock(
  rows: Rows,
  look: (values: Float32Array | Int32Array, firstRow: number, count: number) => void,
  later?: LaterChecks,
): void {
  const perBlock = Math.max(1, Math.floor(blockNumbers / rows.rowLength));
  const size = Math.min(perBlock, rows.count) * rows.rowLength;
  // float32 does not hold every int32, and int32 no fractions.
  const block = rows.dtype === "float32" ? new Float32Array(size) : new Int32Array(size);
  const lookAt = (from: number) => {
    const to = Math.min(from + perBlock, rows.count);
    rows.gather(null, from, to, block);
    look(block, from, to - from);
  };
  for (let from = 0; from < rows.count; from += perBlock) {
    if (later) later.push(() => lookAt(from));
    else lookAt(from);
  }
}

/**
 * Checks integer class labels: whole numbers from 0 to `classes - 1`, one per
 * row (or per position of a row). Floats with whole values will do.
 * @param where the caller for errors, such as `fit`
 * @param labels the labels
 * @param classes number of classes
 * @param name what the user calls the labels; "y" by default
 * @throws GradusError naming the first bad row and its value
 */
export function checkClassLabels(
  where: string,
  labels: Rows,
  classes: number,
  name = "y",
  later?: LaterChecks,
): void {
  const { rowLength } = labels;
  const look = (values: Float32Array | Int32Array, firstRow: number, count: number) => {
    for (let i = 0; i < count * rowLength; i++) {
      const label = values[i] as number;
      if (label >= 0 && label < classes && Number.isInteger(label)) continue;
      const row = firstRow + Math.floor(i / rowLength);
      fail(where, {
        expected: `${name} to hold class labels, whole numbers from 0 to ${classes - 1}`,
        received: `${label} in row ${row}`,
        hint: labelHint(label, classes, rowLength),
      });
    }
  };
  eachBlock(labels, look, later);
}

function labelHint(label: number, classes: number, rowLength: number): string {
  if (!Number.isInteger(label)) {
    return rowLength === classes
      ? 'for one probability per class use the loss "categoricalCrossentropy".'
      : "class labels must be whole numbers.";
  }
  if (label < 0) return "classes are counted from 0: map the labels to 0, 1, 2, …";
  if (label === classes) {
    return `classes are counted from 0: subtract 1 from each label, or give the last layer ${label + 1} units.`;
  }
  return `the last layer has ${classes} units: it needs one per class.`;
}

/** How far the probabilities of a row may sum from 1. */
const sumTolerance = 1e-3;

/**
 * Checks one-hot or soft targets: per row `classes` probabilities in [0, 1] that
 * sum to 1 (within 0.001).
 * @param where the caller for errors, such as `fit`
 * @param targets the targets; the last axis of their rows runs over the classes
 * @param classes number of classes
 * @param name what the user calls the targets; "y" by default
 * @throws GradusError naming the first bad row
 */
export function checkClassProbabilities(
  where: string,
  targets: Rows,
  classes: number,
  name = "y",
): void {
  const { rowShape, rowLength } = targets;
  if (rowShape[rowShape.length - 1] !== classes) {
    fail(where, {
      expected: `${name} to have one probability for each of ${classes} classes`,
      received: `rows of shape ${shapeText(rowShape)}`,
      hint:
        rowLength === 1
          ? 'for integer labels use the loss "sparseCategoricalCrossentropy".'
          : undefined,
    });
  }
  checkWithin(where, targets, 0, 1, name);
  eachBlock(targets, (values, firstRow, count) => {
    for (let start = 0; start < count * rowLength; start += classes) {
      let sum = 0;
      for (let k = start; k < start + classes; k++) sum += values[k] as number;
      if (Math.abs(sum - 1) <= sumTolerance) continue;
      fail(where, {
        expected: `${name} to hold probabilities that sum to 1 in each row`,
        received: `a sum of ${Number(sum.toPrecision(6))} in row ${firstRow + Math.floor(start / rowLength)}`,
        hint: 'where several classes may hold at once use a sigmoid and the loss "binaryCrossentropy".',
      });
    }
  });
}

/**
 * Checks that all targets lie in a range, as binary cross-entropy (0 to 1) needs it.
 * @param where the caller for errors, such as `fit`
 * @param targets the targets
 * @param min smallest allowed value
 * @param max largest allowed value
 * @param name what the user calls the targets; "y" by default
 * @throws GradusError naming the first bad row and its value
 */
export function checkWithin(
  where: string,
  targets: Rows,
  min: number,
  max: number,
  name = "y",
  later?: LaterChecks,
): void {
  const { rowLength } = targets;
  const look = (values: Float32Array | Int32Array, firstRow: number, count: number) => {
    for (let i = 0; i < count * rowLength; i++) {
      const value = values[i] as number;
      if (value >= min && value <= max) continue;
      const row = firstRow + Math.floor(i / rowLength);
      const place = rowLength === 1 ? `row ${row}` : `row ${row}, column ${i % rowLength}`;
      fail(where, {
        expected: `${name} to hold values from ${min} to ${max}`,
        received: `${value} in ${place}`,
      });
    }
  };
  eachBlock(targets, look, later);
}
