// What every runtime must give.
import { expect } from "vitest";
import type { Results } from "./consumer.js";

/** What differs from row to row of the tables of runtimes. */
export interface Expected {
  /** The build that runs; any where it does not matter. */
  readonly simd?: "relaxed" | "strict";
  /** How many threads work. Default: 1. */
  readonly threads?: number;
  /** What comes of `fit` in a worker: the same weights, or an error. Default: the same. */
  readonly worker?: RegExp;
}

/** Compares what a runtime gave with what must be; `sha256` is that of the strict build. */
export function expectResults(found: Results, sha256: string, expected: Expected = {}): void {
  if (found.error) throw new Error(found.error);
  const { runtime, weightsAfter200Steps, learnsRings } = found;
  if (expected.simd) expect(runtime.simd).toBe(expected.simd);
  expect(runtime.threads).toBe(expected.threads ?? 1);
  expect(weightsAfter200Steps).toMatchObject({ iterations: 200, learns: true });
  if (runtime.simd === "strict") expect(weightsAfter200Steps.sha256).toBe(sha256);
  expect(learnsRings.accuracy).toBeGreaterThan(0.98);
  expect(learnsRings.shape).toEqual([5, 1]);
  expect(learnsRings.right).toBe(5);
  expect(found.trainsInWorker).toMatch(expected.worker ?? /^same$/);
  expect(found.explainsMistakes).toMatch(/^GradusError: dense: .*"unit".*did you mean units\?/);
}
