// A layer that is a function without weights.
import type { Sym } from "../graph.js";
import { customLayer, type LayerCall } from "./customLayer.js";
import { checkLayerOptions, type Layer, type LayerOptions } from "./layer.js";

/** Options of `lambda`. */
export interface LambdaOptions extends LayerOptions {
  /** What it makes of its input: a tensor `[batch, ...]`, made with `ops` and `activations`. */
  call: (x: Sym, context: Omit<LayerCall, "weights" | "assign">) => Sym;
}

/**
 * A layer of one's own without weights, for one input; with weights or for more see `customLayer`.
 *
 * Throws a `GradusError` where `call` does not return a tensor `[batch, ...]`.
 * Source: https://keras.io/api/layers/core_layers/lambda/
 *
 * @example
 * lambda({ call: (x) => ops.square(x) })
 */
export function lambda(options: LambdaOptions): Layer {
  const { call, ...rest } = checkLayerOptions("lambda", options, ["call"]);
  return customLayer({
    kind: "lambda",
    call: typeof call === "function" ? ([x], context) => call(x, context) : call,
    ...rest,
  });
}
