// The grades and the rule behind them. No training here: numbers in, letters out.

/** The rule in words, for the report. */
export const rule = {
  target:
    "Target: 10 % above the median, over the optimizers, of the lowest validation loss that each one " +
    "reaches. Its curve is the mean over the seeds, so that lucky dips of one seed do not count.",
  speed:
    "Speed: epochs to the target, the mean over the seeds. A: at most twice those of the fastest " +
    "optimizer; B: at most four times; C: more, or the target is missed with half of the seeds or more.",
  quality:
    "Quality: the error on test data at the epoch with the lowest validation loss, the mean over " +
    "the seeds. A: at most 10 % above that of the best optimizer; B: at most 25 %; C: more.",
};

/** @param {number[]} numbers */
export const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

/**
 * How far the mean of so many numbers may be off: its standard error; 0 for one number.
 * @param {number[]} numbers
 */
export function standardError(numbers) {
  if (numbers.length < 2) return 0;
  const middle = mean(numbers);
  const squares = numbers.reduce((sum, each) => sum + (each - middle) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1) / numbers.length);
}

/** @param {number[]} numbers at least one */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return (upper + lower) / 2;
}

/**
 * Where a curve first comes down to a level, between its points on a straight line; null if never.
 * @param {{ epoch: number, loss: number }[]} curve ascending epochs
 * @param {number} level
 */
export function epochsTo(curve, level) {
  const at = curve.findIndex(({ loss }) => loss <= level);
  if (at < 0) return null;
  if (at === 0) return curve[0].epoch;
  const [before, after] = [curve[at - 1], curve[at]];
  const share = (before.loss - level) / (before.loss - after.loss);
  // From a loss that was no number there is no line.
  return Number.isFinite(share) ? before.epoch + share * (after.epoch - before.epoch) : after.epoch;
}

/**
 * The mean of curves with the same epochs.
 * @param {{ epoch: number, loss: number }[][]} curves
 */
export const meanCurve = (curves) =>
  curves[0].map(({ epoch }, i) => ({ epoch, loss: mean(curves.map((curve) => curve[i].loss)) }));

/** @param {{ loss: number }[]} curve */
export const lowestOf = (curve) => Math.min(...curve.map(({ loss }) => loss));

/** @param {number} ratio to the best @param {number} a most for an A @param {number} b for a B */
const letter = (ratio, a, b) => (ratio <= a ? "A" : ratio <= b ? "B" : "C");

/**
 * Grades optimizers against each other.
 * @param {{ name: string, runs: { curve: { epoch: number, loss: number }[], error: number }[] }[]} results
 */
export function grade(results) {
  const lowest = results.map(({ runs }) => lowestOf(meanCurve(runs.map(({ curve }) => curve))));
  const target = 1.1 * median(lowest);
  const measured = results.map(({ name, runs }) => {
    const epochs = runs.map(({ curve }) => epochsTo(curve, target));
    const reached = epochs.filter((each) => each !== null);
    const isReached = reached.length > runs.length / 2;
    const errors = runs.map(({ error }) => error);
    return {
      name,
      reached: reached.length,
      epochs: isReached ? mean(reached) : null,
      epochsError: standardError(reached),
      error: mean(errors),
      errorError: standardError(errors),
    };
  });
  const fastest = Math.min(...measured.map(({ epochs }) => epochs ?? Number.POSITIVE_INFINITY));
  const best = Math.min(...measured.map(({ error }) => error));
  return {
    target,
    graded: measured.map((each) => ({
      ...each,
      speed: each.epochs === null ? "C" : letter(each.epochs / fastest, 2, 4),
      quality: letter(each.error / best, 1.1, 1.25),
    })),
  };
}

/**
 * Whether a measured grade is none of the textbook's: "B-A" allows both.
 * @param {string} measured
 * @param {string} textbook
 */
export const differs = (measured, textbook) => !textbook.split("-").includes(measured);
