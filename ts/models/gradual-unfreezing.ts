// Gradual unfreezing: fit in stages, each with one group of layers more. A stage is nothing but
// freeze, compile and fit, so that it means what these mean.
import { type History, HistoryRecorder } from "../callbacks/history.js";
import { checkNumber, checkOptions, describe, fail } from "../errors.js";
import type { Layer, LayerState } from "../layers/layer.js";
import { type FitOptions, fitOptionNames } from "./fit-plan.js";
import { type AnyModel, checkModel } from "./freezing.js";
import type { Model } from "./model.js";
import type { DataFor, TensorStructure } from "./parts.js";
import type { CompileOptions } from "./training-setup.js";

/** A group of layers: layers, names of them, or several of these. */
export type LayerGroup = Layer | string | readonly (Layer | string)[];

/** Options of `gradualUnfreezing`: those of `fit`, and these. */
export interface GradualUnfreezingOptions<X, Y> extends Omit<FitOptions<X, Y>, "initialEpoch"> {
  /**
   * What each stage is compiled with, or a function of the stage, from 0: a schedule by step begins
   * anew in each.
   */
  compile: CompileOptions | ((stage: number) => CompileOptions);
  /**
   * Groups of layers from input to output. Layers in none keep their `trainable`. Default: one for
   * each layer with a kernel, together with what follows it (batch normalisation).
   */
  groups?: readonly LayerGroup[];
  /** Epochs before the next group joins, at least 1. Default: 1. */
  epochsPerGroup?: number;
  /**
   * Each group learns at the rate of the group above it divided by this, at least 1: sets
   * `learningRateMultiplier`. Howard & Ruder use 2.6. Default: multipliers stay as they are.
   */
  rateDivisor?: number;
  /** Epochs in all. Default: `epochsPerGroup` for each group; the last stage takes what is left. */
  epochs?: number;
}

const ownOptions = ["compile", "groups", "epochsPerGroup", "rateDivisor"] as const;

/**
 * Trains the last group of layers, then the last two, and so on until all are trained, so that what
 * the lower layers know is not lost to the first large gradients of a new head. Howard & Ruder 2018
 * (ULMFiT), https://arxiv.org/abs/1801.06146.
 *
 * Each stage freezes the groups below, compiles and fits, as one would by hand: the optimizer begins
 * anew with each (slots, bias correction, schedules by step), epochs count on. Frozen weights do not
 * move and batch normalisation in them works as in inference. Afterwards all groups are trainable
 * and the model is compiled so. A callback that sets `stopTraining` ends the whole; then, and where
 * a stage fails, layers stay as they were in that stage.
 *
 * @param model the model
 * @param x as for `fit`
 * @param y as for `fit`
 * @param options how; groups, stages and what `fit` takes
 * @returns the history of all epochs
 * @throws GradusError for groups that overlap or have no weights, and for too few epochs
 *
 * @example
 * await gradualUnfreezing(model, x, y, {
 *   compile: { optimizer: adam({ learningRate: 1e-3 }), loss: "sparseCategoricalCrossentropy" },
 *   groups: ["dense", "dense_1", "head"], epochsPerGroup: 3, rateDivisor: 2.6,
 * });
 */
export async function gradualUnfreezing<I extends TensorStructure, O extends TensorStructure>(
  model: Model<I, O>,
  x: DataFor<I>,
  y: DataFor<O>,
  options: GradualUnfreezingOptions<DataFor<I>, DataFor<O>>,
): Promise<History> {
  const where = "gradualUnfreezing";
  const names = [...ownOptions, ...fitOptionNames.filter((name) => name !== "initialEpoch")];
  const given = checkOptions(where, options, names);
  const { compile, groups: wanted, epochsPerGroup = 1, rateDivisor, epochs, ...rest } = given;
  if (typeof compile !== "function" && (typeof compile !== "object" || compile === null)) {
    fail(where, {
      expected: "compile to be the options of compile, or a function of the stage",
      received: describe(compile),
    });
  }
  const groups = groupsOf(where, checkModel(where, model), wanted);
  checkNumber(where, "epochsPerGroup", epochsPerGroup, { integer: true, min: 1 });
  if (rateDivisor !== undefined) checkNumber(where, "rateDivisor", rateDivisor, { min: 1 });
  const least = groups.length * epochsPerGroup;
  const total = checkNumber(where, "epochs", epochs ?? least, { integer: true, min: 1 });
  if (total < least) {
    fail(where, {
      expected: `at least ${least} epochs, ${epochsPerGroup} for each of ${groups.length} groups`,
      received: `${total}`,
    });
  }
  const history = new HistoryRecorder();
  for (let stage = 0; stage < groups.length; stage++) {
    for (const [i, group] of groups.entries()) {
      for (const layer of group) {
        layer.trainable = i >= groups.length - 1 - stage;
        if (rateDivisor === undefined) continue;
        layer.learningRateMultiplier = rateDivisor ** (i - groups.length + 1);
      }
    }
    model.compile(typeof compile === "function" ? compile(stage) : compile);
    await model.fit(x as never, y as never, {
      ...rest,
      callbacks: [...(rest.callbacks ?? []), history],
      initialEpoch: stage * epochsPerGroup,
      epochs: stage === groups.length - 1 ? total : (stage + 1) * epochsPerGroup,
    });
    if (model.stopTraining) break;
  }
  return history;
}

function groupsOf(
  where: string,
  model: AnyModel,
  wanted: readonly LayerGroup[] | undefined,
): readonly (readonly Layer[])[] {
  if (wanted === undefined) return groupsByKernel(where, model);
  if (!Array.isArray(wanted) || wanted.length === 0) {
    fail(where, { expected: "groups to be an array of groups", received: describe(wanted) });
  }
  const seen = new Set<Layer>();
  return wanted.map((group: LayerGroup, i) => {
    const place = `${where}: groups[${i}]`;
    const members = Array.isArray(group) ? group : [group];
    const layers = members.map((each) => model.graph.layerOf(place, each));
    for (const layer of layers) {
      if (seen.has(layer)) {
        const name = model.graph.nameOf(layer);
        fail(place, { expected: "each layer in one group", received: `"${name}" again` });
      }
      seen.add(layer);
    }
    if (layers.some((layer) => matrixOrOther(layer) !== "none")) return layers;
    return fail(place, { expected: "a layer with weights", received: "none" });
  });
}

/** Whether a layer has a kernel, other weights only, or none. */
function matrixOrOther(layer: Layer): "kernel" | "other" | "none" {
  const { weights } = layer.state as LayerState;
  const trained = weights.filter(({ spec }) => spec.trainable !== false);
  if (trained.some(({ spec }) => spec.shape.length >= 2)) return "kernel";
  return weights.length > 0 ? "other" : "none";
}

function groupsByKernel(where: string, { layers }: AnyModel): readonly (readonly Layer[])[] {
  const groups: Layer[][] = [];
  let hasKernel = true;
  for (const layer of layers) {
    const has = matrixOrOther(layer);
    if (has === "none") continue;
    if (groups.length === 0 || (has === "kernel" && hasKernel)) {
      groups.push([]);
      hasKernel = false;
    }
    if (has === "kernel") hasKernel = true;
    groups.at(-1)?.push(layer);
  }
  if (groups.length > 0) return groups;
  return fail(where, { expected: "a model with weights", received: "one without" });
}
