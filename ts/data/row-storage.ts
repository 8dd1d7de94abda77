// Role: rows over the arrays they came in, and how batches are copied out of them.
// It must not check: what comes here is checked.
import type { NumericArray, Rows, RowTarget } from "./rows.js";
import { type DType, sizeOf } from "./tensor.js";

/** Below this a loop is faster than the view and the call that copying a block takes. */
const shortRow = 48;

/** Rows that lie one after the other in one typed array. */
export class FlatRows implements Rows {
  readonly count: number;
  readonly rowShape: readonly number[];
  readonly rowLength: number;
  readonly dtype: DType;
  readonly #data: NumericArray;

  constructor(data: NumericArray, rowShape: readonly number[], dtype: DType) {
    this.#data = data;
    this.rowShape = rowShape;
    this.rowLength = sizeOf(rowShape);
    this.count = data.length / this.rowLength;
    this.dtype = dtype;
  }

  gather(indices: Uint32Array | null, from: number, to: number, target: RowTarget): void {
    const data = this.#data;
    const length = this.rowLength;
    if (indices === null) {
      target.set(data.subarray(from * length, to * length));
      return;
    }
    let at = 0;
    if (length >= shortRow) {
      for (let i = from; i < to; i++, at += length) {
        const start = (indices[i] as number) * length;
        target.set(data.subarray(start, start + length), at);
      }
      return;
    }
    for (let i = from; i < to; i++) {
      const start = (indices[i] as number) * length;
      for (let k = 0; k < length; k++) target[at++] = data[start + k] as number;
    }
  }
}

/** Rows that are typed arrays of their own. */
export class SeparateRows implements Rows {
  readonly count: number;
  readonly rowShape: readonly number[];
  readonly rowLength: number;
  readonly dtype: DType;
  readonly #rows: readonly NumericArray[];

  constructor(rows: readonly NumericArray[], rowShape: readonly number[], dtype: DType) {
    this.#rows = rows;
    this.count = rows.length;
    this.rowShape = rowShape;
    this.rowLength = sizeOf(rowShape);
    this.dtype = dtype;
  }

  gather(indices: Uint32Array | null, from: number, to: number, target: RowTarget): void {
    for (let i = from, at = 0; i < to; i++, at += this.rowLength) {
      target.set(this.#rows[indices === null ? i : (indices[i] as number)] as NumericArray, at);
    }
  }
}

/** Consecutive rows of others, as after a split. */
class RowRange implements Rows {
  readonly count: number;
  readonly rowShape: readonly number[];
  readonly rowLength: number;
  readonly dtype: DType;
  readonly #rows: Rows;
  readonly #start: number;

  constructor(rows: Rows, start: number, end: number) {
    this.#rows = rows;
    this.#start = start;
    this.count = end - start;
    this.rowShape = rows.rowShape;
    this.rowLength = rows.rowLength;
    this.dtype = rows.dtype;
  }

  gather(indices: Uint32Array | null, from: number, to: number, target: RowTarget): void {
    if (indices === null) {
      this.#rows.gather(null, from + this.#start, to + this.#start, target);
      return;
    }
    const shifted = indices.slice(from, to);
    for (let i = 0; i < shifted.length; i++) shifted[i] = (shifted[i] as number) + this.#start;
    this.#rows.gather(shifted, 0, to - from, target);
  }
}

/**
 * The rows from `start` up to, but without, `end`, without a copy.
 * @param rows all rows
 * @param start first row, from 0
 * @param end the row after the last
 */
export function sliceRows(rows: Rows, start: number, end: number): Rows {
  return start === 0 && end === rows.count ? rows : new RowRange(rows, start, end);
}
