// Role: nested arrays of numbers become one flat array and a shape. It must not
// judge the shape or the values, beyond asking for numbers and equal lengths.
import { describe, fail } from "../errors.js";
import type { NestedNumbers } from "./tensor.js";

/** Flat numbers in row-major order, with their shape. */
export interface Flat {
  /** The numbers, in double precision as they came. */
  readonly data: Float64Array;
  /** The size of each axis. */
  readonly shape: readonly number[];
}

type Nested = NestedNumbers | ArrayLike<NestedNumbers>;

/** Whether a value is an array or a typed array, which may stand at any depth. */
function isList(value: unknown): value is ArrayLike<Nested> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/**
 * Flattens nested arrays (or arrays of typed arrays).
 * @param where the caller for errors
 * @param name what the user calls the data: places are named `x[3][1]`
 * @param nested the arrays
 * @throws GradusError for ragged arrays and for anything but numbers
 */
export function flatten(where: string, name: string, nested: readonly NestedNumbers[]): Flat {
  const shape: number[] = [];
  for (let at: Nested | undefined = nested; isList(at); at = at[0]) shape.push(at.length);
  const data = new Float64Array(shape.reduce((product, size) => product * size, 1));

  let next = 0;
  const copy = (list: ArrayLike<Nested>, axis: number, path: string): void => {
    const size = shape[axis] as number;
    if (list.length !== size) {
      fail(where, {
        expected: `${path} to have the length ${size} as ${name}${"[0]".repeat(axis)} has`,
        received: `the length ${list.length}`,
        hint: "all rows must have the same shape: pad or cut them.",
      });
    }
    const last = axis === shape.length - 1;
    for (let i = 0; i < size; i++) {
      const item = list[i];
      if (last) {
        if (typeof item !== "number") failItem(where, `${path}[${i}]`, "a number", item);
        data[next++] = item;
      } else {
        if (!isList(item)) {
          failItem(where, `${path}[${i}]`, `an array of ${shape[axis + 1]} elements`, item);
        }
        copy(item, axis + 1, `${path}[${i}]`);
      }
    }
  };
  copy(nested, 0, name);
  return { data, shape };
}

function failItem(where: string, path: string, expected: string, item: unknown): never {
  return fail(where, {
    expected: `${path} to be ${expected}`,
    received: describe(item),
    hint:
      typeof item === "string" || typeof item === "boolean"
        ? "turn categories and booleans into numbers first."
        : undefined,
  });
}
