// jax-js with its WebAssembly backend: functions compiled by its `jit`, gradients by its `grad`, and an
// Adam written with its arrays, since its own optimizers are no published package.
import { readFileSync } from "node:fs";
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

export const subjects = [
  {
    ...{ id: "jax-js", subject: "jax-js", build: "", threads: 1, place: 34 },
    suites: ["gemm", "train", "predict"],
    skips: hasExtras,
  },
];

export async function open() {
  // It would take threads where memory can be shared; all subjects work on one.
  Object.defineProperty(globalThis, "SharedArrayBuffer", { value: undefined });
  const jax = await import("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const manifest = new URL("../node_modules/@jax-js/jax/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  const kinds = { gemm, train, predict };
  return {
    describe: () => ({ version, notes: ["wasm"] }),
    prepare: (/** @type {any} */ work) => kinds[work.kind](jax, work),
  };
}

async function gemm({ numpy: np, jit }, { m, k, n, transposeA, transposeB }) {
  const a = np.array(uniform(m * k, 1)).reshape(transposeA ? [k, m] : [m, k]);
  const b = np.array(uniform(k * n, 2)).reshape(transposeB ? [n, k] : [k, n]);
  const product = jit((x, y) => {
    const left = transposeA ? np.transpose(x) : x;
    return np.matmul(left, transposeB ? np.transpose(y) : y);
  });
  const work = async () => {
    const c = product(a.ref, b.ref);
    await c.blockUntilReady();
    c.dispose();
  };
  const found = await product(a.ref, b.ref).data();
  return {
    work,
    check: { checksum: checksum(found, m, n) },
    release() {
      a.dispose();
      b.dispose();
    },
  };
}

function makeWeights({ numpy: np }, widths) {
  return denseWeights(widths).map(({ inputs, units, kernel, bias }) => ({
    kernel: np.array(kernel).reshape([inputs, units]),
    bias: np.array(bias),
  }));
}

/** Uses up the weights and x, as all functions of jax-js do. */
function logits({ numpy: np, nn }, weights, x) {
  return weights.reduce((value, { kernel, bias }, layer) => {
    const sum = np.matmul(value, kernel).add(bias);
    return layer < weights.length - 1 ? nn.relu(sum) : sum;
  }, x);
}

const references = (weights) =>
  weights.map(({ kernel, bias }) => ({ kernel: kernel.ref, bias: bias.ref }));

async function predict(jax, { widths, rows }) {
  const { numpy: np, nn, jit } = jax;
  const weights = makeWeights(jax, widths);
  const forward = jit((w, x) => nn.softmax(logits(jax, w, x), -1));
  const x = uniform(rows * widths[0], 200, 0, 1);
  const work = () => forward(references(weights), np.array(x).reshape([rows, widths[0]])).data();
  const found = await work();
  return {
    work,
    check: predictionCheck(found, rows),
    release() {
      for (const { kernel, bias } of weights) for (const one of [kernel, bias]) one.dispose();
    },
  };
}

async function train(jax, { widths, batch }) {
  const { numpy: np, nn, jit, valueAndGrad } = jax;
  const classes = widths[widths.length - 1];
  const loss = (w, x, y) =>
    nn
      .logSoftmax(logits(jax, w, x), -1)
      .mul(y)
      .sum()
      .mul(-1 / batch);
  const { learningRate, beta1, beta2, epsilon } = adam;
  /** Moments decay, and the weight moves; `alpha` is the corrected rate. */
  const update = (w, g, m, v, alpha) => {
    const mean = m.mul(beta1).add(g.ref.mul(1 - beta1));
    const square = v.mul(beta2).add(np.square(g).mul(1 - beta2));
    const moved = w.sub(mean.ref.mul(alpha).div(np.sqrt(square.ref).add(epsilon)));
    return { w: moved, m: mean, v: square };
  };
  const names = ["kernel", "bias"];
  const step = jit((w, m, v, x, y, alpha) => {
    const [value, g] = valueAndGrad(loss)(
      w.map((layer) => ({ kernel: layer.kernel.ref, bias: layer.bias.ref })),
      x,
      y,
    );
    const next = w.map((layer, i) =>
      Object.fromEntries(
        names.map((name) => [
          name,
          update(layer[name], g[i][name], m[i][name], v[i][name], alpha.ref),
        ]),
      ),
    );
    alpha.dispose();
    const part = (key) =>
      next.map((layer) => Object.fromEntries(names.map((name) => [name, layer[name][key]])));
    return { value, w: part("w"), m: part("m"), v: part("v") };
  });
  const zeros = () =>
    denseWeights(widths).map(({ inputs, units }) => ({
      kernel: np.zeros([inputs, units]),
      bias: np.zeros([units]),
    }));
  let state = { w: makeWeights(jax, widths), m: zeros(), v: zeros() };
  const batches = trainingBatches(widths, batch);
  const inputs = batches.inputs.map((x) => np.array(x).reshape([batch, widths[0]]));
  const labels = batches.labels.map((y) => {
    const oneHot = new Float32Array(batch * classes);
    for (const [row, label] of y.entries()) oneHot[row * classes + label] = 1;
    return np.array(oneHot).reshape([batch, classes]);
  });
  let steps = 0;
  const run = async (x, y) => {
    steps += 1;
    const alpha = (learningRate * Math.sqrt(1 - beta2 ** steps)) / (1 - beta1 ** steps);
    const { value, ...next } = step(state.w, state.m, state.v, x.ref, y.ref, np.array(alpha));
    state = next;
    return (await value.data())[0];
  };
  const losses = [];
  for (let i = 0; i < checkedSteps; i += 1) losses.push(await run(inputs[0], labels[0]));
  return {
    work: () => run(inputs[steps % inputs.length], labels[steps % labels.length]),
    check: { losses },
  };
}
