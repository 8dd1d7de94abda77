// What is compared: the optimizers that gradus exports, and the grades that a textbook gives them.
// One line each; those that gradus does not have yet join when it does.
import * as gradus from "../../dist/index.js";

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {(options: { learningRate: number }) => import("../../dist/index.js").Optimizer} make
 * @property {{ speed: string, quality: string } | null} textbook grades: "B-A" is "B or A"
 */

/**
 * A. Géron, Hands-On Machine Learning (3rd edition, 2022), chapter 11, "Optimizer comparison":
 * one star is C, two are B, three are A.
 */
const fastAndGood = { speed: "A", quality: "B-A" };

/** @type {[name: string, textbook: { speed: string, quality: string } | null][]} */
const table = [
  ["sgd", { speed: "C", quality: "A" }],
  ["momentum", { speed: "B", quality: "A" }],
  ["nesterov", { speed: "B", quality: "A" }],
  ["adagrad", { speed: "A", quality: "C" }],
  ["rmsprop", fastAndGood],
  ["adam", fastAndGood],
  ["adamax", fastAndGood],
  ["nadam", fastAndGood],
  ["adamW", fastAndGood],
  ["adadelta", null],
  ["lion", null],
  ["ftrl", null],
  ["lamb", null],
  ["muon", null],
];

/** @type {Subject[]} */
export const subjects = table.flatMap(([name, textbook]) => {
  const make = /** @type {Record<string, any>} */ (gradus)[name];
  return typeof make === "function" ? [{ name, make, textbook }] : [];
});
