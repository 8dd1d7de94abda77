// Comparisons of arrays of numbers that say where they differ.
import { expect } from "vitest";

/** The largest |actual - expected| / (|expected| + floor), and where it is. */
export function worst(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor: number,
): { error: number; at: number } {
  let error = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number];
    if (Object.is(a, e) || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const own = Math.abs(a - e) / (Math.abs(e) + floor);
    if (!(own <= error)) {
      error = Number.isNaN(own) ? Number.POSITIVE_INFINITY : own;
      at = i;
    }
  }
  return { error, at };
}

/** Expects `actual` to be within `tolerance * (|expected| + floor)` of `expected` everywhere. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { tolerance = 1e-5, floor = 1e-6, what = "" } = {},
): void {
  expect(actual.length, `${what} length`).toBe(expected.length);
  const { error, at } = worst(actual, expected, floor);
  const message = `${what} at ${at}: ${actual[at]} instead of ${expected[at]}`;
  expect(error, message).toBeLessThanOrEqual(tolerance);
}
