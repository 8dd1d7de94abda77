// What the types know of data: how deep nested arrays are, and whether that goes with the shapes of
// a model. There is no code here; flat arrays and data of unknown depth are left to the checks at
// run time.
import type { NumericArray } from "../data/rows.js";
import type { Tensor } from "../data/tensor.js";
import type { LayerTensor } from "../layers/layer-tensor.js";
import type { Shape, ShapeMistake } from "../layers/shape-rules.js";
import type { TensorStructure } from "./parts.js";

/** How deep arrays are nested, or the rank of a tensor; `number` where the types do not know. */
type Depth<X, Counted extends readonly unknown[] = []> = 0 extends 1 & X
  ? number
  : X extends NumericArray
    ? number
    : X extends Tensor<infer S>
      ? S["length"]
      : X extends readonly (infer Item)[]
        ? [Item] extends [never]
          ? number
          : [Item] extends [number]
            ? [...Counted, 1]["length"]
            : [Item] extends [readonly unknown[] | NumericArray]
              ? Depth<Item, [...Counted, 1]>
              : number
        : number;

/** One number per row may be written with and without an axis of its own. */
type InputRank<S extends Shape> = S extends readonly [unknown]
  ? 1 | 2
  : S extends readonly [unknown, infer Only]
    ? 1 extends Only
      ? 1 | 2
      : number extends Only
        ? 1 | 2
        : 2
    : S["length"];

/** Targets are class numbers, one axis less, or have the shape of the predictions. */
type TargetRank<S extends Shape> = S extends readonly [unknown] | readonly [unknown, unknown]
  ? 1 | 2
  : S extends readonly [unknown, ...infer Row]
    ? S["length"] | Row["length"]
    : number;

type RankComplaint<X, Rank extends number, What extends string> = number extends Rank
  ? unknown
  : number extends Depth<X>
    ? unknown
    : Depth<X> extends Rank
      ? unknown
      : ShapeMistake<`${What} of rank ${Rank}, the batch being the first axis`>;

/** What inputs must be, besides data: impossible where their rank is wrong. */
export type InputComplaint<X, I extends TensorStructure> =
  I extends LayerTensor<infer S>
    ? RankComplaint<X, InputRank<S>, "inputs">
    : {
        [K in keyof I]: K extends keyof X
          ? InputComplaint<X[K], I[K] extends LayerTensor ? I[K] : never>
          : unknown;
      };

/** What targets must be, besides data: impossible where their rank is wrong. */
export type TargetComplaint<Y, O extends TensorStructure> =
  O extends LayerTensor<infer S>
    ? RankComplaint<Y, TargetRank<S>, "targets">
    : {
        [K in keyof O]: K extends keyof Y
          ? TargetComplaint<Y[K], O[K] extends LayerTensor ? O[K] : never>
          : unknown;
      };
