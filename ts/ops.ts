// The operations users write losses, metrics and layers with, under the names of keras.ops.
// Shapes are checked here, so that a mistake shows where it is written, not in the engine.
import type { DType } from "./data/tensor.js";
import { describe, fail } from "./errors.js";
import type { OpName, ResultType } from "./graph.js";
import { Sym } from "./graph.js";
import { broadcast, type Dim, fixed, printDims, sameDim, sameDims, sizeOf } from "./shape.js";
import type { ByteWriter } from "./wire.js";

/** A symbolic tensor or a number. */
export type Operand = Sym | number;

/** Which axes a reduction works on. */
export interface ReduceOptions {
  /** An axis or several; negative ones count from the end. Default: all. */
  axis?: number | readonly number[];
  /** Whether reduced axes stay as extents of 1. Default: false. */
  keepDims?: boolean;
}

/** Which axes a function that knows of all elements along them works on. */
export interface AxisOptions {
  /** An axis or several, which count as one; negative ones count from the end. Default: -1. */
  axis?: number | readonly number[];
}

const floatOf = (dims: readonly Dim[]): ResultType => ({ dims, dtype: "float32" });

/** Adds a node with one result. @internal */
export function one(
  op: OpName,
  inputs: readonly [Sym, ...Sym[]],
  dims: readonly Dim[],
  attributes: ((writer: ByteWriter) => void) | null = null,
  kind: string | null = null,
): Sym {
  return inputs[0].graph.add(op, inputs, [floatOf(dims)], attributes, kind)[0] as Sym;
}

/** Says what is no tensor, for calls that TypeScript did not see. */
function checkSym(x: unknown): asserts x is Sym {
  if (x instanceof Sym) return;
  fail("ops", {
    expected: "a symbolic tensor",
    received: describe(x),
    ...(x === undefined ? { hint: "Is a name misspelt?" } : {}),
  });
}

/** The same numbers as float32: labels may be whole numbers. */
export function toFloat(x: Sym): Sym {
  checkSym(x);
  return x.dtype === "float32" ? x : one("cast", [x], x.dims);
}

/** A row of the engine's table of elementwise functions. */
export function unary(kind: string, x: Sym, parameters: readonly number[] = []): Sym {
  const write = (writer: ByteWriter) => writer.text(kind).floats(parameters);
  return one("unary", [toFloat(x)], x.dims, write, kind);
}

function constant(like: Sym, value: number): Sym {
  if (typeof value !== "number" || Number.isNaN(value)) {
    fail(like.graph.place("ops"), {
      expected: "symbolic tensors and numbers",
      received: describe(value),
      ...(value === undefined ? { hint: "Is a name misspelt?" } : {}),
    });
  }
  const write = (writer: ByteWriter) => writer.float(value);
  return like.graph.add("const", [], [floatOf([])], write)[0] as Sym;
}

function binary(kind: string, a: Operand, b: Operand): Sym {
  const like = a instanceof Sym ? a : b;
  if (!(like instanceof Sym)) {
    return fail(`ops (${kind})`, {
      expected: "at least one symbolic tensor",
      received: `${a} and ${b}`,
      hint: "Compute with plain numbers in JavaScript.",
    });
  }
  const left = a instanceof Sym ? toFloat(a) : constant(like, a);
  const right = b instanceof Sym ? toFloat(b) : constant(like, b);
  const dims = broadcast(left.dims, right.dims);
  if (!dims) {
    return fail(like.graph.place(kind), {
      expected: "two shapes that broadcast together",
      received: `${printDims(left.dims)} and ${printDims(right.dims)}`,
    });
  }
  return one("binary", [left, right], dims, (writer) => writer.text(kind));
}

function axisOf(x: Sym, axis: number, name: string): number {
  const rank = x.dims.length;
  const positive = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && positive >= 0 && positive < rank) return positive;
  return fail(x.graph.place(name), {
    expected: `an axis from ${-rank} to ${rank - 1}`,
    received: `axis ${axis} of ${printDims(x.dims)}`,
  });
}

/** A row of the engine's table of reductions. */
export function reduce(kind: string, x: Sym, { axis, keepDims = false }: ReduceOptions = {}): Sym {
  checkSym(x);
  const asked = axis === undefined ? [] : typeof axis === "number" ? [axis] : axis;
  const axes = new Set(asked.map((each) => axisOf(x, each, kind)));
  // An empty list says "all axes" in the wire format and "none" to NumPy.
  if (axis !== undefined && axes.size === 0) return toFloat(x);
  const gone = (index: number) => axes.size === 0 || axes.has(index);
  const kept = x.dims.map((dim, i) => (gone(i) ? fixed(1) : dim));
  const dims = keepDims ? kept : x.dims.filter((_, i) => !gone(i));
  return one("reduce", [toFloat(x)], dims, (writer) => {
    writer.text(kind).unsigned(axes.size);
    for (const each of axes) writer.signed(each);
    writer.byte(keepDims ? 1 : 0);
  });
}

// Elementwise, one operand.

/** `-x` */
export const negative = (x: Sym): Sym => unary("neg", x);
/** `|x|`; its gradient at 0 is 0. */
export const absolute = (x: Sym): Sym => unary("abs", x);
/** `x * x` */
export const square = (x: Sym): Sym => unary("square", x);
/** The square root. */
export const sqrt = (x: Sym): Sym => unary("sqrt", x);
/** `1 / sqrt(x)` */
export const rsqrt = (x: Sym): Sym => unary("rsqrt", x);
/** `1 / x` */
export const reciprocal = (x: Sym): Sym => unary("reciprocal", x);
/** e to the power of x. */
export const exp = (x: Sym): Sym => unary("exp", x);
/** The natural logarithm. */
export const log = (x: Sym): Sym => unary("log", x);
/** `log(1 + x)`, exact near 0. */
export const log1p = (x: Sym): Sym => unary("log1p", x);
/** `exp(x) - 1`, exact near 0. */
export const expm1 = (x: Sym): Sym => unary("expm1", x);
/** -1, 0 or 1; no gradient flows through it. */
export const sign = (x: Sym): Sym => unary("sign", x);
/** The nearest whole number, halves to even; no gradient flows through it. */
export const round = (x: Sym): Sym => unary("round", x);
/** The next whole number below; no gradient flows through it. */
export const floor = (x: Sym): Sym => unary("floor", x);
/** The next whole number above; no gradient flows through it. */
export const ceil = (x: Sym): Sym => unary("ceil", x);
/** x cut to the range from `min` to `max`. */
export const clip = (x: Sym, min: number, max: number): Sym => unary("clip", x, [min, max]);

// Elementwise, two operands, with NumPy's broadcasting.

/** `a + b` */
export const add = (a: Operand, b: Operand): Sym =>
  typeof b === "number" && a instanceof Sym ? unary("offset", a, [b]) : binary("add", a, b);
/** `a - b` */
export const subtract = (a: Operand, b: Operand): Sym =>
  typeof b === "number" && a instanceof Sym ? unary("offset", a, [-b]) : binary("sub", a, b);
/** `a * b` */
export const multiply = (a: Operand, b: Operand): Sym =>
  typeof b === "number" && a instanceof Sym ? unary("scale", a, [b]) : binary("mul", a, b);
/** `a / b` */
export const divide = (a: Operand, b: Operand): Sym => binary("div", a, b);
/** The smaller of two; equals share the gradient. */
export const minimum = (a: Operand, b: Operand): Sym => binary("min", a, b);
/** The larger of two; equals share the gradient. */
export const maximum = (a: Operand, b: Operand): Sym => binary("max", a, b);
/** a to the power of b. */
export const power = (a: Operand, b: Operand): Sym => binary("pow", a, b);
/** `(a - b) * (a - b)` */
export const squaredDifference = (a: Operand, b: Operand): Sym => binary("squaredDifference", a, b);
/** 1 where `a === b`, else 0. No gradient flows through comparisons. */
export const equal = (a: Operand, b: Operand): Sym => binary("equal", a, b);
/** 1 where `a !== b`, else 0. */
export const notEqual = (a: Operand, b: Operand): Sym => binary("notEqual", a, b);
/** 1 where `a > b`, else 0. */
export const greater = (a: Operand, b: Operand): Sym => binary("greater", a, b);
/** 1 where `a >= b`, else 0. */
export const greaterEqual = (a: Operand, b: Operand): Sym => binary("greaterEqual", a, b);
/** 1 where `a < b`, else 0. */
export const less = (a: Operand, b: Operand): Sym => binary("less", a, b);
/** 1 where `a <= b`, else 0. */
export const lessEqual = (a: Operand, b: Operand): Sym => binary("lessEqual", a, b);
/** 1 where both are not 0, else 0. */
export const logicalAnd = (a: Operand, b: Operand): Sym => binary("and", a, b);
/** 1 where one of both is not 0, else 0. */
export const logicalOr = (a: Operand, b: Operand): Sym => binary("or", a, b);

// Reductions.

/** The sum over some axes. */
export const sum = (x: Sym, options?: ReduceOptions): Sym => reduce("sum", x, options);
/** The mean over some axes. */
export const mean = (x: Sym, options?: ReduceOptions): Sym => reduce("mean", x, options);
/** The largest number over some axes; equals share the gradient. */
export const max = (x: Sym, options?: ReduceOptions): Sym => reduce("max", x, options);
/** The smallest number over some axes; equals share the gradient. */
export const min = (x: Sym, options?: ReduceOptions): Sym => reduce("min", x, options);
/** The product over some axes. */
export const prod = (x: Sym, options?: ReduceOptions): Sym => reduce("prod", x, options);

/** The index of the largest number along the last axis, the first of equals. */
export function argmax(x: Sym): Sym {
  axisOf(x, -1, "argmax");
  return one("argMax", [toFloat(x)], x.dims.slice(0, -1));
}

// Products, shapes, the rest.

/**
 * The matrix product of `a [..., m, k]` and `b [k, n]`.
 * `transposeA` (rank 2 only) and `transposeB` read an operand as its transpose. Default: false.
 */
export function matmul(
  a: Sym,
  b: Sym,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Sym {
  checkSym(a);
  checkSym(b);
  const [rows, cols] = transposeB ? [b.dims[1], b.dims[0]] : [b.dims[0], b.dims[1]];
  const left = transposeA ? [...a.dims].reverse() : a.dims;
  const inner = left.at(-1);
  const ranksFit = b.dims.length === 2 && (transposeA ? a.dims.length === 2 : a.dims.length >= 2);
  if (!ranksFit || !rows || !cols || !inner || !sameDim(inner, rows)) {
    return fail(a.graph.place("matmul"), {
      expected: "shapes [..., m, k] and [k, n]",
      received: `${printDims(a.dims)} and ${printDims(b.dims)}`,
    });
  }
  const flags = (transposeA ? 1 : 0) | (transposeB ? 2 : 0);
  return one("matMul", [toFloat(a), toFloat(b)], [...left.slice(0, -1), cols], (writer) =>
    writer.byte(flags),
  );
}

/**
 * The same numbers in another shape. In `shape`, `null` is the batch size, and one extent may be
 * -1: it is found from the others.
 */
export function reshape(x: Sym, shape: readonly (number | null)[]): Sym {
  const dims = shape.map((extent) => {
    if (extent === null) return x.graph.batch;
    return extent === -1 ? fixed(0) : fixed(extent);
  });
  return reshapeTo(x, dims, `[${shape.map((extent) => extent ?? "batch").join(", ")}]`);
}

/** The same numbers in another shape; one extent may be 0 and is found. @internal */
export function reshapeTo(x: Sym, dims: readonly Dim[], asked = printDims(dims)): Sym {
  const size = sizeOf(x.dims);
  const open = dims.findIndex((dim) => dim.factor === 0);
  const rest = sizeOf(dims.filter((_, i) => i !== open));
  const result = [...dims];
  if (open >= 0 && size && rest && size.symbol >= rest.symbol) {
    const symbol = (size.symbol - rest.symbol) as 0 | 1;
    result[open] = { factor: size.factor / rest.factor, symbol };
  }
  const found = sizeOf(result);
  const whole = result.every((dim) => Number.isSafeInteger(dim.factor) && dim.factor > 0);
  if (!whole || !size || !found || !sameDim(size, found)) {
    return fail(x.graph.place("reshape"), {
      expected: `as many elements as ${printDims(x.dims)}`,
      received: asked,
    });
  }
  const type: { dims: Dim[]; dtype: DType } = { dims: result, dtype: x.dtype };
  const write = (writer: ByteWriter) => writer.dims(result);
  return x.graph.add("reshape", [x], [type], write)[0] as Sym;
}

/** The axes in another order: axis i of the result is axis `axes[i]` of x. Default: reversed. */
export function transpose(x: Sym, axes?: readonly number[]): Sym {
  const order = axes?.map((axis) => axisOf(x, axis, "transpose")) ?? [...x.dims.keys()].reverse();
  if (new Set(order).size !== x.dims.length) {
    return fail(x.graph.place("transpose"), {
      expected: `each of the ${x.dims.length} axes once`,
      received: `[${order.join(", ")}]`,
    });
  }
  const dims = order.map((axis) => x.dims[axis] as Dim);
  return one("permute", [toFloat(x)], dims, (writer) => {
    writer.unsigned(order.length);
    for (const axis of order) writer.unsigned(axis);
  });
}

/** Tensors one after the other along an axis. Default: the last. */
export function concatenate(tensors: readonly Sym[], { axis = -1 }: { axis?: number } = {}): Sym {
  const [first, ...others] = tensors;
  if (!first) return fail("ops (concatenate)", { expected: "tensors", received: "none" });
  const at = axisOf(first, axis, "concatenate");
  const without = (x: Sym) => x.dims.filter((_, i) => i !== at);
  let extent = first.dims[at] as Dim;
  for (const other of others) {
    const own = other.dims[at];
    const fits =
      other.dims.length === first.dims.length && sameDims(without(other), without(first));
    if (!fits || !own || own.symbol !== extent.symbol) {
      return fail(first.graph.place("concatenate"), {
        expected: `shapes that differ in axis ${at} only`,
        received: tensors.map((x) => printDims(x.dims)).join(" and "),
      });
    }
    extent = { factor: extent.factor + own.factor, symbol: extent.symbol };
  }
  const dims = first.dims.map((dim, i) => (i === at ? extent : dim));
  const inputs = [toFloat(first), ...others.map(toFloat)] as const;
  return one("concat", [inputs[0] as Sym, ...inputs.slice(1)], dims, (writer) => writer.signed(at));
}

/** 0, 1, … up to `count - 1`, built by doubling: the graph has no constants but single numbers. @internal */
export function range(like: Sym, count: number): Sym {
  let numbers = reshapeTo(constant(like, 0), [fixed(1)]);
  for (let length = 1; length < count; length *= 2) {
    numbers = concatenate([numbers, add(numbers, length)], { axis: 0 });
  }
  return slice(numbers, 0, 0, count);
}

/** Each row n times, as an axis of its own: `[batch, …]` to `[batch, n, …]`. @internal */
export function repeat(x: Sym, n: number): Sym {
  const [rows = fixed(1), ...rest] = x.dims;
  const once = reshapeTo(x, [rows, fixed(1), ...rest]);
  const places = reshapeTo(range(x, n), [fixed(n), ...rest.map(() => fixed(1))]);
  const ones = equal(places, places);
  return multiply(once, ones);
}

function slice(x: Sym, axis: number, from: number, to: number): Sym {
  const dims = x.dims.map((dim, i) => (i === axis ? fixed(to - from) : dim));
  const write = (writer: ByteWriter) => writer.signed(axis).unsigned(from).unsigned(to);
  return one("slice", [toFloat(x)], dims, write);
}

/** The two halves of an axis. @internal */
export function splitInTwo(name: string, x: Sym, axis: number): [Sym, Sym] {
  const at = axisOf(x, axis, name);
  const { factor, symbol } = x.dims[at] as Dim;
  if (symbol !== 0 || factor % 2 !== 0) {
    fail(x.graph.place(name), {
      expected: `an even length of axis ${axis}`,
      received: printDims(x.dims),
    });
  }
  return [slice(x, at, 0, factor / 2), slice(x, at, factor / 2, factor)];
}

/** Class numbers `[...]` as `[..., classes]`: 1 at the class, 0 elsewhere. */
export function oneHot(labels: Sym, classes: number): Sym {
  if (!Number.isSafeInteger(classes) || classes < 1) {
    return fail(labels.graph.place("oneHot"), {
      expected: "a whole number of classes, at least 1",
      received: `${classes}`,
    });
  }
  return equal(reshapeTo(toFloat(labels), [...labels.dims, fixed(1)]), range(labels, classes));
}

/** What `apply` makes of a tensor along its last axis, along others as if they were one. @internal */
export function overRows(x: Sym, axes: readonly number[], apply: (rows: Sym) => Sym): Sym {
  const order = [...x.dims.keys()].filter((each) => !axes.includes(each)).concat(axes);
  const stays = order.every((axis, i) => axis === i);
  const moved = stays ? x : transpose(x, order);
  const size = sizeOf(moved.dims.slice(-axes.length)) as Dim;
  const joined =
    axes.length === 1 ? moved : reshapeTo(moved, [...moved.dims.slice(0, -axes.length), size]);
  const result = apply(joined);
  const parted = axes.length === 1 ? result : reshapeTo(result, moved.dims);
  if (stays) return parted;
  return transpose(
    parted,
    order.map((_, i) => order.indexOf(i)),
  );
}

/** A function that the engine has for the last axis, over others. @internal */
export function overAxes(op: OpName, x: Sym, { axis = -1 }: AxisOptions = {}): Sym {
  const asked = typeof axis === "number" ? [axis] : axis;
  const axes = [...new Set(asked.map((each) => axisOf(x, each, op)))];
  return overRows(x, axes, (rows) => one(op, [toFloat(rows)], rows.dims));
}

/** Softmax over the last axis or others. */
export const softmax = (x: Sym, options?: AxisOptions): Sym => overAxes("softmax", x, options);
/** The logarithm of softmax over the last axis or others, exact where softmax underflows. */
export const logSoftmax = (x: Sym, options?: AxisOptions): Sym =>
  overAxes("logSoftmax", x, options);

/** The same numbers; no gradient flows through. */
export const stopGradient = (x: Sym): Sym => one("stopGradient", [toFloat(x)], x.dims);
