// Role: what uncertainties are worth, in figures: how well they part two kinds of images, how right
// the predictions are that stay when the least certain are refused. It must not know networks.

/** The mean. */
export const mean = (/** @type {ArrayLike<number>} */ values) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The area under the ROC curve: the probability that a strange image is less certain than a known
 * one, where equals count one half. 1: all are; 0.5: no difference.
 * @param {ArrayLike<number>} known
 * @param {ArrayLike<number>} strange
 */
export function auroc(known, strange) {
  const all = [
    ...Array.from(known, (value) => ({ value, isStrange: 0 })),
    ...Array.from(strange, (value) => ({ value, isStrange: 1 })),
  ].sort((a, b) => a.value - b.value);
  let ranks = 0;
  for (let from = 0, to = 0; from < all.length; from = to) {
    let strangers = 0;
    for (; to < all.length && all[to].value === all[from].value; to++) {
      strangers += all[to].isStrange;
    }
    // Equals share the mean of their ranks, which begin with 1.
    ranks += (strangers * (from + 1 + to)) / 2;
  }
  const m = strange.length;
  return (ranks - (m * (m + 1)) / 2) / (m * known.length);
}

/**
 * The likeliest class of each row, and its probability.
 * @param {ArrayLike<number>} probabilities
 * @param {number} classes
 */
function decisions(probabilities, classes) {
  return Array.from({ length: probabilities.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (probabilities[row * classes + k] > probabilities[row * classes + best]) best = k;
    }
    return { best, confidence: probabilities[row * classes + best] };
  });
}

/**
 * Accuracy of the predictions that are kept when a share of them, the least certain, is refused.
 * @param {ArrayLike<number>} probabilities
 * @param {ArrayLike<number>} labels
 * @param {ArrayLike<number>} uncertainty
 * @param {number} share
 */
export function keptAccuracy(probabilities, labels, uncertainty, share) {
  const right = decisions(probabilities, probabilities.length / labels.length).map(
    ({ best }, i) => best === labels[i],
  );
  const order = [...right.keys()].sort((a, b) => uncertainty[a] - uncertainty[b]);
  const kept = order.slice(0, Math.round(order.length * (1 - share)));
  return kept.filter((i) => right[i]).length / kept.length;
}

/**
 * The expected calibration error: how far confidence and accuracy lie apart, over 15 bins of
 * confidence, each with its share. Guo et al. 2017, https://arxiv.org/abs/1706.04599.
 * @param {ArrayLike<number>} probabilities
 * @param {ArrayLike<number>} labels
 */
export function calibrationError(probabilities, labels) {
  const bins = Array.from({ length: 15 }, () => ({ confidence: 0, right: 0 }));
  const rows = decisions(probabilities, probabilities.length / labels.length);
  rows.forEach(({ best, confidence }, i) => {
    const bin = bins[Math.min(14, Math.floor(confidence * 15))];
    bin.confidence += confidence;
    bin.right += Number(best === labels[i]);
  });
  return bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0) / rows.length;
}

const heights = " ▁▂▃▄▅▆▇█";
const asciiHeights = " .:-=+*#%";

/**
 * How values are spread from 0 to `most`, as one line of characters.
 * @param {ArrayLike<number>} values
 * @param {number} most
 * @param {boolean} blocks whether block characters can be shown
 */
export function histogram(values, most, blocks) {
  const bins = new Array(40).fill(0);
  for (const value of Array.from(values)) {
    bins[Math.min(39, Math.max(0, Math.floor((40 * value) / most)))]++;
  }
  const top = Math.max(...bins);
  const shades = blocks ? heights : asciiHeights;
  return bins.map((count) => shades[Math.ceil((8 * count) / top)]).join("");
}
