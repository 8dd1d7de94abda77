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

/** For everything of the library together; what one program loads of it is less (see the test
 * test/package/tree-shaking.test.ts). */
const wholeBudget = 200_000;
/** What threads may add to that, all files of theirs together: theirs take the place of others. */
const threadsShare = 0.15;
const threadScripts = ["dist/pool-worker.js"];

/** What one user loads: JavaScript, and the heavier of the WebAssembly files without threads. */
const loads = [
  {
    name: "gradus",
    script: "dist/index.js",
    wasm: wasmOf(/^(relaxed|strict)$/),
    budget: wholeBudget,
  },
  { name: "gradus/infer", script: "dist/infer.js", wasm: wasmOf(/^infer-/), budget: 60_000 },
];
const threadsWasm = wasmOf(/^threads-/);
const others = ["dist/worker.js", "dist/inline.js", "dist/infer-edge.js", ...threadScripts];

/** @param {RegExp} names of variants */
function wasmOf(names) {
  return packagedVariants
    .filter((variant) => names.test(variant))
    .map((variant) => join("dist", `gradus-${variant}.wasm`));
}

/** @param {string} path relative to the root */
const gzipped = (path) => gzipSync(readFileSync(inRoot(path)), { level: 9 }).length;

/** @param {number} bytes */
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;

/** @param {number[]} sizes */
const sum = (sizes) => sizes.reduce((total, size) => total + size, 0);

/** @type {Check} */
export const bundleSize = {
  name: "bundle size",
  async find() {
    const needed = [...loads.flatMap(({ script, wasm }) => [script, ...wasm]), ...threadsWasm];
    const missing = [...needed, ...others].filter((path) => !existsSync(inRoot(path)));
    if (missing.length > 0) return missing.map((path) => `${path} is missing: build first`);

    const heaviest = (/** @type {string[]} */ wasm) => Math.max(...wasm.map(gzipped));
    const tooLarge = loads.flatMap(({ name, script, wasm, budget }) => {
      const [js, engine] = [gzipped(script), heaviest(wasm)];
      const numbers =
        `${name}: ${kilobytes(js + engine)} of ${kilobytes(budget)} gzip ` +
        `(JavaScript ${kilobytes(js)}, WebAssembly ${kilobytes(engine)})`;
      say(`check: bundle size, ${numbers}`);
      return js + engine > budget ? [numbers] : [];
    });

    const [{ script, wasm }] = /** @type {[typeof loads[number]]} */ (loads);
    const replaced = heaviest(wasm);
    const most = (gzipped(script) + replaced) * threadsShare;
    const [threadsJs, threads] = [sum(threadScripts.map(gzipped)), heaviest(threadsWasm)];
    const more = threads + threadsJs - replaced;
    const moreText =
      `${kilobytes(more)} of ${kilobytes(most)} more with threads ` +
      `(JavaScript ${kilobytes(threadsJs)}, WebAssembly ${kilobytes(threads)})`;
    const inline = gzipped("dist/inline.js");
    // Loaded by `fit` in a worker alone.
    const worker = gzipped("dist/worker.js");
    say(`check: bundle size, ${moreText}`);
    say(`check: bundle size, in one file ${kilobytes(inline)}; worker ${kilobytes(worker)}`);
    // Base64 costs a third of the engine.
    return [
      ...tooLarge,
      ...(more > most ? [moreText] : []),
      ...(inline > wholeBudget * 1.35 ? [`dist/inline.js: ${kilobytes(inline)}`] : []),
    ];
  },
};
