// `fit` in a worker against `fit` as it is: the same bits, the same callbacks, the same errors.
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  adamW,
  batchNormalization,
  type Callback,
  dense,
  diagnose,
  dropout,
  earlyStopping,
  type FitOptions,
  learningRateScheduler,
  type Model,
  oneCycle,
  progressBar,
  reduceLearningRateOnPlateau,
  sequential,
  sgd,
} from "../../ts/index.js";

const rows = 300;
const x = Float32Array.from({ length: rows * 6 }, (_, i) => Math.sin(i * 12.9898) * 1.5);
const y = Int32Array.from({ length: rows }, (_, i) => ((x[i * 6] ?? 0) > 0 ? 1 : 0) + (i % 2));
const names = ["plain", "worker"] as const;

afterEach(() => {
  vi.restoreAllMocks();
});

function network(optimizer = adamW({ learningRate: 3e-3 })): Model {
  const model = sequential({
    inputShape: [6],
    seed: 11,
    layers: [
      dense({ units: 16, activation: "relu" }),
      batchNormalization(),
      dropout({ rate: 0.2 }),
      dense({ units: 3, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

/** Does the same with and without a worker; gives what both came to. */
async function both<T>(work: (options: { worker: boolean }) => Promise<T>): Promise<[T, T]> {
  return [await work({ worker: false }), await work({ worker: true })];
}

/** Everything that training changes, as plain bytes. */
function bitsOf(model: Model): Record<string, string> {
  return Object.fromEntries(
    Object.entries(model.saveState()).map(([name, { data }]) => {
      return [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex")];
    }),
  );
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing failed",
    (error: unknown) => String(error),
  );
}

describe("fit in a worker gives the same bits", () => {
  const cases: Record<string, [() => Model, FitOptions]> = {
    "with dropout, statistics and slots": [() => network(), { epochs: 3 }],
    "with a validation split and another batch size for it": [
      () => network(),
      { epochs: 2, validationSplit: 0.2, validationBatchSize: 7 },
    ],
    "with validation data, class weights and no shuffling": [
      () => network(),
      {
        epochs: 2,
        shuffle: false,
        validationData: [x.subarray(0, 120), y.subarray(0, 20)],
        classWeight: { 1: 3 },
      },
    ],
    "with weights of rows": [
      () => network(),
      { epochs: 2, sampleWeight: Float32Array.from({ length: rows }, (_, i) => i % 3) },
    ],
    "with a schedule of rate and momentum": [
      () => {
        const learningRate = oneCycle({ maxLearningRate: 0.05, totalSteps: 30 });
        return network(sgd({ learningRate, momentum: 0.9 }) as never);
      },
      { epochs: 3 },
    ],
    "with accumulated gradients and running averages": [
      () =>
        network(
          adamW({
            learningRate: 0.01,
            gradientAccumulationSteps: 4,
            useEma: true,
            emaMomentum: 0.9,
          }),
        ),
      { epochs: 3, batchSize: 16 },
    ],
    "with a slice for each batch": [() => network(), { epochs: 2, yieldEvery: 0 }],
  };
  it.each(Object.entries(cases))("%s", async (_, [make, options]) => {
    const [plain, remote] = await both(async (worker) => {
      const model = make();
      const first = await model.fit(x, y, { ...options, ...worker });
      // Goes on where it stopped: slots, counts, order of rows, dropout.
      const second = await model.fit(x, y, { ...options, ...worker });
      const { iterations } = model;
      const predicted = [...(await model.predict(x)).data];
      return {
        histories: [first.history, second.history],
        bits: bitsOf(model),
        iterations,
        predicted,
      };
    });
    expect(plain.iterations).toBeGreaterThan(0);
    expect(remote).toEqual(plain);
  });

  it("with data of every kind", async () => {
    const kinds = [
      Uint8Array.from(x, (value) => 100 + 50 * value),
      Int16Array.from(x, (value) => 100 * value),
      Float64Array.from(x),
      Array.from({ length: rows }, (_, i) => x.subarray(6 * i, 6 * i + 6)),
      Array.from({ length: rows }, (_, i) => [...x.subarray(6 * i, 6 * i + 6)]),
    ];
    for (const data of kinds) {
      const [plain, remote] = await both(async (worker) => {
        const model = network();
        await model.fit(data, Float64Array.from(y), { epochs: 1, validationSplit: 0.3, ...worker });
        return bitsOf(model);
      });
      expect(remote).toEqual(plain);
    }
  });

  it("in turns with fit as it is", async () => {
    const plain = network();
    await plain.fit(x, y, { epochs: 4 });
    const mixed = network();
    await mixed.fit(x, y, { epochs: 1, worker: true });
    await mixed.fit(x, y, { epochs: 2, initialEpoch: 1 });
    await mixed.fit(x, y, { epochs: 4, initialEpoch: 2, worker: true });
    expect(bitsOf(mixed)).toEqual(bitsOf(plain));
    const dumpOf = (model: Model) => model.dump("train").replace(/variable\[\d+\]/g, "variable");
    expect(dumpOf(mixed)).toBe(dumpOf(plain));
  });
});

describe("callbacks of a fit in a worker", () => {
  it("are called in the same order with the same numbers", async () => {
    for (const needs of ["logs", "step", "model"] as const) {
      const [plain, remote] = await both(async (worker) => {
        const model = network();
        const calls: unknown[] = [];
        const hooks = [
          ...["onTrainBegin", "onTrainEnd", "onEpochBegin", "onEpochEnd", "onTrainBatchBegin"],
          ...["onTrainBatchEnd", "onTestBegin", "onTestEnd", "onTestBatchBegin", "onTestBatchEnd"],
        ];
        const callback = Object.fromEntries(
          hooks.map((hook) => [
            hook,
            (...given: unknown[]) => {
              calls.push([hook, ...given.map((value) => structuredClone(value))]);
              // Later batches have been made already where training does not wait.
              if (needs !== "logs" || hook === "onEpochEnd") calls.push(model.iterations);
            },
          ]),
        );
        const bar = progressBar({ stream: { write: (text) => calls.push(text.split("  ")[0]) } });
        const callbacks = [{ ...callback, needs } as Callback, bar];
        await model.fit(x, y, { epochs: 2, validationSplit: 0.2, callbacks, ...worker });
        return calls;
      });
      expect(plain.length).toBeGreaterThan(40);
      expect(remote).toEqual(plain);
    }
  });

  it("stop training after the batch they say", async () => {
    const [plain, remote] = await both(async (worker) => {
      const model = network();
      const callbacks: Callback[] = [
        {
          onTrainBatchEnd(batch) {
            if (batch === 3) model.stopTraining = true;
          },
        },
      ];
      const { epoch } = await model.fit(x, y, { epochs: 5, callbacks, ...worker });
      return { epoch, iterations: model.iterations, bits: bitsOf(model) };
    });
    expect(plain.iterations).toBe(4);
    expect(remote).toEqual(plain);
  });

  it("stop and restore early, and set learning rates", async () => {
    const [plain, remote] = await both(async (worker) => {
      const model = network(adamW({ learningRate: 0.05 }));
      const stopping = earlyStopping({
        ...{ monitor: "valLoss", patience: 2, restoreBestWeights: true },
        restoreOptimizerState: true,
      });
      const { history } = await model.fit(x, y, {
        ...{ epochs: 30, validationSplit: 0.3, ...worker },
        callbacks: [
          learningRateScheduler((epoch, rate) => (epoch < 3 ? rate : rate * 0.9)),
          reduceLearningRateOnPlateau({ patience: 1 }),
          stopping,
        ],
      });
      const { bestEpoch, stoppedEpoch } = stopping;
      return { bestEpoch, stoppedEpoch, history, bits: bitsOf(model) };
    });
    expect(plain.stoppedEpoch).toBeGreaterThan(2);
    expect(remote).toEqual(plain);
  });

  it("diagnose", async () => {
    const [plain, remote] = await both(async (worker) => {
      const model = network();
      const doctor = diagnose({ print: "never", every: 7 });
      await model.fit(x, y, { epochs: 3, callbacks: [doctor], ...worker });
      return {
        report: JSON.stringify(doctor.report),
        history: doctor.report?.history.length,
        bits: bitsOf(model),
      };
    });
    expect(plain.history).toBeGreaterThan(3);
    expect(remote).toEqual(plain);
  });

  it("look at weights, set them, evaluate and predict", async () => {
    const [plain, remote] = await both(async (worker) => {
      const model = network();
      const seen: unknown[] = [];
      const callback: Callback = {
        needs: "model",
        onTrainBatchEnd(batch) {
          if (batch === 2) seen.push(bitsOf(model));
          if (batch === 4) {
            const kernel = model.getWeights()["dense/kernel"];
            if (kernel) model.setWeights({ "dense/kernel": kernel.data.map((value) => value / 2) });
          }
        },
        async onEpochEnd() {
          seen.push(bitsOf(model), await model.evaluate(x, y), [...(await model.predict(x)).data]);
        },
      };
      const options = { epochs: 2, validationSplit: 0.2, callbacks: [callback], ...worker };
      await model.fit(x, y, options);
      return [seen, bitsOf(model)];
    });
    expect(remote).toEqual(plain);
  });

  it("are told where weights are not there, and what to do", async () => {
    const model = network();
    const message = await failureOf(
      model.fit(x, y, {
        worker: true,
        callbacks: [{ onTrainBatchEnd: () => void model.getWeights() }],
      }),
    );
    expect(message).toBe(
      "GradusError: getWeights: expected weights that are here, received a call in the hook of a batch " +
        'while fit trains in a worker. Hint: Set needs: "model" on the callback, or use onEpochEnd.',
    );
    // One step was made, and is kept.
    expect(model.iterations).toBe(1);
    await expect(model.evaluate(x, y)).resolves.toHaveProperty("loss");
  });

  it("may predict while training goes on", async () => {
    const model = network();
    let predicted: Promise<unknown> | undefined;
    const callback: Callback = {
      needs: "logs",
      onTrainBatchEnd: () => {
        predicted ??= model.predict(x);
      },
    };
    await model.fit(x, y, { epochs: 2, worker: true, callbacks: [callback] });
    const plain = network();
    await plain.fit(x, y, { epochs: 2 });
    expect(bitsOf(model)).toEqual(bitsOf(plain));
    await expect(predicted).resolves.toHaveProperty("shape", [rows, 3]);
  });

  it("have names for what they need", async () => {
    const callbacks = [{ needs: "log" } as unknown as Callback];
    expect(await failureOf(network().fit(x, y, { callbacks }))).toMatch(
      /fit: callbacks\[0\]\.needs: expected one of "logs", "step" or "model", received "log"/,
    );
  });
});

describe("fit in a worker ends", () => {
  it("at an abort, with the weights of the last step", async () => {
    const model = network();
    const control = new AbortController();
    const reason = new Error("enough");
    let steps = 0;
    const callbacks: Callback[] = [
      {
        needs: "logs",
        onTrainBatchEnd: () => {
          steps++;
          if (steps === 20) control.abort(reason);
        },
      },
    ];
    const options = { epochs: 1_000_000, callbacks, signal: control.signal, worker: true };
    await expect(model.fit(x, y, options)).rejects.toBe(reason);
    const { iterations } = model;
    expect(iterations).toBeGreaterThanOrEqual(20);

    const plain = network();
    const stop: Callback = {
      onTrainBatchEnd() {
        plain.stopTraining = plain.iterations === iterations;
      },
    };
    await plain.fit(x, y, { epochs: 1_000_000, callbacks: [stop] });
    const counted = "training/counters";
    expect({ ...bitsOf(model), [counted]: "" }).toEqual({ ...bitsOf(plain), [counted]: "" });
  });

  it("before it begins, where the signal says so", async () => {
    const signal = AbortSignal.abort(new Error("never"));
    expect(await failureOf(network().fit(x, y, { worker: true, signal }))).toBe("Error: never");
  });

  it("with the error that a callback or a schedule throws", async () => {
    const [plain, remote] = await both(async (worker) => {
      const failing = network();
      const callbacks: Callback[] = [
        {
          onTrainBatchEnd(batch) {
            if (batch === 5) throw new Error("of the callback");
          },
        },
      ];
      const first = await failureOf(failing.fit(x, y, { callbacks, ...worker }));
      const learningRate = (step: number) => {
        if (step === 7) throw new Error("of the schedule");
        return 0.01;
      };
      const scheduled = network(adamW({ learningRate }));
      const second = await failureOf(scheduled.fit(x, y, worker));
      return { first, second, bits: [bitsOf(failing), bitsOf(scheduled)] };
    });
    expect(plain.first).toBe("Error: of the callback");
    expect(plain.second).toMatch("of the schedule");
    expect(remote).toEqual(plain);
  });

  it("with the error that the engine gives, before anything has changed", async () => {
    const wide = () => {
      const model = sequential({ inputShape: [1], seed: 1, layers: [dense({ units: 4_000_000 })] });
      model.compile({ optimizer: "sgd", loss: (_, yPred) => yPred });
      return model;
    };
    const [plain, remote] = await both((worker) => {
      const data = new Float32Array(400);
      return failureOf(wide().fit(data, data, { batchSize: 400, ...worker }));
    });
    expect(plain).toMatch(/fit: expected a batch that fits into memory, received 400 rows/);
    expect(remote).toEqual(plain);
  });

  it("when the worker dies: an error and no silence, and the model as it was last known", async () => {
    const workers: Worker[] = [];
    const post = Worker.prototype.postMessage;
    vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (this: Worker, ...given) {
      if (!workers.includes(this)) workers.push(this);
      post.apply(this, given);
    });
    const model = network();
    let known = {};
    const callbacks: Callback[] = [
      {
        needs: "logs",
        onTrainBatchEnd: (batch) => {
          if (model.iterations > 25 && batch === 0) void workers.at(-1)?.terminate();
        },
      },
      {
        onEpochEnd: () => {
          known = bitsOf(model);
        },
      },
    ];
    const message = await failureOf(
      model.fit(x, y, { epochs: 1_000_000, callbacks, worker: true }),
    );
    expect(message).toMatch(
      /fit: expected the worker to live until training ends, received one that ended with the code 1/,
    );
    expect(bitsOf(model)).toEqual(known);
    await model.fit(x, y, { worker: true });
    expect(model.iterations).toBeGreaterThan(30);
  });

  it("where data are bad, at the same place", async () => {
    const bad = x.slice();
    bad[1000] = Number.NaN;
    const [plain, remote] = await both((worker) => failureOf(network().fit(bad, y, worker)));
    expect(plain).toMatch("received NaN in row 166, column 4");
    expect(remote).toEqual(plain);
    const given = { worker: "yes" } as unknown as FitOptions;
    expect(await failureOf(network().fit(x, y, given))).toMatch(
      "fit: expected worker to be true or false",
    );
  });
});

it.each(names)("other calls are refused meanwhile: %s", async (name) => {
  const model = network();
  const training = model.fit(x, y, { epochs: 2, worker: name === "worker" });
  expect(await failureOf(model.predict(x))).toMatch("one call at a time");
  await training;
});
