// A program as a user would write it: load a library, build a net, predict one row. Prints the
// milliseconds from its first line: node first-prediction.mjs ID [model file].
const start = performance.now();
const [id = "", file = ""] = process.argv.slice(2);
const widths = [784, 300, 100, 10];
const row = new Float32Array(widths[0]).fill(0.5);

async function gradus(/** @type {string} */ entry) {
  const { dense, sequential } = await import(new URL(`../../dist/${entry}`, import.meta.url).href);
  const layers = widths
    .slice(1)
    .map((units, i) => dense({ units, activation: i < 2 ? "relu" : "softmax" }));
  return (await sequential({ inputShape: [widths[0]], layers }).predict([row])).data;
}

async function tfjs(/** @type {"wasm" | "cpu"} */ backend) {
  const { createRequire } = await import("node:module");
  const require = createRequire(import.meta.url);
  const tf = require("@tensorflow/tfjs");
  if (backend === "wasm") {
    const { dirname, join, sep } = await import("node:path");
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setThreadsCount(1);
    wasm.setWasmPaths(join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), sep));
  }
  await tf.setBackend(backend);
  const layers = widths.slice(1).map((units, i) =>
    tf.layers.dense({
      units,
      activation: i < 2 ? "relu" : "softmax",
      ...(i === 0 ? { inputShape: [widths[0]] } : {}),
    }),
  );
  return tf
    .sequential({ layers })
    .predict(tf.tensor2d(row, [1, widths[0]]))
    .data();
}

async function onnxruntime(/** @type {string} */ name) {
  const { createRequire } = await import("node:module");
  const ort = createRequire(import.meta.url)(name);
  const { readFileSync } = await import("node:fs");
  if (name === "onnxruntime-web") ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(file)));
  const x = new ort.Tensor("float32", row, [1, widths[0]]);
  return (await session.run({ x })).probabilities.data;
}

/** @type {Record<string, () => Promise<ArrayLike<number>>>} */
const programs = {
  "gradus-relaxed": () => gradus("index.js"),
  "gradus-inline": () => gradus("inline.js"),
  async "gradus-infer"() {
    const { loadModel } = await import(new URL("../../dist/infer.js", import.meta.url).href);
    return (await (await loadModel(file)).predict([row])).data;
  },
  "tfjs-wasm": () => tfjs("wasm"),
  "tfjs-cpu": () => tfjs("cpu"),
  "ort-web": () => onnxruntime("onnxruntime-web"),
  "ort-node": () => onnxruntime("onnxruntime-node"),
  async "jax-js"() {
    const { init, defaultDevice, nn, numpy: np, random } = await import("@jax-js/jax");
    await init("wasm");
    defaultDevice("wasm");
    let value = np.array(row).reshape([1, widths[0]]);
    for (const [i, units] of widths.slice(1).entries()) {
      const sum = np.matmul(value, random.uniform(random.key(i), [widths[i], units]));
      value = i < 2 ? nn.relu(sum) : nn.softmax(sum, -1);
    }
    return value.data();
  },
  async "brain.js"() {
    const { createRequire } = await import("node:module");
    const { NeuralNetwork } = createRequire(import.meta.url)("brain.js");
    const net = new NeuralNetwork({ hiddenLayers: widths.slice(1, -1), activation: "relu" });
    net.sizes = widths;
    net.initialize();
    return net.run(row);
  },
};

const found = await programs[id]();
const spent = performance.now() - start;
if (found.length !== widths[3]) throw new Error(`${found.length} numbers were predicted`);
process.stdout.write(`${spent}\n`);
process.exit(0);
