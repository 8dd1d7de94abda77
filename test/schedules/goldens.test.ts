// Values of the schedules against Keras (in float64) and PyTorch's OneCycleLR;
// the goldens are written by test/fixtures/schedules.py.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as schedules from "../../ts/schedules.js";

interface Case {
  schedule: string;
  options: Record<string, unknown>;
  steps: number[];
  learningRate: number[];
  momentum?: number[];
}

const path = new URL("../fixtures/goldens/schedules.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: Case[] };

const factories = schedules as unknown as Record<
  string,
  (options: unknown) => schedules.LearningRateSchedule
>;

function expectClose(actual: number[], expected: number[], steps: number[]): void {
  actual.forEach((value, i) => {
    const wanted = expected[i] as number;
    const allowed = 1e-12 * Math.max(Math.abs(wanted), 1e-3);
    expect(Math.abs(value - wanted), `step ${steps[i]}: ${value} for ${wanted}`).toBeLessThan(
      allowed,
    );
  });
}

describe("schedules agree with Keras and PyTorch", () => {
  test.each(cases)("$schedule $options", ({ schedule, options, steps, learningRate, momentum }) => {
    const factory = factories[schedule];
    if (factory === undefined) throw new Error(`no schedule ${schedule}`);
    const made = factory(options);
    expectClose(steps.map(made.learningRate), learningRate, steps);
    if (momentum === undefined) {
      expect(made.momentum).toBeUndefined();
    } else {
      expectClose(
        steps.map((step) => made.momentum?.(step) as number),
        momentum,
        steps,
      );
    }
    // What is saved makes the same schedule again.
    const again = factory(JSON.parse(JSON.stringify(made.getConfig())));
    expect(steps.map(again.learningRate)).toEqual(steps.map(made.learningRate));
  });
});
