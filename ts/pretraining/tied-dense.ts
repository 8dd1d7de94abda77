// A dense layer whose kernel is that of another one, transposed: the decoder of a tied autoencoder.
import { fail } from "../errors.js";
import type { GraphVariable, Sym } from "../graph.js";
import { resolveInitializer } from "../initializers.js";
import { featuresOf, Layer, type LayerDefinition, onlyInput } from "../layers/layer.js";
import { add, matmul } from "../ops.js";

/** What a tied layer mirrors. */
export interface TiedDenseOptions {
  /** The dense layer whose kernel `[inputs, units]` it uses. */
  readonly source: Layer;
  readonly inputs: number;
  readonly units: number;
  readonly activation: (x: Sym) => Sym;
}

/**
 * `activation(x kernelᵀ + bias)`: `[batch, units]` to `[batch, inputs]`. It has a bias and no kernel
 * of its own; the gradient of the kernel is the sum over both uses. Vincent et al. 2010, section 2.2.
 */
export function tiedDense(options: TiedDenseOptions): Layer {
  return new Layer(definitionOf(options), {});
}

function definitionOf(options: TiedDenseOptions): LayerDefinition {
  const { source, inputs, units, activation } = options;
  const kind = "tiedDense";
  // Stands for the kernel as long as nothing is built.
  const unbuilt: GraphVariable = { name: "kernel", shape: [inputs, units], id: -1 };
  return {
    kind,
    activation,
    weights(shapes, place) {
      const given = featuresOf(shapes, place);
      if (given !== units) {
        fail(place, { expected: `${units} features, as its source makes`, received: `${given}` });
      }
      const initializer = resolveInitializer(kind, "zeros");
      return [{ name: "bias", shape: [inputs], initializer }];
    },
    call(context, given) {
      const x = onlyInput(given, kind);
      const built = source.state?.weights.find(({ spec }) => spec.name === "kernel");
      const kernel = x.graph.variable(built?.variable ?? unbuilt);
      const product = matmul(x, kernel, { transposeB: true });
      return activation(add(product, context.weight("bias")));
    },
    copied: (copyOf) => definitionOf({ ...options, source: copyOf(source) }),
  };
}
