// Seeds: whole numbers that fix initial weights, shuffling and dropout.
import { checkNumber } from "../errors.js";

/** A seed and the two halves in which the engine takes it. */
export interface Seed {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A given seed checked, or a fresh random one. */
export function seedOf(where: string, given: number | undefined): Seed {
  if (given === undefined) {
    // Not `crypto`: it takes Node as long to load as all of gradus.
    const random = Math.floor(Math.random() * 2 ** 32);
    return split(random);
  }
  return split(checkNumber(where, "seed", given, { integer: true, min: 0 }));
}

/** The halves of a seed that is known to be right. */
export function split(value: number): Seed {
  return { value, low: value >>> 0, high: Math.floor(value / 2 ** 32) };
}
