// brain.js, plain JavaScript row by row. It has neither softmax nor cross-entropy: outputs are relu
// as all layers, and it trains on the squared error, with an Adam update after every row.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  adam,
  checkedSteps,
  denseWeights,
  hasExtras,
  predictionCheck,
  trainingBatches,
  uniform,
} from "../inputs.mjs";

export const subjects = [
  {
    ...{ id: "brain.js", subject: "brain.js", build: "", threads: 1, place: 35 },
    suites: ["train", "predict"],
    // Several milliseconds a row: the large cases alone would take longer than all the rest.
    skips: (
      /** @type {any} */ { batch = 1, rows = 1, widths, extras },
      /** @type {any} */ { quick },
    ) => hasExtras({ extras }) || Math.max(batch, rows) * widths[0] > (quick ? 8 : 128) * 784,
  },
];

export function open() {
  const require = createRequire(import.meta.url);
  const { NeuralNetwork } = require("brain.js");
  const { version } = JSON.parse(readFileSync(require.resolve("brain.js/package.json"), "utf8"));
  const kinds = { train, predict };
  return {
    describe: () => ({
      version,
      notes: ["trains on squared error, row by row; softmax of predictions is the benchmark's"],
    }),
    prepare: (/** @type {any} */ work) => kinds[work.kind](NeuralNetwork, work),
  };
}

/**
 * @param {number[]} widths
 * @param {number} raised added to the biases of the output, to keep its relu from cutting
 */
function denseNet(NeuralNetwork, widths, raised) {
  const net = new NeuralNetwork({ activation: "relu" });
  net.sizes = widths;
  net.updateTrainingOptions({ praxis: "adam", ...adam, iterations: 1, errorThresh: 1e-9 });
  net.initialize();
  const layers = denseWeights(widths);
  for (const [index, { inputs, units, kernel, bias }] of layers.entries()) {
    const plus = index === layers.length - 1 ? raised : 0;
    for (let unit = 0; unit < units; unit += 1) {
      net.biases[index + 1][unit] = bias[unit] + plus;
      for (let i = 0; i < inputs; i += 1) {
        net.weights[index + 1][unit][i] = kernel[i * units + unit];
      }
    }
  }
  return net;
}

/** Without it most outputs are cut to zero, where relu passes no gradient back. */
const raisedBias = 0.5;

/** @param {Float32Array} matrix @param {number} width */
const rowsOf = (matrix, width) =>
  Array.from({ length: matrix.length / width }, (_, i) =>
    matrix.subarray(i * width, (i + 1) * width),
  );

function train(NeuralNetwork, { widths, batch }) {
  const net = denseNet(NeuralNetwork, widths, raisedBias);
  const classes = widths[widths.length - 1];
  const batches = trainingBatches(widths, batch);
  const inputs = batches.inputs.map((x) => rowsOf(x, widths[0]));
  const outputs = batches.labels.map((y) =>
    Array.from(y, (label) => Float32Array.from({ length: classes }, (_, i) => +(i === label))),
  );
  const rows = (/** @type {number} */ at) => {
    const labels = outputs[at % outputs.length];
    return inputs[at % inputs.length].map((input, i) => ({ input, output: labels[i] }));
  };
  const errors = [];
  const first = rows(0);
  for (let step = 0; step < checkedSteps; step += 1) errors.push(net.train(first).error);
  // Its losses are no cross-entropies: all it can be held to is that it learns.
  if (!(errors[checkedSteps - 1] < 0.9 * errors[0])) {
    throw new Error(`not measured: it does not learn: squared errors ${errors.join(", ")}`);
  }
  let at = 0;
  return {
    work() {
      at += 1;
      net.train(rows(at));
    },
  };
}

function predict(NeuralNetwork, { widths, rows }) {
  // Softmax does not change when all logits are raised alike, so that relu costs nothing of it.
  const net = denseNet(NeuralNetwork, widths, 100);
  const inputs = rowsOf(uniform(rows * widths[0], 200, 0, 1), widths[0]);
  const classes = widths[widths.length - 1];
  const probabilities = new Float32Array(rows * classes);
  const work = () => {
    for (const [row, input] of inputs.entries()) {
      probabilities.set(softmax(net.run(input)), row * classes);
    }
    return probabilities;
  };
  const found = work();
  return {
    work,
    check: predictionCheck(found, rows),
  };
}

/** @param {ArrayLike<number>} logits */
function softmax(logits) {
  const largest = Math.max(...Array.from(logits));
  const powers = Array.from(logits, (value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
