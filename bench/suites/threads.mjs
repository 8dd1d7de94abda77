// Training steps and products on one thread and on several: what threads gain, and that they never
// cost anything, however small the work.
import { suite as gemm } from "./gemm.mjs";
import { suite as train } from "./train.mjs";

const suites = new Map([gemm, train].map((suite) => [suite.name, suite]));

/** @param {{ kind: string }} work */
const suiteOf = ({ kind }) => /** @type {typeof gemm | typeof train} */ (suites.get(kind));

export const suite = {
  name: "threads",
  title: "Threads: training steps and products",
  unit: "us",
  higherIsBetter: false,

  /** @param {{ quick: boolean }} effort */
  cases: (effort) => [...train.cases({ quick: false }), ...gemm.cases(effort)],

  /**
   * @param {unknown} _work
   * @param {number} seconds of one call
   */
  toUnit: (_work, seconds) => seconds * 1e6,

  /** @param {any} work */
  expected: (work) => suiteOf(work).expected(work),

  /**
   * @param {any} work
   * @param {any} expected
   * @param {any} check
   */
  verify: (work, expected, check) => suiteOf(work).verify(work, expected, check),
};
