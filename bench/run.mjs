// npm run bench: gradus and its peers on the same work, in turns. Tables go to stdout, progress
// to stderr. This file reads the command line and finds the runtime; it measures nothing.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { main } from "../scripts/toolchain/run.mjs";
import { enterRuntime } from "./runtime.mjs";
import { allSubjects } from "./subjects.mjs";
import { allSuites } from "./suites.mjs";

const options = /** @type {const} */ ({
  quick: { type: "boolean", default: false },
  json: { type: "string" },
  report: { type: "string" },
  render: { type: "string" },
  compare: { type: "string" },
  "fail-on-slower": { type: "boolean", default: false },
  suite: { type: "string" },
  subject: { type: "string" },
  "cpu-time": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});

class UsageError extends Error {}

/** Git ignores it. */
const defaultReport = fileURLToPath(new URL("results/local", import.meta.url));

/**
 * @param {string | undefined} list comma-separated
 * @param {string} option
 * @param {Map<string, string[]>} known a name and what it stands for
 */
function choose(list, option, known) {
  if (list === undefined) return undefined;
  const names = list.split(",").map((name) => name.trim());
  return names.flatMap((name) => {
    const found = known.get(name);
    if (found) return found;
    const all = [...known.keys()].join(", ");
    throw new UsageError(`--${option}: unknown name "${name}"; known: ${all}`);
  });
}

/** @param {string[]} args */
async function read(args) {
  let values;
  try {
    values = parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
  for (const name of /** @type {const} */ (["json", "report", "render", "compare"])) {
    if (values[name] === "") throw new UsageError(`--${name}: the name is missing`);
  }
  if (values["fail-on-slower"] && values.compare === undefined) {
    throw new UsageError("--fail-on-slower: there is nothing to --compare with");
  }
  const suites = await allSuites();
  const subjects = await allSubjects();
  /** Both "tfjs" and "tfjs-wasm". */
  const subjectNames = new Map(subjects.map(({ id }) => [id, [id]]));
  for (const { subject, id } of subjects) {
    if (subject !== id) subjectNames.set(subject, [...(subjectNames.get(subject) ?? []), id]);
  }
  const suiteNames = new Map(suites.map(({ name }) => [name, [name]]));
  const wantedSuites = choose(values.suite, "suite", suiteNames);
  const wantedSubjects = choose(values.subject, "subject", subjectNames);
  return {
    quick: values.quick,
    cpuTime: values["cpu-time"],
    json: values.json,
    report: values.report ?? defaultReport,
    render: values.render,
    compare: values.compare,
    failOnSlower: values["fail-on-slower"],
    help: values.help,
    suites: suites.filter(({ name }) => wantedSuites?.includes(name) ?? true),
    subjects: subjects.filter(({ id }) => wantedSubjects?.includes(id) ?? true),
  };
}

async function help() {
  const suites = (await allSuites()).map(({ name, title }) => `  ${name.padEnd(16)}${title}`);
  const subjects = (await allSubjects()).map(
    ({ id, suites: names }) => `  ${id.padEnd(16)}${names.join(", ")}`,
  );
  return `Measures gradus beside its peers: the same work, taking turns, in one run.

npm run bench -- [options]

  --quick           fewer cases and samples: under three minutes
  --json FILE       where the samples go, an array of
                    { suite, case, subject, build, threads, median, unit, samples };
                    otherwise results.json beside the report
  --report FOLDER   where report.md, report.html and run.json (the machine, the versions) go;
                    otherwise bench/results/local
  --render FOLDER   measure nothing: write the report of the results in that folder anew
  --compare FILE    say what became slower or faster since those results
  --fail-on-slower  and end with an error where something became slower
  --suite A,B       only these suites
  --subject A,B     only these subjects
  --cpu-time        count the processor time of the working thread: for busy machines
  --help            this text

Suites
${suites.join("\n")}

Subjects and their suites
${subjects.join("\n")}

All JavaScript runs in Node 24, which bench/ brings along on Linux x64. PyTorch takes part where
python3, .venv/bin/python or the Python named by GRADUS_BENCH_PYTHON has it.
`;
}

await main(async () => {
  let request;
  try {
    request = await read(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`bench: ${error.message}\nnode bench/run.mjs --help shows the options.\n`);
    process.exitCode = 2;
    return;
  }
  if (request.help) {
    process.stdout.write(await help());
    return;
  }
  const finished = await enterRuntime(process.argv);
  if (finished !== undefined) {
    process.exitCode = finished;
    return;
  }
  const { bench, renderSaved } = await import("./bench.mjs");
  if (request.render === undefined) await bench(request);
  else await renderSaved({ ...request, render: request.render });
});
