// Role: the gallery of sick nets. Trains each, shows what the diagnosis says, cures it and shows
// the accuracy before and after. Run it with `node examples/diagnosis/run.mjs`; `--verbose` prints
// the figures of every layer, `--json` one line for programs to read.
import { diagnose, init } from "gradus";
import { loadMnist } from "../mnist/data.mjs";
import { cases } from "./cases.mjs";

const flags = process.argv.slice(2);
const unknown = flags.find((flag) => !["--verbose", "--json"].includes(flag));
if (unknown !== undefined) throw new Error(`Unknown option ${unknown}: --verbose or --json.`);
const verbose = flags.includes("--verbose");
const json = flags.includes("--json");
const say = (/** @type {string} */ text) => json || console.log(text);

const pixels = 784;
const rows = { train: 6000, test: 2000 };
const { train, test } = loadMnist();

/** @param {import("../mnist/data.mjs").Digits} digits */
function first({ images, labels }, /** @type {number} */ count, /** @type {number} */ scale) {
  const x = images.slice(0, count * pixels);
  for (let i = 0; i < x.length; i++) x[i] *= scale;
  return { x, y: labels.subarray(0, count) };
}

/** @param {import("./cases.mjs").Trial} trial */
async function tryOut({ title, make, inputScale = 1 }) {
  const model = make();
  const doctor = diagnose({ every: 25, print: "never" });
  const data = first(train, rows.train, inputScale);
  await model.fit(data.x, data.y, { epochs: 3, batchSize: 32, callbacks: [doctor] });
  const held = first(test, rows.test, inputScale);
  const { accuracy = 0 } = await model.evaluate(held.x, held.y, { batchSize: 500 });
  const { report } = doctor;
  if (!report) throw new Error("no step was measured");
  model.dispose();
  const text = String(doctor);
  say(verbose ? text : text.slice(text.indexOf("Verdict")));
  say(`Accuracy on ${rows.test} test images: ${(100 * accuracy).toFixed(1)} %\n`);
  return { title, accuracy, findings: report.findings.map(({ sickness }) => sickness) };
}

await init();
const results = [];
for (const [i, { sicknesses, sick, cures }] of cases.entries()) {
  say(`${i + 1}. ${sick.title}\n${"=".repeat(sick.title.length + 3)}`);
  const result = { sicknesses, sick: await tryOut(sick), cures: [] };
  for (const cure of cures) {
    say(`Cure: ${cure.title}`);
    result.cures.push(await tryOut(cure));
  }
  results.push(result);
}
if (json) console.log(JSON.stringify(results));
