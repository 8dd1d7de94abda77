// Role: what the demo tells about a trained network: how good it is, examples of
// right and wrong, and which digits it mixes up.
import { side } from "./data.mjs";
import { drawDigit, drawProbabilities, showsBlocks, sideBySide } from "./picture.mjs";

/** The digit with the highest probability, for each image. */
function readings(probabilities, count) {
  return Uint8Array.from({ length: count }, (_, i) => {
    const row = probabilities.subarray(10 * i, 10 * i + 10);
    return row.indexOf(Math.max(...row));
  });
}

/** Two images side by side, each with what it is and what the network makes of it. */
function showImages(indices, test, read, probabilities, blocks) {
  const parts = indices.flatMap((i) => {
    const image = test.images.subarray(i * side * side, (i + 1) * side * side);
    const words = [
      `image ${i}`,
      "",
      `is a ${test.labels[i]}`,
      `read as ${read[i]}`,
      "",
      ...drawProbabilities(probabilities.subarray(10 * i, 10 * i + 10)),
    ];
    return [drawDigit(image, blocks), words];
  });
  return sideBySide(parts, [23, 17, 23, 17]);
}

/** The pairs of digits that are mixed up most: what they are, what they are read as, how often. */
function confusions(labels, read) {
  const counts = new Map();
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === read[i]) continue;
    const pair = `${labels[i]} read as ${read[i]}`;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  const mostFirst = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return mostFirst.slice(0, 5).map(([pair, n]) => `  ${pair}: ${n === 1 ? "once" : `${n} times`}`);
}

/**
 * The report as text.
 * @param {import("./data.mjs").Digits} test
 * @param {Float32Array} probabilities ten per image
 * @param {{ loss: number, accuracy: number, stream: NodeJS.WriteStream }} result
 */
export function reportResults(test, probabilities, { loss, accuracy, stream }) {
  const { count, labels } = test;
  const read = readings(probabilities, count);
  const all = [...labels.keys()];
  const right = all.filter((i) => read[i] === labels[i]);
  const wrong = all.filter((i) => read[i] !== labels[i]);
  // The surest mistakes tell most.
  const sureness = (i) => probabilities[10 * i + read[i]];
  const surest = [...wrong].sort((a, b) => sureness(b) - sureness(a));
  const show = (indices) => showImages(indices, test, read, probabilities, showsBlocks(stream));
  const percent = (100 * accuracy).toFixed(2);

  const parts = [
    `\nTested on ${count} images it has not seen: ${percent} % right, ${wrong.length} wrong, loss ${loss.toFixed(4)}`,
    `\nTwo it reads right:\n\n${show(right.slice(0, 2))}`,
  ];
  if (wrong.length > 0) {
    parts.push(`\nThe two it gets wrong with most confidence:\n\n${show(surest.slice(0, 2))}`);
    parts.push(`\nMixed up most:\n${confusions(labels, read).join("\n")}`);
  }
  return parts.join("\n");
}
