// How much memory training takes: node --expose-gc memory.mjs ID CASE. Prints bytes: per parameter
// or per row of a batch by what the process holds, or by how much 10,000 steps made it grow.
const [id = "", what = ""] = process.argv.slice(2);

/** @type {WebAssembly.Memory[]} */
const memories = [];
for (const name of /** @type {const} */ (["instantiate", "Instance"])) {
  const original = WebAssembly[name];
  const keep = (/** @type {WebAssembly.Instance} */ { exports }) => {
    memories.push(...Object.values(exports).filter((e) => e instanceof WebAssembly.Memory));
  };
  WebAssembly[name] =
    name === "Instance"
      ? class extends original {
          constructor(...given) {
            super(...given);
            keep(this);
          }
        }
      : async (...given) => {
          const result = await original(...given);
          keep(result.instance ?? result);
          return result;
        };
}

/** Nets of dense layers that are trained with Adam; `train` makes a step. */
const libraries = {
  async gradus(/** @type {number[]} */ widths, /** @type {number} */ batch) {
    const library = new URL("../../dist/index.js", import.meta.url);
    const { adam, dense, init, sequential, tensor } = await import(library.href);
    await init({ simd: "relaxed" });
    const model = sequential({
      inputShape: [widths[0]],
      layers: widths.slice(1).map((units) => dense({ units, activation: "relu" })),
    });
    model.compile({ optimizer: adam(), loss: "meanSquaredError" });
    const last = widths[widths.length - 1];
    const x = tensor(new Float32Array(batch * widths[0]).fill(0.1), [batch, widths[0]]);
    const y = tensor(new Float32Array(batch * last).fill(0.2), [batch, last]);
    return { train: () => model.trainOnBatch(x, y) };
  },

  async tfjs(/** @type {number[]} */ widths, /** @type {number} */ batch) {
    const { load } = await import("../peers/tfjs.mjs");
    const tf = await load("wasm");
    const model = tf.sequential({
      layers: widths.slice(1).map((units, i) =>
        tf.layers.dense({
          ...{ units, activation: "relu" },
          ...(i === 0 ? { inputShape: [widths[0]] } : {}),
        }),
      ),
    });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const x = tf.fill([batch, widths[0]], 0.1);
    const y = tf.fill([batch, widths[widths.length - 1]], 0.2);
    return { train: () => model.trainOnBatch(x, y) };
  },
};

const library = libraries[id.startsWith("gradus") ? "gradus" : "tfjs"];
const wasmBytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
const resident = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss;
};

/** Bytes that the process holds more after some training of such a net. */
async function held(/** @type {number[]} */ widths, /** @type {number} */ batch) {
  const { train } = await library([4, 4], 1);
  await train();
  const before = resident();
  const net = await library(widths, batch);
  for (let step = 0; step < 3; step += 1) await net.train();
  return resident() - before;
}

/** Milliseconds after which no further growth is looked at. */
const enough = 3000;

const wide = [2048, 2048, 2048];
const cases = {
  parameter: async () => (await held(wide, 1)) / (2 * 2048 * 2049),
  async row() {
    const rows = 8192;
    // The data themselves, which the caller holds, count: they are rows as well.
    return (await held([784, 300, 100, 10], rows)) / rows;
  },
  async growth() {
    const { train } = await library([20, 30, 10], 16);
    for (let step = 0; step < 2000; step += 1) await train();
    const all = () => {
      globalThis.gc?.();
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external + wasmBytes();
    };
    // The runtime itself still grows while it learns a program by heart; what leaks does every time.
    let least = Number.POSITIVE_INFINITY;
    const end = performance.now() + enough;
    for (let round = 0; least > 0 && (round < 2 || performance.now() < end); round += 1) {
      const before = all();
      for (let step = 0; step < 10_000; step += 1) await train();
      least = Math.min(least, all() - before);
    }
    return Math.max(0, least);
  },
};

process.stdout.write(`${await cases[what]()}\n`);
process.exit(0);
