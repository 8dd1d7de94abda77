// The layer that normalises inputs with statistics of data: given ones, or those that `adapt` finds.
// It must not know models; these say through `LayerUser` whether it may change.
import type { DataLike } from "../data/rows.js";
import { toRows } from "../data/rows.js";
import { type GivenNumbers, givenNumbers } from "../data/shaped.js";
import { statisticsOf } from "../data/statistics.js";
import { sizeOf } from "../data/tensor.js";
import { checkBoolean, describe, fail } from "../errors.js";
import type { Sym } from "../graph.js";
import type { FillPlan, Initializer } from "../initializers.js";
import { add, divide, maximum, multiply, reshapeTo, sqrt, subtract } from "../ops.js";
import { readyCore } from "../runtime/load.js";
import { batchOf, type Dim, fixed } from "../shape.js";
import { axesOf, checkAxes, extentsOf } from "./axes.js";
import { placeOf } from "./connect.js";
import {
  type CallContext,
  checkLayerOptions,
  Layer,
  type LayerDefinition,
  type LayerOptions,
  onlyInput,
  type WeightSpec,
} from "./layer.js";

/** Options of `normalization`. */
export interface NormalizationOptions extends LayerOptions {
  /**
   * The axis, or axes, that keep statistics of their own; not 0, the batch. Negative ones count from
   * the end; null: one mean and one variance for all numbers. Default: -1, one for each feature.
   */
  axis?: number | readonly number[] | null;
  /**
   * Means that are known: a number, or one for each place along `axis`. Only together with
   * `variance`. Default: what `adapt` finds.
   */
  mean?: number | DataLike | null;
  /** Variances that are known, at least 0. Default: see `mean`. */
  variance?: number | DataLike | null;
  /** Whether numbers are brought back: `x * deviation + mean`. Default: false. */
  invert?: boolean;
}

const kind = "normalization";
const statisticNames = ["mean", "variance"] as const;

/** Mean and variance in the shape of the kept axes, or what the user gave for them. */
interface Found {
  readonly source: "given" | "adapted";
  readonly mean: GivenNumbers;
  readonly variance: GivenNumbers;
}

/** Whether numbers of that shape can stand for one number at each place of `shape`. */
function fits({ shape: own, data }: GivenNumbers, shape: readonly number[]): boolean {
  if (own?.length === 0) return true;
  const size = sizeOf(shape);
  const long = (extents: readonly number[]) => extents.filter((extent) => extent !== 1).join();
  if (data.length === size && (own === null || long(own) === long(shape))) return true;
  // Fewer axes than are kept are the last of them, as in Keras.
  return own !== null && own.length < shape.length && `${own}` === `${shape.slice(-own.length)}`;
}

function planOf({ data }: GivenNumbers, shape: readonly number[]): FillPlan {
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => data[i % data.length] ?? 0);
  return { kind: "values", values };
}

/** The kept axes, counted from 0, and their extents. */
function keptOf(where: string, axes: readonly number[], dims: readonly Dim[]) {
  const kept = axesOf(where, axes, dims);
  return { kept, shape: extentsOf(where, kept, dims) };
}

class NormalizationDefinition implements LayerDefinition {
  readonly kind = kind;
  /** Where the weights start: what `adapt` found before they existed, too. */
  found: Found | null;
  readonly axes: readonly number[];
  readonly #invert: boolean;

  constructor(axes: readonly number[], invert: boolean, found: Found | null) {
    this.axes = axes;
    this.#invert = invert;
    this.found = found;
  }

  weights(inputs: readonly (readonly Dim[])[], place: string): readonly WeightSpec[] {
    const { shape } = keptOf(place, this.axes, onlyInput(inputs, place));
    this.#check(place, shape);
    return statisticNames.map((name) => {
      return { name, shape, initializer: this.#initializer(name), trainable: false };
    });
  }

  /** Starts at what is known when the weight is made; mean 0 and variance 1 as long as nothing is. */
  #initializer(name: "mean" | "variance"): Initializer {
    const plan = (shape: readonly number[]): FillPlan => {
      this.#check(kind, shape);
      if (this.found) return planOf(this.found[name], shape);
      return { kind: "constant", a: name === "mean" ? 0 : 1, b: 0 };
    };
    return { name: "adapted", seed: null, plan };
  }

  #check(place: string, shape: readonly number[]): void {
    for (const name of statisticNames) {
      if (!this.found || fits(this.found[name], shape)) continue;
      const { source } = this.found;
      const own = this.found[name].shape;
      fail(place, {
        expected: `${name}s of shape [${shape}] for the input`,
        received: `${source} ones of shape [${own ?? this.found[name].data.length}]`,
        ...(source === "adapted" ? { hint: "Adapt it to data of the shape of its input." } : {}),
      });
    }
  }

  call(context: CallContext, inputs: readonly Sym[]): Sym {
    const x = onlyInput(inputs, kind);
    const kept = axesOf(kind, this.axes, x.dims);
    const shape = x.dims.slice(1).map((dim, i) => (kept.includes(i + 1) ? dim : fixed(1)));
    const mean = reshapeTo(context.weight("mean"), shape);
    const variance = reshapeTo(context.weight("variance"), shape);
    // Keras' backend.epsilon().
    const deviation = maximum(sqrt(variance), 1e-7);
    if (this.#invert) return add(mean, multiply(x, deviation));
    return divide(subtract(x, mean), deviation);
  }

  copied(): LayerDefinition {
    return new NormalizationDefinition(this.axes, this.#invert, this.found);
  }
}

/** A layer that learns mean and variance from data before training. Made by `normalization()`. */
export class Normalization extends Layer {
  declare readonly definition: NormalizationDefinition;

  /** @internal */
  override remake(definition: LayerDefinition, options: LayerOptions): Layer {
    return new Normalization(definition, options);
  }

  /**
   * Takes mean and variance of `data`, in double precision, for its weights `mean` and `variance`;
   * what earlier calls found is forgotten. Rows have the shape of its input: of the model that
   * uses it, else `inputShape`, else their own. Models that use the layer need not be compiled again.
   *
   * Throws a `GradusError` for data of another shape or with NaN, while a model that uses the layer
   * trains, and where mean and variance were given.
   * Source: https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
   */
  adapt(data: DataLike): void {
    const where = "adapt";
    const { definition, state } = this;
    for (const user of state?.users ?? []) user.check(where, "changes");
    if (definition.found?.source === "given") {
      fail(where, {
        expected: "a layer that finds mean and variance itself",
        received: `${placeOf(this)}, which was given them`,
      });
    }
    const built = state?.inputs[0]?.slice(1).map((dim) => dim.factor);
    const rows = toRows(where, data, built ?? this.inputShape, { name: "data" });
    const { rowShape, rowLength } = rows;
    const { kept, shape } = keptOf(where, definition.axes, batchOf(rowShape));
    const channelOf = channelsOf(rowShape, kept, rowLength);
    const { mean, variance } = statisticsOf(rows, channelOf, sizeOf(shape));
    const found: Found = {
      source: "adapted",
      mean: { shape, data: mean },
      variance: { shape, data: variance },
    };
    for (const { spec, variable } of state?.weights ?? []) {
      if (variable.exists) variable.view(readyCore(where)).set(found[spec.name as "mean"].data);
    }
    definition.found = found;
  }
}

/** For each number of a row, which place along the kept axes it belongs to. */
function channelsOf(rowShape: readonly number[], kept: readonly number[], length: number) {
  const channels = new Int32Array(length);
  let [inner, step] = [1, 1];
  for (let axis = rowShape.length; axis >= 1; axis--) {
    const extent = rowShape[axis - 1] as number;
    if (kept.includes(axis)) {
      for (let i = 0; i < length; i++) {
        (channels[i] as number) += (Math.floor(i / inner) % extent) * step;
      }
      step *= extent;
    }
    inner *= extent;
  }
  return channels;
}

/**
 * Brings each feature of the input to mean 0 and variance 1: `(x - mean) / max(sqrt(variance), 1e-7)`.
 * Mean and variance are its weights, which training leaves alone: call `adapt` with the training data
 * once, or give them. Before that it changes nothing (mean 0, variance 1). They travel with the
 * model: in `getWeights`, `saveState`, and, unlike in Keras, in clones without other weights, too.
 *
 * Throws a `GradusError` for one of mean and variance without the other.
 * Source: https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
 *
 * @example
 * const normalize = normalization();
 * normalize.adapt(xTrain);
 * const model = sequential({ inputShape: [10], layers: [normalize, dense({ units: 1 })] });
 */
export function normalization(options: NormalizationOptions = {}): Normalization {
  const given = checkLayerOptions(kind, options, ["axis", "mean", "variance", "invert"]);
  const { axis = -1, mean = null, variance = null } = given;
  const axes = axis === null ? [] : checkAxes(kind, axis);
  const invert = checkBoolean(kind, "invert", given.invert ?? false);
  if ((mean === null) !== (variance === null)) {
    fail(kind, {
      expected: "both mean and variance, or none of them",
      received: mean === null ? "variance alone" : "mean alone",
    });
  }
  const found: Found | null =
    mean === null
      ? null
      : {
          source: "given",
          mean: read("mean", mean, axes),
          variance: read("variance", variance, axes),
        };
  return new Normalization(new NormalizationDefinition(axes, invert, found), given);
}

function read(name: "mean" | "variance", given: unknown, axes: readonly number[]): GivenNumbers {
  const { shape, data } = givenNumbers(kind, name, given);
  const least = name === "mean" ? Number.NEGATIVE_INFINITY : 0;
  const wrong = Array.prototype.findIndex.call(
    data,
    (value: number) => !(Number.isFinite(value) && value >= least),
  );
  if (wrong >= 0) {
    fail(kind, {
      expected: `${name} to be finite numbers${least === 0 ? " >= 0" : ""}`,
      received: describe(data[wrong]),
    });
  }
  if (axes.length === 0 && data.length !== 1) {
    fail(kind, { expected: `one ${name} where axis is null`, received: `${data.length}` });
  }
  return { shape: shape && [...shape], data: Float32Array.from(data) };
}
