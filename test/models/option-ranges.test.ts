// The range of every option of the methods of models.
import { describe, expect, it } from "vitest";
import * as gradus from "../../ts/index.js";
import { atLeast, flag, numbers, type Ranges, whole } from "../support/ranges.js";

describe("options of models", () => {
  const made = () => {
    const net = gradus.sequential({
      inputShape: [1],
      seed: 1,
      layers: [gradus.dense({ units: 1 })],
    });
    net.compile({ optimizer: "sgd", loss: "mse" });
    return net;
  };
  const [x, y] = [
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ];
  const run: Ranges = {
    batchSize: whole(1),
    callbacks: { good: [[], [{}]], bad: [1, {}, [1], [{ onEpoch: () => {} }]] },
    signal: { good: [new AbortController().signal], bad: [1, {}] },
    yieldEvery: atLeast(0),
  };
  const calls: Readonly<Record<string, [Ranges, (options: object) => unknown]>> = {
    fit: [
      {
        ...run,
        epochs: whole(1),
        initialEpoch: whole(0),
        shuffle: flag,
        validationData: {
          good: [
            [x, y],
            [x, y, y],
          ],
          bad: [1, [x], [x, y, y, y], {}],
        },
        validationSplit: numbers([0, 0.5], [-0.1, 1]),
        validationBatchSize: whole(1),
        // Only for iterators of batches, whose validation may be endless.
        validationSteps: { good: [undefined], bad: [1, "1"] },
        worker: { good: [false], bad: flag.bad },
        sampleWeight: {
          good: [[1, 0, 2, 0.5]],
          bad: [1, [1], [1, 1, 1, -1], [1, 1, 1, Number.NaN]],
        },
        classWeight: { good: [{ 1: 2 }, { 1: 0 }], bad: [1, { 1: -1 }, { 1: "2" }, { a: 1 }] },
      },
      (options) => made().fit(x, y, options),
    ],
    evaluate: [
      { ...run, sampleWeight: { good: [[1, 0, 2, 0.5]], bad: [1, [1], [1, 1, 1, -1]] } },
      (options) => made().evaluate(x, y, options),
    ],
    predict: [run, (options) => made().predict(x, options)],
    trainOnBatch: [
      {
        sampleWeight: { good: [[1, 0, 2, 0.5]], bad: [1, [1], [1, 1, 1, -1]] },
        classWeight: { good: [{ 1: 2 }], bad: [1, { 1: -1 }, { a: 1 }] },
      },
      (options) => made().trainOnBatch(x, y, options),
    ],
    testOnBatch: [
      { sampleWeight: { good: [[1, 0, 2, 0.5]], bad: [1, [1], [1, 1, 1, -1]] } },
      (options) => made().testOnBatch(x, y, options),
    ],
    compile: [
      {
        optimizer: { good: ["adam", gradus.sgd()], bad: ["adm", 1, {}, gradus.sgd, undefined] },
        loss: {
          good: ["mse", () => 1, gradus.meanSquaredError()],
          bad: ["mses", 1, {}, undefined],
        },
        lossWeights: { good: [0, 1, -1, [2]], bad: ["1", Number.NaN, [1, 2], ["1"], { other: 1 }] },
        metrics: { good: [[], ["mae"]], bad: [1, ["maes"], "mae", [1]] },
        weightedMetrics: { good: [[], ["mae"]], bad: [1, ["maes"], "mae", [1]] },
      },
      async (options) => made().compile({ optimizer: "sgd", loss: "mse", ...options }),
    ],
  };

  describe.each(Object.entries(calls))("%s", (name, [ranges, attempt]) => {
    it.each(Object.entries(ranges))("checks %s", async (option, { good, bad }) => {
      for (const value of good) await attempt({ [option]: value });
      for (const value of bad) {
        const error = await Promise.resolve(attempt({ [option]: value })).then(
          () => null,
          (reason: unknown) => reason,
        );
        expect(error, `${option}: ${JSON.stringify(value)} is taken`).toBeInstanceOf(
          gradus.GradusError,
        );
        expect((error as Error).message).toMatch(new RegExp(`^${name}`));
      }
    });

    it("knows no others", async () => {
      const text = await Promise.resolve(attempt({ zzz: 1 })).then(
        () => "",
        (error: Error) => error.message,
      );
      const [, known = ""] = /only the options (.*), received/.exec(text) ?? [];
      expect(known).not.toBe("");
      const names = known.split(", ");
      expect(names.filter((each) => !(each in ranges))).toEqual([]);
      expect(names.filter((each, i) => names.indexOf(each) < i)).toEqual([]);
    });
  });
});
