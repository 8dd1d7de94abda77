// Both presets learn digits and diabetes as well as the same nets with the same callbacks do in Keras.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultDnn, type PresetTask, selfNormalizingDnn } from "../../ts/index.js";
import { readData } from "../fixtures/golden.js";

interface Band {
  min: number;
  max: number;
}

interface Case {
  preset: "defaultDnn" | "selfNormalizingDnn";
  data: "digits" | "diabetes";
  layers: number;
  units: number;
  optimizer: "nesterov" | "adamW";
  learningRate: number;
  alphaDropout?: number;
  epochs: number;
  testRows: number;
  band: { loss: Band; score: Band };
}

const goldens = new URL("../fixtures/goldens/presets.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(goldens, "utf8")) as { cases: Record<string, Case> };

/** Rows and targets of the wanted part: those marked isTest, or the others. */
function part(name: Case["data"], test: boolean): [Float32Array[], number[]] {
  const tensor = readData(name);
  const features = Float32Array.from(tensor(name === "digits" ? "images" : "features").data);
  const targets = tensor(name === "digits" ? "labels" : "progress").data;
  const isTest = tensor("isTest").data;
  const width = features.length / isTest.length;
  const chosen = [...isTest.keys()].filter((row) => (isTest[row] === 1) === test);
  return [
    chosen.map((row) => features.subarray(width * row, width * row + width)),
    chosen.map((row) => {
      const target = targets[row] as number;
      return name === "digits" ? target : (target - 150) / 75;
    }),
  ];
}

function build(found: Case, x: Float32Array[], seed: number) {
  const { layers, units, alphaDropout, optimizer, epochs } = found;
  const isDigits = found.data === "digits";
  const task: PresetTask = isDigits ? { classes: 10 } : { outputs: 1 };
  const standardize = isDigits ? ("overall" as const) : ("perFeature" as const);
  const shared = { x, standardize, hidden: { layers, units }, epochs, seed, print: false, ...task };
  if (found.preset === "defaultDnn") return defaultDnn({ ...shared, optimizer });
  return selfNormalizingDnn({ ...shared, ...(alphaDropout ? { alphaDropout } : {}) });
}

describe.each(Object.entries(cases))("%s", (_, found) => {
  const [x, y] = part(found.data, false);
  const [xTest, yTest] = part(found.data, true);
  const isDigits = found.data === "digits";
  const score = isDigits ? "accuracy" : "meanAbsoluteError";

  it.each([1, 2])("lies in Keras' band with seed %i", async (seed) => {
    const { model, fitOptions } = build(found, x, seed);
    expect(model.learningRate).toBe(found.learningRate);
    await model.fit(x, y, fitOptions);
    const logs = await model.evaluate(xTest, yTest);
    const { loss, score: scores } = found.band;
    expect(xTest).toHaveLength(found.testRows);
    // Another seed may err on a few rows more or less, or by a tenth.
    const [low, high] = isDigits
      ? [scores.min - 5 / found.testRows, scores.max + 5 / found.testRows]
      : [scores.min * 0.9, scores.max * 1.1];
    expect(logs[score]).toBeGreaterThanOrEqual(low);
    expect(logs[score]).toBeLessThanOrEqual(high);
    expect(logs.loss).toBeGreaterThan(loss.min * (isDigits ? 0.5 : 0.85));
    expect(logs.loss).toBeLessThan(loss.max * (isDigits ? 1.5 : 1.15));
  });
});
