// What is tried in every runtime, in the same words: each case takes the package and returns plain
// data. The runtimes' answers are compared with each other and with known ones.

const activationNames = [
  ...["relu", "leakyRelu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign"],
  ...[
    "sigmoid",
    "tanh",
    "hardSigmoid",
    "hardSilu",
    "hardTanh",
    "relu6",
    "squareplus",
    "logSigmoid",
  ],
  ...["tanhShrink", "softShrink", "hardShrink", "exponential", "softmax", "logSoftmax", "linear"],
  ...["sparsemax", "sparsePlus", "sparseSigmoid", "glu"],
];

/** Numbers from -1 to 1, the same everywhere. */
function numbers(count, seed) {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The SHA-256 of all weights in the order of their names. */
async function hashOf(model) {
  const weights = Object.entries(model.getWeights()).sort(([a], [b]) => (a < b ? -1 : 1));
  const blob = new Blob(weights.map(([, { data }]) => data));
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));
}

/** @type {Record<string, (gradus: any) => Promise<unknown>>} */
export const cases = {
  /**
   * 200 steps of a net with every activation, dropout, batch normalisation, clipping and AdamW. Its
   * first kernels are large enough for several threads, the others are where these are awake.
   */
  async weightsAfter200Steps(gradus) {
    const { activations, adamW, batchNormalization, dense, dropout, prelu, sequential } = gradus;
    const threshold = (x) => activations.threshold(x, { threshold: 0, defaultValue: -0.1 });
    const layers = [...activationNames, threshold].flatMap((activation) => [
      dense({ units: 32, activation }),
      batchNormalization(),
      dropout({ rate: 0.05 }),
    ]);
    const wide = [dense({ units: 384 }), batchNormalization(), prelu(), dropout({ rate: 0.1 })];
    const output = dense({ units: 3, activation: "softmax" });
    const model = sequential({ inputShape: [64], seed: 7, layers: [...wide, ...layers, output] });
    const optimizer = adamW({ globalClipNorm: 1 });
    model.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
    const rows = 250;
    const x = numbers(rows * 64, 1);
    const y = Int32Array.from(
      { length: rows },
      (_, i) => (x[i * 64] > 0 ? 1 : 0) + (x[i * 64 + 1] > 0 ? 1 : 0),
    );
    const { history } = await model.fit(x, y, { epochs: 100, batchSize: 128 });
    const [first, last] = [history.loss[0], history.loss.at(-1)];
    return { iterations: model.iterations, learns: last < first, sha256: await hashOf(model) };
  },

  /** A net learns which of two rings a point lies on. */
  async learnsRings({ adam, dense, sequential }) {
    const angle = numbers(400, 3);
    const points = [...angle].map((turn, i) => {
      const radius = i % 2 === 0 ? 0.5 : 1;
      return [radius * Math.cos(Math.PI * turn), radius * Math.sin(Math.PI * turn)];
    });
    const labels = points.map((_, i) => i % 2);
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [
        dense({ units: 16, activation: "relu" }),
        dense({ units: 1, activation: "sigmoid" }),
      ],
    });
    const optimizer = adam({ learningRate: 0.02 });
    model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
    const { history } = await model.fit(points, labels, { epochs: 40 });
    const { data, shape } = await model.predict(points.slice(0, 5));
    const right = [...data].filter((p, i) => p > 0.5 === (labels[i] === 1)).length;
    return { accuracy: history.accuracy.at(-1), shape, right };
  },

  /** `fit` in a worker gives the same bits: "same", or what it says where it cannot. */
  async trainsInWorker({ adam, dense, dropout, sequential }) {
    const x = numbers(256 * 8, 5);
    const y = Int32Array.from({ length: 256 }, (_, i) => (x[8 * i] > 0 ? 1 : 0));
    const hashes = [];
    for (const worker of [false, true]) {
      const layers = [dense({ units: 16, activation: "relu" }), dropout({ rate: 0.2 })];
      const model = sequential({
        inputShape: [8],
        seed: 3,
        layers: [...layers, dense({ units: 2 })],
      });
      model.compile({ optimizer: adam(), loss: "meanSquaredError" });
      try {
        await model.fit(
          x,
          [...y].map((label) => [label, 1 - label]),
          { epochs: 3, worker },
        );
      } catch (error) {
        return String(error);
      }
      hashes.push(await hashOf(model));
    }
    return hashes[0] === hashes[1] ? "same" : hashes.join(" and ");
  },

  /** A mistake gets an error that says what to do. */
  async explainsMistakes({ dense }) {
    try {
      dense({ unit: 3 });
      return null;
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  },
};

/**
 * All cases, then which engine ran.
 * @param {any} gradus the package
 * @param {{ simd?: string, threads?: number }} options of `init`
 */
export async function runCases(gradus, options) {
  await gradus.init(options);
  const results = {};
  for (const [name, run] of Object.entries(cases)) results[name] = await run(gradus);
  const isolated = globalThis.crossOriginIsolated === true;
  return { ...results, runtime: gradus.runtimeInfo(), isolated };
}
