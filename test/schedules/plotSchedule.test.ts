// Schedules as pictures: exact small ones, what is on the axes, wrong options.
import { describe, expect, test } from "vitest";
import {
  byEpoch,
  exponentialDecay,
  type LearningRate,
  type LearningRateSchedule,
  oneCycle,
  type PlotScheduleOptions,
  piecewiseConstantDecay,
  plotSchedule,
  polynomialDecay,
} from "../../ts/index.js";

const cycle = oneCycle({ maxLearningRate: 0.01, totalSteps: 100 });
const lines = (text: string) => text.split("\n");

describe("as text", () => {
  test("a line", () => {
    const schedule = polynomialDecay({
      initialLearningRate: 4,
      decaySteps: 100,
      endLearningRate: 0,
    });
    const text = plotSchedule(schedule, { steps: 101 }).toString({ width: 24, height: 4 });
    expect(text).toMatchInlineSnapshot(`
      "polynomialDecay schedule
         learning rate
      4 ┤⠉⠒⠦⢄⣀
        │     ⠉⠓⠲⠤⣀⡀
      2 ┤          ⠉⠙⠒⠦⣄⣀
      0 ┤               ⠈⠉⠓⠢⢤⣀
        └┬───────────────────┬
         0                  100
                 step"
    `);
  });
  test("the momentum below the learning rate, where it is cycled", () => {
    const text = plotSchedule(cycle, { steps: 100 }).toString({ width: 30, height: 4 });
    expect(text).toMatchInlineSnapshot(`
      "oneCycle schedule
             learning rate
      0.010 ┤    ⢀⠖⠉⠉⠙⠒⠤⣀
            │   ⢠⠊      ⠈⠑⠦⣀
      0.005 ┤  ⣰⠁          ⠈⠓⢤⡀
      0.000 ┤⠤⠞⠁              ⠈⠓⠦⢤⣀⣀
            └┬──────────┬──────────┬
             momentum
       0.95 ┤⠉⠢⡀              ⢀⡤⠖⠚⠉⠉
            │  ⠘⡄          ⢀⡤⠚⠁
       0.90 ┤   ⠘⢄      ⢀⡠⠖⠉
       0.85 ┤    ⠈⠢⣀⣀⣠⠤⠒⠉
            └┬──────────┬──────────┬
             0         50         100
                      step"
    `);
    const alone = oneCycle({ maxLearningRate: 0.01, totalSteps: 100, cycleMomentum: false });
    expect(String(plotSchedule(alone, { steps: 100 }))).not.toContain("momentum");
  });
  test("a logarithmic axis", () => {
    const schedule = exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.1 });
    const plot = plotSchedule(schedule, { steps: 31, logScale: true });
    expect(plot.toString({ width: 24, height: 6 })).toMatchInlineSnapshot(`
      "exponentialDecay schedule
            learning rate
         1 ┤
           │⠤⣀
           │  ⠉⠒⠤⡀
      0.01 ┤     ⠈⠑⠒⠤⡀
           │         ⠈⠑⠒⠤⡀
      1e-4 ┤             ⠈⠑⠢⠤⡀
           └┬──────────┬──────
            0         20
                   step"
    `);
  });
  test("epochs", () => {
    const steps = piecewiseConstantDecay({ boundaries: [1, 3], values: [3, 2, 1] });
    const plot = plotSchedule(byEpoch(steps), { steps: 60, stepsPerEpoch: 10 });
    expect(plot.toString({ width: 24, height: 4 })).toMatchInlineSnapshot(`
      "byEpoch schedule
         learning rate
      4 ┤
        │⠉⠉⠉⠉⠉⠉⠙⡄
      2 ┤       ⠉⠉⠉⠉⠉⠉⢹⣀⣀⣀⣀⣀⣀⡀
      0 ┤
        └┬────────────────┬───
         0                5
                 epoch"
    `);
  });
  test("sizes are kept, and lines hold nothing but visible characters", () => {
    for (const [width, height] of [
      [20, 3],
      [72, 10],
      [200, 40],
    ] as const) {
      const found = lines(plotSchedule(cycle, { steps: 1000 }).toString({ width, height }));
      expect(Math.max(...found.map((line) => line.length))).toBeLessThanOrEqual(width + 1);
      expect(found.length).toBe(1 + 2 * (height + 2) + 2);
      for (const line of found) expect(line).toMatch(/^[\x20-\x7e\u2500-\u257f\u2800-\u28ff]*$/);
    }
    expect(String(plotSchedule(cycle, { steps: 10 }))).toBe(
      plotSchedule(cycle, { steps: 10 }).toString({ width: 72, height: 10 }),
    );
  });
});

describe("as SVG", () => {
  test("a small one", () => {
    const svg = plotSchedule((step) => 2 + step, { steps: 3 }).toSVG({ width: 200, height: 100 });
    expect(svg).toMatchInlineSnapshot(`
      "<svg xmlns="http://www.w3.org/2000/svg" role="img" width="200" height="176" viewBox="0 0 200 176" font-family="sans-serif" font-size="12" fill="#333">
      <title>function schedule</title>
      <rect width="100%" height="100%" fill="#fff"/>
      <text x="100" y="20" text-anchor="middle" font-size="14">function schedule</text>
      <path d="M64 56v74M141.3 56v74M64 130h116M64 93h116M64 56h116" fill="none" stroke="#e4e4e4"/>
      <path d="M64 56v74h116" fill="none" stroke="#333"/>
      <text x="58" y="134" text-anchor="end">0</text>
      <text x="58" y="97" text-anchor="end">2</text>
      <text x="58" y="60" text-anchor="end">4</text>
      <text x="64" y="48" text-anchor="start">learning rate</text>
      <path d="M64 93L102.7 74.5L141.3 56" fill="none" stroke="#0072b2" stroke-width="2" stroke-linejoin="round"/>
      <text x="64" y="148" text-anchor="middle">0</text>
      <text x="141.3" y="148" text-anchor="middle">2</text>
      <text x="122" y="168" text-anchor="middle">step</text>
      </svg>"
    `);
  });
  test("names are escaped", () => {
    const schedule: LearningRateSchedule = {
      name: '<script>"&',
      by: "step",
      learningRate: () => 1,
      getConfig: () => ({}),
    };
    const svg = plotSchedule(schedule, { steps: 2 }).toSVG();
    expect(svg).not.toContain("<script");
    expect(svg).toContain('&lt;script&gt;"&amp; schedule');
  });
  test("holds no NaN, and as many curves as are drawn", () => {
    const curves = (schedule: LearningRate, options: PlotScheduleOptions) => {
      const svg = plotSchedule(schedule, options).toSVG();
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      return svg.match(/stroke-width="2"/g)?.length;
    };
    expect(curves(cycle, { steps: 100 })).toBe(2);
    expect(curves(0, { steps: 1 })).toBe(1);
    expect(curves((step) => step, { steps: 50, logScale: true })).toBe(1);
    expect(curves((step) => (step % 2) * 0.1, { steps: 1e6, logScale: true })).toBe(1);
  });
});

test("a long schedule is drawn from its first to its last step", () => {
  const asked: number[] = [];
  plotSchedule((step) => asked.push(step), { steps: 1_000_000 });
  expect(asked.length).toBeLessThan(3000);
  expect(Math.max(...asked)).toBe(999_999);
});

test.each<[string, () => unknown, string]>([
  [
    "no options",
    () => plotSchedule(0.1, undefined as never),
    "steps to be a whole number >= 1, received undefined",
  ],
  ["steps 0", () => plotSchedule(0.1, { steps: 0 }), "steps to be a whole number >= 1, received 0"],
  ["half a step", () => plotSchedule(0.1, { steps: 1.5 }), "received 1.5"],
  [
    "stepsPerEpoch 0",
    () => plotSchedule(0.1, { steps: 1, stepsPerEpoch: 0 }),
    "stepsPerEpoch to be a whole number >= 1",
  ],
  [
    "logScale 1",
    () => plotSchedule(0.1, { steps: 1, logScale: 1 as never }),
    "logScale to be true or false",
  ],
  [
    "an unknown option",
    () => plotSchedule(0.1, { steps: 1, logscale: true } as never),
    "did you mean logScale?",
  ],
  [
    "no schedule",
    () => plotSchedule("cosine" as never, { steps: 1 }),
    "learningRate to be a number, a schedule",
  ],
  ["a rate below 0", () => plotSchedule((step) => 1 - step, { steps: 3 }), "received -1 at step 2"],
  [
    "a momentum of 1",
    () => plotSchedule({ ...cycle, momentum: () => 1 }, { steps: 3 }),
    "a momentum in [0, 1)",
  ],
  [
    "too narrow",
    () => plotSchedule(0.1, { steps: 1 }).toString({ width: 19 }),
    "width to be a whole number >= 20",
  ],
  [
    "too low",
    () => plotSchedule(0.1, { steps: 1 }).toString({ height: 2 }),
    "height to be a whole number >= 3",
  ],
  [
    "too narrow as SVG",
    () => plotSchedule(0.1, { steps: 1 }).toSVG({ width: 100 }),
    "width to be a whole number >= 160",
  ],
  [
    "too low as SVG",
    () => plotSchedule(0.1, { steps: 1 }).toSVG({ height: 59 }),
    "height to be a whole number >= 60",
  ],
  [
    "an unknown size",
    () => plotSchedule(0.1, { steps: 1 }).toSVG({ size: 1 } as never),
    'the unknown option "size"',
  ],
])("rejects %s", (_, call, message) => {
  expect(call).toThrow(message);
});
