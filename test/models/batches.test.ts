// Batches that come one at a time: the same bits as from arrays, epochs and steps as in Keras,
// letting go of iterators, waiting, aborting, and errors that name the batch.
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type Batch,
  dense,
  diagnose,
  type FitBatchesOptions,
  model as functional,
  GradusError,
  input,
  type Logs,
  sequential,
  sgd,
} from "../../ts/index.js";

const rows = 22;
const width = 3;
const x = Array.from({ length: rows }, (_, i) => [Math.sin(i), Math.cos(1.7 * i), i / rows]);
const y = Array.from({ length: rows }, (_, i) => i % 2);
const weight = Array.from({ length: rows }, (_, i) => 1 + (i % 3));

function network() {
  const model = sequential({
    inputShape: [width],
    seed: 5,
    layers: [dense({ units: 4, activation: "tanh" }), dense({ units: 2, activation: "softmax" })],
  });
  model.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

const bitsOf = (model: ReturnType<typeof network>) =>
  Object.values(model.getWeights()).map(({ data }) => [...data]);

/** Batches of 5, the last one of 2. */
const cuts = [0, 5, 10, 15, 20].map((from) => [from, Math.min(from + 5, rows)] as const);

function* labelled(): Generator<Batch> {
  for (const [from, to] of cuts) yield [x.slice(from, to), y.slice(from, to)];
}

async function* slowly(): AsyncGenerator<Batch> {
  for (const batch of labelled()) {
    await new Promise((done) => setTimeout(done, 1));
    yield batch;
  }
}

/** Yields without end, and writes down how many were asked for and whether it was let go of. */
function endless() {
  const seen = { asked: 0, returned: 0 };
  function* batches(): Generator<Batch> {
    try {
      for (;;)
        for (const batch of labelled()) {
          seen.asked++;
          yield batch;
        }
    } finally {
      seen.returned++;
    }
  }
  return { seen, batches };
}

afterEach(() => {
  vi.restoreAllMocks();
});

const arrays = { batchSize: 5, shuffle: false } as const;

describe("the same batches give the same bits as arrays", () => {
  it.each<[string, Parameters<ReturnType<typeof network>["fit"]>[0]]>([
    ["a function that makes generators", labelled as never],
    ["a function that makes async generators", slowly as never],
    ["an array behind a function", (() => [...labelled()]) as never],
    ["an iterable that begins anew", new Set(labelled()) as never],
    ["an async iterable that begins anew", { [Symbol.asyncIterator]: slowly } as never],
  ])("%s", async (_, source) => {
    const [one, other] = [network(), network()];
    const before = await one.fit(x, y, { ...arrays, epochs: 3, validationData: [x, y] });
    const after = await other.fit(
      source as never,
      { epochs: 3, validationData: labelled as never } as never,
    );
    expect(bitsOf(other)).toEqual(bitsOf(one));
    expect(after.history.loss).toEqual(before.history.loss);
    expect(after.history.accuracy).toEqual(before.history.accuracy);
    // Batches of validation are 5 rows here and 22 there: means of the same numbers.
    for (const [i, loss] of (after.history.valLoss ?? []).entries()) {
      expect(loss).toBeCloseTo(before.history.valLoss?.[i] as number, 6);
    }
    expect(after.history.valLoss).toHaveLength(3);
    expect(after.params).toMatchObject({ steps: null, samples: null, batchSize: null });
  });

  it("with weights, as tuples and as objects", async () => {
    const [one, other, third] = [network(), network(), network()];
    await one.fit(x, y, { ...arrays, epochs: 2, sampleWeight: weight });
    await other.fit(
      function* () {
        for (const [from, to] of cuts)
          yield [x.slice(from, to), y.slice(from, to), weight.slice(from, to)] as const;
      },
      { epochs: 2 },
    );
    await third.fit(
      function* () {
        for (const [from, to] of cuts) {
          const sampleWeight = weight.slice(from, to);
          yield { x: x.slice(from, to), y: y.slice(from, to), sampleWeight };
        }
      },
      { epochs: 2 },
    );
    expect(bitsOf(other)).toEqual(bitsOf(one));
    expect(bitsOf(third)).toEqual(bitsOf(one));
  });

  it("with class weights, and measured by diagnose", async () => {
    const [one, other] = [network(), network()];
    const classWeight = { 0: 1, 1: 3 };
    const ways = () => diagnose({ every: 1 });
    await one.fit(x, y, { ...arrays, epochs: 2, classWeight, callbacks: [ways()] });
    await other.fit(labelled, { epochs: 2, classWeight, callbacks: [ways()] });
    expect(bitsOf(other)).toEqual(bitsOf(one));
  });

  it("sizes may grow and element types change from batch to batch", async () => {
    const model = network();
    const sizes = [1, 3, 2, 7, 7, 2];
    let from = 0;
    const parts = sizes.map((size) => {
      const part = [x.slice(from, from + size), y.slice(from, from + size)] as const;
      from += size;
      return part;
    });
    await model.fit(function* () {
      for (const [i, [some, labels]] of parts.entries()) {
        const flat = Float32Array.from(some.flat());
        yield i % 2 === 0 ? [some, labels] : [flat, Uint8Array.from(labels)];
      }
    });
    const other = network();
    for (const [some, labels] of parts) await other.trainOnBatch(some, labels);
    expect(bitsOf(model)).toEqual(bitsOf(other));
  });

  it("evaluate and predict", async () => {
    const model = network();
    const whole = await model.evaluate(x, y, { batchSize: 5 });
    expect(await model.evaluate(labelled())).toEqual(whole);
    expect(await model.evaluate(slowly())).toEqual(whole);
    const some = await model.evaluate(x.slice(0, 10), y.slice(0, 10), { batchSize: 5 });
    expect(await model.evaluate(endless().batches(), { steps: 2 })).toEqual(some);
    const outputs = await model.predict(x);
    const inputs = function* () {
      for (const [from, to] of cuts) yield x.slice(from, to);
    };
    const found = await model.predict(inputs());
    expect(found.shape).toEqual([rows, 2]);
    expect(found.data).toEqual(outputs.data);
    expect((await model.predict(inputs, { steps: 2 })).data).toEqual(outputs.data.slice(0, 20));
  });

  it("several inputs and outputs by name", async () => {
    const make = () => {
      const a = input({ shape: [width] });
      const hidden = dense({ units: 2, name: "hidden" })(a);
      const net = functional({
        inputs: { a },
        outputs: { p: hidden, q: dense({ units: 1 })(hidden) },
        seed: 3,
      });
      net.compile({ optimizer: "sgd", loss: "mse" });
      return net;
    };
    const targets = (from: number, to: number) => ({
      p: x.slice(from, to).map((row) => row.slice(0, 2)),
      q: y.slice(from, to),
    });
    const [one, other] = [make(), make()];
    await one.fit({ a: x }, targets(0, rows), arrays);
    await other.fit(function* () {
      for (const [from, to] of cuts) yield { x: { a: x.slice(from, to) }, y: targets(from, to) };
    });
    expect(Object.values(other.getWeights())).toEqual(Object.values(one.getWeights()));
    const found = await other.predict([{ a: x.slice(0, 3) }, { a: x.slice(3) }].values());
    expect(found.q.shape).toEqual([rows, 1]);
  });
});

describe("epochs and steps", () => {
  const counts = async (source: unknown, options: FitBatchesOptions) => {
    const seen: number[] = [];
    const model = network();
    const history = await model.fit(
      source as never,
      {
        ...options,
        callbacks: [
          {
            onEpochBegin() {
              seen.push(0);
            },
            onTrainBatchEnd() {
              seen[seen.length - 1] = (seen.at(-1) as number) + 1;
            },
          },
        ],
      } as never,
    );
    return { seen, history, model };
  };

  it("stepsPerEpoch takes so many, and the next epoch goes on", async () => {
    const { seen, batches } = endless();
    const run = await counts(batches(), { epochs: 4, stepsPerEpoch: 3 });
    expect(run.seen).toEqual([3, 3, 3, 3]);
    expect(seen).toEqual({ asked: 12, returned: 1 });
    expect(run.history.params.steps).toBe(3);
    const once = network();
    await once.fit(batches(), { stepsPerEpoch: 12 });
    expect(bitsOf(once)).toEqual(bitsOf(run.model));
  });

  it("a source that begins anew does so where it ends, without a word where that is between epochs", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect((await counts(labelled, { epochs: 3, stepsPerEpoch: 5 })).seen).toEqual([5, 5, 5]);
    expect(warn).not.toHaveBeenCalled();
    expect((await counts(labelled, { epochs: 3, stepsPerEpoch: 4 })).seen).toEqual([4, 1, 4]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it("data that run out end the epoch, and training, with a warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { seen, history } = await counts(labelled(), { epochs: 4, stepsPerEpoch: 3 });
    expect(seen).toEqual([3, 2]);
    expect(history.epoch).toEqual([0, 1]);
    expect(warn.mock.calls).toEqual([
      [
        "fit: x ran out of data after 2 batches of epoch 1; 4 times 3 batches (stepsPerEpoch) were wanted. Hint: Give a function that makes the iterator anew, or fewer steps.",
      ],
    ]);
  });

  it("initialEpoch counts: one epoch is left, which an iterator is enough for", async () => {
    const { seen } = await counts(labelled(), { epochs: 3, initialEpoch: 2 });
    expect(seen).toEqual([5]);
  });

  it("validation takes validationSteps, from the beginning each time", async () => {
    const model = network();
    let made = 0;
    let asked = 0;
    const { history } = await model.fit(x, y, {
      epochs: 3,
      validationSteps: 2,
      validationData: function* () {
        made++;
        for (const batch of labelled()) {
          asked++;
          yield batch;
        }
      },
    });
    expect([made, asked]).toEqual([3, 6]);
    const { loss } = await model.evaluate(x.slice(0, 10), y.slice(0, 10), { batchSize: 5 });
    expect(history.valLoss?.at(-1)).toBe(loss);
  });
});

describe("letting go", () => {
  it("early stopping ends the iterator, and asks for no batch more", async () => {
    const { seen, batches } = endless();
    const model = network();
    await model.fit(batches(), {
      callbacks: [
        {
          onTrainBatchEnd(batch) {
            if (batch === 6) model.stopTraining = true;
          },
        },
      ],
    });
    expect(seen).toEqual({ asked: 7, returned: 1 });
  });

  it("a failing callback ends it, too", async () => {
    const { seen, batches } = endless();
    const callbacks = [
      {
        onTrainBatchEnd() {
          throw new Error("mine");
        },
      },
    ];
    await expect(network().fit(batches(), { callbacks })).rejects.toThrow("mine");
    expect(seen).toEqual({ asked: 1, returned: 1 });
  });

  it("an abort between batches, and one while a batch is waited for", async () => {
    const stop = new AbortController();
    const { seen, batches } = endless();
    const { signal } = stop;
    const callbacks = [{ onTrainBatchEnd: (batch: number) => batch === 2 && stop.abort() }];
    const run = network().fit(batches(), { signal, callbacks: callbacks as never });
    await expect(run).rejects.toThrow(/abort/i);
    expect(seen).toEqual({ asked: 3, returned: 1 });

    for (const way of ["fit", "evaluate", "predict"] as const) {
      let returned = 0;
      const never: AsyncIterableIterator<never> = {
        next: () => new Promise(() => {}),
        return: () => {
          returned++;
          return new Promise(() => {});
        },
        [Symbol.asyncIterator]: () => never,
      };
      const waiting = new AbortController();
      const model = network();
      const call = (model[way] as typeof model.evaluate)(never, { signal: waiting.signal });
      setTimeout(() => waiting.abort(new Error("enough")), 5);
      await expect(call).rejects.toThrow("enough");
      expect(returned).toBe(1);
      // And the model can be used.
      await model.fit(x, y);
    }
  });

  it("an iterator that fails is not told to return; its error is what fit throws", async () => {
    let returned = 0;
    const iterator = {
      next: () => {
        throw new Error("disk");
      },
      return: () => {
        returned++;
        return { done: true as const, value: undefined };
      },
      [Symbol.iterator]: () => iterator,
    };
    await expect(network().fit(iterator)).rejects.toThrow("disk");
    expect(returned).toBe(0);
  });

  it("a ReadableStream is read and, if left early, cancelled", async () => {
    let cancelled = 0;
    const stream = () =>
      new ReadableStream<Batch>({
        start: (controller) => {
          for (const batch of labelled()) controller.enqueue(batch);
          controller.close();
        },
        cancel: () => {
          cancelled++;
        },
      });
    const model = network();
    const whole = await model.evaluate(stream());
    expect(whole).toEqual(await model.evaluate(labelled()));
    await model.evaluate(stream(), { steps: 2 });
    expect(cancelled).toBe(1);
  });
});

it("nothing is asked for ahead of its step", async () => {
  const { seen, batches } = endless();
  const asked: number[] = [];
  const callbacks = [{ onTrainBatchBegin: () => void asked.push(seen.asked) }];
  await network().fit(batches(), { stepsPerEpoch: 4, epochs: 2, callbacks });
  expect(asked).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it("an iterator may ask the model that it feeds", async () => {
  const model = network();
  const found: Logs[] = [];
  await model.fit(async function* () {
    for (const batch of labelled()) {
      found.push(await model.evaluate(x, y));
      yield batch;
    }
  });
  expect(found).toHaveLength(5);
  expect(found[4]?.loss).toBeLessThan(found[0]?.loss as number);
});

describe("mistakes", () => {
  const message = async (call: () => Promise<unknown>) => {
    const error = await call().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(GradusError);
    return (error as GradusError).message;
  };
  const fit = (source: unknown, options?: unknown, third?: unknown) => () =>
    (network().fit as (...given: unknown[]) => Promise<unknown>)(source, options, third);

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "an iterator for several epochs",
      fit(labelled(), { epochs: 2 }),
      /^fit: expected x that can begin anew for each of 2 epochs, received an iterator.*\(\) => batches\(\), or stepsPerEpoch/,
    ],
    [
      "a validation iterator for several epochs",
      () => network().fit(x, y, { epochs: 2, validationData: labelled() }),
      /^fit: expected validationData that can begin anew.*validationSteps/,
    ],
    [
      "no batches at all",
      fit([].values()),
      /^fit: expected x to have at least one batch, received none/,
    ],
    [
      "a function that gives the same iterator again",
      () => {
        const once = labelled();
        return fit(() => once, { epochs: 2 })();
      },
      /^fit: expected x to have at least one batch, received none in pass 2\. Hint: Let the function/,
    ],
    [
      "a batch of another width",
      fit(
        [
          [x, y],
          [[[1, 2]], [0]],
        ].values(),
      ),
      /^fit: batch 1: expected x to have rows of shape \[3\].*received rows of shape \[2\]/,
    ],
    [
      "a label out of range, in a later epoch",
      () => {
        let pass = 0;
        const source = () => [[x, pass++ === 0 ? y : y.map(() => 2)]].values();
        return fit(source, { epochs: 2 })();
      },
      /^fit: batch 0 of epoch 1: expected y to hold class labels/,
    ],
    [
      "NaN in a batch",
      fit([[[[1, 2, Number.NaN]], [0]]].values()),
      /^fit: batch 0: .*NaN in row 0, column 2/,
    ],
    [
      "a bad validation batch",
      () => network().fit(x, y, { validationData: [[x, [1]] as const].values() as never }),
      /^fit: validation batch 0: expected x and y to have the same number of rows, received 22 and 1/,
    ],
    ["a batch without targets", fit([{ x }].values()), /^fit: batch 0: expected \[x, y\]/],
    ["a batch with a misspelt key", fit([{ x, y, weight: y }].values()), /^fit: batch 0: expected/],
    ["targets beside the iterator", fit(labelled(), y), /^fit: expected one argument and options/],
    ["targets as undefined, then options", fit(labelled(), undefined, {}), /expected one argument/],
    ["batchSize", fit(labelled(), { batchSize: 5 }), /^fit: expected no batchSize for batches/],
    ["shuffle", fit(labelled(), { shuffle: true }), /no shuffle for batches.*in another order/],
    ["validationSplit", fit(labelled(), { validationSplit: 0.1 }), /no validationSplit/],
    [
      "stepsPerEpoch 0",
      fit(labelled(), { stepsPerEpoch: 0 }),
      /stepsPerEpoch to be a whole number >= 1/,
    ],
    ["an unknown option", fit(labelled(), { stepsPerEpochs: 2 }), /did you mean stepsPerEpoch/],
    [
      "stepsPerEpoch for arrays",
      () => network().fit(x, y, { stepsPerEpoch: 2 } as never),
      /the unknown option "stepsPerEpoch"/,
    ],
    [
      "validationSteps for arrays",
      () => network().fit(x, y, { validationData: [x, y], validationSteps: 2 }),
      /validationSteps only with validationData from an iterator/,
    ],
    ["a function that makes no iterable", fit(() => 3), /one that makes 3/],
    ["an async function", fit(async () => []), /a function that makes one.*async generator/],
    [
      "an iterator with odd results",
      fit({ [Symbol.iterator]: () => ({ next: () => 5 }) }),
      /^fit: expected x to be an iterator with results \{ value, done \}, received 5/,
    ],
    [
      "labelled batches for predict",
      () => network().predict([[x, y]].values() as never),
      /^predict: batch 0: /,
    ],
  ])("%s", async (_, call, expected) => {
    expect(await message(call)).toMatch(expected);
  });

  it("a first batch that is refused leaves the model as it was", async () => {
    const model = network();
    const before = JSON.stringify(model.saveState());
    await expect(model.fit([[[[1]], [0]]].values() as never)).rejects.toThrow("batch 0");
    expect(JSON.stringify(model.saveState())).toBe(before);
    await model.fit(x, y);
  });
});
