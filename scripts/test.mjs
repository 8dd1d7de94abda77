// The whole test suite, as `npm test` and continuous integration run it:
// build, static checks, cargo test, vitest. The last line of stdout is the sum.
// With --quick: no static checks, no slow tests.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { buildTs } from "./build-ts.mjs";
import { buildWasm } from "./build-wasm.mjs";
import { runChecks } from "./check.mjs";
import { inTools, npmTool, tools } from "./toolchain/paths.mjs";
import { capture, Failure, say } from "./toolchain/run.mjs";

/** @typedef {{ passed: number, failed: number }} Count */

const quick = process.argv.includes("--quick");

/** @returns {Promise<Count>} */
async function build() {
  await buildWasm();
  await buildTs();
  return { passed: 1, failed: 0 };
}

/**
 * @param {string[]} args
 * @returns {Promise<Count>}
 */
async function cargoTest(args) {
  const { code, output } = await capture("cargo", ["test", "--no-fail-fast", ...args], {
    echo: true,
  });
  const count = { passed: 0, failed: 0 };
  for (const match of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)) {
    count.passed += Number(match[1]);
    count.failed += Number(match[2]);
  }
  // It did not compile, or died before it could count.
  if (code !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

/**
 * @typedef {{ status: string, assertionResults: { status: string }[] }} TestFile
 * @returns {Promise<Count>}
 */
async function vitest() {
  mkdirSync(tools, { recursive: true });
  const report = inTools("vitest.json");
  rmSync(report, { force: true });
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  if (quick) args.push("--project", "quick");
  const { code } = await capture(npmTool("vitest"), args, { echo: true });
  const count = { passed: 0, failed: 0 };
  /** @type {TestFile[]} */
  const files = JSON.parse(readFileSync(report, "utf8")).testResults;
  for (const { status, assertionResults } of files) {
    const failed = assertionResults.filter((test) => test.status === "failed").length;
    count.passed += assertionResults.filter((test) => test.status === "passed").length;
    // A file that could not even be loaded has no tests to fail.
    count.failed += status === "failed" && failed === 0 ? 1 : failed;
  }
  if (code !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

/** @type {[string, () => Promise<Count>][]} */
const runners = quick
  ? [
      ["build", build],
      ["cargo test", () => cargoTest(["--package", "gradus-kernels", "--package", "gradus-core"])],
      ["vitest", vitest],
    ]
  : [
      ["build", build],
      ["checks", runChecks],
      ["cargo test", () => cargoTest(["--workspace"])],
      ["vitest", vitest],
    ];

const total = { passed: 0, failed: 0 };
/** @type {string[]} */
const summary = [];
for (const [name, runner] of runners) {
  /** @type {Count} */
  let count;
  try {
    count = await runner();
  } catch (error) {
    say(
      `${name}: ${error instanceof Failure ? error.message : /** @type {Error} */ (error).stack}`,
    );
    count = { passed: 0, failed: 1 };
  }
  // A runner that finds nothing to run is broken, not successful.
  const ran = count.passed + count.failed > 0;
  if (!ran) count.failed = 1;
  summary.push(
    `${name}: ${count.passed} passed, ${count.failed} failed${ran ? "" : " (no tests)"}`,
  );
  total.passed += count.passed;
  total.failed += count.failed;
}
process.stdout.write(`${summary.join("\n")}\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
