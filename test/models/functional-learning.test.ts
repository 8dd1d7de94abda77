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
