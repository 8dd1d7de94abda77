// What the subjects must compute, in plain float64: slow, and plain to read.
import { adam, checkedSteps, denseWeights, trainingBatches, uniform } from "./inputs.mjs";

/**
 * The checksum of a matrix product without computing the product: (w A) (B v).
 * @param {{ m: number, k: number, n: number, transposeA: boolean, transposeB: boolean }} product
 */
export function productChecksum({ m, k, n, transposeA, transposeB }) {
  const a = uniform(m * k, 1);
  const b = uniform(k * n, 2);
  const left = uniform(m, 3);
  const right = uniform(n, 4);
  let sum = 0;
  for (let p = 0; p < k; p += 1) {
    let wa = 0;
    let bv = 0;
    for (let i = 0; i < m; i += 1) wa += left[i] * a[transposeA ? p * m + i : i * k + p];
    for (let j = 0; j < n; j += 1) bv += right[j] * b[transposeB ? j * k + p : p * n + j];
    sum += wa * bv;
  }
  return sum;
}

/** A dense net: relu inside, softmax at the end. */
class DenseNet {
  /** @param {number[]} widths */
  constructor(widths) {
    this.layers = denseWeights(widths).map(({ inputs, units, kernel, bias }) => ({
      inputs,
      units,
      parameters: [kernel, bias].map((start) => ({
        value: Float64Array.from(start),
        gradient: new Float64Array(start.length),
        momentum: new Float64Array(start.length),
        velocity: new Float64Array(start.length),
      })),
    }));
  }

  /**
   * The inputs of every layer, then the probabilities.
   * @param {ArrayLike<number>} x [rows, inputs]
   * @param {number} rows
   */
  forward(x, rows) {
    const activations = [Float64Array.from(x)];
    for (const [number, layer] of this.layers.entries()) {
      const { inputs, units } = layer;
      const [kernel, bias] = layer.parameters.map((parameter) => parameter.value);
      const from = activations[number];
      const to = new Float64Array(rows * units);
      for (let r = 0; r < rows; r += 1) {
        const out = to.subarray(r * units, (r + 1) * units);
        out.set(bias);
        for (let i = 0; i < inputs; i += 1) {
          const factor = from[r * inputs + i];
          if (factor === 0) continue;
          for (let j = 0; j < units; j += 1) out[j] += factor * kernel[i * units + j];
        }
        if (number < this.layers.length - 1) {
          for (let j = 0; j < units; j += 1) out[j] = Math.max(out[j], 0);
        } else softmax(out);
      }
      activations.push(to);
    }
    return activations;
  }

  /**
   * One step of Adam (Kingma and Ba 2015); returns the loss before it.
   * @param {ArrayLike<number>} x
   * @param {Int32Array} y
   * @param {number} step from 1
   * @param {{ globalClipNorm?: number, weightDecay?: number }} extras
   */
  train(x, y, step, { globalClipNorm, weightDecay = 0 }) {
    const rows = y.length;
    const activations = this.forward(x, rows);
    const probabilities = activations[activations.length - 1];
    const classes = probabilities.length / rows;
    let loss = 0;
    let delta = probabilities.map((p) => p / rows);
    for (let r = 0; r < rows; r += 1) {
      loss -= Math.log(probabilities[r * classes + y[r]]) / rows;
      delta[r * classes + y[r]] -= 1 / rows;
    }
    for (let number = this.layers.length - 1; number >= 0; number -= 1) {
      delta = this.backward(number, activations[number], delta, rows);
    }
    const all = this.layers.flatMap(({ parameters }) => parameters);
    if (globalClipNorm !== undefined) {
      const squares = all.map(({ gradient }) => gradient.reduce((sum, g) => sum + g * g, 0));
      const norm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
      const factor = Math.min(1, globalClipNorm / norm);
      for (const { gradient } of all) for (const i of gradient.keys()) gradient[i] *= factor;
    }
    for (const p of all) {
      for (const i of p.value.keys()) p.value[i] -= weightDecay * adam.learningRate * p.value[i];
      adamUpdate(p, step);
    }
    return loss;
  }

  /**
   * Fills the layer's gradients; returns the gradient of its input.
   * @param {number} number
   * @param {Float64Array} from
   * @param {Float64Array} delta
   * @param {number} rows
   */
  backward(number, from, delta, rows) {
    const { inputs, units, parameters } = this.layers[number];
    const [kernel, bias] = parameters;
    kernel.gradient.fill(0);
    bias.gradient.fill(0);
    const before = new Float64Array(rows * inputs);
    for (let r = 0; r < rows; r += 1) {
      const d = delta.subarray(r * units, (r + 1) * units);
      for (let j = 0; j < units; j += 1) bias.gradient[j] += d[j];
      for (let i = 0; i < inputs; i += 1) {
        const factor = from[r * inputs + i];
        // A relu that gave zero passes nothing back; the first layer's input needs no gradient.
        if (factor === 0) continue;
        let sum = 0;
        for (let j = 0; j < units; j += 1) {
          kernel.gradient[i * units + j] += factor * d[j];
          sum += kernel.value[i * units + j] * d[j];
        }
        before[r * inputs + i] = sum;
      }
    }
    return before;
  }
}

/** @param {Float64Array} row changed in place */
function softmax(row) {
  const largest = Math.max(...row);
  let sum = 0;
  for (let j = 0; j < row.length; j += 1) {
    row[j] = Math.exp(row[j] - largest);
    sum += row[j];
  }
  for (let j = 0; j < row.length; j += 1) row[j] /= sum;
}

/** @param {Record<"value" | "gradient" | "momentum" | "velocity", Float64Array>} parameter */
function adamUpdate({ value, gradient, momentum, velocity }, step) {
  const { learningRate, beta1, beta2, epsilon } = adam;
  const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
  for (let i = 0; i < value.length; i += 1) {
    momentum[i] += (1 - beta1) * (gradient[i] - momentum[i]);
    velocity[i] += (1 - beta2) * (gradient[i] ** 2 - velocity[i]);
    value[i] -= (rate * momentum[i]) / (Math.sqrt(velocity[i]) + epsilon);
  }
}

/**
 * The losses of the first steps on one batch.
 * @param {number[]} widths
 * @param {number} batch
 * @param {{ globalClipNorm?: number, weightDecay?: number }} [extras]
 */
export function trainingLosses(widths, batch, extras = {}) {
  const net = new DenseNet(widths);
  const { inputs, labels } = trainingBatches(widths, batch);
  return Array.from({ length: checkedSteps }, (_, i) =>
    net.train(inputs[0], labels[0], i + 1, extras),
  );
}

/**
 * Probabilities [rows, classes] for the rows of a predict case.
 * @param {number[]} widths
 * @param {number} rows
 */
export function predictions(widths, rows) {
  const activations = new DenseNet(widths).forward(uniform(rows * widths[0], 200, 0, 1), rows);
  return activations[activations.length - 1];
}
