// Shapes of symbolic tensors: extents that are numbers or multiples of the batch size.
// It must not know operations; those use these rules.

/** One extent: `factor`, or `factor` times the batch size when `symbol` is 1. */
export interface Dim {
  readonly factor: number;
  /** 0 for a fixed number, 1 for the batch size. */
  readonly symbol: 0 | 1;
}

/** The batch size. */
export const batch: Dim = { factor: 1, symbol: 1 };

/** A fixed extent. */
export function fixed(factor: number): Dim {
  return { factor, symbol: 0 };
}

/** The extents of one row of data, with the batch in front. */
export function batchOf(rowShape: readonly number[]): Dim[] {
  return [batch, ...rowShape.map(fixed)];
}

/** Whether two extents are the same for every batch size. */
export function sameDim(a: Dim, b: Dim): boolean {
  return a.factor === b.factor && a.symbol === b.symbol;
}

/** Whether two shapes are the same for every batch size. */
export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, i) => sameDim(dim, b[i] as Dim));
}

/** The number of elements; undefined when it would be the square of the batch size. */
export function sizeOf(dims: readonly Dim[]): Dim | undefined {
  let factor = 1;
  let symbol: 0 | 1 = 0;
  for (const dim of dims) {
    if (dim.symbol === 1 && symbol === 1) return undefined;
    factor *= dim.factor;
    if (dim.symbol === 1) symbol = 1;
  }
  return { factor, symbol };
}

/** NumPy's broadcasting; undefined when the shapes do not fit. */
export function broadcast(a: readonly Dim[], b: readonly Dim[]): Dim[] | undefined {
  const rank = Math.max(a.length, b.length);
  const at = (dims: readonly Dim[], axis: number) => dims[axis + dims.length - rank] ?? fixed(1);
  const isOne = (dim: Dim) => dim.symbol === 0 && dim.factor === 1;
  const result: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const [left, right] = [at(a, axis), at(b, axis)];
    if (sameDim(left, right) || isOne(right)) result.push(left);
    else if (isOne(left)) result.push(right);
    else return undefined;
  }
  return result;
}

/** The shape as a user sees it: null where it depends on the batch size. */
export function visibleShape(dims: readonly Dim[]): (number | null)[] {
  return dims.map((dim) => (dim.symbol === 0 ? dim.factor : null));
}

/** `[null, 300]` */
export function visibleText(dims: readonly Dim[]): string {
  return `[${visibleShape(dims)
    .map((extent) => extent ?? "null")
    .join(", ")}]`;
}

/** `[batch, 300]` */
export function printDims(dims: readonly Dim[]): string {
  const print = ({ factor, symbol }: Dim) => {
    if (symbol === 0) return `${factor}`;
    return factor === 1 ? "batch" : `${factor}*batch`;
  };
  return `[${dims.map(print).join(", ")}]`;
}
