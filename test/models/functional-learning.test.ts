// Functional models that learn from real data.
import { expect, it } from "vitest";
import { adam, add, dense, input, type LayerTensor, model } from "../../ts/index.js";
import { readData } from "../fixtures/golden.js";

const tensor = readData("digits");
const isTest = tensor("isTest").data;

/** Images from 0 to 1 and labels of the rows marked isTest, or of the others. */
function part(test: boolean): [Float32Array[], Uint8Array] {
  const chosen = [...isTest.keys()].filter((row) => (isTest[row] === 1) === test);
  const pixels = Float32Array.from(tensor("images").data, (value) => value / 16);
  const labels = tensor("labels").data;
  return [
    chosen.map((row) => pixels.subarray(64 * row, 64 * row + 64)),
    Uint8Array.from(chosen, (row) => labels[row] as number),
  ];
}

const [train, test] = [part(false), part(true)];

/** He et al. 2015: what is learnt is the difference to the identity. */
function residualBlock(x: LayerTensor, units: number): LayerTensor {
  const hidden = dense({ units, activation: "relu", kernelInitializer: "heNormal" })(x);
  return add()([x, dense({ units, kernelInitializer: "heNormal" })(hidden)]);
}

it("residual blocks learn digits", async () => {
  const inputs = input({ shape: [64] });
  const blocks = residualBlock(residualBlock(dense({ units: 32 })(inputs), 32), 32);
  const outputs = dense({ units: 10, activation: "softmax" })(blocks);
  const net = model({ inputs, outputs, seed: 1 });
  net.compile({
    optimizer: adam({ learningRate: 3e-3 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await net.fit(...train, { epochs: 10 });
  expect((await net.evaluate(...test)).accuracy).toBeGreaterThan(0.9);
});

it("two heads learn two things at once", async () => {
  const inputs = input({ shape: [64] });
  const hidden = dense({ units: 32, activation: "relu", kernelInitializer: "heNormal" })(inputs);
  const digit = dense({ units: 10, activation: "softmax" })(hidden);
  const odd = dense({ units: 1, activation: "sigmoid" })(hidden);
  const net = model({ inputs, outputs: { digit, odd }, seed: 1 });
  net.compile({
    optimizer: adam({ learningRate: 3e-3 }),
    loss: { digit: "sparseCategoricalCrossentropy", odd: "binaryCrossentropy" },
    lossWeights: { odd: 0.5 },
    metrics: { digit: "accuracy", odd: "binaryAccuracy" },
  });
  const [[x, labels], [xTest, labelsTest]] = [train, test];
  const targets = (list: Uint8Array) => ({ digit: list, odd: list.map((label) => label % 2) });
  const { history } = await net.fit(x, targets(labels), { epochs: 15 });
  expect(Object.keys(history)).toEqual([
    "loss",
    "digitLoss",
    "oddLoss",
    "digitAccuracy",
    "oddBinaryAccuracy",
  ]);
  const logs = await net.evaluate(xTest, targets(labelsTest));
  expect(logs.digitAccuracy).toBeGreaterThan(0.93);
  expect(logs.oddBinaryAccuracy).toBeGreaterThan(0.93);
});
