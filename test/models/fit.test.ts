// The training loop: batches, weights of rows, validation, callbacks, turns, aborting.
import { describe, expect, it } from "vitest";
import {
  type Callback,
  type CompileOptions,
  dense,
  type Logs,
  type Model,
  oneCycle,
  ops,
  type Sym,
  sequential,
  sgd,
  tensor,
} from "../../ts/index.js";

const rows = 23;
const x = Float32Array.from({ length: rows * 3 }, (_, i) => Math.sin(1.3 * i));
const y = Float32Array.from({ length: rows * 2 }, (_, i) => Math.cos(0.7 * i));
const labels = Uint8Array.from({ length: rows }, (_, i) => (i * i) % 2);

function regression(compile: Partial<CompileOptions> = {}, seed = 5): Model {
  const model = sequential({
    inputShape: [3],
    seed,
    layers: [dense({ units: 4, activation: "tanh" }), dense({ units: 2 })],
  });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "mse", ...compile });
  return model;
}

function classifier(compile: Partial<CompileOptions> = {}): Model {
  const model = sequential({
    inputShape: [3],
    seed: 5,
    layers: [dense({ units: 4, activation: "tanh" }), dense({ units: 2, activation: "softmax" })],
  });
  const loss = "sparseCategoricalCrossentropy";
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, ...compile });
  return model;
}

const weightsOf = (model: Model) =>
  Object.values(model.getWeights()).flatMap(({ data }) => [...data]);

function expectNear(actual: readonly number[], expected: readonly number[], digits = 5): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of actual.entries())
    expect(value).toBeCloseTo(expected[i] as number, digits);
}

/** The loss of a plain network in JavaScript, per row. */
function lossPerRow(model: Model): number[] {
  const { data: k1 = [] } = model.getWeights()["dense/kernel"] ?? {};
  const { data: b1 = [] } = model.getWeights()["dense/bias"] ?? {};
  const { data: k2 = [] } = model.getWeights()["dense_1/kernel"] ?? {};
  const { data: b2 = [] } = model.getWeights()["dense_1/bias"] ?? {};
  return Array.from({ length: rows }, (_, row) => {
    const hidden = [0, 1, 2, 3].map((j) =>
      Math.tanh(
        [0, 1, 2].reduce((s, i) => s + (x[3 * row + i] ?? 0) * (k1[4 * i + j] ?? 0), b1[j] ?? 0),
      ),
    );
    const errors = [0, 1].map((j) => {
      const out = hidden.reduce((s, h, i) => s + h * (k2[2 * i + j] ?? 0), b2[j] ?? 0);
      return (out - (y[2 * row + j] ?? 0)) ** 2;
    });
    return ((errors[0] ?? 0) + (errors[1] ?? 0)) / 2;
  });
}

const meanOf = (values: readonly number[]) => values.reduce((p, q) => p + q, 0) / values.length;

describe("batches", () => {
  it("a short last one counts its own rows, in loss and gradient", async () => {
    const model = regression({ metrics: ["mae"] });
    const perRow = lossPerRow(model);
    for (const batchSize of [1, 5, 8, 23, 100]) {
      const { loss } = await model.evaluate(x, y, { batchSize });
      expect(loss).toBeCloseTo(meanOf(perRow), 6);
    }
    // 20 rows and then 3, against the same 3 alone.
    const [whole, parts] = [regression(), regression()];
    await whole.fit(x, y, { batchSize: 20, shuffle: false });
    await parts.trainOnBatch(x.subarray(0, 60), y.subarray(0, 40));
    await parts.trainOnBatch(x.subarray(60), y.subarray(40));
    expect(weightsOf(whole)).toEqual(weightsOf(parts));
  });
  it("a larger one than before gets a larger program", async () => {
    const [first, second] = [regression(), regression()];
    await first.fit(x, y, { batchSize: 4, shuffle: false });
    await second.fit(x, y, { batchSize: 4, shuffle: false });
    await second.predict(x, { batchSize: 2 });
    const small = await second.predict(x, { batchSize: 1 });
    expect((await second.predict(x, { batchSize: 23 })).shape).toEqual([23, 2]);
    expectNear([...small.data], [...(await first.predictOnBatch(x)).data], 6);
    await first.fit(x, y, { batchSize: 16, shuffle: false });
    await second.fit(x, y, { batchSize: 16, shuffle: false });
    expect(weightsOf(first)).toEqual(weightsOf(second));
  });
  it("typed arrays, nested arrays, tensors and bytes give the same", async () => {
    const bytes = Uint8Array.from({ length: rows * 3 }, (_, i) => (i * 37) % 256);
    const nested = Array.from({ length: rows }, (_, i) => [...bytes.subarray(3 * i, 3 * i + 3)]);
    const forms = [
      bytes,
      nested,
      tensor(bytes, [rows, 3]),
      Float32Array.from(bytes),
      Int32Array.from(bytes),
    ];
    const results = [];
    for (const form of forms) {
      const model = regression();
      await model.fit(form, y, { batchSize: 6 });
      results.push(weightsOf(model));
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });
  it("shuffling changes the order of rows, not the rows", async () => {
    const all = { batchSize: rows };
    const [plain, shuffled, batched] = [regression(), regression(), regression()];
    await plain.fit(x, y, { ...all, shuffle: false });
    await shuffled.fit(x, y, all);
    expectNear(weightsOf(shuffled), weightsOf(plain));
    await batched.fit(x, y, { batchSize: 4 });
    const unshuffled = regression();
    await unshuffled.fit(x, y, { batchSize: 4, shuffle: false });
    expect(weightsOf(batched)).not.toEqual(weightsOf(unshuffled));
  });
  it("each epoch has an order of its own", async () => {
    const [twice, again] = [regression(), regression()];
    await twice.fit(x, y, { epochs: 2, batchSize: 4 });
    await again.fit(x, y, { batchSize: 4 });
    await again.fit(x, y, { batchSize: 4 });
    expect(weightsOf(twice)).toEqual(weightsOf(again));
  });
});

describe("weights of rows", () => {
  it("multiply the loss and leave metrics alone, but weightedMetrics", async () => {
    const sampleWeight = Float32Array.from({ length: rows }, (_, i) => i % 3);
    const mse = (yTrue: Sym, yPred: Sym) =>
      ops.mean(ops.squaredDifference(yTrue, yPred), { axis: -1 });
    const weighted = { name: "weighted", compute: mse };
    const model = regression({ metrics: [mse], weightedMetrics: [weighted] });
    const perRow = lossPerRow(model);
    const logs = await model.evaluate(x, y, { sampleWeight, batchSize: 7 });
    const products = perRow.map((loss, i) => loss * (sampleWeight[i] ?? 0));
    const total = sampleWeight.reduce((p, q) => p + q);
    expect(logs.loss).toBeCloseTo(meanOf(products), 6);
    expect(logs.mse).toBeCloseTo(meanOf(perRow), 6);
    expect(logs.weighted).toBeCloseTo((meanOf(products) * rows) / total, 6);
    const plain = await model.evaluate(x, y);
    expect(plain.weighted).toBeCloseTo(meanOf(perRow), 6);
  });
  it("of 0 leave rows out of the gradient", async () => {
    const [first, second] = [regression(), regression()];
    const sampleWeight = Float32Array.from({ length: rows }, (_, i) => Number(i < 10));
    await first.trainOnBatch(x, y, { sampleWeight });
    // The mean is over all rows, as in Keras.
    second.learningRate = (0.1 * 10) / rows;
    await second.trainOnBatch(x.subarray(0, 30), y.subarray(0, 20));
    expectNear(weightsOf(first), weightsOf(second), 6);
  });
  it("by class are those of the rows' classes", async () => {
    const classWeight = { 1: 3 };
    const sampleWeight = Float32Array.from(labels, (label) => (label === 1 ? 3 : 1));
    const [byClass, byRow, oneHot, both] = [
      classifier(),
      classifier(),
      classifier({ loss: "categoricalCrossentropy" }),
      classifier(),
    ];
    await byClass.fit(x, labels, { classWeight, batchSize: 5 });
    await byRow.fit(x, labels, { sampleWeight, batchSize: 5 });
    await oneHot.fit(
      x,
      [...labels].map((k) => [1 - k, k]),
      { classWeight, batchSize: 5 },
    );
    await both.fit(x, labels, { classWeight: { 0: 2 }, sampleWeight, batchSize: 5 });
    expect(weightsOf(byClass)).toEqual(weightsOf(byRow));
    expectNear(weightsOf(oneHot), weightsOf(byRow), 6);
    expect(weightsOf(both)).not.toEqual(weightsOf(byRow));
  });
  it("by class work with one output for two classes", async () => {
    const make = () => {
      const layers = [dense({ units: 1, activation: "sigmoid" as const })];
      const model = sequential({ inputShape: [3], seed: 1, layers });
      model.compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: ["accuracy"] });
      return model;
    };
    const [byClass, byRow] = [make(), make()];
    await byClass.fit(x, labels, { classWeight: { 1: 4 } });
    const column = [...labels].map((label) => [label]);
    await byRow.fit(x, column, { sampleWeight: Float32Array.from(labels, (k) => 1 + 3 * k) });
    expect(weightsOf(byClass)).toEqual(weightsOf(byRow));
  });
});

describe("validation", () => {
  it("by a split holds out the last rows, before shuffling", async () => {
    const [split, explicit] = [regression({ metrics: ["mae"] }), regression({ metrics: ["mae"] })];
    const first = await split.fit(x, y, { validationSplit: 0.3, epochs: 2, batchSize: 4 });
    const cut = Math.floor(rows * 0.7);
    const second = await explicit.fit(x.slice(0, 3 * cut), y.slice(0, 2 * cut), {
      validationData: [x.slice(3 * cut), y.slice(2 * cut)],
      epochs: 2,
      batchSize: 4,
    });
    expect(first.history).toEqual(second.history);
    expect(Object.keys(first.history)).toEqual(["loss", "mae", "valLoss", "valMae"]);
    expect(first.epoch).toEqual([0, 1]);
  });
  it("reports what evaluate reports, with weights as well", async () => {
    const model = regression({ weightedMetrics: ["mae"] });
    const weights = Float32Array.from({ length: rows }, (_, i) => 1 + (i % 2));
    const { history } = await model.fit(x, y, { validationData: [x, y, weights] });
    const logs = await model.evaluate(x, y, { sampleWeight: weights });
    expect(history.valLoss).toEqual([logs.loss]);
    expect(history.valMae).toEqual([logs.mae]);
  });
  it("does not change training", async () => {
    const [without, with_] = [regression(), regression()];
    await without.fit(x, y, { epochs: 3, batchSize: 4 });
    await with_.fit(x, y, {
      epochs: 3,
      batchSize: 4,
      validationData: [x, y],
      validationBatchSize: 3,
    });
    expect(weightsOf(with_)).toEqual(weightsOf(without));
  });
});

describe("losses and metrics", () => {
  it("the loss of an epoch is the mean over its rows before each update", async () => {
    const model = regression({ optimizer: sgd({ learningRate: 0 }) });
    const { history } = await model.fit(x, y, { batchSize: 6 });
    expect(history.loss?.[0]).toBeCloseTo(meanOf(lossPerRow(model)), 6);
  });
  it("regularizers are part of the loss, only of trained layers", async () => {
    const make = (trainable: boolean) => {
      const model = sequential({
        inputShape: [3],
        seed: 1,
        layers: [
          dense({ units: 2, kernelRegularizer: "l2", activityRegularizer: "l1", trainable }),
        ],
      });
      model.compile({ optimizer: "sgd", loss: "mse" });
      return model;
    };
    const model = make(true);
    const { data = [] } = model.getWeights()["dense/kernel"] ?? {};
    const prediction = (await model.predict(x)).data;
    const mse = meanOf([...prediction].map((value, i) => (value - (y[i] as number)) ** 2));
    const l2 = 0.01 * [...data].reduce((sum, value) => sum + value * value, 0);
    const activity =
      (0.01 * [...prediction].reduce((sum, value) => sum + Math.abs(value), 0)) / rows;
    const all = { batchSize: rows };
    expect((await model.evaluate(x, y, all)).loss).toBeCloseTo(mse + l2 + activity, 5);
    expect((await make(false).evaluate(x, y, all)).loss).toBeCloseTo(mse + activity, 5);
  });
  it("users' functions are losses and metrics, with automatic gradients", async () => {
    const halfSquare = (yTrue: Sym, yPred: Sym) =>
      ops.multiply(ops.mean(ops.square(ops.subtract(yPred, yTrue)), { axis: -1 }), 0.5);
    const [own, builtIn] = [
      regression({ loss: halfSquare, metrics: [halfSquare] }),
      regression({ optimizer: sgd({ learningRate: 0.05 }) }),
    ];
    const { history } = await own.fit(x, y, { batchSize: 4 });
    await builtIn.fit(x, y, { batchSize: 4 });
    expectNear(weightsOf(own), weightsOf(builtIn), 6);
    expect(history.halfSquare?.[0]).toBeCloseTo(history.loss?.[0] as number, 6);
    const wrong = regression({ loss: (() => 3) as never });
    await expect(wrong.fit(x, y)).rejects.toThrow(/returns a symbolic tensor made with ops/);
  });
  it("accuracy fits the shapes of targets and output", async () => {
    const sparse = classifier({ metrics: ["accuracy", "sparseTopKCategoricalAccuracy"] });
    const oneHot = classifier({ loss: "categoricalCrossentropy", metrics: ["acc"] });
    const predicted = (await sparse.predict(x)).data;
    const hits = [...labels].map((label, i) =>
      Number(((predicted[2 * i + 1] as number) > (predicted[2 * i] as number) ? 1 : 0) === label),
    );
    const found = await sparse.evaluate(x, labels);
    expect(found.accuracy).toBeCloseTo(meanOf(hits), 6);
    expect(found.sparseTopKCategoricalAccuracy).toBe(1);
    const hot = [...labels].map((k) => [1 - k, k]);
    expect((await oneHot.evaluate(x, hot)).acc).toBeCloseTo(meanOf(hits), 6);
  });
});

describe("callbacks", () => {
  it("are called in Keras' order with what Keras gives", async () => {
    const seen: string[] = [];
    const names = ["Train", "Test"].flatMap((part) => [
      `on${part}Begin`,
      `on${part}BatchBegin`,
      `on${part}BatchEnd`,
      `on${part}End`,
    ]);
    const callback: Record<string, unknown> = {};
    for (const name of [...names, "onEpochBegin", "onEpochEnd"]) {
      callback[name] = (first: number | Logs, second?: Logs) => {
        const at = typeof first === "number" ? ` ${first}` : "";
        const logs = Object.keys(second ?? (first as Logs)).join(",");
        seen.push(`${name}${at} ${logs}`.trim());
      };
    }
    await regression().fit(x, y, {
      batchSize: 12,
      validationData: [x, y],
      validationBatchSize: 23,
      callbacks: [callback as Callback],
    });
    expect(seen).toEqual([
      "onTrainBegin",
      "onEpochBegin 0",
      "onTrainBatchBegin 0",
      "onTrainBatchEnd 0 loss",
      "onTrainBatchBegin 1",
      "onTrainBatchEnd 1 loss",
      "onTestBegin",
      "onTestBatchBegin 0",
      "onTestBatchEnd 0 loss",
      "onTestEnd loss",
      "onEpochEnd 0 loss,valLoss",
      "onTrainEnd loss,valLoss",
    ]);
  });
  it("may stop training, and see it begin anew in the next fit", async () => {
    const model = regression();
    const stop: Callback = {
      onTrainBatchEnd(batch) {
        if (batch === 1) model.stopTraining = true;
      },
    };
    const { epoch } = await model.fit(x, y, { epochs: 5, batchSize: 4, callbacks: [stop] });
    expect(epoch).toEqual([0]);
    expect(model.iterations).toBe(2);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
  });
  it("may use the model: predict, evaluate, read and write weights, set the learning rate", async () => {
    const model = regression();
    const found: unknown[] = [];
    const callback: Callback = {
      async onTrainBatchEnd(batch) {
        if (batch !== 2) return;
        found.push((await model.predict(x)).shape, Object.keys(await model.evaluate(x, y)));
      },
      onEpochEnd() {
        model.setWeights({ "dense/bias": [0, 0, 0, 0] });
        model.learningRate = 0;
      },
    };
    const plain = regression();
    const [first, second] = [
      await model.fit(x, y, { epochs: 2, batchSize: 4, callbacks: [callback] }),
      await plain.fit(x, y, { batchSize: 4 }),
    ];
    expect(found).toEqual([[23, 2], ["loss"], [23, 2], ["loss"]]);
    // Evaluating in the middle of an epoch does not touch the running means of training.
    expect(first.history.loss?.[0]).toBe(second.history.loss?.[0]);
    expect(model.learningRate).toBe(0);
    expect([...(model.getWeights()["dense/bias"]?.data ?? [])]).toEqual([0, 0, 0, 0]);
  });
  it("that fail end the run with their error; the model goes on", async () => {
    const model = regression();
    const failing: Callback = {
      onEpochEnd() {
        throw new Error("mine");
      },
    };
    await expect(model.fit(x, y, { callbacks: [failing] })).rejects.toThrow("mine");
    await model.fit(x, y);
    expect(model.iterations).toBe(2);
  });
});

describe("turns", () => {
  it("while fit runs, other calls are refused; predictions may come together", async () => {
    const model = regression();
    const running = model.fit(x, y, { epochs: 3, yieldEvery: 0 });
    await expect(model.fit(x, y)).rejects.toThrow(
      "fit: expected one call at a time, received a call while fit is running. Hint: Await fit first.",
    );
    await expect(model.predict(x)).rejects.toThrow(/predict: .*while fit is running.*callback/);
    await expect(model.trainOnBatch(x, y)).rejects.toThrow(/while fit is running/);
    expect(() => model.setWeights({})).toThrow(/while fit is running/);
    expect(() => model.compile({ optimizer: "sgd", loss: "mse" })).toThrow(/while fit is running/);
    expect(() => model.dispose()).toThrow(/while fit is running/);
    expect(model.getWeights()).toBeDefined();
    await running;
    const [p, q, logs] = await Promise.all([
      model.predict(x, { batchSize: 2, yieldEvery: 0 }),
      model.predict(x, { batchSize: 5, yieldEvery: 0 }),
      model.evaluate(x, y, { batchSize: 3, yieldEvery: 0 }),
    ]);
    expectNear([...p.data], [...q.data], 6);
    expect(logs.loss).toBeCloseTo(meanOf(lossPerRow(model)), 5);
  });
  it("batches may be asked for together; what a schedule asks for meanwhile is refused", async () => {
    const [one, other] = [regression(), regression()];
    await other.predict(x);
    for (let step = 0; step < 3; step++) await one.trainOnBatch(x, y);
    const coming = [0, 1, 2].map(() => other.trainOnBatch(x, y));
    const predicted = other.predict(x);
    expect((await Promise.all(coming)).map(({ loss }) => loss)[2]).toBeGreaterThan(0);
    expect(weightsOf(other)).toEqual(weightsOf(one));
    expect((await predicted).data).toEqual((await one.predict(x)).data);

    const refused: Promise<unknown>[] = [];
    let ask = (): unknown => null;
    const learningRate = () => {
      ask();
      return 0.1;
    };
    const curious = regression({ optimizer: sgd({ learningRate }) });
    ask = () => refused.push(curious.predict(x).catch(String));
    for (let step = 0; step < 3; step++) await curious.trainOnBatch(x, y);
    expect(refused.length).toBeGreaterThan(0);
    for (const each of refused) {
      expect(await each).toMatch(/predict: expected one call at a time.*while trainOnBatch is/);
    }
    expect(weightsOf(curious)).toEqual(weightsOf(one));
  });
  it("what a loss asks for while a batch is evaluated waits for its end", async () => {
    let asked: Promise<unknown> | null = null;
    const model = regression();
    const before = await model.predict(x);
    const asking = sequential({ inputShape: [3], seed: 5, layers: [...model.layers] });
    asking.compile({
      optimizer: "sgd",
      loss: (target: Sym, predicted: Sym) => {
        asked = asking.predict(x).then(({ data }) => data);
        return ops.mean(ops.square(ops.subtract(target, predicted)), { axis: -1 });
      },
    });
    asked = null;
    const { loss } = await asking.testOnBatch(x, y);
    expect(loss).toBeCloseTo(meanOf(lossPerRow(model)), 5);
    expect(await asked).toEqual(before.data);
  });
  it("fit lets timers and promises of others run", async () => {
    const model = regression();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 0);
    await model.fit(x, y, { epochs: 40, batchSize: 1, yieldEvery: 0 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
  it("an abort ends fit with its reason and leaves a model that works", async () => {
    const model = regression();
    const stop = new AbortController();
    const running = model.fit(x, y, {
      epochs: 1000,
      batchSize: 1,
      signal: stop.signal,
      yieldEvery: 1,
    });
    setTimeout(() => stop.abort(new Error("enough")), 5);
    await expect(running).rejects.toThrow("enough");
    expect(model.iterations).toBeGreaterThan(0);
    const before = model.iterations;
    await expect(model.fit(x, y, { signal: stop.signal })).rejects.toThrow("enough");
    expect(model.iterations).toBe(before);
    await model.fit(x, y);
  });
});

describe("learning rate and state", () => {
  it("a schedule or function is asked for each step, without another program", async () => {
    const steps: number[] = [];
    const byFunction = regression({
      optimizer: sgd({ learningRate: (step) => steps.push(step) * 0 + 0.1 / (step + 1) }),
    });
    steps.length = 0;
    await byFunction.fit(x, y, { batchSize: 12, epochs: 2, shuffle: false });
    expect([...new Set(steps)]).toEqual([0, 1, 2, 3]);
    expect(byFunction.learningRate).toBeCloseTo(0.1 / 5);
    const byHand = regression();
    for (let step = 0; step < 4; step++) {
      byHand.learningRate = 0.1 / (step + 1);
      const [from, to] = step % 2 === 0 ? [0, 12] : [12, rows];
      await byHand.trainOnBatch(x.subarray(3 * from, 3 * to), y.subarray(2 * from, 2 * to));
    }
    expectNear(weightsOf(byFunction), weightsOf(byHand), 6);
  });
  it("a schedule may set the momentum, where there is one", async () => {
    const learningRate = oneCycle({ maxLearningRate: 0.1, totalSteps: 10 });
    const model = regression({ optimizer: sgd({ learningRate, momentum: 0.9 }) });
    await model.fit(x, y, { epochs: 3 });
    expect(weightsOf(model).every(Number.isFinite)).toBe(true);
    expect(() => sgd({ learningRate })).toThrow(/momentum/);
    expect(() => {
      model.learningRate = 0.1;
    }).toThrow(/constant learning rate/);
  });
  it("a learning rate that is none ends fit before the step", async () => {
    const model = regression({
      optimizer: sgd({ learningRate: (step) => (step === 1 ? -1 : 0.1) }),
    });
    await expect(model.fit(x, y, { batchSize: 8 })).rejects.toThrow(
      /learning rate >= 0, received -1 at step 1/,
    );
    expect(model.iterations).toBe(1);
    expect(() => sgd({ learningRate: Number.NaN })).toThrow(/learningRate.*NaN/);
    expect(() => {
      regression().learningRate = -1;
    }).toThrow(/learningRate.*-1/);
  });
  it("saved state brings training back to that point, bit for bit", async () => {
    const model = regression({ optimizer: "adam" });
    await model.fit(x, y, { batchSize: 4 });
    const state = model.saveState();
    await model.fit(x, y, { batchSize: 4, epochs: 2 });
    const after = weightsOf(model);
    model.restoreState(state);
    expect(model.iterations).toBe(6);
    await model.fit(x, y, { batchSize: 4, epochs: 2 });
    expect(weightsOf(model)).toEqual(after);
    expect(() => model.restoreState({})).toThrow(/what saveState gave/);
  });
  it("compile keeps the weights and starts the optimizer anew", async () => {
    const model = regression({ optimizer: "adam" });
    await model.fit(x, y);
    const before = weightsOf(model);
    model.compile({ optimizer: "sgd", loss: "mae" });
    expect(weightsOf(model)).toEqual(before);
    expect(model.iterations).toBe(0);
    expect(model.learningRate).toBe(0.01);
  });
});
