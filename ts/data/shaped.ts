// Role: numbers that users give for something of a known shape, such as a weight. It must not know
// layers or models.
import { describe, fail } from "../errors.js";
import { flatten } from "./nested.js";
import { isNumericArray } from "./rows.js";
import { isTensor, shapeText, sizeOf } from "./tensor.js";

/** Numbers with the shape they were given in; null for a flat typed array, which has none. */
export interface GivenNumbers {
  readonly shape: readonly number[] | null;
  readonly data: ArrayLike<number>;
}

/** The numbers of a number, an array, nested arrays or a tensor. */
export function givenNumbers(where: string, name: string, given: unknown): GivenNumbers {
  if (typeof given === "number") return { shape: [], data: [given] };
  if (isTensor(given)) return given;
  if (isNumericArray(given)) return { shape: null, data: given };
  if (Array.isArray(given)) return flatten(where, name, given as never);
  return fail(where, {
    expected: `${name} to be a number, a typed array, nested arrays of numbers or a tensor`,
    received: describe(given),
  });
}

/** The numbers for a shape; `where` names what has it. */
export function inShape(
  where: string,
  given: unknown,
  shape: readonly number[],
): ArrayLike<number> {
  const expected = `the shape ${shapeText(shape)}`;
  const isData = isTensor(given) || isNumericArray(given) || Array.isArray(given);
  if (!isData && !(typeof given === "number" && shape.length === 0)) {
    return fail(where, { expected, received: describe(given) });
  }
  const { shape: own, data } = givenNumbers(where, "value", given);
  const fits = own
    ? own.length === shape.length && own.every((extent, i) => extent === shape[i])
    : data.length === sizeOf(shape);
  if (fits) return data;
  return fail(where, { expected, received: own ? shapeText(own) : describe(given) });
}
