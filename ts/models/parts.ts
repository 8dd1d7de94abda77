// Models with one or several inputs and outputs: given alone, as an array, or by name. Data,
// results and options that go with them come in the same form.
import type { DataLike } from "../data/rows.js";
import { isTensor, type Tensor } from "../data/tensor.js";
import { describe, fail, nearest } from "../errors.js";
import type { LayerTensor } from "../layers/layer-tensor.js";
import type { Shape, ShapeMistake } from "../layers/shape-rules.js";

/** Inputs or outputs of a functional model: one tensor, an array, or tensors by name. */
export type TensorStructure =
  | LayerTensor
  | readonly LayerTensor[]
  | Readonly<Record<string, LayerTensor>>;

/** `Value` in the place of each tensor of a structure. */
export type InPlaceOf<S extends TensorStructure, Value> = S extends LayerTensor
  ? Value
  : { readonly [K in keyof S]: Value };

/** What a tensor must be, besides one: impossible where its shape is known to be another. */
export type SameShapeAs<T, S> =
  T extends LayerTensor<infer Given>
    ? S extends LayerTensor<infer Wanted>
      ? number extends Given["length"] | Wanted["length"]
        ? unknown
        : Given["length"] extends Wanted["length"]
          ? unknown
          : ShapeMistake<"a tensor of the rank of the model's input">
      : unknown
    : { [K in keyof S]: K extends keyof T ? SameShapeAs<T[K], S[K]> : unknown };

/** Data for inputs or outputs of that structure. */
export type DataFor<S extends TensorStructure> = InPlaceOf<S, DataLike>;

/** The shape of a result, from that between layers: a number in the place of the batch. */
type ResultShape<S extends Shape> = {
  -readonly [K in keyof S]: Exclude<S[K], null> | (null extends S[K] ? number : never);
};

/** Predictions for outputs of that structure. */
export type ResultOf<S extends TensorStructure> =
  S extends LayerTensor<infer One>
    ? Tensor<ResultShape<One>>
    : {
        readonly [K in keyof S]: S[K] extends LayerTensor<infer One>
          ? Tensor<ResultShape<One>>
          : never;
      };

/** The shapes of tensors in that structure. */
export type ShapeIn<S extends TensorStructure> =
  S extends LayerTensor<infer One>
    ? Readonly<One>
    : { readonly [K in keyof S]: S[K] extends LayerTensor<infer One> ? Readonly<One> : never };

/** How inputs or outputs were given. */
export type Form = "one" | "array" | "record";

/** Something for one input or output. */
export interface Part {
  /** What errors call it: `x`, `x[0]` or `x.image`. */
  readonly label: string;
  readonly value: unknown;
}

/** Whether a value is an object of entries by name, and no array, tensor or class. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  if (Array.isArray(value) || isTensor(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What was given for each of those named, in their order. */
export function partsOf(
  where: string,
  what: string,
  form: Form,
  named: readonly { readonly name: string }[],
  given: unknown,
): readonly Part[] {
  if (form === "one") return [{ label: what, value: given }];
  const names = named.map(({ name }) => name);
  if (form === "record") return recordParts(where, what, names, given);
  if (!Array.isArray(given) || given.length !== names.length) {
    fail(where, {
      expected: `${what} to be an array of ${names.length}, for ${names.join(", ")}`,
      received: describe(given),
    });
  }
  return given.map((value, i) => ({ label: `${what}[${i}]`, value }));
}

/** What a record holds for each of the names; it must hold these, or with `partly` some of them. */
export function recordParts(
  where: string,
  what: string,
  names: readonly string[],
  given: unknown,
  partly = false,
): readonly Part[] {
  if (!isRecord(given)) {
    return fail(where, {
      expected: `${what} to be an object with the keys ${names.join(", ")}`,
      received: describe(given),
    });
  }
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    fail(where, {
      expected: `${what} to have the keys ${names.join(", ")} only`,
      received: `"${name}"`,
      ...(near ? { hint: `Did you mean "${near}"?` } : {}),
    });
  }
  return names.map((name) => {
    if (!partly && given[name] === undefined) {
      fail(where, { expected: `${what} to have the key "${name}"`, received: describe(given) });
    }
    return { label: `${what}.${name}`, value: given[name] };
  });
}

/** Values in a form: alone, as an array, or by name. */
export function inForm<T>(
  form: Form,
  names: readonly string[],
  values: readonly T[],
): T | readonly T[] | Readonly<Record<string, T>> {
  if (form === "one") return values[0] as T;
  if (form === "array") return values;
  return Object.fromEntries(names.map((name, i) => [name, values[i] as T]));
}

/** The name of a part in programs: `x` alone, else `x.image`. */
export function programName(kind: string, name: string, count: number): string {
  return count === 1 ? kind : `${kind}.${name}`;
}

/** Two names as one in camelCase: `valLoss`, `digitAccuracy`. */
export function joinNames(first: string, second: string): string {
  return `${first}${second.slice(0, 1).toUpperCase()}${second.slice(1)}`;
}
