// What elementwise functions and optimizer rules compute, in plain float64, for checks.

const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));
const softplus = (/** @type {number} */ x) => Math.log1p(Math.exp(x));
const clamp = (/** @type {number} */ x, /** @type {number} */ low, /** @type {number} */ high) =>
  Math.min(Math.max(x, low), high);
const hardSigmoid = (/** @type {number} */ x) => clamp(x + 3, 0, 6) / 6;

/** The error function by its series; for |x| below 6. */
function erf(/** @type {number} */ x) {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200 && Math.abs(term) > 1e-17; n += 1) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** What batch normalisation is measured with. */
export const normalization = { name: "batchNormalization", channels: 256, epsilon: 1e-3 };

/**
 * Batch normalisation without scale and shift.
 * @param {Float32Array} x [rows, channels]
 */
export function normalized(x) {
  const { channels, epsilon } = normalization;
  const rows = x.length / channels;
  const y = new Float64Array(x.length);
  for (let channel = 0; channel < channels; channel += 1) {
    const column = Float64Array.from({ length: rows }, (_, row) => x[row * channels + channel]);
    const mean = column.reduce((sum, value) => sum + value, 0) / rows;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
    for (const [row, value] of column.entries()) {
      y[row * channels + channel] = (value - mean) / Math.sqrt(variance + epsilon);
    }
  }
  return y;
}

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

/**
 * Activations by their names in Keras, with default parameters.
 * @type {Record<string, (x: number) => number>}
 */
export const activations = {
  relu: (x) => Math.max(x, 0),
  leakyRelu: (x) => (x < 0 ? 0.2 * x : x),
  relu6: (x) => clamp(x, 0, 6),
  hardTanh: (x) => clamp(x, -1, 1),
  hardSigmoid,
  hardSilu: (x) => x * hardSigmoid(x),
  softShrink: (x) => Math.sign(x) * Math.max(Math.abs(x) - 0.5, 0),
  sparseSigmoid: (x) => clamp((x + 1) / 2, 0, 1),
  sigmoid,
  tanh: Math.tanh,
  exponential: Math.exp,
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => seluScale * (x > 0 ? x : seluAlpha * Math.expm1(x)),
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  geluTanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  softplus,
  logSigmoid: (x) => -softplus(-x),
  softsign: (x) => x / (1 + Math.abs(x)),
  squareplus: (x) => (x + Math.sqrt(x * x + 4)) / 2,
  tanhShrink: (x) => x - Math.tanh(x),
};

/**
 * The slope of an activation; at a kink, which numbers drawn at random do not meet, half of both.
 * @param {string} name
 * @param {number} x
 */
export function slope(name, x) {
  const f = activations[name];
  const h = 1e-5;
  return (f(x + h) - f(x - h)) / (2 * h);
}

/**
 * Rules as Keras writes them: the weight after a step; `s` keeps what the rule remembers.
 * @typedef {{ w: number, m: number, v: number, d: number }} Kept
 * @type {Record<string, (s: Kept, g: number, step: number, rate: number) => number>}
 */
export const updates = {
  sgd: (s, g, _step, rate) => s.w - rate * g,
  momentum(s, g, _step, rate) {
    s.m = 0.9 * s.m - rate * g;
    return s.w + s.m;
  },
  nesterov(s, g, _step, rate) {
    s.m = 0.9 * s.m - rate * g;
    return s.w + 0.9 * s.m - rate * g;
  },
  adam(s, g, step, rate) {
    s.m += 0.1 * (g - s.m);
    s.v += 0.001 * (g * g - s.v);
    const alpha = (rate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
    return s.w - (alpha * s.m) / (Math.sqrt(s.v) + 1e-7);
  },
  adamW(s, g, step, rate) {
    s.w -= 0.004 * rate * s.w;
    return updates.adam(s, g, step, rate);
  },
  adamax(s, g, step, rate) {
    s.m += 0.1 * (g - s.m);
    s.v = Math.max(0.999 * s.v, Math.abs(g));
    return s.w - (rate / (1 - 0.9 ** step)) * (s.m / (s.v + 1e-7));
  },
  adagrad(s, g, _step, rate) {
    s.v += g * g;
    return s.w - (rate * g) / Math.sqrt(s.v + 1e-7);
  },
  rmsprop(s, g, _step, rate) {
    s.v = 0.9 * s.v + 0.1 * g * g;
    return s.w - (rate * g) / Math.sqrt(s.v + 1e-7);
  },
  adadelta(s, g, _step, rate) {
    s.v = 0.95 * s.v + 0.05 * g * g;
    const delta = (-Math.sqrt(s.d + 1e-7) / Math.sqrt(s.v + 1e-7)) * g;
    s.d = 0.95 * s.d + 0.05 * delta * delta;
    return s.w + rate * delta;
  },
  lion(s, g, _step, rate) {
    const to = Math.sign(0.9 * s.m + 0.1 * g);
    s.m = 0.99 * s.m + 0.01 * g;
    return s.w - rate * to;
  },
};
