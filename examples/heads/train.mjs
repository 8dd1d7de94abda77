// Role: several heads with weighted losses, then one in their place. A network first learns from
// labels that are not digits (odd, large, round), then digits from few labels. What a reader would
// copy is in `auxiliary` and `settings`.
import { adam, dense, init, input, model } from "gradus";
import { firstImages, sample } from "../few-labels/rows.mjs";
import { readFlags, Trials } from "../few-labels/trials.mjs";
import { loadMnist } from "../mnist/data.mjs";

const { quick, seeds, json } = readFlags(
  "Auxiliary tasks: is the digit odd, is it large, has it a loop? Then: which digit is it?",
  5,
);
const stream = json ? process.stderr : process.stdout;
const say = (text) => stream.write(`${text}\n`);

await init();
const mnist = loadMnist();
const many = quick ? firstImages(mnist.train, 6000) : mnist.train;
const { test } = mnist;
const labelCounts = quick ? [100] : [50, 100, 500, 2000];

/** What the heads say of each digit. */
const answers = {
  odd: (digit) => digit % 2,
  large: (digit) => (digit >= 5 ? 1 : 0),
  loop: (digit) => ([0, 6, 8, 9].includes(digit) ? 1 : 0),
};
const targetsOf = ({ labels }) =>
  Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, labels.map(answer)]));

/** The layers that all heads share, from an input on. */
function trunk(seed) {
  const inputs = input({ shape: [784] });
  const options = { activation: "relu", kernelInitializer: "heNormal" };
  const low = dense({ units: 256, ...options })(inputs);
  return { inputs, features: dense({ units: 128, ...options })(low), seed };
}

/** A network with three heads, trained on all of them at once. */
async function auxiliary(seed) {
  const { inputs, features } = trunk(seed);
  const head = (name) => dense({ units: 1, activation: "sigmoid", name })(features);
  const outputs = { odd: head("odd"), large: head("large"), loop: head("loop") };
  const net = model({ inputs, outputs, seed });
  net.compile({
    optimizer: adam({ learningRate: 1e-3 }),
    loss: "binaryCrossentropy",
    lossWeights: { odd: 1, large: 1, loop: 0.5 },
    metrics: { odd: "accuracy", large: "accuracy", loop: "accuracy" },
  });
  await net.fit(many.images, targetsOf(many), { epochs: quick ? 1 : 3, batchSize: 128 });
  return net;
}

/** A head for digits on features, trained on few rows; lower layers at a rate of their own. */
async function learnDigits({ inputs, features, seed }, few, epochs, lowerRate) {
  const digit = dense({ units: 10, activation: "softmax", name: "digit" })(features);
  const net = model({ inputs, outputs: digit, seed });
  for (const layer of net.layers.slice(0, -1)) layer.learningRateMultiplier = lowerRate;
  net.compile({
    optimizer: adam({ learningRate: 1e-3 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await net.fit(few.images, few.labels, { epochs, batchSize: 20 });
  return net;
}

const settings = {
  "from scratch": (few, epochs, { seed }) => learnDigits(trunk(seed), few, epochs, 1),
  "heads replaced": (few, epochs, { trained, seed }) => {
    const from = { inputs: trained.inputs, features: trained.outputOf("dense_1"), seed };
    return learnDigits(from, few, epochs, 1);
  },
  "heads replaced, lower layers at 1/10": (few, epochs, { trained, seed }) => {
    const from = { inputs: trained.inputs, features: trained.outputOf("dense_1"), seed };
    return learnDigits(from, few, epochs, 0.1);
  },
};

const trials = new Trials();
for (const seed of seeds) {
  const trained = await auxiliary(seed);
  const heads = await trained.evaluate(test.images, targetsOf(test), { batchSize: 500 });
  const percent = (name) => `${name} ${(100 * heads[`${name}Accuracy`]).toFixed(1)} %`;
  say(
    `seed ${seed}: three heads, ${many.count} images: ${Object.keys(answers).map(percent).join(", ")}`,
  );
  const weights = trained.getWeights();
  for (const labels of labelCounts) {
    const few = sample(mnist.train, labels, seed);
    const epochs = quick ? 20 : Math.max(10, Math.ceil(500 / Math.ceil(labels / 20)));
    for (const [name, train] of Object.entries(settings)) {
      const net = await train(few, epochs, { trained, seed });
      const result = await net.evaluate(test.images, test.labels, { batchSize: 500 });
      trials.add(labels, name, result.accuracy);
      net.dispose();
      // The layers are shared: bring back what they knew.
      trained.setWeights(weights);
    }
  }
}
say(
  `\nDigits read on ${test.count} images, mean ± standard deviation over ${seeds.length} seeds:\n`,
);
say(trials.table());
if (json) process.stdout.write(`${JSON.stringify({ results: trials.results() })}\n`);
