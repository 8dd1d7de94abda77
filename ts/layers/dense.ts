// The dense layer.
import { type Activation, resolveActivation } from "../activations.js";
import { type ConstraintLike, resolveConstraint } from "../constraints.js";
import { checkBoolean, checkNumber } from "../errors.js";
import { type InitializerLike, resolveInitializer } from "../initializers.js";
import { add, matmul } from "../ops.js";
import { type RegularizerLike, resolveRegularizer } from "../regularizers.js";
import { addActivityLoss } from "./activity.js";
import { checkLayerOptions, featuresOf, Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { DenseRule } from "./shape-rules.js";

/** Options of `dense`. */
export interface DenseOptions<Units extends number = number> extends LayerOptions {
  /** How many outputs, at least 1. */
  units: Units;
  /** What is done with the sum. Default: `"linear"`. */
  activation?: Activation | null;
  /** Whether a bias is added. Default: true. */
  useBias?: boolean;
  /** How the kernel `[inputs, units]` starts. Default: `"glorotUniform"`. */
  kernelInitializer?: InitializerLike;
  /** How the bias `[units]` starts. Default: `"zeros"`. */
  biasInitializer?: InitializerLike;
  /** A penalty on the kernel. Default: none. */
  kernelRegularizer?: RegularizerLike | null;
  /** A penalty on the bias. Default: none. */
  biasRegularizer?: RegularizerLike | null;
  /** What the kernel is projected to after each update. Default: nothing. */
  kernelConstraint?: ConstraintLike | null;
  /** What the bias is projected to after each update. Default: nothing. */
  biasConstraint?: ConstraintLike | null;
  /** A penalty on the output, for each sample of the batch. Default: none. */
  activityRegularizer?: RegularizerLike | null;
}

const optionNames = [
  "units",
  "activation",
  "useBias",
  "kernelInitializer",
  "biasInitializer",
  "kernelRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "kernelConstraint",
  "biasConstraint",
];

/**
 * `activation(x kernel + bias)` over the last axis: `[batch, ..., inputs]` to
 * `[batch, ..., units]`. Weights: `kernel`, `bias`.
 * Source: https://keras.io/api/layers/core_layers/dense/
 *
 * @example
 * dense({ units: 300, activation: "relu", kernelInitializer: "heNormal" })
 */
export function dense<const Units extends number>(
  options: DenseOptions<Units>,
): Layer<DenseRule<Units>> {
  const given = checkLayerOptions("dense", options, optionNames);
  const units = checkNumber("dense", "units", given.units, { integer: true, min: 1 });
  const useBias = checkBoolean("dense", "useBias", given.useBias ?? true);
  const activation = resolveActivation("dense: activation", given.activation ?? "linear");
  const kernelInitializer = resolveInitializer(
    "dense: kernelInitializer",
    given.kernelInitializer ?? "glorotUniform",
  );
  const biasInitializer = resolveInitializer(
    "dense: biasInitializer",
    given.biasInitializer ?? "zeros",
  );
  const regularizer = (name: "kernelRegularizer" | "biasRegularizer" | "activityRegularizer") =>
    resolveRegularizer(`dense: ${name}`, given[name] ?? null);
  const kernelRegularizer = regularizer("kernelRegularizer");
  const biasRegularizer = regularizer("biasRegularizer");
  const activityRegularizer = regularizer("activityRegularizer");
  const constraint = (name: "kernelConstraint" | "biasConstraint") =>
    resolveConstraint(`dense: ${name}`, given[name] ?? null);
  const kernelConstraint = constraint("kernelConstraint");
  const biasConstraint = constraint("biasConstraint");

  return new Layer(
    {
      kind: "dense",
      activation,
      weights(inputs, place) {
        const shape = [featuresOf(inputs, place), units];
        return [
          {
            name: "kernel",
            shape,
            initializer: kernelInitializer,
            regularizer: kernelRegularizer,
            constraint: kernelConstraint,
          },
          ...(useBias
            ? [
                {
                  name: "bias",
                  shape: [units],
                  initializer: biasInitializer,
                  regularizer: biasRegularizer,
                  constraint: biasConstraint,
                },
              ]
            : []),
        ];
      },
      call(context, inputs) {
        const product = matmul(onlyInput(inputs, "dense"), context.weight("kernel"));
        const sum = useBias ? add(product, context.weight("bias")) : product;
        const output = activation(sum);
        addActivityLoss(context, activityRegularizer, output);
        return output;
      },
    },
    given,
  );
}
