// What the optimizers are compared on: data in three parts (to train, to tune and stop by, to
// test), a network, and how long it is trained.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { dense, sequential } from "../../dist/index.js";
import { loadMnist } from "../../examples/mnist/data.mjs";

/**
 * @typedef {{ x: Float32Array, y: Float32Array | Uint8Array }} Rows
 * @typedef {object} DataSet
 * @property {string} name
 * @property {string} title
 * @property {Rows} train
 * @property {Rows} validation
 * @property {Rows} test
 * @property {(seed: number) => import("../../dist/index.js").Model} network
 * @property {string} loss
 * @property {string} metric what tells the quality, with the loss
 * @property {(logs: Record<string, number>) => number} error the error that quality is graded by
 * @property {string} errorName
 * @property {number} errorScale what it is printed times
 * @property {number} epochs
 * @property {number} batchSize
 * @property {number} checks how often in an epoch the validation loss is taken
 * @property {number} seeds
 * @property {number} tuningSeeds
 */

/**
 * Rows from the front: to train with, then to validate with.
 * @param {boolean} quick
 * @returns {DataSet}
 */
function mnist(quick) {
  const { train, test } = loadMnist();
  const [rows, held] = quick ? [3_000, 1_000] : [10_000, 2_000];
  const part = (from, to) => ({
    x: train.images.subarray(from * 784, to * 784),
    y: train.labels.subarray(from, to),
  });
  return {
    name: "mnist",
    title: `MNIST, the first ${rows} images, 784-100-10 with ReLU`,
    train: part(0, rows),
    validation: part(rows, rows + held),
    test: { x: test.images, y: test.labels },
    network: (seed) =>
      sequential({
        inputShape: [784],
        seed,
        layers: [
          dense({ units: 100, activation: "relu", kernelInitializer: "heNormal" }),
          dense({ units: 10, activation: "softmax" }),
        ],
      }),
    loss: "sparseCategoricalCrossentropy",
    metric: "accuracy",
    error: ({ accuracy }) => 1 - accuracy,
    errorName: "test images read wrong, %",
    errorScale: 100,
    epochs: quick ? 5 : 10,
    batchSize: 64,
    checks: 4,
    seeds: quick ? 2 : 5,
    tuningSeeds: 1,
  };
}

/** The tensors of a packed safetensors file of test/fixtures/data. */
function readData(name) {
  const url = new URL(`../../test/fixtures/data/${name}.safetensors.gz`, import.meta.url);
  const file = gunzipSync(readFileSync(url));
  const size = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + size));
  return (key) => {
    const [from, to] = header[key].data_offsets;
    const bytes = new Uint8Array(file.subarray(8 + size + from, 8 + size + to));
    return header[key].dtype === "F32" ? new Float32Array(bytes.buffer) : bytes;
  };
}

/**
 * Columns with mean 0 and deviation 1 over the rows to train with: returns what does the same to
 * other rows.
 */
function standardizer(rows, width) {
  const count = rows.length / width;
  const columns = Array.from({ length: width }, (_, column) => {
    const values = Array.from({ length: count }, (_, row) => rows[row * width + column]);
    const mean = values.reduce((a, b) => a + b, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    return { mean, deviation: Math.sqrt(variance) };
  });
  return (other) =>
    other.map((value, i) => (value - columns[i % width].mean) / columns[i % width].deviation);
}

/**
 * The rows marked for testing; of the others every fifth to validate with.
 * @param {boolean} quick
 * @returns {DataSet}
 */
function diabetes(quick) {
  const tensor = readData("diabetes");
  const [features, progress, isTest] = ["features", "progress", "isTest"].map(tensor);
  const places = [...isTest.keys()];
  const free = places.filter((row) => isTest[row] === 0);
  const take = (rows) => ({
    x: Float32Array.from(rows.flatMap((row) => [...features.subarray(10 * row, 10 * row + 10)])),
    y: Float32Array.from(rows, (row) => progress[row]),
  });
  const raw = {
    train: take(free.filter((_, i) => i % 5 !== 0)),
    validation: take(free.filter((_, i) => i % 5 === 0)),
    test: take(places.filter((row) => isTest[row] === 1)),
  };
  const [scaleX, scaleY] = [standardizer(raw.train.x, 10), standardizer(raw.train.y, 1)];
  const scaled = ({ x, y }) => ({ x: scaleX(x), y: scaleY(y) });
  return {
    name: "diabetes",
    title: `scikit-learn's diabetes, ${raw.train.y.length} rows, 10-32-1 with ReLU, standardised`,
    train: scaled(raw.train),
    validation: scaled(raw.validation),
    test: scaled(raw.test),
    network: (seed) =>
      sequential({
        inputShape: [10],
        seed,
        layers: [
          dense({ units: 32, activation: "relu", kernelInitializer: "heNormal" }),
          dense({ units: 1 }),
        ],
      }),
    loss: "meanSquaredError",
    metric: "mse",
    error: ({ loss }) => loss,
    errorName: "test error (squared, of variance 1)",
    errorScale: 1,
    epochs: quick ? 40 : 100,
    batchSize: 32,
    checks: 1,
    seeds: quick ? 4 : 20,
    tuningSeeds: quick ? 1 : 5,
  };
}

/** By name. */
export const dataSets = { mnist, diabetes };
