// What `compile` makes of its options: optimizer, loss, metrics, and the state that training
// adds to a model: slots, running means, the number of steps.
import { describe, fail } from "../errors.js";
import type { Layer } from "../layers/layer.js";
import {
  type OptimizedWeight,
  type Optimizer,
  type OptimizerLike,
  resolveOptimizer,
} from "../optimizers.js";
import type { Core } from "../runtime/core.js";
import { Resources, Variable } from "../runtime/resources.js";
import type { LayerGraph, ModelWeight } from "./layer-graph.js";
import { LayerTraining } from "./layer-training.js";
import {
  type LossesLike,
  type LossWeights,
  type MetricsLike,
  type OutputSetup,
  setUpOutputs,
} from "./output-setup.js";
import { ProgramCache } from "./program.js";
import { RunningMeans } from "./running-means.js";
import { countNumbers, sizeError, thousands } from "./weights.js";

/** Options of `compile`. */
export interface CompileOptions<
  M extends MetricsLike = MetricsLike,
  W extends MetricsLike = MetricsLike,
> {
  /** How weights are changed: `"adam"`, or `adam({ learningRate: 3e-4 })`. */
  optimizer: OptimizerLike;
  /**
   * What is made small: a name, a loss with options, or a function `(yTrue, yPred) => …`. For
   * several outputs one for all, or an array, or by the name of the output.
   */
  loss: LossesLike;
  /** A factor for the loss of each output: an array, or by name. Default: 1 each. */
  lossWeights?: LossWeights;
  /**
   * What else is reported; sample and class weights do not count in it. For several outputs an
   * array with an entry for each, or by name. Default: none.
   */
  metrics?: M;
  /** What else is reported, weighted by sample and class weights. Default: none. */
  weightedMetrics?: W;
}

/** A weight that is trained, with what the optimizer keeps for it. */
export interface Trainable {
  readonly weight: ModelWeight;
  readonly slots: readonly Variable[];
  /** Where its gradients gather; null where each batch updates. */
  readonly accumulator: Variable | null;
  /** Its running average; null where none is kept. */
  readonly average: Variable | null;
}

/** All that the optimizer keeps for a weight. */
export function keptFor({ slots, accumulator, average }: Trainable): readonly Variable[] {
  return [...slots, accumulator, average].filter((variable) => variable !== null);
}

/** A model's state of training. */
export class TrainingSetup {
  readonly optimizer: Optimizer;
  /** Losses and metrics of each output. */
  readonly outputs: readonly OutputSetup[];
  readonly trainables: readonly Trainable[];
  /** Programs for training and evaluation. */
  readonly programs: ProgramCache;
  /** The running means of training, and those of evaluation. */
  readonly means: { readonly train: RunningMeans; readonly test: RunningMeans };
  /** Batches the optimizer has seen; schedules by step count these, as in Keras. */
  iterations = 0;
  /** The epoch that schedules by epoch see. */
  epoch = 0;
  /** Whether batches were called too small. */
  warnedOfBatches = false;
  /** A learning rate that replaced a constant one. */
  #learningRate: number | null = null;
  /** Which layers are trained, and how fast. */
  readonly layers: LayerTraining;
  /** The layout of memory in which all of it was found to exist. */
  #createdAt = -1;
  readonly #resources = new Resources(this);

  constructor(where: string, graph: LayerGraph, options: CompileOptions) {
    this.optimizer = resolveOptimizer(where, options.optimizer);
    const outputNames = graph.outputs.map(({ name }) => name);
    this.outputs = setUpOutputs(where, outputNames, options);
    const names = [
      "loss",
      ...this.outputs.flatMap(({ lossName }) => lossName ?? []),
      ...this.outputs.flatMap(({ metrics, weightedMetrics }) =>
        [...metrics, ...weightedMetrics].map((metric) => metric.name),
      ),
    ];
    checkDifferent(where, names);
    this.layers = new LayerTraining(graph);
    this.trainables = graph.weights
      .filter(({ layer, spec }) => this.isTrainable(layer) && spec.trainable !== false)
      .map((weight) => this.#trainableOf(weight));
    this.programs = new ProgramCache(this.#resources);
    this.means = {
      train: new RunningMeans("train", names),
      test: new RunningMeans("test", names),
    };
  }

  /** Whether the weights of a layer are trained. */
  isTrainable(layer: Layer): boolean {
    return this.layers.isTrainable(layer);
  }

  /** Updates the optimizer has made; the next batch belongs to the one after them. */
  get updates(): number {
    return Math.floor(this.iterations / this.optimizer.accumulationSteps);
  }

  /** Whether the next batch ends a round of accumulation, or every batch updates. */
  get updatesNow(): boolean {
    return (this.iterations + 1) % this.optimizer.accumulationSteps === 0;
  }

  /** What a step changes: not the weights of layers whose learning rate is 0. */
  get updated(): readonly Trainable[] {
    return this.trainables.filter(({ weight }) => this.layers.multiplierOf(weight.layer) > 0);
  }

  /** Puts the running averages in the place of the weights, if there are any. */
  finish(core: Core): void {
    if (this.iterations === 0) return;
    for (const { weight, average } of this.updated) {
      if (average?.exists) weight.variable.view(core).set(average.view(core));
    }
  }

  /** Makes slots and running means where they do not exist. */
  create(core: Core, where: string): void {
    if (this.#createdAt === core.layout) return;
    const slots = this.trainables.flatMap(keptFor);
    const variables = [...slots, ...this.means.train.variables, ...this.means.test.variables];
    try {
      if (!variables.every((variable) => variable.exists)) {
        this.#resources.create(core, variables);
      }
      this.#createdAt = core.layout;
    } catch (error) {
      const count = countNumbers(this.trainables.map(({ weight }) => weight));
      const what = `slots of ${this.optimizer.name} for ${thousands(count)} weights`;
      const numbers = slots.reduce((sum, { size }) => sum + size, 0);
      throw sizeError(where, what, numbers, error);
    }
  }

  /** The learning rate of the next step. */
  get learningRate(): number {
    if (this.#learningRate !== null) return this.#learningRate;
    const { learningRate } = this.optimizer;
    return learningRate.learningRate(this.#time);
  }

  set learningRate(value: number) {
    const { schedule } = this.optimizer.learningRate;
    if (schedule.name !== "constant") {
      fail("learningRate", {
        expected: "an optimizer with a constant learning rate, to set another",
        received: `one with the schedule ${schedule.name}`,
        hint: "Compile with a number as learningRate.",
      });
    }
    if (!(value >= 0 && Number.isFinite(value))) {
      fail("learningRate", { expected: "a finite number >= 0", received: describe(value) });
    }
    this.#learningRate = value;
  }

  /** The momentum of the next step; undefined where the optimizer's own counts. */
  get momentum(): number | undefined {
    return this.optimizer.learningRate.momentum(this.#time);
  }

  /** Gives all memory back. */
  free(): void {
    this.#resources.free();
  }

  get #time(): number {
    return this.optimizer.learningRate.by === "epoch" ? this.epoch : this.iterations;
  }

  #trainableOf(weight: ModelWeight): Trainable {
    const { name, variable } = weight;
    const keep = (what: string, initial = 0) =>
      new Variable(`optimizer/${name}/${what}`, variable.shape, initial);
    const { optimizer } = this;
    const slots = optimizer.slotsOf(variableOf(weight));
    return {
      weight,
      slots: slots.map((slot) => keep(slot.name, slot.initial)),
      accumulator: optimizer.accumulationSteps > 1 ? keep("accumulatedGradient") : null,
      average: optimizer.ema ? keep("average") : null,
    };
  }
}

/** What the optimizer may know of a weight. */
export function variableOf({ name, variable }: ModelWeight): OptimizedWeight {
  return { name, shape: variable.shape };
}

function checkDifferent(where: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  fail(where, {
    expected: "loss and metrics of different names",
    received: `"${twice}" twice`,
    hint: 'Give one another name: accuracy({ name: "weightedAccuracy" }).',
  });
}
