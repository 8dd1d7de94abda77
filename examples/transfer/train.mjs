// Role: transfer learning. A network that knows the digits 0 to 7 learns to tell 8 from 9 with a
// handful of labels, against the same network from scratch. What a reader would copy is in `settings`.
import { adam, dense, freeze, gradualUnfreezing, init, model, sequential, unfreeze } from "gradus";
import { firstImages, imagesOf, sample } from "../few-labels/rows.mjs";
import { readFlags, Trials } from "../few-labels/trials.mjs";
import { loadMnist } from "../mnist/data.mjs";

const { quick, seeds, json } = readFlags(
  "Transfer learning: MNIST's 0 to 7 with many labels, then 8 and 9 with few.",
  5,
);
const stream = json ? process.stderr : process.stdout;
const say = (text) => stream.write(`${text}\n`);

await init();
const mnist = loadMnist();
const known = imagesOf(mnist.train, [0, 1, 2, 3, 4, 5, 6, 7]);
const base = quick ? firstImages(known, 6000) : known;
const [pool, test] = [mnist.train, mnist.test].map((digits) => {
  const { labels, ...rest } = imagesOf(digits, [8, 9]);
  return { ...rest, labels: labels.map((digit) => digit - 8) };
});
const labelCounts = quick ? [20] : [4, 10, 20, 50, 100, 500];

const hidden = () => [
  dense({ units: 256, activation: "relu", kernelInitializer: "heNormal" }),
  dense({ units: 128, activation: "relu", kernelInitializer: "heNormal" }),
];
const compileOptions = {
  optimizer: adam({ learningRate: 1e-3 }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
};

/** The same layers behind a new head; they are shared, not copied. */
function withNewHead(trained, seed) {
  const head = dense({ units: 2, activation: "softmax", name: "eightOrNine" });
  return model({ inputs: trained.inputs, outputs: head(trained.outputOf("dense_1")), seed });
}

/** Ways to learn from few rows; each gives the trained model. */
const settings = {
  async "from scratch"(few, run, { seed }) {
    const layers = [...hidden(), dense({ units: 2, activation: "softmax" })];
    const net = sequential({ inputShape: [784], layers, seed });
    net.compile(compileOptions);
    await net.fit(few.images, few.labels, run);
    return net;
  },
  async "frozen, new head"(few, run, { trained, seed }) {
    const net = withNewHead(trained, seed);
    freeze(net, { to: "eightOrNine" });
    net.compile(compileOptions);
    await net.fit(few.images, few.labels, run);
    return net;
  },
  async "unfrozen gradually"(few, run, { trained, seed }) {
    const net = withNewHead(trained, seed);
    const epochsPerGroup = Math.floor(run.epochs / 3);
    // Each layer learns 2.6 times as fast as the one below it.
    const stages = { compile: compileOptions, epochsPerGroup, rateDivisor: 2.6 };
    await gradualUnfreezing(net, few.images, few.labels, { ...run, ...stages });
    return net;
  },
};

const trials = new Trials();
for (const seed of seeds) {
  const trained = sequential({
    inputShape: [784],
    layers: [...hidden(), dense({ units: 8, activation: "softmax" })],
    seed,
  });
  trained.compile(compileOptions);
  const { history } = await trained.fit(base.images, base.labels, {
    epochs: 3,
    batchSize: 128,
  });
  const accuracy = (100 * (history.accuracy?.at(-1) ?? 0)).toFixed(1);
  say(`seed ${seed}: learnt 0 to 7 from ${base.count} images, ${accuracy} % right`);
  const weights = trained.getWeights();
  for (const labels of labelCounts) {
    const few = sample(pool, labels, seed);
    // As many steps for all: about 400, or 20 epochs.
    const run = {
      epochs: quick ? 30 : Math.max(20, Math.ceil(400 / Math.ceil(labels / 16))),
      batchSize: 16,
    };
    for (const [name, train] of Object.entries(settings)) {
      const net = await train(few, run, { trained, seed });
      const result = await net.evaluate(test.images, test.labels, { batchSize: 500 });
      trials.add(labels, name, result.accuracy);
      net.dispose();
      // The layers were shared: bring back what they knew.
      trained.setWeights(weights);
      for (const layer of unfreeze(trained)) layer.learningRateMultiplier = 1;
    }
  }
}
say(
  `\nTold 8 from 9 on ${test.count} images, mean ± standard deviation over ${seeds.length} seeds:\n`,
);
say(trials.table());
if (json) process.stdout.write(`${JSON.stringify({ results: trials.results() })}\n`);
