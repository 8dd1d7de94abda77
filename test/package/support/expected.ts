// What every runtime must give.
import { expect } from "vitest";
import type { Results } from "./consumer.js";

/**
 * Compares what a runtime gave with what must be; `sha256` is that of the strict build, `worker` what
 * comes of `fit` in a worker.
 */
export function expectResults(found: Results, sha256: string, worker = /^same$/): void {
  expect(found.weightsAfter200Steps).toMatchObject({ iterations: 200, learns: true });
  if (found.runtime.simd === "strict") expect(found.weightsAfter200Steps.sha256).toBe(sha256);
  expect(found.learnsRings.accuracy).toBeGreaterThan(0.98);
  expect(found.learnsRings.shape).toEqual([5, 1]);
  expect(found.trainsInWorker).toMatch(worker);
  expect(found.explainsMistakes).toMatch(/^GradusError: dense: .*"unit".*did you mean units\?/);
}
