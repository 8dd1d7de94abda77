// Layers that draw random numbers: statistics of what they draw, Keras's formula given the draw,
// gradients, and what makes two draws the same or different.
import { describe, expect, it } from "vitest";
import {
  activation,
  activityRegularization,
  alphaDropout,
  dense,
  dropout,
  gaussianDropout,
  gaussianNoise,
  type Layer,
  sequential,
  sgd,
  spatialDropout1D,
  spatialDropout2D,
  spatialDropout3D,
  type Tensor,
} from "../../ts/index.js";
import { expectClose } from "../support/close.js";
import { drawn, ksDistance, moments, normalCdf } from "../support/random-layers.js";

const size = 4096;
const ones = (count: number) => new Float32Array(count).fill(1);

/** Numbers that differ, some 0 and negative. */
const ramp = (count: number) => Float32Array.from({ length: count }, (_, i) => ((i % 41) - 20) / 8);

const makers: readonly [string, (seed?: number) => Layer][] = [
  ["dropout", (seed) => dropout({ rate: 0.25, ...(seed === undefined ? {} : { seed }) })],
  ["alphaDropout", (seed) => alphaDropout({ rate: 0.25, ...(seed === undefined ? {} : { seed }) })],
  [
    "gaussianDropout",
    (seed) => gaussianDropout({ rate: 0.25, ...(seed === undefined ? {} : { seed }) }),
  ],
  [
    "gaussianNoise",
    (seed) => gaussianNoise({ stddev: 0.5, ...(seed === undefined ? {} : { seed }) }),
  ],
];

describe.each(makers)("%s", (_, make) => {
  it("passes its input on at inference", async () => {
    const model = sequential({ inputShape: [5], layers: [make()] });
    const x = ramp(35);
    expect((await model.predict(x)).data).toEqual(x);
  });
  it("draws the same for a seed, and anew for another, another step, another layer", async () => {
    const first = await drawn([size], [make()], ones(size));
    expect(await drawn([size], [make()], ones(size))).toEqual(first);
    const linear = activation({ activation: "linear" });
    const others = [
      await drawn([size], [make()], ones(size), { seed: 2 }),
      await drawn([size], [make()], ones(size), { draw: 1 }),
      await drawn([size], [linear, make()], ones(size)),
      await drawn([size], [make(7)], ones(size)),
      await drawn([size], [make(8)], ones(size)),
    ];
    for (const [i, a] of [first, ...others].entries()) {
      for (const b of others.slice(i)) {
        const same = a.filter((value, at) => value === b[at]).length;
        // Masks of a quarter of zeros agree in 62.5 % by chance; normal numbers hardly ever.
        expect(same / size).toBeLessThan(0.68);
      }
    }
    expect(await drawn([size], [linear, make(7)], ones(size))).toEqual(others[3]);
  });
  it("draws the same for the first rows whatever the batch, and goes on from a row", async () => {
    const x = ramp(24 * 37);
    const whole = await drawn([37], [make()], x);
    for (const rows of [1, 2, 7, 23]) {
      const part = await drawn([37], [make()], x.subarray(0, rows * 37));
      expect(part).toEqual(whole.subarray(0, rows * 37));
      const rest = await drawn([37], [make()], x.subarray(rows * 37), { row: rows });
      expect(rest).toEqual(whole.subarray(rows * 37));
    }
  });
  it("has the gradient of its output with the draw held fixed", async () => {
    const x = ramp(6 * 9);
    const h = 1 / 16;
    const at = (sign: number) =>
      drawn(
        [9],
        [make(5)],
        Float32Array.from(x, (v) => v + sign * h),
      );
    const [above, below] = [await at(1), await at(-1)];
    const slopes = above.map((value, i) => (value - (below[i] as number)) / (2 * h));
    expectClose(await gradientOf([9], [make(5)], x), slopes, { floor: 1, tolerance: 1e-5 });
  });
});

/** d sum(layers(x)) / dx in the first training step: what a bias before them learns. */
async function gradientOf(
  inputShape: readonly number[],
  layers: readonly Layer[],
  x: Float32Array,
) {
  const rows = x.length / (inputShape[0] as number);
  const found = new Float32Array(x.length);
  for (let row = 0; row < rows; row++) {
    // The other rows' weights in the loss are 0.
    const model = sequential({
      inputShape,
      seed: 1,
      layers: [dense({ units: inputShape[0] as number, kernelInitializer: "identity" }), ...layers],
    });
    model.compile({ optimizer: sgd({ learningRate: 1 }), loss: (_, y) => y });
    const sampleWeight = new Float32Array(rows);
    sampleWeight[row] = rows * (inputShape[0] as number);
    await model.trainOnBatch(x, new Float32Array(rows), { sampleWeight });
    const { data } = model.getWeights()["dense/bias"] as Tensor;
    found.set(
      Float32Array.from(data, (value) => -value),
      row * (inputShape[0] as number),
    );
  }
  return found;
}

describe("dropout", () => {
  it("drops its share and scales the rest", async () => {
    const n = 200_000;
    for (const rate of [0.1, 0.5, 0.9]) {
      const y = await drawn([n / 10], [dropout({ rate })], ones(n));
      const kept = y.filter((value) => value !== 0);
      const spread = Math.sqrt((rate * (1 - rate)) / n);
      expect(Math.abs(kept.length / n - (1 - rate))).toBeLessThan(4 * spread + 2 ** -17);
      const [scale = 0] = kept;
      expect(Math.abs(scale * (1 - rate) - 1)).toBeLessThan(2 ** -16 / (1 - rate));
      expect(new Set(kept).size).toBe(1);
    }
  });
  it("with a noiseShape draws one mask along axes of 1", async () => {
    const shape = [50, 8];
    const x = ones(20 * 400);
    const steps = await drawn(shape, [dropout({ rate: 0.5, noiseShape: [null, 1, 8] })], x);
    for (let i = 0; i < steps.length; i++) {
      const row = Math.floor(i / 400);
      expect(steps[i]).toBe(steps[row * 400 + (i % 8)]);
    }
    const share = steps.filter((value) => value === 0).length / steps.length;
    // 160 draws.
    expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 160));
    const rows = await drawn(shape, [dropout({ rate: 0.5, noiseShape: [1, null, null] })], x);
    for (let i = 400; i < rows.length; i++) expect(rows[i]).toBe(rows[i % 400]);
    expect(new Set(rows)).toEqual(new Set([0, 2]));
    const features = await drawn(shape, [dropout({ rate: 0.5, noiseShape: [null, 50, 1] })], x);
    for (let i = 0; i < features.length; i++) {
      expect(features[i]).toBe(features[i - (i % 8)]);
    }
    const whole = dropout({ rate: 0.5, noiseShape: [null, null, 8] });
    expect(await drawn(shape, [whole], x)).toEqual(await drawn(shape, [dropout({ rate: 0.5 })], x));
  });
});

describe("spatial dropout", () => {
  const last = { dataFormat: "channelsLast" } as const;
  const first = { dataFormat: "channelsFirst" } as const;
  it.each([
    ["1D", spatialDropout1D({ rate: 0.5 }), [7, 16], 1],
    ["2D", spatialDropout2D({ rate: 0.5 }), [3, 5, 16], 2],
    ["2D", spatialDropout2D({ rate: 0.5, ...first }), [16, 3, 5], 0],
    ["3D", spatialDropout3D({ rate: 0.5, ...last }), [2, 3, 2, 16], 3],
    ["3D", spatialDropout3D({ rate: 0.5, ...first }), [16, 2, 3, 2], 0],
  ] as const)("%s drops whole channels", async (_, layer, shape, axis) => {
    const row = shape.reduce((product, extent) => product * extent, 1);
    const inner = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
    const samples = 40;
    const y = await drawn(shape, [layer], ones(samples * row));
    const maps = new Map<number, Set<number>>();
    for (let i = 0; i < y.length; i++) {
      const channel = Math.floor(i / inner) % 16;
      const map = Math.floor(i / row) * 16 + channel;
      maps.set(map, (maps.get(map) ?? new Set()).add(y[i] as number));
    }
    expect(maps.size).toBe(samples * 16);
    const values = [...maps.values()].map((map) => [...map]);
    expect(values.every(({ length }) => length === 1)).toBe(true);
    const dropped = values.filter(([value]) => value === 0).length;
    expect(values.filter(([value]) => value === 2).length).toBe(maps.size - dropped);
    expect(Math.abs(dropped / maps.size - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / maps.size));
  });
  it("draws for the first samples alike whatever the batch", async () => {
    const x = ramp(6 * 21);
    const layer = () => spatialDropout1D({ rate: 0.5 });
    const whole = await drawn([7, 3], [layer()], x);
    const half = await drawn([7, 3], [layer()], x.subarray(0, 63));
    expect(half).toEqual(whole.subarray(0, 63));
    const rest = await drawn([7, 3], [layer()], x.subarray(63), { row: 3 });
    expect(rest).toEqual(whole.subarray(63));
  });
});

describe("alphaDropout", () => {
  const alpha = 1.6732632423543772;
  const scale = 1.0507009873554805;
  it("gives one of the two values of Keras's formula", async () => {
    const x = ramp(size);
    const p = -alpha * scale;
    for (const rate of [0.125, 0.1, 0.5, 0.9]) {
      const y = await drawn([size], [alphaDropout({ rate })], x);
      const a = ((1 - rate) * (1 + rate * p ** 2)) ** -0.5;
      const b = -a * p * rate;
      // Rates are rounded to multiples of 2^-16.
      const tolerance = Number.isInteger(rate * 8) ? 2e-6 : 2 ** -16 / (1 - rate);
      let kept = 0;
      for (const [i, value] of y.entries()) {
        const whole = Math.abs(value - (a * (x[i] as number) + b));
        const saturated = Math.abs(value - (a * p + b));
        const size = 1 + a * Math.abs(x[i] as number);
        expect(Math.min(whole, saturated) / size).toBeLessThan(tolerance);
        if (whole < saturated) kept++;
      }
      const spread = Math.sqrt((rate * (1 - rate)) / size);
      expect(Math.abs(kept / size - (1 - rate))).toBeLessThan(4 * spread);
    }
  });
  it("with a noiseShape saturates whole stretches", async () => {
    const y = await drawn(
      [8, 16],
      [alphaDropout({ rate: 0.5, noiseShape: [null, 1, null] })],
      ones(40 * 128),
    );
    for (let i = 0; i < y.length; i++) expect(y[i]).toBe(y[i - (i % 128) + (i % 16)]);
    expect(new Set(y).size).toBe(2);
  });
  it("keeps mean 0 and variance 1 through 20 layers of selu", async () => {
    const units = 256;
    const rows = 200;
    const stack = (make: () => readonly Layer[]) =>
      Array.from({ length: 20 }, () => [
        dense({ units, activation: "selu", kernelInitializer: "lecunNormal" }),
        ...make(),
      ]).flat();
    // Standardised noise to begin with.
    const noise = await drawn(
      [units],
      [gaussianNoise({ stddev: 1 })],
      new Float32Array(rows * units),
    );
    const alphas = await drawn(
      [units],
      stack(() => [alphaDropout({ rate: 0.1 })]),
      noise,
      { seed: 3 },
    );
    const { mean, variance } = moments(alphas);
    expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(Math.abs(variance - 1)).toBeLessThan(0.15);
    // Plain dropout does not.
    const plain = moments(
      await drawn(
        [units],
        stack(() => [dropout({ rate: 0.1 })]),
        noise,
        { seed: 3 },
      ),
    );
    expect(Math.abs(plain.variance - 1) + Math.abs(plain.mean)).toBeGreaterThan(0.3);
  });
});

describe("normal noise", () => {
  const n = 100_000;
  it.each([
    ["gaussianNoise", gaussianNoise({ stddev: 0.5 }), 3, 3, 0.5],
    ["gaussianNoise of a seed", gaussianNoise({ stddev: 1, seed: 4 }), 0, 0, 1],
    ["gaussianDropout", gaussianDropout({ rate: 0.2 }), 3, 3, 3 * Math.sqrt(0.2 / 0.8)],
    ["gaussianDropout, most", gaussianDropout({ rate: 0.8 }), -1, -1, 2],
  ] as const)("%s is normal", async (_, layer, value, expected, std) => {
    const y = await drawn([100], [layer], new Float32Array(n).fill(value));
    const { mean, variance } = moments(y);
    expect(Math.abs(mean - expected)).toBeLessThan((4 * std) / Math.sqrt(n));
    expect(Math.abs(variance / std ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    // The critical value at p = 0.001.
    const cdf = (v: number) => normalCdf((v - expected) / std);
    expect(ksDistance(y, cdf) * Math.sqrt(n)).toBeLessThan(1.95);
  });
  it("neighbours, rows and layers are not correlated", async () => {
    const noise = (layers: readonly Layer[], options = {}) =>
      drawn([100], layers, new Float32Array(n), options);
    const own = await noise([gaussianNoise({ stddev: 1 })]);
    const other = await noise([gaussianNoise({ stddev: 1 })], { draw: 1 });
    const both = await noise([gaussianNoise({ stddev: 1 }), gaussianNoise({ stddev: 1 })]);
    const product = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, i) => sum + value * (b[i] as number), 0) / a.length;
    const limit = 4 / Math.sqrt(n);
    for (const lag of [1, 2, 4, 16, 100]) {
      expect(Math.abs(product(own.subarray(0, n - lag), own.subarray(lag)))).toBeLessThan(limit);
    }
    expect(Math.abs(product(own, other))).toBeLessThan(limit);
    const second = both.map((value, i) => value - (own[i] as number));
    expect(Math.abs(product(own, second))).toBeLessThan(limit);
    expect(Math.abs(moments(second).variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  });
});

describe("activityRegularization", () => {
  it("adds its penalty by row to the loss, and nothing to the output", async () => {
    const model = sequential({
      inputShape: [2],
      layers: [activityRegularization({ l1: 0.5, l2: 0.25 })],
    });
    const x = [
      [1, -2],
      [3, 0],
    ];
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    expect((await model.predict(x)).toArray()).toEqual(x);
    // 0.5 * (1 + 2 + 3) / 2 + 0.25 * (1 + 4 + 9) / 2
    expect((await model.evaluate(x, x)).loss).toBeCloseTo(3.25, 6);
  });
  it("moves weights as its gradient says", async () => {
    const model = sequential({
      inputShape: [1],
      layers: [dense({ units: 1, kernelInitializer: "ones" }), activityRegularization({ l2: 0.5 })],
    });
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    await model.trainOnBatch([[2], [4]], [[2], [4]]);
    // The mean of w * x * x is 10.
    expect(model.getWeights()["dense/kernel"]?.data[0]).toBeCloseTo(0, 6);
  });
});

describe("options", () => {
  it.each([
    ["alphaDropout: rate 1", () => alphaDropout({ rate: 1 }), /alphaDropout: expected rate/],
    [
      "gaussianDropout: rate 1",
      () => gaussianDropout({ rate: 1 }),
      /gaussianDropout: expected rate/,
    ],
    ["a rate below 0", () => spatialDropout1D({ rate: -0.1 }), /spatialDropout1D: expected rate/],
    ["stddev above 1", () => gaussianNoise({ stddev: 1.5 }), /stddev/],
    ["no stddev", () => gaussianNoise({} as never), /stddev/],
    ["a seed of 2^31", () => gaussianNoise({ stddev: 0.5, seed: 2 ** 31 }), /seed/],
    ["a format", () => spatialDropout2D({ rate: 0.5, dataFormat: "nhwc" as never }), /dataFormat/],
    [
      "1D with a format",
      () => spatialDropout1D({ rate: 0.5, dataFormat: "channelsLast" } as never),
      /dataFormat/,
    ],
    ["noiseShape as a number", () => dropout({ rate: 0.5, noiseShape: 3 as never }), /noiseShape/],
    ["noiseShape of 0", () => dropout({ rate: 0.5, noiseShape: [null, 0] }), /noiseShape\[1\]/],
    ["l1 below 0", () => activityRegularization({ l1: -1 }), /l1/],
    [
      "noiseShape of another rank",
      () =>
        sequential({ inputShape: [4], layers: [dropout({ rate: 0.5, noiseShape: [null, 1, 4] })] }),
      /dropout "dropout" \(noiseShape\): expected for each axis of \[batch, 4\] 1, null or its extent, received \[null, 1, 4\]/,
    ],
    [
      "noiseShape of another extent",
      () =>
        sequential({
          inputShape: [4],
          layers: [alphaDropout({ rate: 0.5, noiseShape: [null, 3] })],
        }),
      /received \[null, 3\]/,
    ],
    [
      "a fixed batch in noiseShape",
      () => sequential({ inputShape: [4], layers: [dropout({ rate: 0.5, noiseShape: [32, 4] })] }),
      /null draws a mask for each row/,
    ],
    [
      "images for sequences",
      () => sequential({ inputShape: [4, 4, 1], layers: [spatialDropout1D({ rate: 0.5 })] }),
      /expected an input of 3 axes/,
    ],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
