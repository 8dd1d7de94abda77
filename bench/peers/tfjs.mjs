// TensorFlow.js with its WebAssembly and its plain JavaScript backend, one thread each.
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import {
  adam,
  checkedSteps,
  checksum,
  denseWeights,
  trainingBatches,
  uniform,
} from "../inputs.mjs";

const suites = ["gemm", "train", "predict"];

export const subjects = [
  { id: "tfjs-wasm", subject: "tfjs", build: "wasm", threads: 1, place: 30, suites },
  {
    ...{ id: "tfjs-cpu", subject: "tfjs", build: "cpu", threads: 1, place: 31, suites },
    // Around one GFLOP/s: the large cases alone would take longer than all the rest.
    skips: ({ flops }, { quick }) => quick && flops > 2e8,
  },
];

/** @param {string} id */
export async function open(id) {
  const backend = id.replace("tfjs-", "");
  const require = createRequire(import.meta.url);
  const tf = require("@tensorflow/tfjs");
  tf.env().set("PROD", true);
  const notes = [];
  if (backend === "wasm") {
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setThreadsCount(1);
    wasm.setWasmPaths(join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), sep));
    const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
    notes.push(simd ? "SIMD" : "no SIMD");
  }
  await tf.setBackend(backend);
  await tf.ready();
  const kinds = { gemm, train, predict };
  return {
    describe: () => ({ version: tf.version.tfjs, notes }),
    prepare: (/** @type {any} */ work) => kinds[work.kind](tf, work),
  };
}

/** The product stays in the library's memory, as inside a network. */
async function gemm(tf, { m, k, n, transposeA, transposeB }) {
  const a = tf.tensor2d(uniform(m * k, 1), transposeA ? [k, m] : [m, k]);
  const b = tf.tensor2d(uniform(k * n, 2), transposeB ? [n, k] : [k, n]);
  const product = tf.matMul(a, b, transposeA, transposeB);
  const check = { checksum: checksum(await product.data(), m, n) };
  product.dispose();
  return {
    work: () => tf.matMul(a, b, transposeA, transposeB).dispose(),
    check,
    release: () => tf.dispose([a, b]),
  };
}

/** @param {number[]} widths */
function denseNet(tf, widths) {
  const last = widths.length - 2;
  const model = tf.sequential({
    layers: widths.slice(1).map((units, layer) =>
      tf.layers.dense({
        units,
        activation: layer === last ? "softmax" : "relu",
        ...(layer === 0 ? { inputShape: [widths[0]] } : {}),
      }),
    ),
  });
  const weights = denseWeights(widths).flatMap(({ inputs, units, kernel, bias }) => [
    tf.tensor2d(kernel, [inputs, units]),
    tf.tensor1d(bias),
  ]);
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

async function train(tf, { widths, batch }) {
  const model = denseNet(tf, widths);
  const { learningRate, beta1, beta2, epsilon } = adam;
  model.compile({
    optimizer: tf.train.adam(learningRate, beta1, beta2, epsilon),
    loss: "sparseCategoricalCrossentropy",
  });
  const batches = trainingBatches(widths, batch);
  const inputs = batches.inputs.map((x) => tf.tensor2d(x, [batch, widths[0]]));
  const labels = batches.labels.map((y) => tf.tensor2d(Float32Array.from(y), [batch, 1]));
  const losses = [];
  for (let step = 0; step < checkedSteps; step += 1) {
    losses.push(await model.trainOnBatch(inputs[0], labels[0]));
  }
  let at = 0;
  return {
    work: () => {
      at += 1;
      return model.trainOnBatch(inputs[at % inputs.length], labels[at % labels.length]);
    },
    check: { losses },
    release: () => tf.dispose([inputs, labels, model]),
  };
}

async function predict(tf, { widths, rows }) {
  const model = denseNet(tf, widths);
  const x = uniform(rows * widths[0], 200, 0, 1);
  const work = () =>
    tf.tidy(() => model.predictOnBatch(tf.tensor2d(x, [rows, widths[0]])).dataSync());
  const probabilities = work();
  return {
    work,
    check: {
      checksum: checksum(probabilities, rows, widths[widths.length - 1]),
      sum: probabilities.reduce((sum, p) => sum + p, 0),
    },
    release: () => model.dispose(),
  };
}
