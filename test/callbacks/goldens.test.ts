// What earlyStopping and reduceLearningRateOnPlateau do with given values, against
// Keras' own; the goldens are written by test/fixtures/callbacks.py.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { earlyStopping } from "../../ts/callbacks/earlyStopping.js";
import { reduceLearningRateOnPlateau } from "../../ts/callbacks/learningRate.js";
import type { MonitorMode } from "../../ts/callbacks/monitor.js";
import { FakeModel, run } from "./fake-model.js";

interface Case {
  sequence: string;
  monitor: string;
  mode: MonitorMode;
  options: Record<string, number>;
}

interface Golden {
  sequences: Record<string, (number | null)[]>;
  earlyStopping: (Case & { epochs: number; stopped: boolean; restored: number | null })[];
  reduceLearningRateOnPlateau: (Case & { learningRates: number[] })[];
}

const path = new URL("../fixtures/goldens/callbacks.json", import.meta.url);
const golden = JSON.parse(readFileSync(path, "utf8")) as Golden;

function logsOf({ sequence, monitor }: Case): Record<string, number>[] {
  const values = golden.sequences[sequence] as (number | null)[];
  return values.map((value) => ({ [monitor]: value ?? Number.NaN }));
}

function title({ sequence, monitor, options }: Case): string {
  return `${monitor} ${sequence} ${JSON.stringify(options)}`;
}

describe("earlyStopping does what Keras does", () => {
  test.each(Object.keys(golden.sequences))("%s", async (sequence) => {
    for (const item of golden.earlyStopping.filter((case_) => case_.sequence === sequence)) {
      const { monitor, mode, options } = item;
      const callback = earlyStopping({ monitor, mode, restoreBestWeights: true, ...options });
      const { model, epochs } = await run([callback], logsOf(item));
      expect(
        { epochs, stopped: model.stopTraining, restored: model.restored },
        title(item),
      ).toEqual({ epochs: item.epochs, stopped: item.stopped, restored: item.restored });
      expect(callback.bestEpoch).toBe(item.restored);
    }
  });
});

describe("reduceLearningRateOnPlateau does what Keras does", () => {
  test.each(Object.keys(golden.sequences))("%s", async (sequence) => {
    const cases = golden.reduceLearningRateOnPlateau.filter((item) => item.sequence === sequence);
    for (const item of cases) {
      const { monitor, mode, options } = item;
      const model = new FakeModel();
      const rates: number[] = [];
      const callback = reduceLearningRateOnPlateau({ monitor, mode, ...options });
      const watch = { onEpochEnd: () => void rates.push(model.learningRate) };
      await run([callback, watch], logsOf(item), { model });
      expect(rates.length).toBe(item.learningRates.length);
      rates.forEach((rate, i) => {
        expect(rate, `${title(item)} epoch ${i}`).toBeCloseTo(item.learningRates[i] as number, 14);
      });
    }
  });
});
