// How long a source file, and how heavy the package, may become.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packagedVariants } from "../build/variants.mjs";
import { inRoot } from "../toolchain/paths.mjs";
import { say } from "../toolchain/run.mjs";
import { read, repositoryFiles } from "./repository-files.mjs";

/** @typedef {import("../check.mjs").Check} Check */

const source = /^(?:crates|ts|test|bench|scripts|examples)\/.*\.(?:rs|ts|mts|js|mjs|cjs|py)$/;
const mostLines = 600;
/** The door to WebAssembly must stay thin. */
const fewerLines = new Map([["crates/wasm/src/lib.rs", 299]]);

/** @type {Check} */
export const fileSize = {
  name: "file sizes",
  async find() {
    const paths = (await repositoryFiles()).filter((path) => source.test(path));
    return paths.flatMap((path) => {
      const lines = read(path).trimEnd().split("\n").length;
      const limit = fewerLines.get(path) ?? mostLines;
      return lines > limit ? [`${path}: ${lines} lines, at most ${limit} allowed`] : [];
    });
  },
};

const budget = 200_000;
/** What threads may add to that, all files of theirs together: theirs take the place of others. */
const threadsShare = 0.15;
const threadScripts = ["dist/pool-worker.js"];
const scripts = ["dist/index.js", "dist/worker.js", "dist/inline.js", ...threadScripts];

/** @param {string} path relative to the root */
const gzipped = (path) => gzipSync(readFileSync(inRoot(path)), { level: 9 }).length;

/** @param {number} bytes */
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;

/** Of what one user loads: all JavaScript and the heavier of the WebAssembly files. */
/** @type {Check} */
export const bundleSize = {
  name: "bundle size",
  async find() {
    const wasmFiles = packagedVariants.map((variant) => join("dist", `gradus-${variant}.wasm`));
    const missing = [...scripts, ...wasmFiles].filter((path) => !existsSync(inRoot(path)));
    const isThreads = (/** @type {string} */ path) => path.includes("gradus-threads-");
    if (missing.length > 0) return missing.map((path) => `${path} is missing: build first`);

    const js = gzipped("dist/index.js");
    // Loaded by `fit` in a worker alone.
    const worker = gzipped("dist/worker.js");
    const wasm = Math.max(...wasmFiles.filter((path) => !isThreads(path)).map(gzipped));
    const numbers =
      `${kilobytes(js + wasm)} of ${kilobytes(budget)} gzip ` +
      `(JavaScript ${kilobytes(js)}, WebAssembly ${kilobytes(wasm)})`;
    const inline = gzipped("dist/inline.js");
    const threadsWasm = Math.max(...wasmFiles.filter(isThreads).map(gzipped));
    const threadsJs = threadScripts.map(gzipped).reduce((sum, size) => sum + size, 0);
    const more = threadsWasm + threadsJs - wasm;
    const threads =
      `${kilobytes(more)} of ${kilobytes((js + wasm) * threadsShare)} more with threads ` +
      `(JavaScript ${kilobytes(threadsJs)}, WebAssembly ${kilobytes(threadsWasm)})`;
    say(`check: bundle size ${numbers}; ${threads}`);
    say(`check: in one file ${kilobytes(inline)}; worker ${kilobytes(worker)}`);
    // Base64 costs a third of the engine.
    return [
      ...(js + wasm > budget ? [numbers] : []),
      ...(more > (js + wasm) * threadsShare ? [threads] : []),
      ...(inline > budget * 1.35 ? [`dist/inline.js: ${kilobytes(inline)}`] : []),
    ];
  },
};
