// Role: unsupervised pretraining. Layers learn from MNIST's 60,000 images without labels, as a
// denoising autoencoder, and then digits from few labels; against the same network from scratch.
// What a reader would copy is in `pretrain` and `learnDigits`.
import { adam, dense, init, pretrainAutoencoder, sequential } from "gradus";
import { firstImages, sample } from "../few-labels/rows.mjs";
import { readFlags, Trials } from "../few-labels/trials.mjs";
import { loadMnist } from "../mnist/data.mjs";

const { quick, seeds, json } = readFlags(
  "Unsupervised pretraining: 60,000 images without labels, then 100 to 2,000 with.",
  3,
);
const stream = json ? process.stderr : process.stdout;
const say = (text) => stream.write(`${text}\n`);

await init();
const mnist = loadMnist();
const unlabelled = quick ? firstImages(mnist.train, 6000) : mnist.train;
const { test } = mnist;
const labelCounts = quick ? [100] : [100, 500, 2000];

const hidden = (activation) => [
  dense({ units: 256, activation, kernelInitializer: "glorotUniform" }),
  dense({ units: 128, activation, kernelInitializer: "glorotUniform" }),
];

/** Layers that have seen all images and no label: tied weights, half of the ink hidden. */
async function pretrain(seed) {
  const layers = hidden("sigmoid");
  const { encoder } = await pretrainAutoencoder(layers, unlabelled.images, {
    inputShape: [784],
    tied: true,
    noise: { rate: 0.5 },
    outputActivation: "sigmoid",
    optimizer: adam({ learningRate: 3e-3 }),
    epochs: quick ? 8 : 5,
    batchSize: 128,
    seed,
  });
  return encoder;
}

/** A classifier of these layers and a new head, trained on few rows. */
async function learnDigits(layers, few, epochs, lowerRate, seed) {
  for (const layer of layers) layer.learningRateMultiplier = lowerRate;
  const head = dense({ units: 10, activation: "softmax" });
  const net = sequential({ inputShape: [784], layers: [...layers, head], seed });
  net.compile({
    optimizer: adam({ learningRate: 1e-3 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await net.fit(few.images, few.labels, { epochs, batchSize: 20 });
  return net;
}

const settings = {
  "from scratch, relu": (few, epochs, { seed }) =>
    learnDigits(hidden("relu"), few, epochs, 1, seed),
  "from scratch, sigmoid": (few, epochs, { seed }) =>
    learnDigits(hidden("sigmoid"), few, epochs, 1, seed),
  pretrained: (few, epochs, { encoder, seed }) => learnDigits(encoder.layers, few, epochs, 1, seed),
  "pretrained, lower layers at 1/10": (few, epochs, { encoder, seed }) =>
    learnDigits(encoder.layers, few, epochs, 0.1, seed),
};

const trials = new Trials();
for (const seed of seeds) {
  const start = performance.now();
  const encoder = await pretrain(seed);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  say(`seed ${seed}: pretrained on ${unlabelled.count} images without labels in ${seconds} s`);
  const weights = encoder.getWeights();
  for (const labels of labelCounts) {
    const few = sample(mnist.train, labels, seed);
    const epochs = quick ? 60 : Math.max(20, Math.ceil(600 / Math.ceil(labels / 20)));
    for (const [name, train] of Object.entries(settings)) {
      const net = await train(few, epochs, { encoder, seed });
      const result = await net.evaluate(test.images, test.labels, { batchSize: 500 });
      trials.add(labels, name, result.accuracy);
      net.dispose();
      // The layers are the classifier's, too: bring back what they knew.
      encoder.setWeights(weights);
    }
  }
}
say(
  `\nDigits read on ${test.count} images, mean ± standard deviation over ${seeds.length} seeds:\n`,
);
say(trials.table());
if (json) process.stdout.write(`${JSON.stringify({ results: trials.results() })}\n`);
