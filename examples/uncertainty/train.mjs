// Role: a network that knows what it does not know. Trained on MNIST with dropout, it predicts with
// Monte-Carlo dropout; its uncertainty tells digits from images that are none. What a reader would
// copy is the model and the call of mcPredict.
import { adam, dense, dropout, init, mcPredict, sequential } from "gradus";
import { firstImages } from "../few-labels/rows.mjs";
import { moments, readFlags } from "../few-labels/trials.mjs";
import { loadMnist } from "../mnist/data.mjs";
import { showsBlocks } from "../mnist/picture.mjs";
import { auroc, calibrationError, histogram, keptAccuracy, mean } from "./figures.mjs";
import { noiseKinds, strangeImages } from "./images.mjs";

const { quick, seeds, json } = readFlags(
  "Monte-Carlo dropout: what a network for MNIST's digits makes of images that are no digits.",
  3,
);
const stream = json ? process.stderr : process.stdout;
const say = (text) => stream.write(`${text}\n`);
const blocks = showsBlocks(stream);

await init();
const mnist = loadMnist();
const train = quick ? firstImages(mnist.train, 10_000) : mnist.train;
const test = firstImages(mnist.test, quick ? 1000 : 5000);
const known = firstImages(mnist.test, quick ? 500 : 1000);
const samples = quick ? 30 : 50;
const batchSize = 64;

const results = [];
for (const seed of seeds) {
  const model = sequential({
    inputShape: [784],
    seed,
    layers: [
      dense({ units: 300, activation: "relu", kernelInitializer: "heNormal" }),
      dropout({ rate: 0.5 }),
      dense({ units: 100, activation: "relu", kernelInitializer: "heNormal" }),
      dropout({ rate: 0.5 }),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
  model.compile({
    optimizer: adam({ learningRate: 1e-3 }),
    loss: "sparseCategoricalCrossentropy",
  });
  await model.fit(train.images, train.labels, {
    epochs: quick ? 6 : 3,
    batchSize: quick ? 64 : 128,
  });

  const plain = (await model.predict(test.images, { batchSize: 500 })).data;
  const digits = await mcPredict(model, test.images, { samples, batchSize });
  const entropy = digits.predictiveEntropy.data;
  const kept = (share) => keptAccuracy(digits.mean.data, test.labels, entropy, share);
  const result = {
    seed,
    accuracy: { plain: keptAccuracy(plain, test.labels, entropy, 0), refused0: kept(0) },
    kept: { refused10: kept(0.1), refused20: kept(0.2) },
    calibrationError: {
      plain: calibrationError(plain, test.labels),
      monteCarlo: calibrationError(digits.mean.data, test.labels),
    },
    entropy: mean(entropy),
    kinds: [],
  };
  const histograms = [["digits", entropy]];
  for (const [kind, images] of strangeImages(known, seed)) {
    const { predictiveEntropy, mutualInformation } = await mcPredict(model, images, {
      samples,
      batchSize,
    });
    histograms.push([kind, predictiveEntropy.data]);
    result.kinds.push({
      kind,
      isNoise: noiseKinds.includes(kind),
      entropy: mean(predictiveEntropy.data),
      aurocEntropy: auroc(entropy, predictiveEntropy.data),
      aurocInformation: auroc(digits.mutualInformation.data, mutualInformation.data),
    });
  }
  results.push(result);
  say(`seed ${seed}: predictive entropy from 0 to ln 10 = 2.3 nats`);
  for (const [kind, values] of histograms) {
    say(`  ${kind.padEnd(16)} │${histogram(values, Math.log(10), blocks)}│`);
  }
}

/** A figure over the seeds: mean ± standard deviation. */
function over(of, digits = 3, scale = 1) {
  const values = moments(results.map((result) => scale * of(result)));
  return `${values.mean.toFixed(digits)} ± ${values.spread.toFixed(digits)}`;
}

const percent = (of) => `${over(of, 2, 100)} %`;
say(`\nMean ± standard deviation over ${seeds.length} seeds, ${samples} samples an image:\n`);
say("images            entropy        AUROC entropy    AUROC mutual information");
say(`${"digits".padEnd(16)}  ${over((r) => r.entropy)}`);
for (const [i, { kind }] of results[0].kinds.entries()) {
  const row = [
    over((r) => r.kinds[i].entropy),
    over((r) => r.kinds[i].aurocEntropy).padEnd(15),
    over((r) => r.kinds[i].aurocInformation),
  ];
  say(`${kind.padEnd(16)}  ${row.join("  ")}`);
}
say(`\naccuracy on ${test.count} digits   ${percent((r) => r.accuracy.refused0)}`);
say(`  without dropout          ${percent((r) => r.accuracy.plain)}`);
say(`  10 % refused             ${percent((r) => r.kept.refused10)}`);
say(`  20 % refused             ${percent((r) => r.kept.refused20)}`);
say(`calibration error          ${percent((r) => r.calibrationError.monteCarlo)}`);
say(`  without dropout          ${percent((r) => r.calibrationError.plain)}`);
if (json) process.stdout.write(`${JSON.stringify({ results })}\n`);
