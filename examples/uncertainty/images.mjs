// Role: images that are no digits, and others that are hardly any more: made of MNIST's images, the
// same for the same seed. It must not know networks.
import { numbers } from "../few-labels/rows.mjs";
import { side } from "../mnist/data.mjs";

/** @typedef {import("../mnist/data.mjs").Digits} Digits */

const size = side * side;

/** Numbers from 0 to below 1. */
function fractions(/** @type {number} */ seed) {
  const random = numbers(seed);
  return () => Number(random.next().value) / 2 ** 32;
}

/**
 * @callback Make
 * @param {Float32Array} image a digit; it may be changed
 * @param {() => number} random
 * @param {Digits} digits
 * @param {number} place the number of the image
 */

/** @type {Record<string, Make>} */
const makers = {
  "uniform noise"(image, random) {
    for (let i = 0; i < size; i++) image[i] = random();
  },
  "shuffled pixels"(image, random) {
    for (let i = size - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [image[i], image[j]] = [image[j], image[i]];
    }
  },
  "digit in noise"(image, random) {
    for (let i = 0; i < size; i++) image[i] = 0.25 * image[i] + 0.75 * random();
  },
  "two digits"(image, random, { count, images, labels }, place) {
    let other = place;
    while (labels[other] === labels[place]) other = Math.floor(random() * count);
    for (let i = 0; i < size; i++) image[i] = Math.max(image[i], images[other * size + i]);
  },
};

/** Kinds that show nothing a network for digits could know. */
export const noiseKinds = ["uniform noise", "shuffled pixels", "digit in noise"];

/**
 * As many images of each kind as there are digits.
 * @param {Digits} digits
 * @param {number} seed
 * @returns {Map<string, Float32Array>}
 */
export function strangeImages(digits, seed) {
  const random = fractions(seed);
  const make = (/** @type {Make} */ maker) => {
    const images = digits.images.slice();
    for (let place = 0; place < digits.count; place++) {
      maker(images.subarray(place * size, (place + 1) * size), random, digits, place);
    }
    return images;
  };
  return new Map(Object.entries(makers).map(([kind, maker]) => [kind, make(maker)]));
}
