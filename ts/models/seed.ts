// Seeds: whole numbers that fix initial weights, shuffling and dropout.
import { checkNumber } from "../errors.js";

/** A seed in the two halves in which the engine takes it. */
export interface SeedHalves {
  readonly low: number;
  readonly high: number;
}

/** A seed, whole and in halves. */
export interface Seed extends SeedHalves {
  readonly value: number;
  /** Whether it was given, not drawn. */
  readonly given: boolean;
}

/** A given seed checked, or a fresh random one. */
export function seedOf(where: string, given: number | undefined): Seed {
  if (given === undefined) {
    // Not `crypto`: it takes Node as long to load as all of gradus.
    const random = Math.floor(Math.random() * 2 ** 32);
    return { value: random, ...split(random), given: false };
  }
  const value = checkNumber(where, "seed", given, { integer: true, min: 0 });
  return { value, ...split(value), given: true };
}

/** The halves of a seed that is known to be right. */
export function split(value: number): SeedHalves {
  return { low: value >>> 0, high: Math.floor(value / 2 ** 32) };
}
