// Role: the demo. Trains 784-300-100-10 on MNIST, tests it, and shows what it can
// and cannot read. What a reader would copy is in the first half.
import { createHash } from "node:crypto";
import {
  adamW,
  dense,
  init,
  lambdaCallback,
  oneCycle,
  progressBar,
  runtimeInfo,
  sequential,
} from "gradus";
import { loadMnist } from "./data.mjs";
import { readOptions } from "./options.mjs";
import { reportResults } from "./report.mjs";

const { epochs, seed, validation, json } = readOptions();
const stream = json ? process.stderr : process.stdout;
const say = (text) => stream.write(`${text}\n`);

await init();
const { train, test } = loadMnist();
const { build, threads } = runtimeInfo();
say(
  `gradus with ${build}, ${threads === 1 ? "1 thread" : `${threads} threads`}, Node ${process.version}`,
);
say(`Training 784-300-100-10 on ${train.count} images, seed ${seed}`);

const batchSize = 64;
const totalSteps = epochs * Math.ceil(train.count / batchSize);

const model = sequential({
  inputShape: [784],
  seed,
  layers: [
    dense({ units: 300, activation: "relu", kernelInitializer: "heNormal" }),
    dense({ units: 100, activation: "relu", kernelInitializer: "heNormal" }),
    dense({ units: 10, activation: "softmax" }),
  ],
});
model.compile({
  optimizer: adamW({ learningRate: oneCycle({ maxLearningRate: 3e-3, totalSteps }) }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});

// The time of training alone, without validation.
let seconds = 0;
let started = 0;
const startClock = () => {
  started = performance.now();
};
const stopClock = () => {
  if (started > 0) seconds += (performance.now() - started) / 1000;
  started = 0;
};
const clock = lambdaCallback({
  onEpochBegin: startClock,
  onTestBegin: stopClock,
  onEpochEnd: stopClock,
});

await model.fit(train.images, train.labels, {
  epochs,
  batchSize,
  callbacks: [clock, progressBar({ stream })],
  ...(validation ? { validationData: [test.images, test.labels], validationBatchSize: 500 } : {}),
});

const { loss, accuracy } = await model.evaluate(test.images, test.labels, { batchSize: 500 });
const probabilities = await model.predict(test.images, { batchSize: 500 });
say(reportResults(test, probabilities.data, { loss, accuracy, stream }));

if (json) {
  const hash = createHash("sha256");
  const weights = Object.entries(model.getWeights()).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, { data }] of weights) hash.update(data);
  const report = {
    testAccuracy: accuracy,
    testLoss: loss,
    epochs,
    secondsPerEpoch: seconds / epochs,
    samplesPerSecond: (train.count * epochs) / seconds,
    seed,
    weightsSha256: hash.digest("hex"),
    build: runtimeInfo(),
    node: process.version,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
