// The sequential model: a chain of layers.
import { checkOptions, describe, fail } from "../errors.js";
import { placeOf } from "../layers/connect.js";
import { checkShape, Layer } from "../layers/layer.js";
import { LayerTensor } from "../layers/layer-tensor.js";
import type { Apply, Shape, ShapeMistake } from "../layers/shape-rules.js";
import { batchOf } from "../shape.js";
import { LayerGraph } from "./layer-graph.js";
import { nameLayers } from "./layer-names.js";
import { Model } from "./model.js";
import type { ShapeIn } from "./parts.js";
import { seedOf } from "./seed.js";

/** What a sequential model is made of. */
export type Link = Layer | Model;

/** Options of `sequential`. */
export interface SequentialOptions<
  S extends readonly number[] = readonly number[],
  L extends readonly Link[] = readonly Link[],
> {
  /** The layers, each reading the output of the one before; models count as layers. */
  layers: L;
  /**
   * The shape of one row of input, `[784]`. Default: that of the first layer, for a layer of another
   * model what it reads there.
   */
  inputShape?: S;
  /** Fixes initial weights, shuffling and dropout; whole, at least 0. Default: a random one. */
  seed?: number;
  /** Default: `"sequential"`. */
  name?: string;
}

/** What one layer or model makes of a shape. */
type AfterLink<H, S> =
  H extends Layer<infer R>
    ? Apply<R, S>
    : H extends Model<LayerTensor, infer O>
      ? ShapeIn<O>
      : Shape;

/** The shape at the end of a chain, or the mistake in it. */
export type AfterChain<S extends Shape, L extends readonly Link[]> = number extends L["length"]
  ? Shape
  : L extends readonly [infer H, ...infer Rest extends readonly Link[]]
    ? AfterLink<H, S> extends infer Next
      ? Next extends ShapeMistake
        ? Next
        : AfterChain<Next extends Shape ? Next : Shape, Rest>
      : never
    : S;

/** The shape at the beginning of a chain. */
export type BeforeChain<
  S extends readonly number[],
  L extends readonly Link[],
> = number extends S["length"]
  ? L extends readonly [Model<infer I extends LayerTensor>, ...unknown[]]
    ? I extends LayerTensor<infer First>
      ? First
      : Shape
    : Shape
  : [null, ...S];

/** What a chain makes of a shape, where there is no mistake. */
export type ShapeOr<S> = S extends Shape ? S : Shape;

/**
 * A model that is a chain of layers.
 * Source: https://keras.io/api/models/sequential/
 *
 * @example
 * const model = sequential({
 *   inputShape: [784],
 *   seed: 42,
 *   layers: [dense({ units: 100, activation: "relu" }), dense({ units: 10, activation: "softmax" })],
 * });
 */
export function sequential<
  const S extends readonly number[] = readonly number[],
  const L extends readonly Link[] = readonly Link[],
>(
  options: SequentialOptions<S, L> & {
    layers: AfterChain<BeforeChain<S, L>, L> extends infer M extends ShapeMistake ? M : unknown;
  },
): Model<LayerTensor<BeforeChain<S, L>>, LayerTensor<ShapeOr<AfterChain<BeforeChain<S, L>, L>>>>;
export function sequential(options: SequentialOptions): Model {
  const where = "sequential";
  const given = checkOptions(where, options, ["layers", "inputShape", "seed", "name"]);
  const { layers, name = "sequential" } = given;
  if (!Array.isArray(layers) || layers.length === 0) {
    fail(where, { expected: "layers to be an array of layers", received: describe(layers) });
  }
  for (const [i, layer] of layers.entries()) {
    if (layer instanceof Layer || layer instanceof Model) continue;
    fail(where, {
      expected: `layers[${i}] to be a layer such as dense({ units: 10 })`,
      received: describe(layer),
      ...(typeof layer === "function" ? { hint: "Call it with its options." } : {}),
    });
  }
  if (typeof name !== "string" || name === "") {
    fail(where, { expected: "name to be a text", received: describe(name) });
  }
  const seed = seedOf(where, given.seed);
  const rowShape = inputShapeOf(where, given, layers[0] as Layer | Model);
  const tensor = new LayerTensor(batchOf(rowShape), "float32", null);
  const output = chain(where, tensor, layers);
  const one = (only: LayerTensor) =>
    ({ form: "one", entries: [{ name: null, tensor: only }] }) as const;
  return new Model(name, new LayerGraph(where, one(tensor), one(output)), seed);
}

/** Calls the layers one after the other, under the names they will have. */
function chain(where: string, x: LayerTensor, layers: readonly (Layer | Model)[]): LayerTensor {
  const own = layers.filter((layer) => layer instanceof Layer);
  const names = nameLayers(
    where,
    own.map((layer) => ({ layer, scope: null })),
  );
  return layers.reduce((tensor, layer) => {
    if (!(layer instanceof Layer)) return layer.connect(tensor);
    return layer.connect(tensor, { place: placeOf(layer, names.get(layer)) });
  }, x);
}

/** The shape of one row that a layer of another model reads there. */
function builtShapeOf(first: Layer | Model): readonly number[] | undefined {
  if (!(first instanceof Layer)) return undefined;
  return first.state?.inputs[0]?.slice(1).map(({ factor }) => factor);
}

function inputShapeOf(
  where: string,
  given: SequentialOptions,
  first: Layer | Model,
): readonly number[] {
  const own = first instanceof Layer ? first.inputShape : (first.inputShape.slice(1) as number[]);
  if (given.inputShape === undefined) {
    return (
      own ??
      builtShapeOf(first) ??
      fail(first instanceof Layer ? placeOf(first) : where, {
        expected: "an inputShape for the first layer",
        received: "none",
        hint: "Add inputShape: [784] to sequential or to its first layer.",
      })
    );
  }
  const shape = checkShape(where, "inputShape", given.inputShape);
  if (own && (own.length !== shape.length || own.some((extent, i) => extent !== shape[i]))) {
    fail(where, {
      expected: `the inputShape [${own.join(", ")}] of its first layer`,
      received: `[${shape.join(", ")}]`,
      hint: "Give it once.",
    });
  }
  return shape;
}
