// ONNX Runtime, which only predicts: in WebAssembly and native, on one thread each.
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checksum, denseWeights, hasExtras, predictionCheck, uniform } from "../inputs.mjs";
import { onnxModel } from "../onnx.mjs";

const suites = ["gemm", "predict"];

export const subjects = [
  { id: "ort-web", subject: "ort", build: "web", threads: 1, place: 32, suites, skips: hasExtras },
  {
    id: "ort-node",
    subject: "ort",
    build: "node",
    threads: 1,
    place: 33,
    suites,
    skips: hasExtras,
  },
];

const installed = fileURLToPath(new URL("../node_modules", import.meta.url));

/** @param {string} id */
export async function open(id) {
  const require = createRequire(import.meta.url);
  const name = id === "ort-web" ? "onnxruntime-web" : "onnxruntime-node";
  const ort = require(name);
  if (id === "ort-web") {
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
  }
  const kinds = { gemm, predict };
  return {
    describe: () => ({ version: require(join(installed, name, "package.json")).version }),
    prepare: (/** @type {any} */ work) => kinds[work.kind](ort, id, work),
  };
}

/**
 * @param {string} id
 * @param {Uint8Array} model
 */
function load(ort, id, model) {
  return ort.InferenceSession.create(model, {
    ...(id === "ort-web"
      ? { executionProviders: ["wasm"] }
      : { executionProviders: ["cpu"], intraOpNumThreads: 1, interOpNumThreads: 1 }),
    graphOptimizationLevel: "all",
    executionMode: "sequential",
  });
}

async function gemm(ort, id, { m, k, n, transposeA, transposeB }) {
  const a = transposeA ? [k, m] : [m, k];
  const b = transposeB ? [n, k] : [k, n];
  const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
  const model = onnxModel({
    inputs: { a, b },
    outputs: { c: [m, n] },
    nodes: [{ op: "Gemm", inputs: ["a", "b"], output: "c", attributes }],
  });
  const session = await load(ort, id, model);
  const feeds = {
    a: new ort.Tensor("float32", uniform(m * k, 1), a),
    b: new ort.Tensor("float32", uniform(k * n, 2), b),
  };
  const { c } = await session.run(feeds);
  return {
    work: () => session.run(feeds),
    check: { checksum: checksum(c.data, m, n) },
    release: () => session.release(),
  };
}

/**
 * A dense net with its weights as an ONNX file.
 * @param {number[]} widths
 * @param {number} rows
 */
export function denseNetModel(widths, rows) {
  const nodes = [];
  const weights = {};
  let value = "x";
  const layers = denseWeights(widths);
  for (const [layer, { inputs, units, kernel, bias }] of layers.entries()) {
    weights[`kernel${layer}`] = { dims: [inputs, units], values: kernel };
    weights[`bias${layer}`] = { dims: [units], values: bias };
    const sum = `sum${layer}`;
    nodes.push({ op: "Gemm", inputs: [value, `kernel${layer}`, `bias${layer}`], output: sum });
    const isLast = layer === layers.length - 1;
    value = isLast ? "probabilities" : `relu${layer}`;
    nodes.push(
      isLast
        ? { op: "Softmax", inputs: [sum], output: value, attributes: { axis: 1 } }
        : { op: "Relu", inputs: [sum], output: value },
    );
  }
  return onnxModel({
    ...{ nodes, weights },
    inputs: { x: [rows, widths[0]] },
    outputs: { probabilities: [rows, widths[widths.length - 1]] },
  });
}

async function predict(ort, id, { widths, rows }) {
  const session = await load(ort, id, denseNetModel(widths, rows));
  const x = uniform(rows * widths[0], 200, 0, 1);
  const work = async () => {
    const feeds = { x: new ort.Tensor("float32", x, [rows, widths[0]]) };
    return (await session.run(feeds)).probabilities.data;
  };
  const found = await work();
  return {
    work,
    check: predictionCheck(found, rows),
    release: () => session.release(),
  };
}
