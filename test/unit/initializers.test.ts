// Initializers: which distribution each asks for, and that the engine draws from it, by moments
// and by the Kolmogorov-Smirnov distance.
import { describe, expect, it } from "vitest";
import {
  constant,
  dense,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  type InitializerLike,
  identity,
  lecunNormal,
  lecunUniform,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  sequential,
  truncatedNormal,
  varianceScaling,
  zeros,
} from "../../ts/index.js";
import { fans } from "../../ts/initializers.js";
import { loadedCore } from "../../ts/runtime/load.js";
import { Resources, Variable } from "../../ts/runtime/resources.js";
import { readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";

const inputs = 300;
const units = 200;

function draw(kernelInitializer: InitializerLike, seed = 11): Float32Array {
  const layers = [dense({ units, kernelInitializer, useBias: false })];
  const model = sequential({ inputShape: [inputs], seed, layers });
  return model.getWeights()["dense/kernel"]?.data as Float32Array;
}

function moments(values: Float32Array) {
  let [mean, square] = [0, 0];
  for (const value of values) mean += value / values.length;
  for (const value of values) square += (value - mean) ** 2 / values.length;
  return { mean, stddev: Math.sqrt(square) };
}

/** The normal distribution function. Abramowitz and Stegun 7.1.26, right to 1.5e-7. */
function phi(z: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(z)) / Math.SQRT2);
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - tail * Math.exp((-z * z) / 2);
  return 0.5 * (1 + Math.sign(z) * erf);
}

/** The largest distance between the empirical distribution function and `cdf`. */
function distance(values: Float32Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  let most = 0;
  for (const [i, value] of sorted.entries()) {
    const p = cdf(value);
    most = Math.max(most, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  }
  return most;
}

const uniformCdf = (low: number, high: number) => (x: number) =>
  Math.min(Math.max((x - low) / (high - low), 0), 1);
const normalCdf = (stddev: number) => (x: number) => phi(x / stddev);
const truncatedCdf = (stddev: number) => (x: number) =>
  Math.min(Math.max((phi(x / stddev) - phi(-2)) / (phi(2) - phi(-2)), 0), 1);

// For 60,000 numbers a distance of 0.008 has a chance of 1 in 1000.
const limit = 0.008;
const correction = 0.8796256610342398;

describe("distributions", () => {
  it.each([
    ["randomNormal", randomNormal(), normalCdf(0.05), 0.05],
    ["randomNormal with options", randomNormal({ stddev: 2 }), normalCdf(2), 2],
    ["randomUniform", randomUniform(), uniformCdf(-0.05, 0.05), 0.1 / Math.sqrt(12)],
    ["truncatedNormal", truncatedNormal(), truncatedCdf(0.05), 0.05 * correction],
    ...(
      [
        ["glorotNormal", glorotNormal(), 2 / (inputs + units)],
        ["heNormal", heNormal(), 2 / inputs],
        ["lecunNormal", lecunNormal(), 1 / inputs],
        ["varianceScaling", varianceScaling(), 1 / inputs],
      ] as const
    ).map(([name, initializer, variance]) => {
      const stddev = Math.sqrt(variance);
      return [name, initializer, truncatedCdf(stddev / correction), stddev] as const;
    }),
    ...(
      [
        ["glorotUniform", glorotUniform(), 2 / (inputs + units)],
        ["heUniform", heUniform(), 2 / inputs],
        ["lecunUniform", lecunUniform(), 1 / inputs],
        [
          "varianceScaling by fan-out",
          varianceScaling({ scale: 3, mode: "fanOut", distribution: "uniform" }),
          3 / units,
        ],
      ] as const
    ).map(([name, initializer, variance]) => {
      const bound = Math.sqrt(3 * variance);
      return [name, initializer, uniformCdf(-bound, bound), Math.sqrt(variance)] as const;
    }),
    [
      "varianceScaling without truncation",
      varianceScaling({ distribution: "untruncatedNormal" }),
      normalCdf(Math.sqrt(1 / inputs)),
      Math.sqrt(1 / inputs),
    ],
  ] as const)("%s", (_, initializer, cdf, stddev) => {
    const values = draw(initializer);
    const found = moments(values);
    expect(Math.abs(found.mean)).toBeLessThan((5 * stddev) / Math.sqrt(values.length));
    expect(found.stddev / stddev).toBeCloseTo(1, 1.7);
    expect(distance(values, cdf)).toBeLessThan(limit);
  });
  it("zeros, ones and constant", () => {
    expect(new Set(draw(zeros()))).toEqual(new Set([0]));
    expect(new Set(draw(ones()))).toEqual(new Set([1]));
    expect(new Set(draw(constant({ value: 0.25 })))).toEqual(new Set([0.25]));
    expect(new Set(draw("constant"))).toEqual(new Set([0]));
  });
  it("the mean of a normal distribution can be set", () => {
    expect(moments(draw(randomNormal({ mean: 3 }))).mean).toBeCloseTo(3, 2);
    expect(moments(draw(truncatedNormal({ mean: -1 }))).mean).toBeCloseTo(-1, 2);
  });
  it("names and factories are the same", () => {
    expect(draw("heNormal")).toEqual(draw(heNormal()));
    expect(draw("heNormal", 1)).not.toEqual(draw("heNormal", 2));
  });
});

const { cases } = readGolden("initializers");
const ofKind = (kind: string) =>
  cases.filter((each) => each.extra.kind === kind).map((each) => [each.name, each] as const);

describe("fans are those of Keras", () => {
  it.each(ofKind("fans"))("%s", (_, { extra, float32 }) => {
    const [fanIn, fanOut] = float32("fans");
    expect(fans(extra.shape as number[])).toEqual({ fanIn, fanOut });
  });
  it("count for kernels of convolutions", () => {
    const shape = [3, 3, 8, 16];
    const bound = Math.sqrt(6 / 72);
    expect(heUniform().plan(shape)).toEqual({ kind: "uniform", a: -bound, b: bound });
    const stddev = Math.sqrt(2 / (72 + 144)) / correction;
    expect(glorotNormal().plan(shape)).toEqual({ kind: "truncatedNormal", a: 0, b: stddev });
    const own = varianceScaling({ mode: "fanOut", distribution: "untruncatedNormal" });
    expect(own.plan(shape)).toEqual({ kind: "normal", a: 0, b: Math.sqrt(1 / 144) });
  });
});

/** Fills a weight of any shape. */
async function fill(initializer: Initializer, shape: readonly number[], seed = 1) {
  const core = await loadedCore();
  const variable = new Variable("test", shape);
  const resources = new Resources({});
  resources.create(core, [variable]);
  const plan = initializer.plan(shape);
  if (plan.kind === "values") throw new Error("nothing to draw");
  const { kind, a, b } = plan;
  core.call("test", (engine) => engine.fill(variable.id, kind, a, b, seed, 0, 0));
  const values = variable.view(core).slice();
  resources.free();
  return values;
}

describe("matrices", () => {
  it.each(ofKind("identity"))("%s as in Keras", async (_, { options, tensor }) => {
    const { shape, data } = tensor("w");
    expect(await fill(identity(options as { gain: number }), shape)).toEqual(data);
  });
  it.each(ofKind("orthogonal"))("%s is as orthogonal as Keras'", async (_, golden) => {
    const shape = golden.extra.shape as number[];
    const q = await fill(orthogonal(golden.options as { gain: number }), shape);
    const cols = shape.at(-1) as number;
    const rows = q.length / cols;
    const [count, length] = rows < cols ? [rows, cols] : [cols, rows];
    const at = (line: number, i: number) =>
      q[rows < cols ? line * cols + i : i * cols + line] as number;
    const gram = Array.from({ length: count * count }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += at(Math.floor(k / count), i) * at(k % count, i);
      return sum;
    });
    expectClose(gram, golden.float32("gram"), { tolerance: 1e-6, floor: 1 });
  });
  it("orthogonal ones are spread evenly, and differ from seed to seed", async () => {
    // Each element of a 3x3 matrix is uniform in [-1, 1].
    const many = await Promise.all(
      Array.from({ length: 3000 }, (_, seed) => fill(orthogonal(), [3, 3], seed)),
    );
    for (let i = 0; i < 9; i++) {
      const values = Float32Array.from(many, (q) => q[i] as number);
      expect(distance(values, uniformCdf(-1, 1))).toBeLessThan(1.95 / Math.sqrt(values.length));
    }
  });
  it("have names", () => {
    expect(draw("orthogonal")).toEqual(draw(orthogonal()));
    expect(draw("identity").reduce((sum, value) => sum + value)).toBe(Math.min(inputs, units));
  });
});

function built(options: { biasInitializer: InitializerLike }) {
  const model = sequential({ inputShape: [3], layers: [dense({ units: 2, ...options })] });
  return model.getWeights();
}

describe("initializers refuse", () => {
  it.each([
    ["a negative stddev", () => randomNormal({ stddev: -1 }), /randomNormal: expected stddev/],
    ["a range turned round", () => randomUniform({ minval: 1, maxval: 0 }), /maxval/],
    ["a scale of 0", () => varianceScaling({ scale: 0 }), /scale/],
    ["an unknown mode", () => varianceScaling({ mode: "fan" as "fanIn" }), /mode: .*fanIn/],
    ["a scale that is infinite", () => varianceScaling({ scale: 1 / 0 }), /scale/],
    [
      "an unknown distribution",
      () => varianceScaling({ distribution: "normal" as never }),
      /distribution: /,
    ],
    ["a mean that is no number", () => truncatedNormal({ mean: Number.NaN }), /mean/],
    ["a negative stddev before truncation", () => truncatedNormal({ stddev: -1 }), /stddev/],
    ["bounds that are no numbers", () => randomUniform({ minval: "0" as never }), /minval/],
    ["a constant that is no number", () => constant({ value: Number.NaN }), /value/],
    ["a gain that is infinite", () => orthogonal({ gain: 1 / 0 }), /orthogonal: expected gain/],
    ["a gain that is no number", () => identity({ gain: "2" as never }), /identity: expected gain/],
    ["a negative seed", () => orthogonal({ seed: -1 }), /seed/],
    [
      "a seed where nothing is drawn",
      () => identity({ seed: 1 } as never),
      /unknown option "seed"/,
    ],
    [
      "orthogonal vectors",
      () => built({ biasInitializer: "orthogonal" }),
      /dense\/bias \(orthogonal\): expected a weight of at least 2 axes, received shape \[2\]/,
    ],
    ["identity vectors", () => built({ biasInitializer: identity() }), /a weight of 2 axes/],
    ["a seed that is not whole", () => heNormal({ seed: 1.5 }), /heNormal: expected seed/],
    ["options of another", () => heNormal({ scale: 1 } as never), /unknown option "scale"/],
    [
      "a factory that was not called",
      () => dense({ units: 1, kernelInitializer: heNormal as never }),
      /dense: kernelInitializer: .*Call it/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
