// TensorFlow.js with its WebAssembly and its plain JavaScript backend, one thread each.
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import {
  adam,
  checkedEpochs,
  checkedSteps,
  checksum,
  denseWeights,
  fitData,
  predictionCheck,
  trainingBatches,
  uniform,
} from "../inputs.mjs";
import { comparedSteps, decaySteps, firstSize, rate, vanishedSize } from "../suites/optimizer.mjs";

const suites = ["gemm", "elementwise", "optimizer", "train", "predict", "fit", "scaling"];

/** Functions and rules that it has, by their names here. */
const functions = {
  relu: (tf, x) => tf.relu(x),
  leakyRelu: (tf, x) => tf.leakyRelu(x, 0.2),
  relu6: (tf, x) => tf.relu6(x),
  sigmoid: (tf, x) => tf.sigmoid(x),
  tanh: (tf, x) => tf.tanh(x),
  exponential: (tf, x) => tf.exp(x),
  elu: (tf, x) => tf.elu(x),
  selu: (tf, x) => tf.selu(x),
  softplus: (tf, x) => tf.softplus(x),
  add: (tf, x, y) => tf.add(x, y),
  multiply: (tf, x, y) => tf.mul(x, y),
};
const rules = {
  sgd: (tf) => tf.train.sgd(rate),
  momentum: (tf) => tf.train.momentum(rate, 0.9),
  adam: (tf) => tf.train.adam(rate, 0.9, 0.999, 1e-7),
  adamax: (tf) => tf.train.adamax(rate, 0.9, 0.999, 1e-7),
  adagrad: (tf) => tf.train.adagrad(rate, 0.1),
  rmsprop: (tf) => tf.train.rmsprop(rate, 0.9, 0, 1e-7),
};

const skips = (work, effort, slow) =>
  // Seconds a step, or gigabytes.
  (work.series && (slow || effort.quick || work.parameters > 3e6 || work.flops > 1e9)) ||
  // It has neither.
  work.extras?.globalClipNorm !== undefined ||
  work.extras?.weightDecay !== undefined ||
  (work.kind === "elementwise" && (work.backward || !(work.op in functions))) ||
  (work.kind === "optimizer" && !(work.rule in rules)) ||
  (slow && (work.kind === "fit" || (effort.quick && work.flops > 2e7)));

export const subjects = [
  {
    ...{ id: "tfjs-wasm", subject: "tfjs", build: "wasm", threads: 1, place: 30, suites },
    skips: (work, effort) => skips(work, effort, false),
  },
  {
    ...{ id: "tfjs-cpu", subject: "tfjs", build: "cpu", threads: 1, place: 31, suites },
    // Around one GFLOP/s: the large cases alone would take longer than all the rest.
    skips: (work, effort) => skips(work, effort, true),
  },
];

/**
 * The library on one thread.
 * @param {string} backend "wasm" or "cpu"
 */
export async function load(backend) {
  const require = createRequire(import.meta.url);
  const tf = require("@tensorflow/tfjs");
  if (backend === "wasm") {
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setThreadsCount(1);
    wasm.setWasmPaths(join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), sep));
  }
  await tf.setBackend(backend);
  await tf.ready();
  return tf;
}

/** @param {string} id */
export async function open(id) {
  const backend = id.replace("tfjs-", "");
  const tf = await load(backend);
  tf.env().set("PROD", true);
  const notes = [];
  if (backend === "wasm") {
    const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
    notes.push(simd ? "SIMD" : "no SIMD");
  }
  const kinds = { gemm, elementwise, optimizer, train, predict, fit };
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

async function elementwise(tf, { op, count, reach }) {
  const x = tf.tensor1d(uniform(count, 5, -reach, reach));
  const y = tf.tensor1d(uniform(count, 6, -reach, reach));
  const f = functions[op];
  const result = f(tf, x, y);
  const check = { checksum: checksum(await result.data(), 1, count) };
  result.dispose();
  return { work: () => f(tf, x, y).dispose(), check, release: () => tf.dispose([x, y]) };
}

async function optimizer(tf, { rule, vanished, count }) {
  const w = tf.variable(tf.tensor1d(uniform(count, 7)), true, `w${rule}${vanished}`);
  const update = rules[rule](tf);
  const g = uniform(count, 8);
  let gradient = tf.tensor1d(g.map((value) => value * (vanished ? firstSize : 1)));
  const work = () => tf.tidy(() => update.applyGradients({ [w.name]: gradient }));
  for (let step = 0; step < (vanished ? 1 : comparedSteps); step += 1) work();
  const check = { checksum: checksum(await w.data(), 1, count) };
  if (vanished) {
    gradient.dispose();
    gradient = tf.tensor1d(g.map((value) => value * vanishedSize));
    for (let step = 0; step < decaySteps; step += 1) work();
  }
  return {
    work,
    check,
    release() {
      update.dispose();
      tf.dispose([w, gradient]);
    },
  };
}

/**
 * @param {number[]} widths
 * @param {import("../suites/train.mjs").Extras} [extras]
 */
function denseNet(tf, widths, extras = {}) {
  const last = widths.length - 2;
  const { normalized, dropout } = extras;
  const layersOf = (/** @type {number} */ units, /** @type {number} */ layer) => {
    const isLast = layer === last;
    const activation = isLast ? "softmax" : normalized ? "linear" : "relu";
    const dense = tf.layers.dense({
      ...{ units, activation },
      ...(layer === 0 ? { inputShape: [widths[0]] } : {}),
    });
    if (isLast) return [dense];
    return [
      dense,
      ...(normalized ? [tf.layers.batchNormalization(), tf.layers.elu()] : []),
      ...(dropout ? [tf.layers.dropout({ rate: dropout })] : []),
    ];
  };
  const model = tf.sequential({ layers: widths.slice(1).flatMap(layersOf) });
  if (normalized) return model;
  const weights = denseWeights(widths).flatMap(({ inputs, units, kernel, bias }) => [
    tf.tensor2d(kernel, [inputs, units]),
    tf.tensor1d(bias),
  ]);
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

async function train(tf, { widths, batch, extras }) {
  const model = denseNet(tf, widths, extras);
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

async function fit(tf, work) {
  const model = denseNet(tf, work.widths);
  const { learningRate, beta1, beta2, epsilon } = adam;
  model.compile({
    optimizer: tf.train.adam(learningRate, beta1, beta2, epsilon),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const data = fitData(work);
  const [{ x, y }, validation] = [data.training, data.validation].map((part) => ({
    x: tf.tensor2d(part.x, [part.count, work.widths[0]]),
    y: tf.tensor2d(Float32Array.from(part.y), [part.count, 1]),
  }));
  let batches = 0;
  const onBatchEnd = () => {
    batches += 1;
  };
  const epoch = () =>
    model.fit(x, y, {
      ...{ epochs: 1, batchSize: work.batch, shuffle: true, verbose: 0, yieldEvery: "never" },
      validationData: [validation.x, validation.y],
      callbacks: { onBatchEnd },
    });
  const losses = [];
  for (let i = 0; i < checkedEpochs; i += 1) losses.push((await epoch()).history.loss[0]);
  if (batches === 0) throw new Error("the callback was not called");
  return {
    work: epoch,
    check: { losses },
    release: () => tf.dispose([x, y, validation.x, validation.y, model]),
  };
}

async function predict(tf, { widths, rows, extras }) {
  const model = denseNet(tf, widths, extras);
  const x = uniform(rows * widths[0], 200, 0, 1);
  const work = () =>
    tf.tidy(() => model.predictOnBatch(tf.tensor2d(x, [rows, widths[0]])).dataSync());
  const probabilities = work();
  return {
    work,
    check: predictionCheck(probabilities, rows),
    release: () => model.dispose(),
  };
}
