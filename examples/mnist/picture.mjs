// Role: draws digits and tables of probabilities with characters. It must not
// know networks.
import { side } from "./data.mjs";

/** Columns of a picture: MNIST's digits fit into 20 by 20 pixels. */
const width = 20;

/** From paper to ink, for terminals without block characters. */
const shades = " .:-=+*#%@";

/**
 * Whether a stream is a terminal that shows more than ASCII.
 * @param {NodeJS.WriteStream} stream
 */
export function showsBlocks(stream) {
  const { LC_ALL, LC_CTYPE, LANG, WT_SESSION } = process.env;
  const utf8 = /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "") || WT_SESSION !== undefined;
  return stream.isTTY === true && utf8;
}

/** The ink of a pixel; none outside of the image. */
function inkAt(image, row, column) {
  const inside = row >= 0 && row < side && column >= 0 && column < side;
  return inside ? image[row * side + column] : 0;
}

/** First row and column of the 20 by 20 pixels in whose middle the ink is. */
function corner(image) {
  const inked = [...image.keys()].filter((i) => image[i] > 0);
  const start = (/** @type {number[]} */ places) =>
    Math.floor((Math.min(...places) + Math.max(...places) + 1 - width) / 2);
  return [start(inked.map((i) => Math.floor(i / side))), start(inked.map((i) => i % side))];
}

/**
 * An image as ten lines of twenty characters; a character is two pixels, one above the other.
 * @param {Float32Array} image 784 numbers from 0 to 1
 * @param {boolean} blocks whether half blocks can be shown
 * @returns {string[]}
 */
export function drawDigit(image, blocks) {
  const [top, left] = corner(image);
  return Array.from({ length: width / 2 }, (_, line) =>
    Array.from({ length: width }, (_, column) => {
      const upper = inkAt(image, top + 2 * line, left + column);
      const lower = inkAt(image, top + 2 * line + 1, left + column);
      if (!blocks) return shades[Math.round(((upper + lower) / 2) * (shades.length - 1))];
      return [" ", "▀", "▄", "█"][(upper > 0.4 ? 1 : 0) + (lower > 0.4 ? 2 : 0)];
    }).join(""),
  );
}

/**
 * The three likeliest digits with their probabilities, as lines.
 * @param {Float32Array} probabilities ten numbers
 * @returns {string[]}
 */
export function drawProbabilities(probabilities) {
  return [...probabilities.keys()]
    .sort((a, b) => probabilities[b] - probabilities[a])
    .slice(0, 3)
    .map((digit) => `${digit}  ${(100 * probabilities[digit]).toFixed(2).padStart(6)} %`);
}

/**
 * Sets blocks of lines side by side.
 * @param {string[][]} blocks
 * @param {number[]} widths columns of each block
 */
export function sideBySide(blocks, widths) {
  const height = Math.max(...blocks.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    blocks
      .map((lines, i) => (lines[line] ?? "").padEnd(widths[i]))
      .join("")
      .trimEnd(),
  ).join("\n");
}
