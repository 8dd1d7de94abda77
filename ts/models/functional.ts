// The functional model: layers called on tensors, between inputs and outputs.
import { checkOptions, describe, fail } from "../errors.js";
import { LayerTensor } from "../layers/layer-tensor.js";
import { LayerGraph, type NamedTensors } from "./layer-graph.js";
import { Model } from "./model.js";
import { isRecord, type TensorStructure } from "./parts.js";
import { seedOf } from "./seed.js";

/** Options of `model`. */
export interface ModelOptions<I extends TensorStructure, O extends TensorStructure> {
  /** Where the data go to: a tensor made by `input()`, an array of them, or tensors by name. */
  inputs: I;
  /** What is predicted: a tensor, an array of them, or tensors by name. */
  outputs: O;
  /** Default: `"model"`. */
  name?: string;
  /**
   * Fixes initial weights, shuffling and dropout; whole, at least 0. Default: a random one, and
   * for the weights of layers that it shares with a model that has a seed, that model's.
   */
  seed?: number;
}

/**
 * A model of whatever layers lead from its inputs to its outputs. Data go in, and predictions come
 * out, in the form of `inputs` and `outputs`: alone, in arrays, or by name. Names of outputs in an
 * array are those of their layers.
 *
 * Throws a `GradusError` where outputs need an input that is not given, or do without one that is.
 * Source: https://keras.io/api/models/model/
 *
 * @example
 * const x = input({ shape: [64] });
 * const hidden = dense({ units: 32, activation: "relu" })(x);
 * const digit = dense({ units: 10, activation: "softmax" })(hidden);
 * const odd = dense({ units: 1, activation: "sigmoid" })(hidden);
 * const reader = model({ inputs: x, outputs: { digit, odd } });
 * reader.compile({
 *   optimizer: "adam",
 *   loss: { digit: "sparseCategoricalCrossentropy", odd: "binaryCrossentropy" },
 *   metrics: { digit: "accuracy" }, // logs: loss, digitLoss, oddLoss, digitAccuracy
 * });
 */
export function model<const I extends TensorStructure, const O extends TensorStructure>(
  options: ModelOptions<I, O>,
): Model<I, O> {
  const where = "model";
  const given = checkOptions(where, options, ["inputs", "outputs", "name", "seed"]);
  const { name = "model" } = given;
  if (typeof name !== "string" || name === "") {
    fail(where, { expected: "name to be a text", received: describe(name) });
  }
  const seed = seedOf(where, given.seed);
  const inputs = namedTensors(where, "inputs", given.inputs);
  const outputs = namedTensors(where, "outputs", given.outputs);
  const distinct = new Set(inputs.entries.map(({ tensor }) => tensor));
  if (distinct.size < inputs.entries.length) {
    fail(where, { expected: "inputs that differ", received: "one of them twice" });
  }
  return new Model<I, O>(name, new LayerGraph(where, inputs, outputs), seed);
}

function namedTensors(where: string, what: string, given: unknown): NamedTensors {
  const check = (label: string, tensor: unknown): LayerTensor => {
    if (tensor instanceof LayerTensor) return tensor;
    return fail(where, {
      expected: `${label} to be a tensor made by input() or by calling a layer`,
      received: describe(tensor),
    });
  };
  const entriesOf = (): [string | null, string, unknown][] => {
    if (Array.isArray(given)) return given.map((each, i) => [null, `${what}[${i}]`, each]);
    if (!isRecord(given)) return [[null, what, given]];
    return Object.entries(given).map(([name, each]) => [name, `${what}.${name}`, each]);
  };
  const entries = entriesOf().map(([name, label, tensor]) => {
    return { name, tensor: check(label, tensor) };
  });
  if (entries.length === 0) fail(where, { expected: `${what}`, received: describe(given) });
  return { form: Array.isArray(given) ? "array" : isRecord(given) ? "record" : "one", entries };
}
