// 100 steps of a small network with every optimizer and every option of a step against Keras,
// through fit: 41 rows in batches of 16 make 16, 16 and 9, again and again.
import { describe, expect, it } from "vitest";
import {
  activation,
  batchNormalization,
  type Callback,
  dense,
  type Model,
  type Optimizer,
  sequential,
} from "../../ts/index.js";
import type { Layer } from "../../ts/layers/layer.js";
import { lossesByName } from "../../ts/losses.js";
import * as optimizers from "../../ts/optimizers.js";
import { l2 } from "../../ts/regularizers.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";
import { uniform } from "../fixtures/initial.js";

type Options = Record<string, unknown>;

function layerOf({ type, kernelRegularizer, ...options }: Options): Layer {
  const regularizer = kernelRegularizer as { l2: number } | undefined;
  const all = regularizer ? { ...options, kernelRegularizer: l2(regularizer.l2) } : options;
  const make = { dense, batchNormalization, activation }[type as "dense"];
  return make(all as unknown as Parameters<typeof dense>[0]);
}

const factories = optimizers as unknown as Record<
  string,
  ((options: Options) => Optimizer) | undefined
>;
function optimizerOf(found: GoldenCase): Optimizer {
  const { name, learningRate, ...options } = found.options.optimizer as Options;
  const rates = learningRate === "learningRates" ? found.float32("learningRates") : null;
  const rate = rates
    ? (step: number) => rates[Math.min(step, rates.length - 1)] as number
    : learningRate;
  return (factories[name as string] as (options: Options) => Optimizer)({
    ...options,
    learningRate: rate,
  });
}

function modelOf(found: GoldenCase): Model {
  const layers = (found.options.layers as Options[]).map(layerOf);
  const model = sequential({ inputShape: [7], seed: 1, layers });
  const weights = model.weights().filter(({ name }) => /\/(kernel|bias)$/.test(name));
  const initial = weights.map(({ name, shape }, number) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const limit = name.endsWith("kernel") ? Math.sqrt(6 / (shape[0] as number)) : 0.1;
    return [name, uniform(number, size, limit)] as const;
  });
  model.setWeights(Object.fromEntries(initial));
  return model;
}

/** The greatest difference. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const own = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(own <= most)) most = own;
  }
  return most;
}

const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** How far Keras in float32 is from Keras in float64 says what float32 can do here. */
function toleranceOf(found: GoldenCase): number {
  return Math.max(1e-5, 3 * (found.extra.strayFromFloat64 as number));
}

function expectNear(found: GoldenCase, losses: readonly number[], model: Model): void {
  const { gradientAccumulationSteps = 1 } = found.options.optimizer as Options;
  expect(model.iterations).toBe(Math.floor(100 / (gradientAccumulationSteps as number)));
  const tolerance = toleranceOf(found);
  for (const [i, value] of losses.entries()) {
    const expected = found.float32("losses")[i] as number;
    expect(Math.abs(value - expected), `loss of step ${i}`).toBeLessThanOrEqual(
      1e-4 * Math.abs(expected) + tolerance,
    );
  }
  for (const [path, tensor] of Object.entries(model.getWeights())) {
    const [layer, weight] = path.split("/") as [string, string];
    const golden = found.names.find((each) => camel(each) === `final/${layer}/${weight}`);
    if (golden === undefined) throw new Error(`no golden for ${path}`);
    expect(distance(tensor.data, found.float32(golden)), path).toBeLessThanOrEqual(tolerance);
  }
}

/** The losses of 100 steps, each by itself. */
async function batchByBatch(
  model: Model,
  x: Float32Array,
  y: Float32Array | Int32Array,
): Promise<number[]> {
  const [sizes, ends] = [
    [16, 16, 9],
    [16, 32, 41],
  ] as const;
  const losses: number[] = [];
  const width = y.length / 41;
  for (let step = 0; step < 100; step++) {
    const to = ends[step % 3] as number;
    const from = to - (sizes[step % 3] as number);
    const rows = [x.subarray(7 * from, 7 * to), y.subarray(width * from, width * to)] as const;
    losses.push((await model.trainOnBatch(...rows)).loss as number);
  }
  return losses;
}

describe("100 steps agree with Keras", () => {
  const cases = readGolden("small-trajectories").cases.filter(({ options }) => options.optimizer);
  it.each(cases.map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const model = modelOf(found);
    const { name, ...lossOptions } = found.options.loss as Options;
    const loss = lossesByName[name as keyof typeof lossesByName](lossOptions);
    model.compile({ optimizer: optimizerOf(found), loss });
    const x = found.float32("x");
    const y = found.tensor("yTrue").data as Float32Array | Int32Array;
    const weights = found.names.includes("sampleWeight") ? found.float32("sampleWeight") : null;

    if ((found.options.optimizer as Options).useEma) {
      // At its end fit makes the averages the weights; Keras' run was one of single batches.
      expectNear(found, await batchByBatch(model, x, y), model);
      return;
    }
    // The running mean of an epoch gives away the loss of each of its steps.
    const losses: number[] = [];
    let [sum, rows] = [0, 0];
    const watch: Callback = {
      onEpochBegin() {
        [sum, rows] = [0, 0];
      },
      onTrainBatchEnd(batch, logs) {
        const size = [16, 16, 9][batch] as number;
        losses.push(((logs.loss as number) * (rows + size) - sum) / size);
        rows += size;
        sum = (logs.loss as number) * rows;
        if (losses.length === 100) model.stopTraining = true;
      },
    };
    await model.fit(x, y, {
      epochs: 34,
      batchSize: 16,
      shuffle: false,
      callbacks: [watch],
      ...(weights ? { sampleWeight: weights } : {}),
    });
    expectNear(found, losses, model);
    const prediction = (await model.predict(x)).data;
    const tolerance = toleranceOf(found);
    // Without a softmax at the end these are sums of several weights' errors.
    const distant = distance(prediction, found.float32("prediction"));
    expect(distant, "prediction").toBeLessThanOrEqual(5 * tolerance);
  });
});
