// Role: both presets on MNIST beside a net without any care (sigmoid, glorotUniform, sgd) of the same
// size and depth. Prints what the presets chose, and what each net reaches. What a reader would copy
// is in `settings`.
import { defaultDnn, dense, init, selfNormalizingDnn, sequential, sgd } from "gradus";
import { firstImages } from "../few-labels/rows.mjs";
import { readFlags, Trials } from "../few-labels/trials.mjs";
import { loadMnist } from "../mnist/data.mjs";

const { quick, seeds, json } = readFlags(
  "Presets: deep nets on MNIST, built by defaultDnn and selfNormalizingDnn, beside a naive one.",
  3,
);
const stream = json ? process.stderr : process.stdout;
const say = (/** @type {string} */ text) => stream.write(`${text}\n`);

await init();
const mnist = loadMnist();
const train = firstImages(mnist.train, quick ? 3000 : 10000);
const test = quick ? firstImages(mnist.test, 2000) : mnist.test;
const epochs = quick ? 6 : 10;
const depths = quick ? [8] : [2, 8, 20];
const units = 100;

/**
 * Builds a net of that depth.
 * @typedef {(layers: number, seed: number, print: boolean) => {
 *   model: import("gradus").Model, fitOptions: import("gradus").FitOptions }} Setting
 */

/** @type {(layers: number, seed: number, print: boolean) => import("gradus").SelfNormalizingDnnOptions} */
const shared = (layers, seed, print) => ({
  x: train.images,
  inputShape: [784],
  standardize: "overall",
  hidden: { layers, units },
  classes: 10,
  epochs,
  seed,
  print: print && say,
});

/** @type {Readonly<Record<string, Setting>>} */
const settings = {
  naive(layers, seed) {
    const hidden = Array.from({ length: layers }, () => dense({ units, activation: "sigmoid" }));
    const model = sequential({
      inputShape: [784],
      seed,
      layers: [...hidden, dense({ units: 10, activation: "softmax" })],
    });
    const loss = "sparseCategoricalCrossentropy";
    model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss, metrics: ["accuracy"] });
    return { model, fitOptions: { epochs, batchSize: 32, validationSplit: 0.1 } };
  },
  defaultDnn: (...given) => defaultDnn({ ...shared(...given), optimizer: "adamW" }),
  "defaultDnn, oneCycle": (...given) =>
    defaultDnn({ ...shared(...given), schedule: "oneCycle", epochs }),
  selfNormalizingDnn: (...given) => selfNormalizingDnn(shared(...given)),
};

const trials = new Trials();
for (const layers of depths) {
  for (const seed of seeds) {
    for (const [name, build] of Object.entries(settings)) {
      const { model, fitOptions } = build(layers, seed, seed === seeds[0]);
      await model.fit(train.images, train.labels, fitOptions);
      const { accuracy = 0 } = await model.evaluate(test.images, test.labels, { batchSize: 500 });
      trials.add(layers, name, accuracy);
      model.dispose();
    }
  }
}
say(
  `\nHidden layers of ${units} units, ${train.count} images, ${epochs} epochs; right on ${test.count} others, ` +
    `mean ± standard deviation over ${seeds.length} seeds:\n`,
);
say(trials.table().replace("labels", "layers"));
if (json) process.stdout.write(`${JSON.stringify({ results: trials.results() })}\n`);
