// 100 steps of a small network with each optimizer and its options against Keras: losses within 1e-4,
// weights within 1e-4 of the root of their mean square.
import { describe, expect, it } from "vitest";
import { dense, type Optimizer, sequential } from "../../ts/index.js";
import * as optimizers from "../../ts/optimizers.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";
import { uniform } from "../fixtures/initial.js";
import { worst } from "../support/close.js";

const sizes = [7, 13, 5, 3];
const batches = [16, 16, 9];
const ends = [16, 32, 41];

const factories = optimizers as unknown as Record<string, (options: object) => Optimizer>;

function optimizerOf(found: GoldenCase): Optimizer {
  const { name, learningRate, ...options } = found.options.optimizer as Record<string, unknown>;
  const rates = learningRate === "learningRates" ? found.float32("learningRates") : null;
  const rate = rates ? (step: number) => rates[step] : learningRate;
  return (factories[name as string] as (options: object) => Optimizer)({
    ...options,
    learningRate: rate,
  });
}

function newModel() {
  const [input = 0, ...units] = sizes;
  const names = ["dense1", "dense2", "output"];
  const model = sequential({
    inputShape: [input],
    layers: units.map((count, i) => {
      const activation = i < 2 ? "elu" : "softmax";
      return dense({ units: count, activation, name: names[i] as string });
    }),
  });
  const weights = model.weights().map(({ name, shape }, variable) => {
    const [rows = 0, columns = 1] = shape;
    const limit = shape.length === 2 ? Math.sqrt(6 / rows) : 0.1;
    return [name, uniform(variable, rows * columns, limit)] as const;
  });
  model.setWeights(Object.fromEntries(weights));
  return model;
}

/** The greatest difference over the root of the mean square. */
function relative(actual: ArrayLike<number>, expected: Float32Array): number {
  const size = Math.sqrt(expected.reduce((sum, v) => sum + v * v, 0) / expected.length);
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((v, i) => Math.abs((actual[i] as number) - v))) / size;
}

const own = readGolden("optimizers").cases;
const [rows, ...shared] = readGolden("optimizer-variants").cases;

describe("losses and weights after 100 steps agree with Keras", () => {
  const cases = [...own, ...shared].map((found) => [found.name, found] as const);
  it.each(cases)("%s", async (_, found) => {
    const model = newModel();
    const loss = "sparseCategoricalCrossentropy";
    model.compile({ optimizer: optimizerOf(found), loss });
    const given = found.names.includes("x") ? found : (rows as GoldenCase);
    const x = given.float32("x");
    const y = given.tensor("yTrue").data as Int32Array;
    const losses: number[] = [];
    for (let step = 0; step < 100; step++) {
      const to = ends[step % 3] as number;
      const from = to - (batches[step % 3] as number);
      const logs = await model.trainOnBatch(x.subarray(7 * from, 7 * to), y.subarray(from, to));
      losses.push(logs.loss as number);
    }
    const { error, at } = worst(losses, found.float32("losses"), 0);
    expect(error, `loss of step ${at}`).toBeLessThanOrEqual(1e-4);
    for (const [path, { data }] of Object.entries(model.getWeights())) {
      expect(relative(data, found.float32(`final/${path}`)), path).toBeLessThanOrEqual(1e-4);
    }
  });
});
