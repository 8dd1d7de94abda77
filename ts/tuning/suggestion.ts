// Role: reads a learning rate off the losses of a sweep. It must not know models.

/** What the losses of a sweep say. */
export interface Reading {
  /** The losses without their noise: see {@link readLosses}. */
  readonly smoothed: readonly number[];
  /** The mean loss where the sweep begins. */
  readonly first: number;
  /** The lowest smoothed loss. */
  readonly lowest: number;
  /** The step whose learning rate is suggested; null where the loss did not fall clearly. */
  readonly step: number | null;
}

/** How much of its whole fall the loss has made at the rate that is suggested. */
const share = 0.9;

/**
 * Smooths losses and finds the step at which they have made nine tenths of their fall.
 *
 * Smoothing is an exponential moving average that looks both ways and, like Adam's, makes up for
 * what lies beyond the ends: one that looks back only would show every fall a decade of rates too
 * late. Losses above the first level count as that level: by how much they explode says nothing.
 *
 * Of the rules that were tried (steepest fall, a tenth of the rate of the lowest loss, the middle
 * of the longest valley) this one varies least with the seed, the batch size and the number of
 * steps, and comes nearest to the best rates of hand-made sweeps: bench/learning-rate-finder.mjs.
 */
export function readLosses(losses: readonly number[], smoothing: number): Reading {
  const window = Math.ceil(1 / (1 - smoothing));
  const begin = losses.slice(0, Math.max(1, Math.min(window, Math.floor(losses.length / 10))));
  const first = meanOf(begin);
  const cut = losses.map((loss) => Math.min(loss, first));
  const smoothed = smooth(cut, smoothing);
  const lowest = smoothed.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  // A fall is clear when it is more than a batch differs from another, and more than rounding.
  // It counts from the cut losses: cutting alone lowers noise.
  const start = meanOf(smoothed.slice(0, begin.length));
  const noise = Math.sqrt(meanOf(begin.map((loss) => (loss - first) ** 2)));
  const isClear = start - lowest > Math.max(noise, 1e-6 * Math.abs(first));
  const level = first - share * (first - lowest);
  const step = smoothed.findIndex((loss) => loss <= level);
  // A loss that is low from the start has fallen before it was looked at.
  return { smoothed, first, lowest, step: isClear && step > 0 ? step : null };
}

/** The mean of all values with weights that fall by the factor `smoothing` from place to place. */
function smooth(values: readonly number[], smoothing: number): number[] {
  const sums = decayingSums(values, smoothing);
  const weights = decayingSums(
    values.map(() => 1),
    smoothing,
  );
  return sums.map((sum, i) => sum / (weights[i] as number));
}

function decayingSums(values: readonly number[], factor: number): number[] {
  const running = (list: readonly number[]) => {
    let sum = 0;
    return list.map((value) => {
      sum = factor * sum + value;
      return sum;
    });
  };
  const before = running(values);
  const after = running(values.toReversed()).reverse();
  return values.map((value, i) => (before[i] as number) + (after[i] as number) - value);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Says when a sweep has gone too far: a debiased exponential moving average, and its best. */
export class DivergenceWatch {
  readonly #smoothing: number;
  readonly #factor: number;
  #sum = 0;
  #weight = 0;
  #best = Number.POSITIVE_INFINITY;

  constructor(smoothing: number, factor: number) {
    this.#smoothing = smoothing;
    this.#factor = factor;
  }

  /** Whether the average, with this loss, is `factor` times as high as it was at best. */
  add(loss: number): boolean {
    this.#sum = this.#smoothing * this.#sum + loss;
    this.#weight = this.#smoothing * this.#weight + 1;
    const average = this.#sum / this.#weight;
    this.#best = Math.min(this.#best, average);
    // Losses may be negative: then the same distance upwards counts.
    return average > this.#best + (this.#factor - 1) * Math.abs(this.#best);
  }
}
