// What layers make of shapes, as types: the compiler of TypeScript follows them through a model and
// finds tensors of a wrong rank. There is no code here; shapes that are not known as literals become
// `number` or lists of unknown length, and are left to the checks at run time.
import type { LayerTensor } from "./layer-tensor.js";

/**
 * The shape of a tensor between layers, as a type: `[null, 28, 28]`; `null` is the batch, `number` an
 * extent that the types do not know.
 */
export type Shape = readonly (number | null)[];

/** A mistake in shapes, as a type: what the compiler shows says what was expected. */
export interface ShapeMistake<Expected extends string = string> {
  /** What was expected. */
  readonly expected: Expected;
}

/**
 * A function from shapes to shapes, as a type: `output` is worked out from `this["input"]`, the
 * shape of the layer's input or the shapes of several.
 */
export interface ShapeRule {
  /** What is put in. */
  readonly input: unknown;
  /** What comes out: a shape, or a mistake. */
  readonly output: unknown;
}

/** What a rule makes of a shape, or of several: a shape or a mistake. */
export type Apply<R extends ShapeRule, S> = (R & Given<S>)["output"];

interface Given<S> {
  readonly input: S;
}

/** The shape that a rule makes; any where it does not know. */
export type ShapeAfter<R extends ShapeRule, S> =
  Apply<R, S> extends infer O extends Shape ? O : Shape;

/** What an input must be, besides a tensor, for a rule: impossible where it does not fit. */
export type Complaint<R extends ShapeRule, S> =
  Apply<R, S> extends infer M extends ShapeMistake ? M : unknown;

/** The shape of a tensor, or of each of an array. */
export type ShapesOf<T> = T extends LayerTensor<infer S> ? S : { [K in keyof T]: ShapesOf<T[K]> };

/** The rule of layers that keep the shape: activations, dropout, normalisation. */
export interface SameShape extends ShapeRule {
  readonly output: this["input"];
}

/** Extents that are not known, as many as before. */
export interface SameRank extends ShapeRule {
  readonly output: this["input"] extends Shape ? Unknown<this["input"]> : Shape;
}

type Unknown<S extends Shape> = { [K in keyof S]: S[K] extends null ? null : number };

/** The rule of `dense`: another last extent. */
export interface DenseRule<Units extends number> extends ShapeRule {
  readonly output: this["input"] extends readonly [unknown]
    ? ShapeMistake<"dense: an input [batch, ..., features]">
    : this["input"] extends readonly [...infer Rest extends Shape, number | null]
      ? [...Rest, Units]
      : [...Shape, Units];
}

/** The rule of `flatten`: one row of numbers. */
export interface FlattenRule extends ShapeRule {
  readonly output: this["input"] extends readonly [null, infer Only extends number]
    ? [null, Only]
    : [null, number];
}

/** The rule of `reshape`. */
export interface ReshapeRule<Target extends readonly number[]> extends ShapeRule {
  readonly output: [null, ...{ [K in keyof Target]: Target[K] extends -1 ? number : Target[K] }];
}

/** The rule of `permute`; `Order` counts the axes of a row from 1. */
export interface PermuteRule<Order extends readonly number[]> extends ShapeRule {
  readonly output: this["input"] extends infer S extends Shape
    ? number extends S["length"] | Order["length"]
      ? Shape
      : [0, ...Order]["length"] extends S["length"]
        ? [null, ...{ [K in keyof Order]: ExtentAt<S, Order[K]> }]
        : ShapeMistake<"permute: an input with an axis for each of dims, and the batch">
    : Shape;
}

type ExtentAt<S extends Shape, Axis> = S[Axis & keyof S] extends infer E extends number
  ? E
  : number;

/** The rule of `repeatVector`. */
export interface RepeatVectorRule<Times extends number> extends ShapeRule {
  readonly output: this["input"] extends infer S extends Shape
    ? S extends readonly [unknown, infer Features extends number]
      ? [null, Times, Features]
      : number extends S["length"]
        ? [null, Times, number]
        : ShapeMistake<"repeatVector: an input [batch, features]">
    : Shape;
}

/** The rule of layers that merge element by element; `Kind` names the layer in mistakes. */
export interface MergeRule<Kind extends string> extends ShapeRule {
  readonly output: this["input"] extends readonly [infer S extends Shape]
    ? S
    : this["input"] extends readonly [
          infer A extends Shape,
          infer B extends Shape,
          ...infer More extends readonly Shape[],
        ]
      ? Merged<Kind, A, B, More>
      : Shape;
}

type Merged<Kind extends string, A extends Shape, B extends Shape, More extends readonly Shape[]> =
  Broadcast<Kind, A, B> extends infer AB extends Shape
    ? More extends readonly [infer C extends Shape, ...infer Rest extends readonly Shape[]]
      ? Merged<Kind, AB, C, Rest>
      : AB
    : Broadcast<Kind, A, B>;

type Broadcast<Kind extends string, A extends Shape, B extends Shape> = number extends
  | A["length"]
  | B["length"]
  ? Shape
  : A["length"] extends B["length"]
    ? { [K in keyof A]: Extent<A[K], B[K & keyof B]> } extends infer S extends Shape
      ? S
      : ShapeMistake<`${Kind}: inputs of shapes that fit each other`>
    : Shape;

/** NumPy's broadcasting of one extent: `false` where they do not fit. */
type Extent<A, B> = [A] extends [B]
  ? [B] extends [A]
    ? A
    : A extends 1
      ? B
      : A
  : A extends 1
    ? B
    : B extends 1
      ? A
      : [B] extends [A]
        ? B
        : false;

/** The rule of `concatenate`. */
export interface ConcatenateRule<Axis extends number> extends ShapeRule {
  readonly output: this["input"] extends readonly [infer S extends Shape, ...infer Others]
    ? number extends S["length"]
      ? Shape
      : Others extends readonly { readonly length: S["length"] }[]
        ? Axis extends -1
          ? S extends readonly [...infer Rest extends Shape, number | null]
            ? [...Rest, number]
            : Shape
          : Unknown<S>
        : number extends Others[number & keyof Others]["length" &
              keyof Others[number & keyof Others]]
          ? Shape
          : ShapeMistake<"concatenate: inputs of one rank">
    : Shape;
}
