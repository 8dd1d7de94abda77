// The names under which losses and metrics are reported, as types: what `compile` was asked for is
// what logs and histories hold. There is no code here.
import type { History } from "../callbacks/history.js";
import type { LayerTensor } from "../layers/layer-tensor.js";
import type { Metric } from "../metrics.js";
import type { MetricsLike } from "./output-setup.js";
import type { TensorStructure } from "./parts.js";

/** Losses and metrics by name, as far as the names are known. */
export type LogsOf<Names extends string> = { [K in Names]: number };

/** A metric keeps its name; that of a user's function is not known. */
type NameOf<M> = M extends string ? M : M extends Metric<infer Name> ? Name : string;

/** The names of metrics in an array, or of one alone. */
type NamesIn<M> = M extends readonly []
  ? never
  : M extends readonly unknown[]
    ? number extends M["length"]
      ? string
      : NameOf<M[number]>
    : NameOf<M>;

type NamesOf<M, Output extends string> = M extends readonly []
  ? never
  : M extends readonly unknown[]
    ? string
    : {
        [K in keyof M & string]: K extends Output ? `${K}${Capitalize<NamesIn<M[K]>>}` : string;
      }[keyof M & string];

type IsSeveral<K, All = K> = K extends unknown ? ([All] extends [K] ? false : true) : never;

/** The names that a model with these outputs and metrics reports; `string` where they are not known. */
export type LogNames<
  O extends TensorStructure,
  M extends MetricsLike,
  W extends MetricsLike,
> = O extends LayerTensor
  ? "loss" | (M | W extends readonly unknown[] ? NamesIn<M> | NamesIn<W> : string)
  : O extends readonly unknown[]
    ? string
    : true extends IsSeveral<keyof O>
      ?
          | "loss"
          | `${keyof O & string}Loss`
          | NamesOf<M, keyof O & string>
          | NamesOf<W, keyof O & string>
      : string;

type Validated<Names extends string> = string extends Names ? Names : `val${Capitalize<Names>}`;

/**
 * What `fit` gives back: with validation it has `valLoss` and its like; where the types cannot tell
 * whether there is any, these may be missing. `V` and `S` are `validationData` and `validationSplit`.
 */
export type HistoryOf<Names extends string, V, S, AnyValidation> = [V, S] extends [
  undefined,
  undefined,
]
  ? History<Names>
  : [AnyValidation] extends [V]
    ? History<Names, Validated<Names>>
    : [V] extends [NonNullable<V>]
      ? History<Names | Validated<Names>>
      : undefined extends S
        ? History<Names, Validated<Names>>
        : number extends S
          ? History<Names, Validated<Names>>
          : History<Names | Validated<Names>>;
