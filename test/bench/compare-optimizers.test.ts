// The comparison of optimizers: that it leaves none out, and the rule of its grades.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dense, sequential } from "../../ts/index.js";

const folder = new URL("../../bench/compare-optimizers/", import.meta.url);
const grades = await import(new URL("grades.mjs", folder).href);

it("every optimizer is in the table", () => {
  const model = sequential({ inputShape: [1], layers: [dense({ units: 1 })] });
  let message = "";
  try {
    model.compile({ optimizer: "?" as never, loss: "mse" });
  } catch (error) {
    message = String(error);
  }
  const names = [...message.matchAll(/"(\w+)"/g)].map((found) => found[1]);
  expect(names).toContain("adam");
  const table = readFileSync(new URL("subjects.mjs", folder), "utf8");
  for (const name of names) expect(table).toContain(`["${name}", `);
});

/** A curve with one point per epoch. */
const curve = (...losses: number[]) => losses.map((loss, epoch) => ({ epoch, loss }));

describe("epochsTo", () => {
  it.each<[string, number[], number, number | null]>([
    ["at a point", [3, 2, 1], 2, 1],
    ["between points", [3, 2, 1], 1.5, 1.5],
    ["at the start", [3, 2], 3, 0],
    ["the first time", [3, 1, 3, 1], 2, 0.5],
    ["never", [3, 2], 1, null],
    ["after a loss that is no number", [Number.POSITIVE_INFINITY, 1], 2, 1],
  ])("%s", (_, losses, level, expected) => {
    expect(grades.epochsTo(curve(...losses), level)).toBe(expected);
  });
});

it("means, medians and standard errors", () => {
  expect(grades.mean([1, 2, 6])).toBe(3);
  expect(grades.median([5, 1, 3])).toBe(3);
  expect(grades.median([4, 1, 3, 2])).toBe(2.5);
  expect(grades.standardError([7])).toBe(0);
  expect(grades.standardError([1, 3])).toBeCloseTo(1, 12);
  expect(grades.meanCurve([curve(1, 2), curve(3, 6)])).toEqual(curve(2, 4));
});

it("grades by the stated rule", () => {
  const run = (error: number, ...losses: number[]) => ({ curve: curve(...losses), error });
  const { target, graded } = grades.grade([
    { name: "fast", runs: [run(0.1, 10, 1, 1, 1, 1, 1, 1, 1, 1)] },
    { name: "half as fast", runs: [run(0.11, 10, 10, 1, 1, 1, 1, 1, 1, 1)] },
    { name: "slow", runs: [run(0.12, 10, 10, 10, 10, 1, 1, 1, 1, 1)] },
    { name: "slowest", runs: [run(0.13, 10, 10, 10, 10, 10, 10, 10, 10, 1)] },
    { name: "never", runs: [run(0.5, 10, 9, 8, 7, 6, 5, 4, 3, 2)] },
    {
      name: "with one seed of two",
      runs: [run(0.1, 10, 1, 1, 1, 1, 1, 1, 1, 1), run(0.1, 10, 9, 9, 9, 9, 9, 9, 9, 9)],
    },
  ]);
  expect(target).toBeCloseTo(1.1, 12);
  const letters = graded.map(({ speed, quality }: Record<string, string>) => `${speed}${quality}`);
  expect(letters).toEqual(["AA", "BA", "CB", "CC", "CC", "CA"]);
});

it("a grade differs where the textbook does not allow it", () => {
  expect(grades.differs("A", "B-A")).toBe(false);
  expect(grades.differs("B", "B-A")).toBe(false);
  expect(grades.differs("C", "B-A")).toBe(true);
  expect(grades.differs("A", "C")).toBe(true);
});
