// A whole run: opens the subjects, measures suite by suite, prints and writes the results.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Failure, say } from "../scripts/toolchain/run.mjs";
import { describeMachine } from "./machine.mjs";
import { efforts, measureCase } from "./measure.mjs";
import { isPeer, renderSuite, renderTargets } from "./report.mjs";
import { OpenSubject } from "./subjects.mjs";
import { judge } from "./targets.mjs";

/** @typedef {import("./measure.mjs").Result} Result */

/**
 * @param {object} request
 * @param {boolean} request.quick
 * @param {boolean} request.cpuTime
 * @param {string} [request.json]
 * @param {import("./suites.mjs").Suite[]} request.suites
 * @param {any[]} request.subjects
 * @throws Failure when gradus computed something wrong or broke, or nothing could be measured
 */
export async function bench({ quick, cpuTime, json, suites, subjects }) {
  const effort = quick ? efforts.quick : efforts.full;
  const start = performance.now();
  /** @type {Result[]} */
  const results = [];
  /** @type {import("./measure.mjs").Note[]} */
  const broken = [];
  // Before anything is measured, so that a wrong name costs no time.
  if (json !== undefined) write(json, results);

  const names = suites.map(({ name }) => name);
  const opened = [];
  try {
    const missing = [];
    for (const subject of subjects.filter((one) => one.suites.some((s) => names.includes(s)))) {
      const candidate = new OpenSubject(subject, { cpuTime });
      try {
        await candidate.start();
        opened.push(candidate);
      } catch (error) {
        missing.push(`${subject.id}: ${/** @type {Error} */ (error).message}`);
      }
    }
    print(`${describeMachine(opened, { cpuTime }).join("\n")}\n`);
    for (const line of missing) print(`not taking part: ${line}`);

    for (const suite of suites) {
      const notes = [];
      const measured = [];
      const cases = suite.cases(effort);
      for (const [index, work] of cases.entries()) {
        say(`bench: ${suite.name} ${index + 1}/${cases.length}: ${work.name}`);
        const found = await measureCase(suite, work, opened, effort);
        measured.push(...found.results);
        notes.push(...found.notes);
        broken.push(...found.notes.filter(({ subject }) => !isPeer(subject)));
      }
      results.push(...measured);
      if (json !== undefined) write(json, results);
      const order = [...new Set(opened.map(({ about }) => about.id))];
      print(renderSuite(suite, measured, notes, order));
    }
  } finally {
    for (const subject of opened) subject.close();
  }
  print(renderTargets(judge(results)));
  say(`bench: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  if (results.length === 0) throw new Failure("bench: nothing was measured");
  if (broken.length > 0) {
    throw new Failure(`bench: gradus failed ${broken.length} times, see NOTE in the tables`);
  }
}

/**
 * @param {string} file
 * @param {Result[]} results
 */
function write(file, results) {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  } catch (error) {
    throw new Failure(`bench: cannot write ${file}: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}
