// The functional model: layers called on tensors, between inputs and outputs.
import { checkOptions, describe, fail } from "../errors.js";
import { LayerTensor } from "../layers/layer-tensor.js";
import { LayerGraph } from "./layer-graph.js";
import { Model } from "./model.js";
import { seedOf } from "./seed.js";

/** Options of `model`. */
export interface ModelOptions {
  /** The tensor that the data go to, made by `input()`. */
  inputs: LayerTensor;
  /** The tensor that is predicted. */
  outputs: LayerTensor;
  /** Default: `"model"`. */
  name?: string;
  /** Fixes initial weights, shuffling and dropout; whole, at least 0. Default: a random one. */
  seed?: number;
}

/**
 * A model of whatever layers lead from its inputs to its outputs.
 * Source: https://keras.io/api/models/model/
 *
 * @example
 * const x = input({ shape: [784] });
 * const hidden = dense({ units: 100, activation: "relu" })(x);
 * const classifier = model({ inputs: x, outputs: dense({ units: 10, activation: "softmax" })(hidden) });
 */
export function model(options: ModelOptions): Model {
  const where = "model";
  const given = checkOptions(where, options, ["inputs", "outputs", "name", "seed"]);
  const { inputs, outputs, name = "model" } = given;
  if (typeof name !== "string" || name === "") {
    fail(where, { expected: "name to be a text", received: describe(name) });
  }
  for (const [part, tensor] of [
    ["inputs", inputs],
    ["outputs", outputs],
  ] as const) {
    if (tensor instanceof LayerTensor) continue;
    fail(where, {
      expected: `${part} to be a tensor made by input() or by calling a layer`,
      received: describe(tensor),
    });
  }
  const seed = seedOf(where, given.seed);
  return new Model(name, new LayerGraph(where, [{ name: "x", tensor: inputs }], [outputs]), seed);
}
