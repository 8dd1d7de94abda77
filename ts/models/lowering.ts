// Turns a model into graphs: prediction; evaluation with loss and metrics; and a whole training
// step. Loss reduction, sample weights and regularisation follow Keras.
import type { DType } from "../data/tensor.js";
import { sizeOf } from "../data/tensor.js";
import { fail } from "../errors.js";
import {
  GraphBuilder,
  type GraphResult,
  type GraphVariable,
  type Sym,
  type TrainPart,
} from "../graph.js";
import { accumulate, assign, averageWeight, batchSize } from "../layer-ops.js";
import { type LossReduction, targetType } from "../losses.js";
import type { Metric } from "../metrics.js";
import { add, divide, equal, mean, multiply, reshapeTo, sum, toFloat } from "../ops.js";
import { batch, batchOf, fixed, printDims, sameDims } from "../shape.js";
import type { GraphOutput, LayerGraph, Lowered, LoweringMode } from "./layer-graph.js";
import type { OutputSetup } from "./output-setup.js";
import { programName } from "./parts.js";
import type { Lowering, ProgramInput } from "./program.js";
import type { RunningMeans } from "./running-means.js";
import { rateNames } from "./step.js";
import { type TrainingSetup, variableOf } from "./training-setup.js";

/** Data that a program reads: inputs, targets or weights. */
export interface PartType {
  /** Its name in the program. */
  readonly name: string;
  readonly dtype: DType;
  readonly rowShape: readonly number[];
}

/** What a program is made for. */
export type Variant = readonly PartType[];

/** Names of the inputs of programs. */
export const inputNames = {
  /** Weights for all outputs; those of one have its name behind it. */
  weight: "sampleWeight",
  ...rateNames,
} as const;

/** The name of the targets of an output in programs. */
export function targetName(setup: TrainingSetup, output: OutputSetup): string {
  return programName("y", output.name, setup.outputs.length);
}

/** The name of the weights of an output in programs, where it has its own. */
export function weightName(output: OutputSetup): string {
  return `${inputNames.weight}.${output.name}`;
}

/**
 * Finds constraints that do not fit their weights, and loss and metrics that do not fit the model's
 * output, by tracing them once. Not users' losses: what targets these take shows only when there are
 * some.
 */
export function checkLoss(model: LayerGraph, setup: TrainingSetup): void {
  lowerAfterStep(setup);
  const x = model.inputs.map(({ wire, rowShape }) => {
    return { name: wire, dtype: "float32", rowShape } as const;
  });
  const y = setup.outputs.flatMap((output, i): PartType[] => {
    const { targets } = output.loss;
    if (targets === "any") return [];
    const predicted = model.outputs[i]?.rowShape ?? [];
    const rowShape = targets === "labels" ? predicted.slice(0, -1) : predicted;
    return [{ name: targetName(setup, output), dtype: targetType(targets), rowShape }];
  });
  if (y.length === 0) return;
  const variant = [...x, ...y];
  lowerLoss(new GraphBuilder(), model, setup, variant, setup.means.test, true);
}

/** The name of an output in programs. */
export function outputName(model: LayerGraph, output: GraphOutput): string {
  return programName("output", output.name, model.outputs.length);
}

/** The graph that predicts. */
export function lowerPrediction(model: LayerGraph, variant: Variant): Lowering {
  const { graph, outputs } = predictionGraph(model, variant);
  return lowering(graph, { outputs, train: null }, dataInputs(variant));
}

/** The same before it is written. */
export function predictionGraph(
  model: LayerGraph,
  variant: Variant,
): { graph: GraphBuilder; outputs: Record<string, Sym> } {
  const graph = new GraphBuilder();
  const mode = { training: false, random: false, isTrainable: () => false };
  const found = callLayers(graph, model, variant, mode).outputs.map(toFloat);
  const outputs = Object.fromEntries(
    model.outputs.map((output, i) => [outputName(model, output), found[i] as Sym]),
  );
  return { graph, outputs };
}

/** The graph that adds loss and metrics of a batch to the running means. */
export function lowerEvaluation(
  model: LayerGraph,
  setup: TrainingSetup,
  variant: Variant,
): Lowering {
  const graph = new GraphBuilder();
  lowerLoss(graph, model, setup, variant, setup.means.test, false);
  return lowering(graph, { outputs: {}, train: null }, dataInputs(variant));
}

/** What is measured beside a training step, without changing what it does. */
export interface Observer {
  /** A variable for the norms of the gradients of all trainables. */
  readonly gradientNorms: GraphVariable | null;
  /** Adds what else is measured; the outputs it is read from. */
  observe(graph: GraphBuilder, values: readonly Sym[], loss: Sym): GraphResult["outputs"];
}

/** The graph of a whole training step. */
export function lowerTraining(
  model: LayerGraph,
  setup: TrainingSetup,
  variant: Variant,
  updates: boolean,
  observer: Observer | null = null,
): Lowering {
  const graph = new GraphBuilder();
  const { loss, values } = lowerLoss(graph, model, setup, variant, setup.means.train, true);
  const hasMomentum = setup.momentum !== undefined;
  const { optimizer } = setup;
  const train: TrainPart = {
    loss,
    learningRate: graph.input(inputNames.learningRate, []),
    momentum: hasMomentum ? graph.input(inputNames.momentum, []) : null,
    rule: optimizer.rule,
    hyperparameters: optimizer.hyperparameters,
    clip: optimizer.clipping,
    accumulation: {
      kind: optimizer.accumulationSteps === 1 ? "none" : updates ? "finish" : "gather",
      steps: optimizer.accumulationSteps,
    },
    gradientNorms: observer?.gradientNorms ?? null,
    trainables: setup.updated.map(({ weight, slots, accumulator }) => ({
      variable: weight.variable,
      learningRateMultiplier:
        optimizer.rateOf(variableOf(weight)) * setup.layers.multiplierOf(weight.layer),
      weightDecay: optimizer.decayOf(variableOf(weight)),
      slots,
      accumulator,
    })),
  };
  const scalar = (name: string): ProgramInput => ({ name, dtype: "float32", rowLength: null });
  const outputs = observer?.observe(graph, values, loss) ?? {};
  return lowering(graph, { outputs, train, after: lowerAfterStep(setup) }, [
    ...dataInputs(variant),
    scalar(inputNames.learningRate),
    ...(hasMomentum ? [scalar(inputNames.momentum)] : []),
  ]);
}

/**
 * What follows a step in the same call: running averages see the weights that it wrote, and
 * constraints, as in Keras, what the averages left.
 */
function lowerAfterStep(setup: TrainingSetup): readonly GraphBuilder[] {
  const { ema } = setup.optimizer;
  const averages = new GraphBuilder();
  const constraints = new GraphBuilder();
  for (const { weight, average } of setup.updated) {
    const { name, spec, variable } = weight;
    if (average && ema) {
      averages.within(`average of ${name}`, () => {
        averageWeight(averages.variable(average), averages.variable(variable), ema);
      });
    }
    const { constraint } = spec;
    if (constraint) {
      constraints.within(`constraint of ${name}`, () => {
        const symbol = constraints.variable(variable);
        assign(symbol, constraint(symbol));
      });
    }
  }
  return [averages, constraints].filter((graph) => graph.hasEffects);
}

/** A loss may do without the targets: inputs that nothing reads are left out. */
export function lowering(
  graph: GraphBuilder,
  result: GraphResult,
  inputs: readonly ProgramInput[],
): Lowering {
  const encoded = graph.encode(result);
  const described = (name: string) => inputs.find((input) => input.name === name) as ProgramInput;
  return { ...encoded, inputs: encoded.inputs.map(described) };
}

/** The inputs of a program for these data. */
export function dataInputs(variant: Variant): ProgramInput[] {
  return variant.map(({ name, dtype, rowShape }) => ({ name, dtype, rowLength: sizeOf(rowShape) }));
}

/** The data of that name as a symbolic tensor; null where there are none. */
function dataOf(graph: GraphBuilder, variant: Variant, name: string): Sym | null {
  const part = variant.find((each) => each.name === name);
  return part ? graph.input(name, batchOf(part.rowShape), part.dtype) : null;
}

/** The layers called on the data of a program. */
export function callLayers(
  graph: GraphBuilder,
  model: LayerGraph,
  variant: Variant,
  mode: LoweringMode,
): Lowered {
  const inputs = model.inputs.map(({ wire }) => toFloat(dataOf(graph, variant, wire) as Sym));
  return model.lower(graph, inputs, mode);
}

/** The total loss, a scalar, and all values; loss and metrics are added to the running means. */
function lowerLoss(
  graph: GraphBuilder,
  model: LayerGraph,
  setup: TrainingSetup,
  variant: Variant,
  means: RunningMeans,
  training: boolean,
): { loss: Sym; values: readonly Sym[] } {
  const isTrainable = (layer: Parameters<TrainingSetup["isTrainable"]>[0]) =>
    setup.isTrainable(layer);
  const { outputs, values, losses } = callLayers(graph, model, variant, {
    training,
    random: training,
    isTrainable,
  });
  const data = setup.outputs.flatMap((output, i): LabelledOutput[] => {
    const yTrue = dataOf(graph, variant, targetName(setup, output));
    if (!yTrue) return [];
    const own = dataOf(graph, variant, weightName(output));
    const weights = own ?? dataOf(graph, variant, inputNames.weight);
    return [{ output, yTrue, yPred: outputs[i] as Sym, weights }];
  });
  const dataLosses = data.map((each) => lowerOutputLoss(graph, each, means));
  const penalties = setup.trainables.flatMap(({ weight: { name, spec, variable } }) => {
    const { regularizer } = spec;
    if (!regularizer) return [];
    const make = () => regularizer(graph.variable(variable));
    return [graph.within(`regularizer of ${name}`, make)];
  });
  const total = graph.within("loss", () =>
    [...dataLosses, ...losses, ...penalties].reduce((a, b) => add(a, b)),
  );
  graph.within("running means", () => {
    accumulate(means.variable("loss"), total, batchSize(graph));
  });
  for (const { output, yTrue, yPred, weights } of data) {
    for (const metric of output.metrics) lowerMetric(metric, yTrue, yPred, null, means);
    for (const metric of output.weightedMetrics) lowerMetric(metric, yTrue, yPred, weights, means);
  }
  return { loss: total, values };
}

/** An output with its targets and, if there are any, weights of rows. */
interface LabelledOutput {
  readonly output: OutputSetup;
  readonly yTrue: Sym;
  readonly yPred: Sym;
  readonly weights: Sym | null;
}

/** The weighted loss of one output; where it is one of several, its own mean is kept without. */
function lowerOutputLoss(
  graph: GraphBuilder,
  { output, yTrue, yPred, weights }: LabelledOutput,
  means: RunningMeans,
): Sym {
  const { loss, lossName, lossWeight } = output;
  const place = `loss "${loss.name}"${lossName === null ? "" : ` of output "${output.name}"`}`;
  return graph.within(place, () => {
    const value = reduceLoss(loss.reduction, loss.compute(yTrue, yPred), weights);
    if (lossName !== null) accumulate(means.variable(lossName), value, batchSize(graph));
    return lossWeight === 1 ? value : multiply(value, lossWeight);
  });
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
