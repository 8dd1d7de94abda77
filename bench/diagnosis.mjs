// What diagnose() costs: the same training with it and without, in turns.
//
//   npm run build && node bench/diagnosis.mjs [--rounds N] [--json FILE]
//
// The demo's net on MNIST, one epoch a turn. Times are those of the processor, which other work on
// the machine troubles least; the ratio is that of the fastest turns. Markdown goes to stdout.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { adam, dense, diagnose, init, runtimeInfo, sequential } from "../dist/index.js";
import { loadMnist } from "../examples/mnist/data.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, json: { type: "string" } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds: expected a whole number >= 1, received ${values.rounds}`);
  process.exit(2);
}

await init();
const { train } = loadMnist();

/** @type {Record<string, () => import("../dist/index.js").Callback[]>} */
const subjects = {
  without: () => [],
  "every 50th step": () => [diagnose({ every: 50, print: "never" })],
  "every 10th step": () => [diagnose({ every: 10, print: "never" })],
};
const batchSizes = [32, 128];

/** Milliseconds of processor time of an epoch. */
async function turn(batchSize, callbacks) {
  const model = sequential({
    inputShape: [784],
    seed: 1,
    layers: [
      dense({ units: 300, activation: "relu", kernelInitializer: "heNormal" }),
      dense({ units: 100, activation: "relu", kernelInitializer: "heNormal" }),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy" });
  // Programs are compiled before the clock starts.
  await model.fit(train.images.subarray(0, 784 * 256), train.labels.subarray(0, 256), {
    batchSize,
    callbacks,
  });
  const before = process.cpuUsage();
  await model.fit(train.images, train.labels, { batchSize, callbacks });
  const { user, system } = process.cpuUsage(before);
  model.dispose();
  return (user + system) / 1000;
}

const results = [];
for (const batchSize of batchSizes) {
  const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, callbacks] of Object.entries(subjects)) {
      times[name].push(await turn(batchSize, callbacks()));
    }
  }
  const fastest = Math.min(...times.without);
  for (const [name, samples] of Object.entries(times)) {
    results.push({ batchSize, name, ratio: Math.min(...samples) / fastest, samples });
  }
}

console.log(`# What diagnose() costs

784-300-100-10 on MNIST, one epoch of 60,000 images a turn, ${rounds} turns each, alternating; Node ${process.versions.node}, ${runtimeInfo().build}. Processor time of the fastest turn beside that without.

| batch | diagnose | time |
| --- | --- | --- |
${results.map(({ batchSize, name, ratio }) => `| ${batchSize} | ${name} | ${ratio.toFixed(3)} |`).join("\n")}`);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ rounds, results }, null, 1)}\n`);
