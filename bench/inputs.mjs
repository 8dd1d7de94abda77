// The numbers every subject computes with, the same in each language and without a file:
// a hash of the index. peers/pytorch.py repeats these few lines with NumPy.

/**
 * Even spread numbers between two bounds: the finaliser of MurmurHash3 over the index.
 * @param {number} count
 * @param {number} seed
 * @param {number} [low]
 * @param {number} [high]
 */
export function uniform(count, seed, low = -1, high = 1) {
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i += 1) numbers[i] = low + (high - low) * (hash(i, seed) / 2 ** 32);
  return numbers;
}

/**
 * Class numbers for sparse cross-entropy.
 * @param {number} count
 * @param {number} seed
 * @param {number} classes
 */
export function labels(count, seed, classes) {
  return Int32Array.from({ length: count }, (_, i) => hash(i, seed) % classes);
}

/**
 * @param {number} index
 * @param {number} seed
 */
function hash(index, seed) {
  let h = (index + Math.imul(seed, 0x9e3779b9)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Starting weights of a dense net, uniform as in He et al. 2015: kernels [inputs, units] and biases.
 * @param {number[]} widths
 */
export function denseWeights(widths) {
  return widths.slice(1).map((units, layer) => {
    const inputs = widths[layer];
    const bound = Math.sqrt(6 / inputs);
    return {
      inputs,
      units,
      kernel: uniform(inputs * units, 100 + 2 * layer, -bound, bound),
      bias: uniform(units, 101 + 2 * layer, -0.1, 0.1),
    };
  });
}

/**
 * Whether a case has more than a plain dense net and Adam.
 * @param {{ extras?: object }} work
 */
export const hasExtras = ({ extras = {} }) => Object.keys(extras).length > 0;

/** How many batches a training case turns over; more label sets than inputs. */
export const inputSets = 4;
export const labelSets = 61;

/**
 * The batches of a training case. Inputs meet other labels each time round, so that nothing can
 * be learned by heart: with vanishing gradients denormal numbers would be measured.
 * @param {number[]} widths
 * @param {number} batch
 */
export function trainingBatches(widths, batch) {
  const classes = widths[widths.length - 1];
  return {
    inputs: Array.from({ length: inputSets }, (_, i) => uniform(batch * widths[0], 200 + i, 0, 1)),
    labels: Array.from({ length: labelSets }, (_, i) => labels(batch, 300 + i, classes)),
  };
}

/**
 * The data of a fit case.
 * @param {{ widths: number[], rows: number, validationRows: number }} work
 */
export function fitData({ widths, rows, validationRows }) {
  const part = (/** @type {number} */ count, /** @type {number} */ seed) => ({
    count,
    x: uniform(count * widths[0], seed, 0, 1),
    y: labels(count, seed + 1, widths[widths.length - 1]),
  });
  return { training: part(rows, 400), validation: part(validationRows, 402) };
}

/** Epochs of fit before anything is timed. */
export const checkedEpochs = 2;

/**
 * A number that depends on every element of a matrix and its place.
 * @param {ArrayLike<number>} matrix [rows, columns]
 * @param {number} rows
 * @param {number} columns
 */
export function checksum(matrix, rows, columns) {
  const left = uniform(rows, 3);
  const right = uniform(columns, 4);
  let sum = 0;
  for (let i = 0; i < rows; i += 1) {
    let row = 0;
    for (let j = 0; j < columns; j += 1) row += matrix[i * columns + j] * right[j];
    sum += left[i] * row;
  }
  return sum;
}

/**
 * What the suite predict recognises probabilities by: their checksum, and what they add up to.
 * @param {Float32Array} probabilities [rows, classes]
 * @param {number} rows
 */
export function predictionCheck(probabilities, rows) {
  return {
    checksum: checksum(probabilities, rows, probabilities.length / rows),
    sum: probabilities.reduce((sum, p) => sum + p, 0),
  };
}

/** Steps of training on the first batch before anything is timed; their losses are compared. */
export const checkedSteps = 5;

export const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
