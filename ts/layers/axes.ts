// Axes that layers work along: how options name them, and which they are for an input.
import { checkNumber, fail } from "../errors.js";
import { type Dim, printDims } from "../shape.js";

/** Checks an option that is an axis or an array of them. */
export function checkAxes(kind: string, axis: unknown): readonly number[] {
  const axes: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (axes.length === 0) fail(kind, { expected: "at least one axis", received: "none" });
  return axes.map((each, i) =>
    checkNumber(kind, Array.isArray(axis) ? `axis[${i}]` : "axis", each, { integer: true }),
  );
}

/** An axis counted from 0, within the rank and behind the batch. */
export function axisOf(where: string, axis: number, dims: readonly Dim[]): number {
  const rank = dims.length;
  const positive = axis < 0 ? axis + rank : axis;
  if (positive > 0 && positive < rank) return positive;
  return fail(where, {
    expected:
      rank < 2
        ? "an input with an axis behind the batch"
        : `an axis from 1 to ${rank - 1}, or from -1 down to ${1 - rank}`,
    received: `axis ${axis} of ${printDims(dims)}`,
    hint: "Axes count the batch, axis 0; negative ones count from the end.",
  });
}

/** Axes counted from 0, in ascending order, each once. */
export function axesOf(
  where: string,
  axes: readonly number[],
  dims: readonly Dim[],
): readonly number[] {
  const found = axes.map((axis) => axisOf(where, axis, dims)).sort((a, b) => a - b);
  if (new Set(found).size === found.length) return found;
  return fail(where, {
    expected: "each axis once",
    received: `axes [${axes.join(", ")}] of ${printDims(dims)}`,
  });
}

/** The extents along axes, which weights need as numbers. */
export function extentsOf(
  where: string,
  axes: readonly number[],
  dims: readonly Dim[],
): readonly number[] {
  return axes.map((axis) => {
    const { factor, symbol } = dims[axis] as Dim;
    if (symbol === 0) return factor;
    return fail(where, {
      expected: `a fixed extent of axis ${axis}`,
      received: printDims(dims),
    });
  });
}
