// Role: whatever users pass as data becomes rows of one shape, checked once at
// the door, and batches of rows are copied out of it. It must not change values
// (beyond the element type) nor know layers.
import type { DType, NestedNumbers, Tensor } from "./tensor.js";

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
  /** The type the numbers are kept in. */
  readonly dtype: DType;
  /**
   * Copies rows into `target`, one after the other from its start, converting
   * them to the target's type.
   * @param indices the numbers of the rows; null for rows in their order
   * @param from first position in `indices` (or first row)
   * @param to position after the last
   * @param target at least `(to - from) * rowLength` long
   */
  gather(indices: Uint32Array | null, from: number, to: number, target: RowTarget): void;
}

/** How {@link toRows} treats the numbers. */
export interface RowsOptions {
  /** What the numbers are for: with "int32" they must be whole. "float32" by default. */
  readonly dtype?: "float32" | "int32";
}

/**
 * Checks data and gives them as rows. A typed array is not copied (but for
 * `Float64Array`): it must not change while the rows are in use.
 */
export declare function toRows(
  where: string,
  data: DataLike,
  expectedRowShape: readonly number[] | null,
  options?: RowsOptions,
): Rows;
