// How good the rates of findLearningRate are: on MNIST, beside a sweep made by hand.
//
//   npm run build && node bench/learning-rate-finder.mjs [--quick] [--json FILE]
//
// For each optimizer and seed the finder suggests a rate for an untrained 784-300-100-10; the net
// is trained with it, and with each rate of a grid, in the same way. Text goes to stdout,
// progress to stderr.
import { writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import {
  adam,
  dense,
  findLearningRate,
  init,
  momentum,
  runtimeInfo,
  sequential,
  sgd,
} from "../dist/index.js";
import { loadMnist } from "../examples/mnist/data.mjs";

/** Optimizers, and the rates that someone would try by hand: 1, 2, 5 times powers of ten. */
const subjects = [
  { name: "sgd", make: sgd, grid: [0.02, 0.05, 0.1, 0.2, 0.5, 1] },
  { name: "momentum", make: momentum, grid: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1] },
  { name: "adam", make: adam, grid: [2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2] },
];

const batchSize = 64;
/** What the suggested rate may lose against the best of the grid, in accuracy. */
const tolerance = 0.005;

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, json: { type: "string" } },
});
const { epochs, seeds, rows } = values.quick
  ? { epochs: 1, seeds: [101], rows: 12_800 }
  : { epochs: 3, seeds: [101, 102, 103], rows: 60_000 };

await init();
const { train, test } = loadMnist();
const images = train.images.subarray(0, rows * 784);
const labels = train.labels.subarray(0, rows);

function network(seed, optimizer) {
  const model = sequential({
    inputShape: [784],
    seed,
    layers: [
      dense({ units: 300, activation: "relu", kernelInitializer: "heNormal" }),
      dense({ units: 100, activation: "relu", kernelInitializer: "heNormal" }),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

async function accuracyWith(make, seed, learningRate) {
  const model = network(seed, make({ learningRate }));
  await model.fit(images, labels, { epochs, batchSize });
  const { accuracy } = await model.evaluate(test.images, test.labels, { batchSize: 500 });
  model.dispose();
  return accuracy;
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const percent = (share) => (100 * share).toFixed(2);
const results = [];

for (const { name, make, grid } of subjects) {
  const runs = [];
  for (const seed of seeds) {
    const untrained = network(seed, make());
    const start = performance.now();
    const sweep = await findLearningRate(untrained, images, labels, { batchSize });
    const seconds = (performance.now() - start) / 1000;
    untrained.dispose();
    const { suggestion } = sweep;
    const suggested = await accuracyWith(make, seed, suggestion);
    const byHand = [];
    for (const rate of grid) byHand.push(await accuracyWith(make, seed, rate));
    runs.push({ seed, suggestion, seconds, suggested, byHand });
    if (seed === seeds[0]) process.stderr.write(`\n${name}\n${sweep}\n`);
    process.stderr.write(`${name}, seed ${seed}: ${suggestion} gives ${percent(suggested)} %\n`);
  }
  const byHand = grid.map((_, i) => mean(runs.map((run) => run.byHand[i])));
  const best = Math.max(...byHand);
  const suggested = mean(runs.map((run) => run.suggested));
  const loss = best - suggested;
  results.push({ name, grid, byHand, best: grid[byHand.indexOf(best)], suggested, loss, runs });
}

const cells = (row) => `| ${row.join(" | ")} |`;
const lines = [
  "# The learning-rate finder on MNIST",
  "",
  `784-300-100-10 on ${rows} images, ${epochs} epochs, batches of ${batchSize}, constant rate; seeds ` +
    `${seeds.join(", ")}. Accuracy in % on the 10,000 test images, the mean over the seeds. The best of ` +
    "the grid is chosen by that same accuracy, which favours the grid.",
  "",
  cells(["optimizer", "suggested rates", "accuracy", "best rate of the grid", "accuracy", "lost"]),
  cells(["---", "---", "---", "---", "---", "---"]),
  ...results.map(({ name, runs, suggested, best, loss }) =>
    cells([
      name,
      runs.map((run) => run.suggestion).join(", "),
      percent(suggested),
      best,
      percent(suggested + loss),
      `${percent(loss)} (${loss <= tolerance ? "within" : "MORE THAN"} ${percent(tolerance)})`,
    ]),
  ),
  "",
  "The grids:",
  "",
  ...results.map(
    ({ name, grid, byHand }) =>
      `- ${name}: ${grid.map((rate, i) => `${rate}: ${percent(byHand[i])}`).join(", ")}`,
  ),
];
process.stdout.write(`${lines.join("\n")}\n`);
if (values.json !== undefined) {
  const settings = { network: "784-300-100-10", rows, epochs, batchSize, seeds, tolerance };
  const build = runtimeInfo().build;
  const text = JSON.stringify({ settings, build, node: process.version, results }, null, 2);
  writeFileSync(values.json, `${text}\n`);
}
// A quick run is too short to judge by.
if (!values.quick && results.some(({ loss }) => loss > tolerance)) process.exitCode = 1;
