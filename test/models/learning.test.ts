// Learning as learning: small nets on real data reach the accuracy of the same nets in Keras.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { adam, dense, sequential } from "../../ts/index.js";
import { readData } from "../fixtures/golden.js";

interface Learned {
  layers: [number, number, number];
  optimizer: { learningRate: number };
  batchSize: number;
  epochs: number;
  inputScale: number;
  testRows: number;
  last: { testLoss: Band; testAccuracy: Band };
}

interface Band {
  min: number;
  max: number;
}

const goldens = new URL("../fixtures/goldens/learning.json", import.meta.url);
const learned = JSON.parse(readFileSync(goldens, "utf8")) as Record<"iris" | "digits", Learned>;

/** Rows and labels of the wanted part: those marked isTest, or the others. */
function part(name: "iris" | "digits", test: boolean, scale: number): [number[][], number[]] {
  const tensor = readData(name);
  const { data, shape } = tensor(name === "iris" ? "features" : "images");
  const width = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const isTest = tensor("isTest").data;
  const rows: number[][] = [];
  const labels: number[] = [];
  tensor("labels").data.forEach((label, row) => {
    if ((isTest[row] === 1) !== test) return;
    rows.push(Array.from(data.slice(row * width, (row + 1) * width), (v) => v * scale));
    labels.push(label);
  });
  return [rows, labels];
}

describe.each(["iris", "digits"] as const)("learning %s", (name) => {
  const { layers, optimizer, batchSize, epochs, inputScale, testRows, last } = learned[name];
  const [inputs, hidden, classes] = layers;
  const [x, y] = part(name, false, inputScale);
  const [xTest, yTest] = part(name, true, inputScale);

  it.each([1, 2, 3])("lies in Keras' band with seed %i", async (seed) => {
    const model = sequential({
      inputShape: [inputs],
      seed,
      layers: [
        dense({ units: hidden, activation: "relu", kernelInitializer: "heNormal" }),
        dense({ units: classes, activation: "softmax" }),
      ],
    });
    model.compile({
      optimizer: adam({ learningRate: optimizer.learningRate }),
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
    await model.fit(x, y, { epochs, batchSize });
    const { loss, accuracy } = await model.evaluate(xTest, yTest);
    // Another seed may err on a few rows more or less.
    const rows = 3 / testRows;
    expect(accuracy).toBeGreaterThanOrEqual(last.testAccuracy.min - rows);
    expect(accuracy).toBeLessThanOrEqual(last.testAccuracy.max + rows);
    expect(loss).toBeGreaterThan(last.testLoss.min / 2);
    expect(loss).toBeLessThan(last.testLoss.max * 1.5);
  });
});
