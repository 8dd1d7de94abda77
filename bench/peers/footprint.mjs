// What libraries cost beside time: how long until the first prediction, how many bytes to load, how
// much memory. Each figure comes from a process of its own (../programs/).
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { denseNetModel } from "./onnxruntime.mjs";

const run = promisify(execFile);
const inBench = (/** @type {string} */ path) =>
  fileURLToPath(new URL(`../${path}`, import.meta.url));
const installed = (/** @type {string} */ path) => inBench(`node_modules/${path}`);
const built = (/** @type {string} */ name) => inBench(`../dist/${name}`);

const tf = "@tensorflow/tfjs/dist/tf.min.js";
const tfWasm = [
  "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
  "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm",
];

/** Its entry and the chunk of its backends, but those for GPUs; the names hold hashes. */
function jaxJs() {
  const folder = installed("@jax-js/jax/dist");
  if (!existsSync(folder)) return [];
  const wanted = /^(index|backend-.*|rolldown-runtime-.*)\.js$/;
  return readdirSync(folder)
    .filter((name) => wanted.test(name))
    .map((name) => join(folder, name));
}

/**
 * What a page loads of each, in its smallest published form, and where it can train.
 * @type {Record<string, { files: string[], trains: boolean, package?: string, place: number }>}
 */
const libraries = {
  "gradus-relaxed": {
    ...{ files: [built("index.js"), built("gradus-relaxed.wasm")], trains: true, place: 0 },
  },
  "gradus-infer": {
    ...{ files: [built("infer.js"), built("gradus-infer-relaxed.wasm")], trains: false, place: 2 },
  },
  "gradus-inline": { files: [built("inline.js")], trains: true, place: 3 },
  "tfjs-wasm": {
    ...{ files: [tf, ...tfWasm].map(installed), trains: true, place: 30 },
    package: "@tensorflow/tfjs",
  },
  "tfjs-cpu": {
    ...{ files: [installed(tf)], trains: true, place: 31 },
    package: "@tensorflow/tfjs",
  },
  "ort-web": {
    files: [
      installed("onnxruntime-web/dist/ort.wasm.min.js"),
      installed("onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
    ],
    ...{ trains: false, place: 32, package: "onnxruntime-web" },
  },
  "ort-node": { files: [], trains: false, place: 33, package: "onnxruntime-node" },
  "jax-js": {
    ...{ files: jaxJs(), trains: true, place: 34 },
    package: "@jax-js/jax",
  },
  "brain.js": {
    ...{ files: [installed("brain.js/dist/browser.js")], trains: true, place: 35 },
    package: "brain.js",
  },
};

/** Whose memory is measured. */
const measured = ["gradus-relaxed", "tfjs-wasm"];

export const subjects = Object.entries(libraries).map(([id, { files, place, trains }]) => {
  const [subject = "", build = ""] = id === "jax-js" ? [id] : id.split("-");
  const suites = ["start", ...(files.length > 0 ? ["size"] : [])];
  return {
    ...{ id, subject, build, threads: 1, place },
    suites: measured.includes(id) ? [...suites, "memory"] : suites,
    skips: ({ kind, trains: wanted }) => kind === "size" && wanted && !trains,
  };
});

/** @param {string} id */
export async function open(id) {
  const { files, package: name } = libraries[id];
  const manifest = name ? installed(`${name}/package.json`) : inBench("../package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  const kinds = {
    start: () => startTime(id),
    size: () => ({ value: () => gzipped(files) }),
    memory: (/** @type {{ what: string }} */ { what }) => ({
      value: () => program(["--expose-gc", inBench("programs/memory.mjs"), id, what]),
    }),
  };
  return {
    describe: () => ({ version }),
    prepare: (/** @type {any} */ work) => kinds[work.kind](work),
  };
}

/** @param {string[]} files */
function gzipped(files) {
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
}

/**
 * What a program prints.
 * @param {string[]} args
 */
async function program(args) {
  const { stdout } = await run(process.execPath, args);
  const value = Number(stdout.trim().split("\n").at(-1));
  if (!Number.isFinite(value)) throw new Error(`printed ${stdout}`);
  return value;
}

/** @param {string} id */
async function startTime(id) {
  const folder = mkdtempSync(join(tmpdir(), "gradus-bench-"));
  const file = join(folder, "model");
  if (id.startsWith("ort")) writeFileSync(file, denseNetModel([784, 300, 100, 10], 1));
  if (id === "gradus-infer") writeFileSync(file, await exported());
  return {
    value: () => program([inBench("programs/first-prediction.mjs"), id, file]),
    release: () => rmSync(folder, { recursive: true }),
  };
}

/** The same net as a file of gradus. */
async function exported() {
  const { dense, exportModel, sequential } = await import(
    new URL("../../dist/index.js", import.meta.url).href
  );
  const layers = [300, 100, 10].map((units, i) =>
    dense({ units, activation: i < 2 ? "relu" : "softmax" }),
  );
  return exportModel(sequential({ inputShape: [784], layers }));
}
