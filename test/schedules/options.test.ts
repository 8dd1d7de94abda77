// Wrong options of schedules, what resolveLearningRate makes of things, and warm-up.
import { describe, expect, test } from "vitest";
import {
  byEpoch,
  constant,
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  type LearningRate,
  type LearningRateSchedule,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  powerDecay,
  resolveLearningRate,
  warmUp,
} from "../../ts/schedules.js";

const decay = { initialLearningRate: 0.1, decaySteps: 10 };

test.each<[string, () => unknown, string]>([
  [
    "no options",
    () => exponentialDecay(undefined as never),
    "initialLearningRate to be a finite number >= 0, received undefined",
  ],
  [
    "decaySteps 0",
    () => cosineDecay({ ...decay, decaySteps: 0 }),
    "cosineDecay: expected decaySteps to be a finite number > 0, received 0",
  ],
  [
    "a missing rate",
    () => inverseTimeDecay(decay as never),
    "decayRate to be a finite number >= 0, received undefined",
  ],
  [
    "snake case",
    () => polynomialDecay({ ...decay, end_learning_rate: 0 } as never),
    "did you mean endLearningRate?",
  ],
  [
    "a negative rate",
    () => constant({ learningRate: -1 }),
    "learningRate to be a finite number >= 0, received -1",
  ],
  [
    "staircase 1",
    () => exponentialDecay({ ...decay, decayRate: 1, staircase: 1 as never }),
    "staircase to be true or false",
  ],
  ["power -1", () => powerDecay({ ...decay, power: -1 }), "power to be a finite number >= 0"],
  [
    "too few values",
    () => piecewiseConstantDecay({ boundaries: [1, 2], values: [1, 2] }),
    "one value more than the 2 boundaries, received 2 values",
  ],
  [
    "falling boundaries",
    () => piecewiseConstantDecay({ boundaries: [2, 2], values: [1, 2, 3] }),
    "boundaries to increase, received [2, 2]",
  ],
  [
    "boundaries of another kind",
    () => piecewiseConstantDecay({ boundaries: 3 as never, values: [1] }),
    "boundaries to be an array of numbers",
  ],
  [
    "tMul below 1",
    () => cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 1, tMul: 0.5 }),
    "tMul to be a finite number >= 1",
  ],
  [
    "no totalSteps",
    () => oneCycle({ maxLearningRate: 1 } as never),
    "totalSteps to be a whole number >= 1, received undefined",
  ],
  ["half a step", () => oneCycle({ maxLearningRate: 1, totalSteps: 1.5 }), "received 1.5"],
  ["NaN steps", () => oneCycle({ maxLearningRate: 1, totalSteps: Number.NaN }), "received NaN"],
  ["maxLr", () => oneCycle({ maxLr: 1, totalSteps: 1 } as never), 'unknown option "maxLr"'],
  [
    "another curve",
    () => oneCycle({ maxLearningRate: 1, totalSteps: 1, anneal: "cosine" as never }),
    'did you mean "cos"?',
  ],
  [
    "momenta the wrong way round",
    () => oneCycle({ maxLearningRate: 1, totalSteps: 1, baseMomentum: 0.99 }),
    "baseMomentum to be at most maxMomentum",
  ],
  [
    "three phases too long",
    () => oneCycle({ maxLearningRate: 1, totalSteps: 9, pctStart: 0.6, threePhase: true }),
    "pctStart to be at most 0.5",
  ],
  [
    "warm-up of no steps",
    () => warmUp(0.1, { steps: 0 }),
    "warmUp: expected steps to be a finite number > 0",
  ],
])("rejects %s", (_, make, message) => {
  expect(make).toThrow(message);
});

test("oneCycle holds its last value after its end", () => {
  const cycle = oneCycle({ maxLearningRate: 1, totalSteps: 10 });
  expect(cycle.learningRate(10)).toBe(cycle.learningRate(9));
  expect(cycle.learningRate(1000)).toBeCloseTo(1 / 25 / 1e4, 15);
  expect(cycle.momentum?.(1000)).toBeCloseTo(0.95, 15);
});

test("a cycle of which a phase has no length is at that phase's end", () => {
  for (const threePhase of [false, true]) {
    const cycle = oneCycle({ maxLearningRate: 1, totalSteps: 2, pctStart: 0.5, threePhase });
    expect([0, 1].map(cycle.learningRate).every(Number.isFinite)).toBe(true);
  }
  expect(oneCycle({ maxLearningRate: 1, totalSteps: 2, pctStart: 0.5 }).learningRate(0)).toBe(1);
});

test("powerDecay with the power 1 is inverseTimeDecay with the rate 1", () => {
  const power = powerDecay(decay);
  const inverse = inverseTimeDecay({ ...decay, decayRate: 1 });
  for (const step of [0, 1, 9, 10, 11, 1000]) {
    expect(power.learningRate(step)).toBe(inverse.learningRate(step));
  }
  expect(powerDecay({ ...decay, power: 0.5 }).learningRate(30)).toBeCloseTo(0.05, 15);
});

describe("warmUp", () => {
  test("rises to the first value of what follows", () => {
    const warm = warmUp(exponentialDecay({ ...decay, decayRate: 0.5 }), { steps: 4 });
    const values = [0, 1, 2, 3, 4, 14].map(warm.learningRate);
    [0, 0.025, 0.05, 0.075, 0.1, 0.05].forEach((value, i) => {
      expect(values[i]).toBeCloseTo(value, 15);
    });
    expect(warm.momentum).toBeUndefined();
    expect(warm.getConfig()).toMatchObject({ steps: 4, schedule: { name: "exponentialDecay" } });
  });

  test("holds the first momentum of what follows, and counts what it counts", () => {
    const cycle = oneCycle({ maxLearningRate: 1, totalSteps: 10 });
    const warm = warmUp(cycle, { steps: 5, initialLearningRate: 0.01 });
    expect(warm.momentum?.(3)).toBe(cycle.momentum?.(0));
    expect(warm.momentum?.(8)).toBe(cycle.momentum?.(3));
    expect(warm.learningRate(0)).toBe(0.01);
    const byEpoch: LearningRateSchedule = { ...constant({ learningRate: 1 }), by: "epoch" };
    expect(warmUp(byEpoch, { steps: 2 }).by).toBe("epoch");
  });
});

test("byEpoch counts epochs and is the schedule otherwise", () => {
  const cycle = oneCycle({ maxLearningRate: 1, totalSteps: 10 });
  const counted = byEpoch(cycle);
  expect(counted.by).toBe("epoch");
  expect([0, 3, 9].map(counted.learningRate)).toEqual([0, 3, 9].map(cycle.learningRate));
  expect(counted.momentum?.(3)).toBe(cycle.momentum?.(3));
  expect(byEpoch((epoch) => 1 / (epoch + 1)).learningRate(3)).toBe(0.25);
  expect(byEpoch(0.1).momentum).toBeUndefined();
  expect(() => byEpoch("0.1" as never)).toThrow("byEpoch: expected learningRate to be a number");
});

describe("resolveLearningRate", () => {
  test("a number, a function, a schedule", () => {
    expect(resolveLearningRate("sgd", 0.1).learningRate(5)).toBe(0.1);
    expect(resolveLearningRate("sgd", (step) => 1 / (step + 1)).learningRate(3)).toBe(0.25);
    const schedule = oneCycle({ maxLearningRate: 1, totalSteps: 10 });
    const resolved = resolveLearningRate("sgd", schedule);
    expect(resolved.schedule).toBe(schedule);
    expect(resolved.momentum(0)).toBe(0.95);
    expect(resolveLearningRate("sgd", 0.1).momentum(0)).toBeUndefined();
  });

  test.each<[unknown, string]>([
    [
      "0.1",
      'learningRate to be a number, a schedule such as oneCycle({…}) or a function, received "0.1"',
    ],
    [null, "received null"],
    [-1, "learningRate to be a finite number >= 0, received -1"],
    [Number.NaN, "received NaN"],
    [{ learningRate: 0.1 }, "an object with the keys learningRate"],
    [() => Number.NaN, "a learning rate >= 0, received NaN at step 0"],
    [() => undefined, "received undefined at step 0"],
  ])("rejects %o", (value, message) => {
    expect(() => resolveLearningRate("sgd", value as LearningRate)).toThrow(message);
  });

  test("each value is checked and its step named", () => {
    const resolved = resolveLearningRate("sgd", (step) => 1 - step);
    expect(resolved.learningRate(1)).toBe(0);
    expect(() => resolved.learningRate(2)).toThrow(
      "sgd: expected function to give a learning rate >= 0, received -1 at step 2.",
    );
    const momentum = { ...constant({ learningRate: 1 }), momentum: () => 1 };
    expect(() => resolveLearningRate("sgd", momentum).momentum(7)).toThrow(
      "a momentum in [0, 1), received 1 at step 7",
    );
  });

  test("a function cannot be saved, and says so", () => {
    const { schedule } = resolveLearningRate("sgd", () => 1);
    expect(() => schedule.getConfig()).toThrow("a learning rate that can be saved");
  });
});
