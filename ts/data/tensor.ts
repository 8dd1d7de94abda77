// Role: the tensor users get from and give to the library: a shape, a type and
// numbers in row-major order. It must not compute with them.
import { checkNumber, describe, fail } from "../errors.js";
import { showAsText } from "../inspect.js";
import { tensorText } from "./print.js";

/** The element types of tensors. */
export type DType = "float32" | "int32" | "uint8";

/** The typed array behind a tensor of each {@link DType}. */
export type TensorData = Float32Array | Int32Array | Uint8Array;

/** Numbers in arrays of arrays, as deep as the shape is long; a scalar is one number. */
export type NestedNumbers = number | NestedNumbers[];

/** The nested arrays of a shape: `number[][]` for `[number, 10]`. */
export type NestedOf<S extends readonly number[]> = number extends S["length"]
  ? NestedNumbers
  : S extends readonly [number, ...infer Rest extends readonly number[]]
    ? NestedOf<Rest>[]
    : number;

/**
 * Numbers with a shape, in row-major order (the last axis runs fastest). `S` is the shape as far as
 * the types know it: `Tensor<[number, 10]>`.
 */
export interface Tensor<S extends readonly number[] = readonly number[]> {
  /** The size of each axis; `[]` for a scalar. */
  readonly shape: Readonly<S>;
  /** The element type; it fits `data`. */
  readonly dtype: DType;
  /** The elements; as many as the product of `shape`. */
  readonly data: TensorData;
  /** The elements as nested arrays, `[[1, 2], [3, 4]]` for the shape [2, 2]. */
  toArray(): NestedOf<S>;
  /** Element type and shape: `float32 tensor [2, 2]`; `console.log` shows the numbers, too. */
  toString(): string;
}

/** How many elements a shape holds: the product of its sizes, 1 for `[]`. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const axis of shape) size *= axis;
  return size;
}

/** A shape as errors write it: `[28, 28]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** The dtype that belongs to a typed array. */
export function dtypeOf(data: TensorData): DType {
  if (data instanceof Float32Array) return "float32";
  return data instanceof Int32Array ? "int32" : "uint8";
}

function nest(data: TensorData, shape: readonly number[]): NestedNumbers {
  let start = 0;
  const build = (axis: number): NestedNumbers => {
    if (axis === shape.length) return data[start++] as number;
    return Array.from({ length: shape[axis] as number }, () => build(axis + 1));
  };
  return build(0);
}

class ArrayTensor implements Tensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: TensorData;

  constructor(data: TensorData, shape: readonly number[]) {
    this.shape = shape;
    this.dtype = dtypeOf(data);
    this.data = data;
    showAsText(ArrayTensor.prototype, tensorText);
  }

  toArray(): NestedNumbers {
    return nest(this.data, this.shape);
  }

  toString(): string {
    return `${this.dtype} tensor ${shapeText(this.shape)}`;
  }
}

/** Whether a value is a {@link Tensor}, from this or another copy of the library. */
export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null) return false;
  const { shape, dtype, data } = value as Partial<Tensor>;
  return (
    Array.isArray(shape) &&
    typeof dtype === "string" &&
    (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)
  );
}

/**
 * A tensor over a typed array, which is not copied.
 * @param data the elements in row-major order
 * @param shape the size of each axis; `[data.length]` by default
 * @throws GradusError when the shape does not hold as many elements as `data`
 * @example
 * tensor(new Float32Array([1, 2, 3, 4]), [2, 2]).toArray(); // [[1, 2], [3, 4]]
 */
export function tensor<const S extends readonly number[] = readonly [number]>(
  data: TensorData,
  shape?: S,
): Tensor<S>;
export function tensor(data: TensorData, shape: readonly number[] = [data.length]): Tensor {
  if (!(data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)) {
    fail("tensor", {
      expected: "data to be a Float32Array, Int32Array or Uint8Array",
      received: describe(data),
    });
  }
  if (!Array.isArray(shape)) {
    fail("tensor", { expected: "shape to be an array of sizes", received: describe(shape) });
  }
  shape.forEach((axis, i) => {
    checkNumber("tensor", `shape[${i}]`, axis, { min: 0, integer: true });
  });
  if (sizeOf(shape) !== data.length) {
    fail("tensor", {
      expected: `${sizeOf(shape)} elements for the shape ${shapeText(shape)}`,
      received: `${data.length}`,
    });
  }
  return new ArrayTensor(data, [...shape]);
}
