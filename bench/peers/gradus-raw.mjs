// The engine of gradus without its TypeScript: whole programs as a floor for what the public API
// may cost, and products, which gradus.mjs offers under its own name. Also the limit: multiply-adds in registers, in the same build.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import {
  adam,
  checkedSteps,
  checksum,
  denseWeights,
  hasExtras,
  predictionCheck,
  trainingBatches,
  uniform,
} from "../inputs.mjs";
import { GraphWriter } from "../wire.mjs";
import { copy, elementwise, optimizer } from "./gradus-parts.mjs";

const builds = ["relaxed", "strict"];

/** Numbers of threads whose speed is compared; 1 is the build without threads. */
const threadCounts = [1, 2, 4, 8].filter((count) => count <= Math.max(2, availableParallelism()));

/** What only the public API builds; and in a quick run the strict build. */
const skipsOf =
  (build) =>
  (work, { quick }) =>
    hasExtras(work) || (quick && build === "strict");

export const subjects = [
  ...builds.map((build, i) => ({
    ...{ id: `engine-${build}`, subject: "engine", build, threads: 1 },
    ...{ place: 10 + i },
    suites: ["train", "predict", "fit", ...(build === "relaxed" ? ["scaling"] : [])],
    skips: skipsOf(build),
  })),
  ...builds.map((build, i) => ({
    skips: skipsOf(build),
    ...{ id: `limit-${build}`, subject: "limit", build, threads: 1 },
    ...{ place: 90 + i, suites: ["gemm", "elementwise"] },
  })),
  ...builds.flatMap((build, i) =>
    threadCounts.map((threads) => ({
      ...{ id: `threads-${build}-${threads}`, subject: `${threads} threads`, build, threads },
      ...{
        place: 20 + 10 * i + threads,
        suites: build === "relaxed" && threads === 2 ? ["threads", "scaling"] : ["threads"],
      },
      skips: skipsOf(build),
    })),
  ),
];

/** @param {string} id */
export async function open(id) {
  const [subject, build, threads = "1"] = id.split("-");
  const raw = await load(build, Number(threads));
  const { version } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  const kinds =
    subject === "limit"
      ? { gemm: limit, elementwise: copy }
      : { gemm, train, predict, fit, elementwise, optimizer };
  return {
    describe: () => ({ version }),
    prepare: (/** @type {any} */ work) => kinds[work.kind](raw, work),
  };
}

/**
 * @param {string} build
 * @param {number} threads
 */
async function load(build, threads = 1) {
  const name = threads > 1 ? `threads-${build}` : build;
  const folder = new URL(`../../build/wasm/${name}/`, import.meta.url);
  const { initSync, Engine } = await import(new URL("gradus_wasm.js", folder).href);
  const module = new WebAssembly.Module(readFileSync(new URL("gradus_wasm_bg.wasm", folder)));
  const { memory } = initSync({ module });
  const file = new URL("../../dist/pool-worker.js", import.meta.url);
  const starting = Array.from({ length: threads - 1 }, () => {
    const worker = new Worker(file);
    worker.postMessage({ module, memory });
    worker.unref();
    return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  });
  await Promise.all(starting);
  const engine = new Engine();
  return {
    engine,
    /** @param {number} address */
    floats: (address, length) => new Float32Array(memory.buffer, address, length),
    /** @param {number} address */
    integers: (address, length) => new Int32Array(memory.buffer, address, length),
  };
}

/** Arithmetic of one call, chosen to last around 100 microseconds. */
const limitIterations = 10_000;

function limit({ engine }) {
  return {
    work: () => engine.multiplyAddLimit(limitIterations),
    flops: limitIterations * engine.multiplyAddFlops(),
  };
}

function gemm({ engine, floats }, { m, k, n, transposeA, transposeB }) {
  const graph = new GraphWriter();
  const a = graph.input("a", "float32", transposeA ? [k, m] : [m, k]);
  const b = graph.input("b", "float32", transposeB ? [n, k] : [k, n]);
  graph.output("c", graph.matMul(a, b, transposeA, transposeB));
  const program = engine.compile(graph.finish(), 1);
  const run = () => engine.run(program, 1, 1, 0, 0, 0, 0);
  floats(engine.inputPtr(program, graph.inputs.indexOf("a")), m * k).set(uniform(m * k, 1));
  floats(engine.inputPtr(program, graph.inputs.indexOf("b")), k * n).set(uniform(k * n, 2));
  run();
  return {
    work: run,
    check: { checksum: checksum(floats(engine.outputPtr(program, 0), m * n), m, n) },
    release: () => engine.freeProgram(program),
  };
}

/** Variables with the starting weights. */
function makeWeights({ engine, floats }, widths) {
  const variable = (/** @type {number[]} */ dims, /** @type {Float32Array} */ values) => {
    const id = engine.createVariable(Uint32Array.from(dims));
    floats(engine.variablePtr(id), values.length).set(values);
    return { id, dims };
  };
  return denseWeights(widths).map(({ inputs, units, kernel, bias }) => ({
    kernel: variable([inputs, units], kernel),
    bias: variable([units], bias),
  }));
}

/**
 * @param {GraphWriter} graph
 * @param {number} x
 */
function logits(graph, x, weights) {
  return weights.reduce((value, { kernel, bias }, layer) => {
    const product = graph.matMul(value, graph.variable(kernel.id));
    const sum = graph.binary("add", product, graph.variable(bias.id));
    return layer < weights.length - 1 ? graph.unary("relu", sum) : sum;
  }, x);
}

const perRow = (/** @type {number[]} */ ...rest) => [{ batch: 1 }, ...rest];

function train(raw, { widths, batch }) {
  const { engine, floats, integers } = raw;
  const weights = makeWeights(raw, widths);
  const graph = new GraphWriter();
  const x = graph.input("x", "float32", perRow(widths[0]));
  const y = graph.input("y", "int32", perRow());
  const losses = graph.sparseCrossEntropy(logits(graph, x, weights), y);
  const loss = graph.mean(losses);
  const learningRate = graph.input("learningRate", "float32", []);
  graph.output("loss", loss);
  const slots = (/** @type {{ dims: number[] }} */ { dims }) =>
    ["momentum", "velocity"].map(() => engine.createVariable(Uint32Array.from(dims)));
  const trainables = weights.flatMap(({ kernel, bias }) =>
    [kernel, bias].map((variable) => ({ id: variable.id, slots: slots(variable) })),
  );
  graph.train({
    ...{ loss, learningRate, trainables, rule: "adam" },
    hyperparameters: [adam.beta1, adam.beta2, adam.epsilon],
  });
  const program = engine.compile(graph.finish(), batch);
  floats(engine.inputPtr(program, graph.inputs.indexOf("learningRate")), 1)[0] = adam.learningRate;

  const batches = trainingBatches(widths, batch);
  let steps = 0;
  const step = (/** @type {Float32Array} */ inputs, /** @type {Int32Array} */ labels) => {
    steps += 1;
    floats(engine.inputPtr(program, graph.inputs.indexOf("x")), inputs.length).set(inputs);
    integers(engine.inputPtr(program, graph.inputs.indexOf("y")), labels.length).set(labels);
    engine.run(program, batch, steps, 0, 0, 0, 0);
    return floats(engine.outputPtr(program, 0), 1)[0];
  };
  const first = Array.from({ length: checkedSteps }, () =>
    step(batches.inputs[0], batches.labels[0]),
  );
  return {
    work: () =>
      step(
        batches.inputs[steps % batches.inputs.length],
        batches.labels[steps % batches.labels.length],
      ),
    check: { losses: first },
    release() {
      engine.freeProgram(program);
      for (const { id, slots } of trainables)
        for (const v of [id, ...slots]) engine.freeVariable(v);
    },
  };
}

function predict(raw, { widths, rows }) {
  const { engine, floats } = raw;
  const weights = makeWeights(raw, widths);
  const graph = new GraphWriter();
  const x = graph.input("x", "float32", perRow(widths[0]));
  graph.output("probabilities", graph.softmax(logits(graph, x, weights)));
  const program = engine.compile(graph.finish(), rows);
  const input = uniform(rows * widths[0], 200, 0, 1);
  const classes = widths[widths.length - 1];
  const work = () => {
    floats(engine.inputPtr(program, graph.inputs.indexOf("x")), input.length).set(input);
    engine.run(program, rows, 1, 0, 0, 0, 0);
    return floats(engine.outputPtr(program, 0), rows * classes).slice();
  };
  const found = work();
  return {
    work,
    check: predictionCheck(found, rows),
    release() {
      engine.freeProgram(program);
      for (const { kernel, bias } of weights) {
        for (const { id } of [kernel, bias]) engine.freeVariable(id);
      }
    },
  };
}

/** The bare steps of an epoch of fit, and the bare predictions of its validation. */
function fit(raw, { widths, rows, validationRows, batch }) {
  const step = train(raw, { widths, batch });
  const look = predict(raw, { widths, rows: batch });
  return {
    work() {
      for (let row = 0; row < rows; row += batch) step.work();
      for (let row = 0; row < validationRows; row += batch) look.work();
    },
    release() {
      step.release();
      look.release();
    },
  };
}
