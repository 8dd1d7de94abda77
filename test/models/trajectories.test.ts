// 50 training steps of 784-300-100-10 with each optimizer against Keras, step by step.
import { describe, expect, it } from "vitest";
import { adam, adamW, dense, type Optimizer, sequential, sgd } from "../../ts/index.js";
import { readGolden, readImages } from "../fixtures/golden.js";
import { uniform } from "../fixtures/initial.js";
import { worst } from "../support/close.js";

const steps = 50;
const batch = 64;
const { cases } = readGolden("trajectories");
const { images, labels } = readImages("mnist-3200");
const pixels = Float32Array.from(images, (byte) => Math.fround(byte / 255));

interface InitialVariable {
  readonly name: string;
  readonly variable: number;
  readonly shape: readonly number[];
  readonly limit: number;
}
const initial = cases.find((found) => found.name === "initial");
const variables = initial?.extra.variables as readonly InitialVariable[];

function optimizerOf(given: unknown): Optimizer {
  const { name, ...options } = given as { name: "sgd" | "adam" | "adamW" };
  return { sgd, adam, adamW }[name](options);
}

function newModel() {
  const model = sequential({
    inputShape: [784],
    layers: [
      dense({ units: 300, activation: "relu", name: "dense1" }),
      dense({ units: 100, activation: "relu", name: "dense2" }),
      dense({ units: 10, activation: "softmax", name: "output" }),
    ],
  });
  const weights = variables.map(({ name, variable, shape, limit }) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return [name, uniform(variable, size, limit)] as const;
  });
  return { model, weights: Object.fromEntries(weights) };
}

/**
 * Within 1e-4 of the size of the weights. Adam turns some gradients that are nearly 0 into steps
 * that hang on their last bit: in 1 % of the elements Keras' own distance from its run in
 * float64 counts instead.
 */
function expectNear(
  name: string,
  actual: ArrayLike<number>,
  expected: Float32Array,
  keras: number,
): void {
  const size = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length);
  const errors = [...expected].map((value, i) => Math.abs((actual[i] as number) - value));
  errors.sort((p, q) => q - p);
  const most = errors[Math.floor(errors.length / 100)] as number;
  expect(most / size, name).toBeLessThanOrEqual(1e-4);
  expect(errors[0], name).toBeLessThanOrEqual(Math.max(1e-4 * size, 1.5 * keras));
}

it("the formula of the initial weights is that of the golden file", () => {
  const { weights } = newModel();
  for (const { name } of variables) {
    const first = initial?.float32(`first8/${name}`) ?? [];
    expect([...(weights[name] as Float32Array).slice(0, first.length)]).toEqual([...first]);
  }
});

describe("losses and weights after 50 steps agree with Keras", () => {
  for (const found of cases.filter(({ name }) => name !== "initial")) {
    it(found.name, { timeout: 60_000 }, async () => {
      const { model, weights } = newModel();
      model.setWeights(weights);
      model.compile({
        optimizer: optimizerOf(found.options.optimizer),
        loss: "sparseCategoricalCrossentropy",
      });
      const losses: number[] = [];
      for (let step = 0; step < steps; step++) {
        const x = pixels.subarray(784 * batch * step, 784 * batch * (step + 1));
        const y = labels.subarray(batch * step, batch * (step + 1));
        losses.push((await model.trainOnBatch(x, y)).loss as number);
      }
      const lossError = worst(losses, found.tensor("losses").data, 0);
      expect(lossError.error, `loss of step ${lossError.at}`).toBeLessThanOrEqual(1e-4);
      for (const [name, tensor] of Object.entries(model.getWeights())) {
        const expected = found.float32(`final/${name}`);
        const [greatest] = (found.extra.strayFromFloat64 as Record<string, number[]>)[name] ?? [];
        expectNear(name, tensor.data, expected, greatest as number);
      }
    });
  }
});
