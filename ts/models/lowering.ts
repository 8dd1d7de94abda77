// Turns a model into graphs: prediction; evaluation with loss and metrics; and a whole training
// step. Loss reduction, sample weights and regularisation follow Keras.
import type { DType } from "../data/tensor.js";
import { sizeOf } from "../data/tensor.js";
import { fail } from "../errors.js";
import { GraphBuilder, type GraphResult, type Sym, type TrainPart } from "../graph.js";
import { accumulate, batchSize } from "../layer-ops.js";
import { type LossReduction, targetType } from "../losses.js";
import type { Metric } from "../metrics.js";
import { add, divide, equal, mean, multiply, reshapeTo, sum, toFloat } from "../ops.js";
import { batch, batchOf, fixed, printDims, sameDims } from "../shape.js";
import type { LayerGraph, Lowered, LoweringMode } from "./layer-graph.js";
import type { Lowering, ProgramInput } from "./program.js";
import type { RunningMeans } from "./running-means.js";
import type { TrainingSetup } from "./training-setup.js";

/** What a program for labelled data is made for. */
export interface Variant {
  readonly xType: DType;
  readonly yShape: readonly number[];
  readonly yType: DType;
  /** Whether each row has a weight. */
  readonly weighted: boolean;
}

/** Names of the inputs of programs. */
export const inputNames = {
  y: "y",
  weight: "sampleWeight",
  learningRate: "learningRate",
  momentum: "momentum",
} as const;

/** A text that differs for programs that differ. */
export function variantKey({ xType, yShape, yType, weighted }: Variant): string {
  return `${xType} ${yType}[${yShape}]${weighted ? " weighted" : ""}`;
}

/**
 * Finds loss and metrics that do not fit the model's output, by tracing them once. Not for users'
 * losses: what targets these take shows only when there are some.
 */
export function checkLoss(model: LayerGraph, setup: TrainingSetup): void {
  const { targets } = setup.loss;
  if (targets === "any") return;
  const predicted = outputShape(model);
  const yShape = targets === "labels" ? predicted.slice(0, -1) : predicted;
  const variant = {
    xType: "float32",
    yShape,
    yType: targetType(targets),
    weighted: false,
  } as const;
  lowerLoss(new GraphBuilder(), model, setup, variant, setup.means.test, true);
}

/** The shape of one row of predictions. */
export function outputShape(model: LayerGraph): readonly number[] {
  return (model.outputDims[0] ?? []).slice(1).map((dim) => dim.factor);
}

/** The graph that predicts. */
export function lowerPrediction(model: LayerGraph, xType: DType): Lowering {
  const graph = new GraphBuilder();
  const { outputs } = callLayers(graph, model, xType, {
    training: false,
    isTrainable: () => false,
  });
  const output = toFloat(outputs[0] as Sym);
  return lowering(graph, { outputs: { output }, train: null }, [xInput(model, xType)]);
}

/** The graph that adds loss and metrics of a batch to the running means. */
export function lowerEvaluation(
  model: LayerGraph,
  setup: TrainingSetup,
  variant: Variant,
): Lowering {
  const graph = new GraphBuilder();
  lowerLoss(graph, model, setup, variant, setup.means.test, false);
  return lowering(graph, { outputs: {}, train: null }, labelledInputs(model, variant));
}

/** The graph of a whole training step. */
export function lowerTraining(model: LayerGraph, setup: TrainingSetup, variant: Variant): Lowering {
  const graph = new GraphBuilder();
  const loss = lowerLoss(graph, model, setup, variant, setup.means.train, true);
  const hasMomentum = setup.momentum !== undefined;
  const { optimizer } = setup;
  const train: TrainPart = {
    loss,
    learningRate: graph.input(inputNames.learningRate, []),
    momentum: hasMomentum ? graph.input(inputNames.momentum, []) : null,
    rule: optimizer.rule,
    hyperparameters: optimizer.hyperparameters,
    clip: optimizer.clipping,
    trainables: setup.trainables.map(({ weight, slots }) => ({
      variable: weight.variable,
      learningRateMultiplier: 1,
      weightDecay: optimizer.decayOf(weight.name),
      slots,
    })),
  };
  const scalar = (name: string): ProgramInput => ({ name, dtype: "float32", rowLength: null });
  return lowering(graph, { outputs: {}, train }, [
    ...labelledInputs(model, variant),
    scalar(inputNames.learningRate),
    ...(hasMomentum ? [scalar(inputNames.momentum)] : []),
  ]);
}

/** A loss may do without the targets: inputs that nothing reads are left out. */
function lowering(
  graph: GraphBuilder,
  result: GraphResult,
  inputs: readonly ProgramInput[],
): Lowering {
  const { wire, inputs: used } = graph.encode(result);
  return { wire, inputs: inputs.filter(({ name }) => used.has(name)) };
}

function xInput(model: LayerGraph, dtype: DType): ProgramInput {
  const [input] = model.inputs;
  return { name: input?.name ?? "x", dtype, rowLength: sizeOf(input?.rowShape ?? []) };
}

function labelledInputs(model: LayerGraph, variant: Variant): ProgramInput[] {
  const { xType, yShape, yType, weighted } = variant;
  return [
    xInput(model, xType),
    { name: inputNames.y, dtype: yType, rowLength: sizeOf(yShape) },
    ...(weighted ? [{ name: inputNames.weight, dtype: "float32", rowLength: 1 } as const] : []),
  ];
}

function callLayers(
  graph: GraphBuilder,
  model: LayerGraph,
  xType: DType,
  mode: LoweringMode,
): Lowered {
  const inputs = model.inputs.map(({ name, rowShape }) =>
    toFloat(graph.input(name, batchOf(rowShape), xType)),
  );
  return model.lower(graph, inputs, mode);
}

/** The total loss, a scalar; loss and metrics are added to the running means. */
function lowerLoss(
  graph: GraphBuilder,
  model: LayerGraph,
  setup: TrainingSetup,
  { xType, yShape, yType, weighted }: Variant,
  means: RunningMeans,
  training: boolean,
): Sym {
  const isTrainable = (layer: Parameters<TrainingSetup["isTrainable"]>[0]) =>
    setup.isTrainable(layer);
  const { outputs, losses } = callLayers(graph, model, xType, { training, isTrainable });
  const yPred = outputs[0] as Sym;
  const yTrue = graph.input(inputNames.y, batchOf(yShape), yType);
  const weights = weighted ? graph.input(inputNames.weight, [batch]) : null;

  const { loss, metrics, weightedMetrics } = setup;
  const dataLoss = graph.within(`loss "${loss.name}"`, () => {
    const values = loss.compute(yTrue, yPred);
    return reduceLoss(loss.reduction, values, weights);
  });
  const penalties = setup.trainables.flatMap(({ weight: { name, spec, variable } }) => {
    const { regularizer } = spec;
    if (!regularizer) return [];
    const make = () => regularizer(graph.variable(variable));
    return [graph.within(`regularizer of ${name}`, make)];
  });
  const total = graph.within("loss", () => [...losses, ...penalties].reduce(add, dataLoss));
  graph.within("running means", () => {
    accumulate(means.variable("loss"), total, batchSize(graph));
  });
  for (const metric of metrics) lowerMetric(metric, yTrue, yPred, null, means);
  for (const metric of weightedMetrics) lowerMetric(metric, yTrue, yPred, weights, means);
  return total;
}

/** One number of the values of a batch: `reduce_weighted_values` of Keras. */
export function reduceLoss(reduction: LossReduction, values: Sym, weights: Sym | null): Sym {
  const weighted = weights ? multiply(values, alike(weights, values)) : toFloat(values);
  if (reduction === "sum") return sum(weighted);
  if (reduction !== "meanWithSampleWeight" || !weights) return mean(weighted);
  // All weights may be 0: then so is the loss.
  const total = sum(weights);
  return divide(sum(weighted), add(total, equal(total, 0)));
}

/** Weights [batch] in a form that multiplies values [batch, …] row by row. */
function alike(weights: Sym, values: Sym): Sym {
  if (values.dims.length < 2) return weights;
  return reshapeTo(weights, [...weights.dims, ...values.dims.slice(1).map(() => fixed(1))]);
}

function lowerMetric(
  metric: Metric,
  yTrue: Sym,
  yPred: Sym,
  weights: Sym | null,
  means: RunningMeans,
): void {
  const { graph } = yPred;
  const place = `metric "${metric.name}"`;
  graph.within(place, () => {
    const values = metric.compute(yTrue, yPred);
    const state = means.variable(metric.name);
    if (values.dims.length === 0) {
      accumulate(state, toFloat(values), batchSize(graph));
      return;
    }
    const rest = values.dims.slice(1).map((_, i) => i + 1);
    const perSample = rest.length > 0 ? mean(values, { axis: rest }) : toFloat(values);
    if (!sameDims(perSample.dims, [batch])) {
      fail(place, {
        expected: "one value per sample, a shape [batch, ...], or a scalar",
        received: printDims(values.dims),
      });
    }
    accumulate(state, perSample, weights);
  });
}
