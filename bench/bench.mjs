// A whole run: opens the subjects, measures suite by suite, prints and writes the results.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, say } from "../scripts/toolchain/run.mjs";
import { checkComparable, compare, readResults, renderComparison } from "./compare.mjs";
import { describeMachine } from "./machine.mjs";
import { efforts, groupsOf, measureCases } from "./measure.mjs";
import { writeReport } from "./pages.mjs";
import { isPeer, renderSuite, renderTargets } from "./report.mjs";
import { OpenSubject } from "./subjects.mjs";
import { idOf, judge } from "./targets.mjs";

/** @typedef {import("./measure.mjs").Result} Result */

/**
 * @param {object} request
 * @param {boolean} request.quick
 * @param {boolean} request.cpuTime
 * @param {string} [request.json]
 * @param {string} request.report the folder for the report
 * @param {string} [request.compare] results of an earlier run
 * @param {boolean} request.failOnSlower
 * @param {import("./suites.mjs").Suite[]} request.suites
 * @param {any[]} request.subjects
 * @throws Failure when gradus computed something wrong or broke, or nothing could be measured
 */
export async function bench(request) {
  const { quick, cpuTime, json, suites, subjects } = request;
  const effort = quick ? efforts.quick : efforts.full;
  const start = performance.now();
  // Before anything is measured, so that a wrong name costs no time.
  const names = suites.map(({ name }) => name);
  const earlier = request.compare === undefined ? undefined : readEarlier(request.compare, names);
  // What an earlier run left there stays until there is something better.
  const file = json ?? join(request.report, "results.json");
  write(`${file}.part`, []);

  /** @type {Result[]} */
  const results = [];
  /** @type {(import("./measure.mjs").Note & { suite: string })[]} */
  const notes = [];
  const { opened, missing } = await openAll(suites, subjects, { cpuTime });
  const order = [...new Set(opened.map(({ about }) => idOf(about)))];
  const machine = describeMachine(opened, { cpuTime, quick });
  print(`${machine.join("\n")}\n`);
  for (const line of missing) print(`not taking part: ${line}`);
  try {
    for (const suite of suites) {
      const measured = [];
      const noted = [];
      const cases = suite.cases(effort);
      for (const works of groupsOf(cases)) {
        const [first] = works;
        say(`bench: ${suite.name} ${cases.indexOf(first) + 1}/${cases.length}: ${first.name}`);
        const found = await measureCases(suite, works, opened, effort);
        measured.push(...found.results);
        noted.push(...found.notes);
      }
      results.push(...measured);
      notes.push(...noted.map((note) => ({ ...note, suite: suite.name })));
      write(`${file}.part`, results);
      print(renderSuite(suite, measured, noted, order));
    }
  } finally {
    for (const subject of opened) subject.close();
  }
  print(renderTargets(judge(results)));
  const about = suites.map(({ name, title, unit, higherIsBetter }) => ({
    ...{ name, title, unit, higherIsBetter },
  }));
  const run = { date: new Date().toISOString(), machine, missing, order, suites: about, notes };
  renameSync(`${file}.part`, file);
  await finish(request, run, results);
  say(`bench: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  if (results.length === 0) throw new Failure("bench: nothing was measured");
  const slower = earlier ? printComparison(compare(earlier, results)) : 0;
  const broken = notes.filter(({ subject }) => !isPeer(subject));
  if (broken.length > 0) {
    throw new Failure(`bench: gradus failed ${broken.length} times, see NOTE in the tables`);
  }
  failIfSlower(slower, request);
}

/**
 * Makes the report of saved results anew, or compares them with others.
 * @param {{ render: string, compare?: string, failOnSlower: boolean }} request
 */
export async function renderSaved({ render: folder, compare: other, failOnSlower }) {
  const results = readOrFail(join(folder, "results.json"));
  await writeReport(folder, results);
  say(`bench: ${join(folder, "report.md")} and report.html`);
  if (other === undefined) return;
  const suites = [...new Set(results.map(({ suite }) => suite))];
  const earlier = readEarlier(other, suites);
  failIfSlower(printComparison(compare(earlier, results)), { failOnSlower });
}

/**
 * @param {ReturnType<typeof compare>} found
 * @returns how many became slower
 */
function printComparison(found) {
  print(renderComparison(found));
  return found.changes.filter(({ verdict }) => verdict === "slower").length;
}

/** @param {number} slower */
function failIfSlower(slower, { failOnSlower }) {
  if (failOnSlower && slower > 0) throw new Failure(`bench: ${slower} became slower`);
}

async function openAll(suites, subjects, clock) {
  const names = suites.map(({ name }) => name);
  const opened = [];
  const missing = [];
  for (const subject of subjects.filter((one) => one.suites.some((s) => names.includes(s)))) {
    const candidate = new OpenSubject(subject, clock);
    try {
      await candidate.start();
      opened.push(candidate);
    } catch (error) {
      missing.push(`${subject.id}: ${/** @type {Error} */ (error).message}`);
    }
  }
  return { opened, missing };
}

/** Writes the report; one that cannot be written must not cost the results. */
async function finish({ report, json }, run, results) {
  write(join(report, "run.json"), run);
  if (json !== undefined) write(join(report, "results.json"), results);
  await writeReport(report, results);
  say(`bench: ${join(report, "report.md")} and report.html`);
}

/** @param {string} file */
const readOrFail = (file) => orFail(() => readResults(file));

/**
 * Results of an earlier run that have something to do with these suites.
 * @param {string} file
 * @param {string[]} suites
 */
function readEarlier(file, suites) {
  const earlier = readOrFail(file);
  orFail(() => checkComparable(file, earlier, suites));
  return earlier;
}

/**
 * @template T
 * @param {() => T} action
 */
function orFail(action) {
  try {
    return action();
  } catch (error) {
    throw new Failure(`bench: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {string} file
 * @param {unknown} value
 */
function write(file, value) {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(value, rounded, 1)}\n`);
  } catch (error) {
    throw new Failure(`bench: cannot write ${file}: ${/** @type {Error} */ (error).message}`);
  }
}

/** Six digits are more than any clock gives. */
const rounded = (/** @type {string} */ _key, /** @type {unknown} */ value) =>
  typeof value === "number" ? Number(value.toPrecision(6)) : value;

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}
