// The static checks, each counted as one test: node scripts/check.mjs
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildTs } from "./build-ts.mjs";
import { buildWasm } from "./build-wasm.mjs";
import { forbiddenText } from "./checks/forbidden-text.mjs";
import { optionsDocumented } from "./checks/options-documented.mjs";
import { rustLayers } from "./checks/rust-layers.mjs";
import { clippy, rustfmt } from "./checks/rust-style.mjs";
import { bundleSize, fileSize } from "./checks/sizes.mjs";
import { typescriptLayers } from "./checks/typescript-layers.mjs";
import { biome, docs, types } from "./checks/typescript-style.mjs";
import { Failure, main, say } from "./toolchain/run.mjs";

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {() => Promise<string[]>} find what is wrong; nothing when all is well
 */

/** @type {Check[]} */
const checks = [
  rustfmt,
  clippy,
  types,
  biome,
  docs,
  optionsDocumented,
  rustLayers,
  typescriptLayers,
  fileSize,
  bundleSize,
  forbiddenText,
];

/** @returns {Promise<{ passed: number, failed: number }>} */
export async function runChecks() {
  let failed = 0;
  for (const { name, find } of checks) {
    const problems = await find();
    if (problems.length > 0) failed += 1;
    say(`check: ${name} ${problems.length > 0 ? "FAILED" : "ok"}`);
    for (const problem of problems) say(problem);
  }
  return { passed: checks.length - failed, failed };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(async () => {
    // The types come partly from generated files, and the sizes from dist/.
    await buildWasm();
    await buildTs();
    const { failed } = await runChecks();
    if (failed > 0) throw new Failure(`${failed} of ${checks.length} checks failed`);
  });
}
