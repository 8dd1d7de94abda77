// Which suites there are: every file of suites/ is one.
import { readdirSync } from "node:fs";

/**
 * @typedef {object} Suite what a file of suites/ exports as `suite`
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {boolean} higherIsBetter
 * @property {(effort: { quick: boolean }) => any[]} cases plain data that goes to the subjects;
 *   each has a kind, a name and the flops of a call
 * @property {(effort: { quick: boolean }) => number} [rounds] samples; default: those of the effort
 * @property {(work: { flops: number }, seconds: number) => number} [toUnit] from seconds of a call
 * @property {(work: any) => any} [expected] what a right result is recognised by
 * @property {(work: any, expected: any, check: any) => string | undefined} [verify]
 *   what is wrong with a subject's result
 */

const order = [
  ...["gemm", "elementwise", "optimizer", "train", "predict", "fit", "threads", "scaling"],
  ...["start", "memory", "size"],
];
const folder = new URL("suites/", import.meta.url);

/** @returns {Promise<Suite[]>} */
export async function allSuites() {
  const files = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  const suites = await Promise.all(
    files.map(async (file) => (await import(new URL(file, folder).href)).suite),
  );
  const place = (/** @type {Suite} */ { name }) => (order.indexOf(name) + 100) % 100;
  return suites.sort((a, b) => place(a) - place(b));
}
