// What a layer is: a description of its weights and of its function over symbolic tensors, and,
// once a model has built it, its weights. Layers must not know models or training.
import type { ConstraintFunction } from "../constraints.js";
import { shapeText } from "../data/tensor.js";
import { checkBoolean, checkNumber, checkOptions, describe, fail } from "../errors.js";
import type { Sym } from "../graph.js";
import type { Initializer } from "../initializers.js";
import { showAsText } from "../inspect.js";
import type { RegularizerFunction } from "../regularizers.js";
import { Resources, Variable } from "../runtime/resources.js";
import { type Dim, printDims } from "../shape.js";
import { Callable } from "./callable.js";
import { type ConnectOptions, connectLayer } from "./connect.js";
import type { LayerTensor } from "./layer-tensor.js";
import type { Complaint, ShapeAfter, ShapeRule, ShapesOf } from "./shape-rules.js";

/** Options every layer has. */
export interface LayerOptions {
  /** Its name in summaries, errors and weights. Default: its kind with a number. */
  name?: string;
  /** Whether training changes its weights. Default: true. */
  trainable?: boolean;
  /** See {@link Layer.learningRateMultiplier}. Default: 1. */
  learningRateMultiplier?: number;
  /** The shape of one row of input, for the first layer of a model: `[784]`. Default: the model's. */
  inputShape?: readonly number[];
}

/** A weight that a layer wants. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** False for statistics, which training updates in other ways. Default: true. */
  readonly trainable?: boolean;
  readonly regularizer?: RegularizerFunction | null;
  /** What it is projected to after each update. */
  readonly constraint?: ConstraintFunction | null;
}

/** What a layer's function may ask for besides its inputs. */
export interface CallContext {
  /** Whether this is a training step. */
  readonly training: boolean;
  /** Whether layers that draw random numbers (dropout, noise) do: in training steps by default. */
  readonly random: boolean;
  /** Whether the layer's weights are trained. */
  readonly trainable: boolean;
  /** A number no other call of a layer in this model has, for random draws. */
  readonly stream: number;
  /** The weight of that name. */
  weight(name: string): Sym;
  /** Adds a scalar to the loss. */
  addLoss(value: Sym): void;
}

/** The two functions that make a layer. */
export interface LayerDefinition {
  /** The factory's name: `dense`. */
  readonly kind: string;
  /** What it ends with, for layers that mirror it. */
  readonly activation?: (x: Sym) => Sym;
  /** The weights for inputs of these shapes; `place` names the layer in errors. */
  weights?(inputs: readonly (readonly Dim[])[], place: string): readonly WeightSpec[];
  /** The definition of a copy, where it refers to other layers: `copyOf` gives their copies. */
  copied?(copyOf: (layer: Layer) => Layer): LayerDefinition;
  /** The output for these inputs. */
  call(context: CallContext, inputs: readonly Sym[]): Sym;
}

/** A weight of a built layer. */
export interface LayerWeight {
  readonly spec: WeightSpec;
  readonly variable: Variable;
}

/** A model that uses a layer: refuses changes while it trains. */
export interface LayerUser {
  check(where: string, kind: "changes"): void;
}

/** Where the random numbers of first weights come from. */
export interface WeightOrigin {
  /** The halves of the seed. */
  readonly low: number;
  readonly high: number;
  /** The place of the layer in the model whose seed it is. */
  readonly layer: number;
}

/** What a layer gets when a model is built from it first; it keeps it in every other model. */
export class LayerState {
  readonly name: string;
  readonly inputs: readonly (readonly Dim[])[];
  readonly weights: readonly LayerWeight[];
  /** Where its weights live in the engine. */
  readonly resources: Resources;
  /** The models that use it. */
  readonly users = new Set<LayerUser>();
  /** Of the first model with a seed that holds it: models without one draw from it. */
  origin: WeightOrigin | null = null;

  constructor(
    layer: Layer,
    name: string,
    inputs: readonly (readonly Dim[])[],
    specs: readonly WeightSpec[],
  ) {
    this.name = name;
    this.inputs = inputs;
    this.weights = specs.map((spec) => ({
      spec,
      variable: new Variable(`${name}/${spec.name}`, spec.shape),
    }));
    this.resources = new Resources(layer);
  }

  /** One model uses it no more; after the last its memory goes back. */
  release(user: LayerUser): void {
    this.users.delete(user);
    if (this.users.size > 0) return;
    this.resources.free();
    this.origin = null;
    for (const { variable } of this.weights) variable.forget();
  }
}

/**
 * How a layer is called on one tensor, or on an array of them where it takes several: returns its
 * output. Called again, it uses the same weights.
 *
 * Throws a `GradusError` for tensors of shapes that it cannot take.
 * Source: https://keras.io/guides/functional_api/
 */
export type LayerFunction<R extends ShapeRule = ShapeRule> = {
  /** The output of the layer. */
  call<const T extends LayerTensor | readonly LayerTensor[]>(
    inputs: T & Complaint<R, ShapesOf<T>>,
  ): LayerTensor<ShapeAfter<R, ShapesOf<T>>>;
}["call"];

const CallableLayer = Callable as new <R extends ShapeRule>() => LayerFunction<R>;

/**
 * A layer of a model. Made by `dense()` and the like; in functional models it is called on tensors.
 * `R` tells the compiler what it makes of shapes.
 *
 * @example
 * const x = input({ shape: [784] });
 * const hidden = dense({ units: 100, activation: "relu" })(x);
 */
export class Layer<R extends ShapeRule = ShapeRule> extends CallableLayer<R> {
  /**
   * Whether training changes its weights; a change counts from the next `compile`, and not for
   * models compiled before.
   * Source: https://keras.io/guides/transfer_learning/
   */
  trainable: boolean;
  #learningRateMultiplier = 1;
  /** @internal */
  readonly definition: LayerDefinition;
  /** The name it was given; null to be named by its model. @internal */
  readonly givenName: string | null;
  /** The name of the layer it is a copy of: kept where it is free. @internal */
  formerName: string | null = null;
  /** @internal */
  readonly inputShape: readonly number[] | null;
  /** @internal */
  state: LayerState | null = null;

  /** @internal */
  constructor(definition: LayerDefinition, options: LayerOptions) {
    super();
    showAsText(Layer.prototype);
    const { kind } = definition;
    const { name, trainable = true, learningRateMultiplier = 1, inputShape } = options;
    if (name !== undefined && (typeof name !== "string" || !/^[^/\s]+$/.test(name))) {
      fail(`${kind}: name`, {
        expected: 'a text without "/" and blanks',
        received: describe(name),
      });
    }
    this.definition = definition;
    this.givenName = name ?? null;
    this.trainable = checkBoolean(kind, "trainable", trainable);
    this.learningRateMultiplier = learningRateMultiplier;
    this.inputShape = inputShape === undefined ? null : checkShape(kind, "inputShape", inputShape);
  }

  /**
   * A factor for the learning rate of its weights, at least 0; a change counts from the next
   * `compile`. It multiplies what a constant rate or a schedule gives, and with it decoupled weight
   * decay (`w -= rate * multiplier * weightDecay * w`): as the `lr` of a parameter group does in
   * PyTorch. Momentum and slots have no part in it. With 0 the weights stay as they are, without
   * weight decay, slots or a part in global clipping, but the layer works as in training (batch
   * normalisation uses the batch); freeze it with `trainable` to avoid that.
   * Source: https://pytorch.org/docs/stable/optim.html#per-parameter-options
   */
  get learningRateMultiplier(): number {
    return this.#learningRateMultiplier;
  }

  /** A change counts from the next `compile`. */
  set learningRateMultiplier(value: number) {
    const limits = { min: 0 };
    this.#learningRateMultiplier = checkNumber(this.kind, "learningRateMultiplier", value, limits);
  }

  /** The name of the factory that made it: `dense`. */
  get kind(): string {
    return this.definition.kind;
  }

  /** Its name; that of its kind until a model was built from it. */
  override get name(): string {
    return this.state?.name ?? this.givenName ?? this.formerName ?? this.kind;
  }

  /** Kind, name and weights: `dense "hidden": kernel [4, 16], bias [16]`. */
  override toString(): string {
    const { state, trainable, learningRateMultiplier: factor } = this;
    const weights = state?.weights.map(({ spec }) => `${spec.name} ${shapeText(spec.shape)}`);
    const what = weights ? weights.join(", ") || "no weights" : "not in a model yet";
    const rate = factor === 1 ? "" : `, learning rate x ${factor}`;
    return `${this.kind} "${this.name}": ${what}${trainable ? "" : ", frozen"}${rate}`;
  }

  /** A layer of the same class. @internal */
  remake(definition: LayerDefinition, options: LayerOptions): Layer {
    return new Layer(definition, options);
  }

  /** @internal */
  connect(inputs: LayerTensor | readonly LayerTensor[], options?: ConnectOptions): LayerTensor {
    return connectLayer(this, inputs, options);
  }
}

/** Checks the names of a layer's options, its own and those every layer has; returns them. */
export function checkLayerOptions<T>(kind: string, options: T, own: readonly string[]) {
  return checkOptions(kind, options, [
    ...own,
    "name",
    "trainable",
    "learningRateMultiplier",
    "inputShape",
  ]);
}

/** Checks a shape of fixed extents. */
export function checkShape(where: string, name: string, shape: unknown): readonly number[] {
  if (!Array.isArray(shape)) {
    return fail(where, {
      expected: `${name} to be an array such as [784]`,
      received: describe(shape),
    });
  }
  shape.forEach((extent, i) => {
    checkNumber(where, `${name}[${i}]`, extent, { integer: true, min: 1 });
  });
  return [...shape];
}

/** The one input of a layer that takes one. */
export function onlyInput<T>(inputs: readonly T[], place: string): T {
  const [input] = inputs;
  if (inputs.length === 1 && input !== undefined) return input;
  return fail(place, { expected: "one input", received: `${inputs.length}` });
}

/** The last extent of the input, which weights need as a number. */
export function featuresOf(inputs: readonly (readonly Dim[])[], place: string): number {
  const dims = onlyInput(inputs, place);
  const features = dims.at(-1);
  if (dims.length >= 2 && features !== undefined && features.symbol === 0) return features.factor;
  return fail(place, {
    expected: "an input [batch, ..., features]",
    received: printDims(dims),
  });
}
