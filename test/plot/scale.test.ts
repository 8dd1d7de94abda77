// Axes: round numbers, ranges, places, odd input.
import { describe, expect, test } from "vitest";
import { type ScaleOptions, scaleFor } from "../../ts/plot/scale.js";

const texts = (values: readonly number[], options: ScaleOptions) =>
  scaleFor(values, options).ticks.map(({ text }) => text);

describe("linear", () => {
  test.each<[string, readonly number[], Partial<ScaleOptions>, string[]]>([
    ["steps of 1", [0, 5], {}, ["0", "1", "2", "3", "4", "5"]],
    ["steps of 2", [0, 9], {}, ["0", "2", "4", "6", "8"]],
    ["decimals are the same on all", [0, 0.01], { count: 2 }, ["0.000", "0.005", "0.010"]],
    ["rounded outwards", [0.853, 0.947], { rounded: true, count: 2 }, ["0.85", "0.90", "0.95"]],
    ["not rounded: inside only", [0.853, 0.947], { count: 2 }, ["0.90"]],
    ["from zero", [3, 4], { fromZero: true, count: 2 }, ["0", "2", "4"]],
    ["from zero downwards", [-4, -3], { fromZero: true, count: 2 }, ["-4", "-2", "0"]],
    ["small ones", [0, 3e-5], { count: 3 }, ["0", "1e-5", "2e-5", "3e-5"]],
    ["large ones", [0, 5e6], { count: 2 }, ["0", "5e6"]],
    ["two digits where needed", [1e7, 1.2e7], { count: 2 }, ["1.0e7", "1.1e7", "1.2e7"]],
    ["negative", [-1, 1], { count: 2 }, ["-1", "0", "1"]],
    ["one value", [2], { count: 2 }, ["1", "2", "3"]],
    ["zero alone", [0], { fromZero: true, count: 2 }, ["0.0", "0.5", "1.0"]],
    ["nothing to show", [Number.NaN], { count: 1 }, ["0", "1"]],
  ])("%s", (_, values, options, expected) => {
    expect(texts(values, { count: 5, ...options })).toEqual(expected);
  });
  test("places go from 0 to 1, and no further", () => {
    const { place } = scaleFor([2, 4], { count: 2 });
    expect([2, 3, 4].map(place)).toEqual([0, 0.5, 1]);
    expect([1.9, 4.1, Number.NaN].map(place)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
  test("rounding does not lose the ends", () => {
    for (const step of [0.1, 0.3, 0.7, 1e-7, 3e5]) {
      const values = Array.from({ length: 11 }, (_, i) => i * step);
      const { ticks, place } = scaleFor(values, { rounded: true, count: 5 });
      expect(values.some((value) => Number.isNaN(place(value)))).toBe(false);
      expect(place(ticks[0]?.value as number)).toBe(0);
      expect(place(ticks.at(-1)?.value as number)).toBe(1);
    }
  });
});

describe("logarithmic", () => {
  test.each<[string, readonly number[], Partial<ScaleOptions>, string[]]>([
    [
      "decades",
      [1e-6, 10],
      { count: 8 },
      ["1e-6", "1e-5", "1e-4", "0.001", "0.01", "0.1", "1", "10"],
    ],
    ["every other", [1e-6, 1], { count: 3 }, ["1e-6", "1e-4", "0.01", "1"]],
    ["1, 2, 5", [1, 9], { count: 3 }, ["1", "2", "5"]],
    [
      "1, 2, 5 rounded outwards",
      [0.03, 0.3],
      { rounded: true, count: 4 },
      ["0.02", "0.05", "0.1", "0.2", "0.5"],
    ],
    ["large ones", [1e5, 1e7], { count: 3 }, ["100000", "1e6", "1e7"]],
    ["zeros and negative ones are left out", [0, -1, 1, 10], { count: 2 }, ["1", "10"]],
    ["one value", [0.1], { count: 3, rounded: true }, ["0.05", "0.1", "0.2"]],
    ["nothing to show", [0], { count: 3 }, ["0.1", "0.2", "0.5", "1"]],
  ])("%s", (_, values, options, expected) => {
    expect(texts(values, { log: true, count: 5, ...options })).toEqual(expected);
  });
  test("equal factors are equally far apart", () => {
    const { place } = scaleFor([1e-4, 1], { log: true, count: 5 });
    [1e-4, 1e-3, 1e-2, 0.1, 1].forEach((value, i) => {
      expect(place(value)).toBeCloseTo(i / 4, 12);
    });
    expect([0, -1].map(place)).toEqual([Number.NaN, Number.NaN]);
  });
});
