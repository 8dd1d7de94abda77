// npm run compare-optimizers: how fast and how well each optimizer trains, graded beside a
// textbook's grades. The report (Markdown) goes to stdout, progress to stderr.
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { init, runtimeInfo } from "../../dist/index.js";
import { dataSets } from "./data-sets.mjs";
import { grade, meanCurve, rule } from "./grades.mjs";
import { report } from "./report.mjs";
import { subjects } from "./subjects.mjs";
import { factors, train, tune } from "./training.mjs";

const usage = `Trains the same networks with every optimizer and grades them.

  npm run compare-optimizers -- [flags]
  node bench/compare-optimizers/run.mjs [flags]     after npm run build

  --quick           less data, fewer epochs and seeds: under two minutes
  --json FILE       also write settings, rates, curves of the validation loss and grades
  --only A,B        only these optimizers
  --help            shows this
`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const only = flags.only?.split(",");
const chosen = subjects.filter(({ name }) => only?.includes(name) ?? true);
const unknown = only?.find((name) => !subjects.some((subject) => subject.name === name));
if (unknown !== undefined) {
  process.stderr.write(`--only: no optimizer is called "${unknown}".\n${usage}`);
  process.exit(2);
}

const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);

/** Tunes and trains with one optimizer. */
async function measure(set, subject) {
  const tuning = await tune(set, subject);
  const runs = [];
  for (let seed = 1; seed <= set.seeds; seed++) {
    runs.push(await train(set, subject, seed, tuning.learningRate));
  }
  say(`${set.name}: ${subject.name} with ${tuning.learningRate}, tuned from ${tuning.start}`);
  return { name: subject.name, textbook: subject.textbook, tuning, runs };
}

const start = performance.now();
await init();
const sets = [];
for (const make of Object.values(dataSets)) {
  const set = make(flags.quick);
  const measured = [];
  for (const subject of chosen) measured.push(await measure(set, subject));
  const { target, graded } = grade(measured);
  const optimizers = graded.map((each, i) => {
    const { textbook, tuning, runs } = measured[i];
    const { learningRate, ...tuned } = tuning;
    const errors = runs.map(({ error }) => error);
    const curve = meanCurve(runs.map((run) => run.curve)).map(({ loss }) => loss);
    return { ...each, learningRate, textbook, tuning: tuned, errors, curve };
  });
  const { name, title, epochs, batchSize, checks, seeds, errorName, errorScale } = set;
  const settings = { name, title, epochs, batchSize, checks, seeds, errorName, errorScale };
  sets.push({ ...settings, target, optimizers });
}

const [core] = cpus();
const machine =
  `Measured with ${runtimeInfo().build} in Node ${process.versions.node} on ${core?.model.trim() ?? "an unknown CPU"}, ` +
  `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
const minutes = Number(((performance.now() - start) / 60_000).toFixed(1));
const results = { machine, settings: { quick: flags.quick, minutes, factors, rule }, sets };
/** Six digits are plenty, and keep the file short. */
const short = (_, value) =>
  typeof value === "number" && Number.isFinite(value) ? Number(value.toPrecision(6)) : value;
process.stdout.write(`${report(results)}\n`);
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(results, short, 1)}\n`);
