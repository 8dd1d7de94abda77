// The callbacks with a model that really trains.
import { expect, test } from "vitest";
import type { Callback } from "../../ts/callbacks/callback.js";
import { earlyStopping } from "../../ts/callbacks/earlyStopping.js";
import {
  learningRateScheduler,
  reduceLearningRateOnPlateau,
} from "../../ts/callbacks/learningRate.js";
import { terminateOnNaN } from "../../ts/callbacks/terminateOnNaN.js";
import type { Tensor } from "../../ts/data/tensor.js";
import { batchNormalization, dense, sequential, sgd } from "../../ts/index.js";

const x = Float32Array.from({ length: 64 * 2 }, (_, i) => Math.sin(i * i));
const y = Float32Array.from({ length: 64 }, (_, i) => Math.sign(x[2 * i] ?? 0));

function network(learningRate = 0.1) {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [dense({ units: 8, activation: "tanh" }), batchNormalization(), dense({ units: 1 })],
  });
  model.compile({ optimizer: sgd({ learningRate, momentum: 0.9 }), loss: "meanSquaredError" });
  return model;
}

/** Gives epoch by epoch a number that is best in the second of them. */
const madeUp: Callback = {
  onEpochEnd(epoch, logs) {
    logs.score = [3, 1, 2, 5, 4][epoch] ?? 9;
  },
};

function values(weights: Record<string, Tensor>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, [...data]]));
}

test.each([false, true])(
  "earlyStopping gives back weights and statistics (state: %s)",
  async (restoreOptimizerState) => {
    const model = network();
    const seen: Record<string, number[]>[] = [];
    const states: Record<string, number[]>[] = [];
    const watch: Callback = {
      onEpochEnd() {
        seen.push(values(model.getWeights()));
        states.push(values(model.saveState()));
      },
    };
    const stopping = earlyStopping({
      monitor: "score",
      mode: "min",
      patience: 2,
      restoreBestWeights: true,
      restoreOptimizerState,
    });
    const history = await model.fit(x, y, { epochs: 10, callbacks: [madeUp, stopping, watch] });
    expect(history.epoch).toEqual([0, 1, 2, 3]);
    expect(history.history.score).toEqual([3, 1, 2, 5]);
    expect(stopping).toMatchObject({ stoppedEpoch: 3, bestEpoch: 1 });
    expect(values(model.getWeights())).toEqual(seen[1]);
    expect(Object.keys(seen[1] ?? {}).some((name) => /moving/i.test(name))).toBe(true);
    expect(seen[1]).not.toEqual(seen[3]);
    if (restoreOptimizerState) expect(values(model.saveState())).toEqual(states[1]);
  },
);

test("the learning rate that callbacks set is the one that is used", async () => {
  const still = network();
  const before = values(still.getWeights());
  await still.fit(x, y, { epochs: 1, callbacks: [learningRateScheduler(() => 0)] });
  const after = values(still.getWeights());
  expect(after["dense/kernel"]).toEqual(before["dense/kernel"]);

  const model = network(0.5);
  const plateau = reduceLearningRateOnPlateau({
    monitor: "score",
    mode: "min",
    patience: 1,
    factor: 0.5,
  });
  const { history } = await model.fit(x, y, { epochs: 4, callbacks: [madeUp, plateau] });
  expect(history.learningRate).toEqual([0.5, 0.5, 0.5, 0.25]);
  expect(model.learningRate).toBe(0.125);
});

test("terminateOnNaN ends training within the epoch", async () => {
  const model = network(1e30);
  let batches = 0;
  const count: Callback = { onTrainBatchEnd: () => void batches++ };
  await model.fit(x, y, { epochs: 50, batchSize: 4, callbacks: [terminateOnNaN(), count] });
  expect(batches).toBeLessThan(16);
});
