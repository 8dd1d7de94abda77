// Tensors between layers: what functional models are written with. They remember how they were
// made, and have a shape and no numbers.
import type { DType } from "../data/tensor.js";
import { showAsText } from "../inspect.js";
import { type Dim, visibleShape, visibleText } from "../shape.js";
import type { Layer, WeightSpec } from "./layer.js";
import type { Shape } from "./shape-rules.js";

/** The model through which a layer was called. */
export interface Scope {
  /** Equal for all calls through one model. */
  readonly key: object;
  /** The model's name. */
  readonly name: string;
  /** The name of a layer in that model. */
  pathOf(layer: Layer): string;
}

/** One call of a layer. */
export interface LayerUse {
  readonly layer: Layer;
  readonly inputs: readonly LayerTensor[];
  /** The weights the layer needs for these inputs. */
  readonly specs: readonly WeightSpec[];
  /** Whether it adds something to the loss. */
  readonly addsLoss: boolean;
  readonly scope: Scope | null;
}

let made = 0;

/**
 * An input of a functional model or the output of a layer in it. Made by `input()` and by calling
 * layers. `S` is its shape as far as the types know it: `LayerTensor<[null, 28, 28]>`.
 */
export class LayerTensor<S extends Shape = Shape> {
  /** Extents, outermost first; `null` stands for the batch size. */
  readonly shape: Readonly<S>;
  /** What its elements are. */
  readonly dtype: DType;
  /** @internal */
  readonly dims: readonly Dim[];
  /** The call that made it; null for an input. @internal */
  readonly use: LayerUse | null;
  /** The name that an input was given. @internal */
  readonly givenName: string | null;
  /** How many were made before it. @internal */
  readonly order = made++;

  /** @internal */
  constructor(
    dims: readonly Dim[],
    dtype: DType,
    use: LayerUse | null,
    givenName: string | null = null,
  ) {
    this.shape = visibleShape(dims) as readonly unknown[] as Readonly<S>;
    this.dtype = dtype;
    this.dims = dims;
    this.use = use;
    this.givenName = givenName;
    showAsText(LayerTensor.prototype);
  }

  /** Its element type, shape and where it comes from: `float32 [null, 10] of dense "dense"`. */
  toString(): string {
    const { use } = this;
    const source = use ? `${use.layer.kind} "${use.layer.name}"` : `input ${this.givenName ?? ""}`;
    return `${this.dtype} ${visibleText(this.dims)} of ${source.trim()}`;
  }
}
