// brain.js in plain JavaScript. It computes something else: the same activation in every layer, the
// last one too, squared errors, and an update after every row; so there is nothing to check its
// results against, and a step counts as `batch` of its updates.
import { createRequire } from "node:module";
import { adam, inputSets, trainingBatches, uniform } from "../inputs.mjs";

export const subjects = [
  {
    ...{ id: "brain.js", subject: "brain.js", build: "", threads: 1, place: 35 },
    suites: ["train", "predict"],
    // A step of 512 rows takes it seconds.
    skips: ({ kind, batch, rows, widths, extras = {} }, { quick }) =>
      Object.keys(extras).length > 0 ||
      (kind === "train" && batch * widths[0] > (quick ? 4000 : 32 * 784)) ||
      (kind === "predict" && rows > 32),
  },
];

export async function open() {
  const require = createRequire(import.meta.url);
  const { NeuralNetwork } = require("brain.js");
  const { version } = require("brain.js/package.json");
  const kinds = { train, predict };
  return {
    describe: () => ({ version, notes: ["one activation throughout, squared errors, row by row"] }),
    prepare: (/** @type {any} */ work) => kinds[work.kind](NeuralNetwork, work),
  };
}

/** @param {number[]} widths */
function makeNet(NeuralNetwork, widths) {
  const options = { activation: "relu", praxis: "adam", ...adam };
  const net = new NeuralNetwork({ hiddenLayers: widths.slice(1, -1), ...options });
  net.sizes = widths;
  net.initialize();
  return net;
}

function train(NeuralNetwork, { widths, batch }) {
  const net = makeNet(NeuralNetwork, widths);
  const { inputs, labels } = trainingBatches(widths, batch);
  const classes = widths[widths.length - 1];
  const targets = Array.from({ length: classes }, (_, label) =>
    Float32Array.from({ length: classes }, (_, i) => Number(i === label)),
  );
  const rows = inputs.map((x) =>
    Array.from({ length: batch }, (_, r) => x.subarray(r * widths[0], (r + 1) * widths[0])),
  );
  let at = 0;
  return {
    work() {
      at += 1;
      const y = labels[at % labels.length];
      for (const [r, row] of rows[at % inputSets].entries()) {
        net.trainPattern({ input: row, output: targets[y[r]] });
      }
    },
  };
}

function predict(NeuralNetwork, { widths, rows: count }) {
  const net = makeNet(NeuralNetwork, widths);
  const x = uniform(count * widths[0], 200, 0, 1);
  const rows = Array.from({ length: count }, (_, r) =>
    x.subarray(r * widths[0], (r + 1) * widths[0]),
  );
  return { work: () => rows.map((row) => net.run(row)) };
}
