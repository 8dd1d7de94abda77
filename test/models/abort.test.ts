// Everything that takes long can be ended by an AbortSignal: before it begins, and while it runs.
// What it throws is the signal's reason; the model can be used afterwards.
import { describe, expect, it } from "vitest";
import {
  dense,
  findLearningRate,
  gradualUnfreezing,
  type Model,
  pretrainAutoencoder,
  sequential,
} from "../../ts/index.js";

const x = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const compiled = { optimizer: "adam", loss: "mse" } as const;

const network = (): Model =>
  sequential({
    inputShape: [2],
    seed: 1,
    layers: [dense({ units: 3 }), dense({ units: 2 })],
  }).compile(compiled);

/** Each runs with a signal, and with time slices of nothing, so that timers get turns. */
const calls: [string, (model: Model, signal: AbortSignal) => Promise<unknown>][] = [
  ["fit", (model, signal) => model.fit(x, x, { epochs: 100_000, signal, yieldEvery: 0 })],
  [
    "fit over batches",
    (model, signal) =>
      model.fit(() => [[x, x] as const], { epochs: 100_000, signal, yieldEvery: 0 }),
  ],
  [
    "fit in its validation",
    (model, signal) =>
      model.fit(x, x, {
        signal,
        yieldEvery: 0,
        validationData: function* () {
          for (;;) yield [x, x] as const;
        },
      }),
  ],
  [
    "evaluate",
    (model, signal) => {
      const endless = function* () {
        for (;;) yield [x, x] as const;
      };
      return model.evaluate(endless(), { signal, yieldEvery: 0 });
    },
  ],
  [
    "predict",
    (model, signal) => {
      const rows = new Float32Array(2 * 200_000);
      return model.predict(rows, { batchSize: 1, signal, yieldEvery: 0 });
    },
  ],
  [
    "findLearningRate",
    (model, signal) => findLearningRate(model, x, x, { steps: 100_000, signal, yieldEvery: 0 }),
  ],
  [
    "gradualUnfreezing",
    (model, signal) =>
      gradualUnfreezing(model, x, x, {
        compile: compiled,
        epochsPerGroup: 100_000,
        signal,
        yieldEvery: 0,
      }),
  ],
  ...(["whole", "greedy"] as const).map(
    (mode): [string, (model: Model, signal: AbortSignal) => Promise<unknown>] => [
      `pretrainAutoencoder, ${mode}`,
      (_, signal) => {
        const layers = [dense({ units: 2 }), dense({ units: 1 })];
        return pretrainAutoencoder(layers, x, { mode, epochs: 100_000, signal });
      },
    ],
  ),
];

describe.each(calls)("%s", (_, call) => {
  it("does not begin with a signal that has aborted", async () => {
    const model = network();
    const before = JSON.stringify(model.getWeights());
    await expect(call(model, AbortSignal.abort(new Error("no")))).rejects.toThrow("no");
    expect(JSON.stringify(model.getWeights())).toBe(before);
  });

  it("ends with the reason while it runs", async () => {
    const model = network();
    const stop = new AbortController();
    const run = call(model, stop.signal);
    setTimeout(() => stop.abort(new Error("enough")), 30);
    await expect(run).rejects.toThrow("enough");
    await model.compile(compiled).fit(x, x);
  });
});

it("aborts between the stages of greedy pretraining, where codes are predicted", async () => {
  const stop = new AbortController();
  const layers = [dense({ units: 2 }), dense({ units: 1 })];
  const callbacks = [{ onTrainEnd: () => stop.abort(new Error("between")) }];
  const run = pretrainAutoencoder(layers, x, {
    mode: "greedy",
    epochs: 1,
    callbacks,
    signal: stop.signal,
  });
  await expect(run).rejects.toThrow("between");
});
