// Role: parts of MNIST: the images of some digits, and small labelled samples of them, fixed by a
// seed. It must not know networks.
import { side } from "../mnist/data.mjs";

/** @typedef {import("../mnist/data.mjs").Digits} Digits */

/** Whole numbers below 2^32, the same for the same seed (xorshift32). */
export function* numbers(/** @type {number} */ seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

/**
 * Images by number, in that order.
 * @param {Digits} digits
 * @param {readonly number[]} places
 * @returns {Digits}
 */
function imagesAt(digits, places) {
  const size = side * side;
  const images = new Float32Array(places.length * size);
  places.forEach((place, i) => {
    images.set(digits.images.subarray(place * size, (place + 1) * size), i * size);
  });
  const labels = Uint8Array.from(places, (place) => digits.labels[place]);
  return { count: places.length, images, labels };
}

/**
 * The images of some digits.
 * @param {Digits} digits
 * @param {readonly number[]} wanted
 */
export function imagesOf(digits, wanted) {
  const places = [...digits.labels.keys()].filter((i) => wanted.includes(digits.labels[i]));
  return imagesAt(digits, places);
}

/**
 * The first images.
 * @param {Digits} digits
 * @param {number} count
 * @returns {Digits}
 */
export function firstImages({ images, labels }, count) {
  return {
    count,
    images: images.subarray(0, count * side * side),
    labels: labels.subarray(0, count),
  };
}

/**
 * A random sample with as many images of each digit.
 * @param {Digits} digits
 * @param {number} count
 * @param {number} seed
 */
export function sample(digits, count, seed) {
  const places = [...digits.labels.keys()];
  const random = numbers(seed);
  for (let i = places.length - 1; i > 0; i--) {
    const j = Number(random.next().value) % (i + 1);
    [places[i], places[j]] = [places[j], places[i]];
  }
  const kinds = new Set(digits.labels);
  const left = new Map([...kinds].map((digit) => [digit, count / kinds.size]));
  const chosen = places.filter((place) => {
    const open = left.get(digits.labels[place]) ?? 0;
    left.set(digits.labels[place], open - 1);
    return open > 0;
  });
  return imagesAt(digits, chosen);
}
