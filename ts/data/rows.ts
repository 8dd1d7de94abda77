// Role: whatever users pass as data becomes rows of one shape, checked once at
// the door, and batches of rows are copied out of it. It must not change values
// (beyond the element type) nor know layers.
import { describe, fail } from "../errors.js";
import { checkFinite, checkWhole, type LaterChecks, toFloat32 } from "./check.js";
import { flatten } from "./nested.js";
import { FlatRows, SeparateRows } from "./row-storage.js";
import {
  type DType,
  isTensor,
  type NestedNumbers,
  shapeText,
  sizeOf,
  type Tensor,
} from "./tensor.js";

/** The typed arrays that count as data. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/**
 * Data for `fit`, `evaluate` and `predict`: a flat typed array in row-major
 * order, nested arrays of numbers, a {@link Tensor} (its first axis counts the
 * rows), or an array with one typed array per row.
 */
export type DataLike = NumericArray | readonly NestedNumbers[] | Tensor | readonly NumericArray[];

/** Where batches of rows are written to. */
export type RowTarget = Float32Array | Int32Array | Uint8Array;

/** Checked data: `count` rows of `rowLength` numbers each. */
export interface Rows {
  /** Number of rows, at least 1. */
  readonly count: number;
  /** The shape of one row, without the batch axis; `[]` for one number. */
  readonly rowShape: readonly number[];
  /** Numbers per row: the product of `rowShape`. */
  readonly rowLength: number;
  /** The smallest element type that holds the numbers; a float32 target holds every one. */
  readonly dtype: DType;
  /**
   * Copies rows into `target`, one after the other from its start, converting
   * them to the target's type.
   * @param indices the numbers of the rows; null for rows in their order
   * @param from first position in `indices` (or first row)
   * @param to position after the last
   * @param target at least `(to - from) * rowLength` long, of `dtype` or float32
   */
  gather(indices: Uint32Array | null, from: number, to: number, target: RowTarget): void;
}

/** How {@link toRows} treats the numbers, and what it calls them. */
export interface RowsOptions {
  /** What the numbers are for: with "int32" they must be whole. "float32" by default. */
  readonly dtype?: "float32" | "int32";
  /** What the user calls the data, for errors: `x[3]`. "data" by default. */
  readonly name?: string;
  /** Where checks of values go that can wait; they must run before the rows are used. */
  readonly later?: LaterChecks | undefined;
}

/** Whether a value is a typed array of numbers (not of bigints, and no DataView). */
export function isNumericArray(value: unknown): value is NumericArray {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    !(value instanceof BigInt64Array) &&
    !(value instanceof BigUint64Array)
  );
}

interface Place {
  readonly where: string;
  readonly name: string;
  readonly dtype: "float32" | "int32";
  readonly expected: readonly number[] | null;
  readonly later: LaterChecks | undefined;
}

/**
 * Checks data and gives them as rows.
 *
 * A flat typed array is cut into rows of the expected shape; everything else has
 * a shape of its own, which must agree. Typed arrays are not copied (except a
 * `Float64Array`, which becomes float32): they must not change while the rows
 * are in use, that is until `fit` has ended.
 *
 * @param where the caller for errors, such as `fit`
 * @param data the data
 * @param expectedRowShape the shape of one row; null to take the data's own
 *   (one number per row for a flat typed array)
 * @param options what the numbers are for, and what the user calls them
 * @throws GradusError for an unknown kind of data, no rows, ragged arrays, a
 *   shape other than expected, NaN and infinite values (naming row and column),
 *   values beyond float32, and values that are not whole where they must be
 * @example
 * toRows("fit", new Float32Array(784 * 100), [784]).count; // 100
 */
export function toRows(
  where: string,
  data: DataLike,
  expectedRowShape: readonly number[] | null,
  options: RowsOptions = {},
): Rows {
  const { dtype = "float32", name = "data", later } = options;
  const place: Place = { where, name, dtype, expected: expectedRowShape, later };
  if (isNumericArray(data)) return fromFlat(place, data);
  if (isTensor(data)) return fromTensor(place, data);
  if (Array.isArray(data)) {
    if (data.length === 0) failEmpty(place, data);
    if (data.every(isNumericArray)) return fromSeparate(place, data);
    return fromNested(place, data as readonly NestedNumbers[]);
  }
  return fail(where, {
    expected: `${name} to be a typed array, nested arrays of numbers or a tensor`,
    received: describe(data),
    hint: ArrayBuffer.isView(data) ? "bigints are not supported: use an Int32Array." : undefined,
  });
}

function failEmpty(place: Place, data: unknown): never {
  return fail(place.where, {
    expected: `${place.name} to have at least one row`,
    received: describe(data),
  });
}

function fromFlat(place: Place, data: NumericArray): Rows {
  const { where, name, expected } = place;
  if (data.length === 0) failEmpty(place, data);
  const rowShape = expected ?? [];
  const rowLength = sizeOf(rowShape);
  if (data.length % rowLength !== 0) {
    fail(where, {
      expected: `${name} to hold a multiple of ${rowLength} numbers (rows of shape ${shapeText(rowShape)})`,
      received: `${describe(data)}, ${data.length % rowLength} too many for ${rowsText(Math.floor(data.length / rowLength))}`,
    });
  }
  return flatRows(place, data, rowShape);
}

function fromTensor(place: Place, data: Tensor): Rows {
  const { where, name } = place;
  if (data.shape.length === 0) {
    fail(where, {
      expected: `${name} to have a batch axis`,
      received: describe(data),
      hint: "give it a shape such as [1].",
    });
  }
  if (data.data.length !== sizeOf(data.shape)) {
    fail(where, {
      expected: `${name} to hold as many numbers as its shape ${shapeText(data.shape)}`,
      received: describe(data.data),
    });
  }
  if (data.data.length === 0) failEmpty(place, data);
  const rowShape = agreeing(place, data.shape.slice(1), data.shape);
  return flatRows(place, data.data, rowShape);
}

function fromSeparate(place: Place, rows: readonly NumericArray[]): Rows {
  const { where, name } = place;
  const first = rows[0] as NumericArray;
  const ragged = rows.findIndex((row) => row.length !== first.length);
  if (ragged >= 0) {
    fail(where, {
      expected: `${name}[${ragged}] to have ${first.length} numbers as ${name}[0] has`,
      received: describe(rows[ragged]),
    });
  }
  if (first.length === 0) failEmpty(place, first);
  // Rows of an image model may come as one flat typed array each.
  const cut = place.expected !== null && sizeOf(place.expected) === first.length;
  const rowShape = cut
    ? (place.expected as readonly number[])
    : agreeing(place, [first.length], [rows.length, first.length]);
  let kind: DType | undefined;
  rows.forEach((row, i) => {
    const found = check(place, row, row.length, i);
    kind = kind === undefined || kind === found ? found : "float32";
  });
  return new SeparateRows(rows, rowShape, kind as DType);
}

function fromNested(place: Place, data: readonly NestedNumbers[]): Rows {
  const flat = flatten(place.where, place.name, data);
  if (flat.data.length === 0) failEmpty(place, data);
  const rowShape = agreeing(place, flat.shape.slice(1), flat.shape);
  return flatRows(place, flat.data, rowShape);
}

function flatRows(place: Place, data: NumericArray, rowShape: readonly number[]): Rows {
  const rowLength = sizeOf(rowShape);
  const dtype = check(place, data, rowLength, 0);
  if (data instanceof Float64Array) {
    return new FlatRows(
      dtype === "int32" ? Int32Array.from(data) : toFloat32(data, place.later),
      rowShape,
      dtype,
    );
  }
  return new FlatRows(data, rowShape, dtype);
}

/** Checks the values and says which element type holds them all. */
function check(place: Place, data: NumericArray, rowLength: number, firstRow: number): DType {
  const at = { where: place.where, name: place.name, rowLength, firstRow };
  if (data instanceof Float32Array || data instanceof Float64Array) {
    // What comes after needs numbers that were looked at.
    checkFinite(at, data, place.dtype === "float32" ? place.later : undefined);
    if (place.dtype === "float32") return "float32";
    checkWhole(at, data);
    return "int32";
  }
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return "uint8";
  if (data instanceof Uint32Array) {
    if (place.dtype === "int32") checkWhole(at, data);
    else if (data.some((value) => value > 0x7fffffff)) return "float32";
  }
  return "int32";
}

/** The row shape to use where the data have one of their own: it must be the expected one. */
function agreeing(
  place: Place,
  rowShape: readonly number[],
  shape: readonly number[],
): readonly number[] {
  const { where, name, expected } = place;
  if (expected === null) return rowShape;
  // One number per row may be written with or without an axis of its own, as in Keras.
  const scalar = sizeOf(expected) === 1 && sizeOf(rowShape) === 1;
  if (scalar && expected.length < 2 && rowShape.length < 2) return expected;
  if (rowShape.length === expected.length && rowShape.every((axis, i) => axis === expected[i])) {
    return expected;
  }
  return fail(where, {
    expected: `${name} to have rows of shape ${shapeText(expected)} (${numbers(sizeOf(expected))} each)`,
    received: `rows of shape ${shapeText(rowShape)} (${numbers(sizeOf(rowShape))} each)`,
    hint: shapeHint(shape, rowShape, expected, name),
  });
}

function numbers(count: number): string {
  return count === 1 ? "1 number" : `${count} numbers`;
}

function shapeHint(
  shape: readonly number[],
  rowShape: readonly number[],
  expected: readonly number[],
  name: string,
): string | undefined {
  if (shape.length === expected.length && shape.every((axis, i) => axis === expected[i])) {
    return `${name} looks like a single row: pass it as a batch of one, [${name}].`;
  }
  if (sizeOf(rowShape) === sizeOf(expected)) {
    return "the rows hold as many numbers: pass them as one flat typed array, or change inputShape.";
  }
  return undefined;
}

function rowsText(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}
