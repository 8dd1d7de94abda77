// The model as users see it: each method checks who may call and hands on to the file that does
// it. It must not know how layers are connected.
import type { CallbackModel } from "../callbacks/callback.js";
import type { DataLike } from "../data/rows.js";
import type { BatchSource } from "../data/stream.js";
import type { Tensor } from "../data/tensor.js";
import { checkBoolean, checkOneOf, checkOptions } from "../errors.js";
import { showAsText, showInNotebooks } from "../inspect.js";
import { Callable } from "../layers/callable.js";
import { layerTensors } from "../layers/connect.js";
import type { Layer, LayerState } from "../layers/layer.js";
import type { LayerTensor } from "../layers/layer-tensor.js";
import { readyCore } from "../runtime/load.js";
import { visibleShape } from "../shape.js";
import {
  type TestOnBatchOptions,
  type TrainOnBatchOptions,
  testOnBatch,
  trainOnBatch,
} from "./batch.js";
import type { InputComplaint, TargetComplaint } from "./data-types.js";
import { type EvaluateBatchesOptions, type EvaluateOptions, evaluate } from "./evaluate.js";
import type { Batches } from "./feed.js";
import { fit } from "./fit.js";
import type { FitBatchesOptions, FitOptions, ValidationData } from "./fit-plan.js";
import type { AnyData } from "./input-data.js";
import type { LayerGraph } from "./layer-graph.js";
import type { HistoryOf, LogNames, LogsOf } from "./log-types.js";
import { checkLoss } from "./lowering.js";
import { ModelState } from "./model-state.js";
import type { MetricsLike } from "./output-setup.js";
import {
  type DataFor,
  type InPlaceOf,
  inForm,
  partsOf,
  type ResultOf,
  type SameShapeAs,
  type ShapeIn,
  type TensorStructure,
} from "./parts.js";
import {
  type PredictBatchesOptions,
  type PredictOptions,
  predict,
  predictOnBatch,
} from "./predict.js";
import { restoreState, saveState } from "./saved-state.js";
import type { Seed } from "./seed.js";
import { headline, summarize, summarizeAsHtml } from "./summary.js";
import { type CompileOptions, TrainingSetup } from "./training-setup.js";
import { warnOfModel } from "./warnings.js";
import { bindWeights, checkWeights, countNumbers, readWeights, writeWeights } from "./weights.js";

/** What is known about a weight. */
export interface WeightInfo {
  /** Layer and weight: `dense/kernel`. */
  readonly name: string;
  /** Its extents. */
  readonly shape: readonly number[];
  /** Whether training changes it, as the layer stands now. */
  readonly trainable: boolean;
}

/** How `summary` gives its table out. */
export interface SummaryOptions {
  /** What is called with the table. Default: `console.log`. */
  print?: (table: string) => void;
}

/** How a model is called as a layer: returns what its outputs are for these inputs. */
export type ModelFunction<I extends TensorStructure, O extends TensorStructure> = {
  /** The outputs of the model. */
  call<const T extends InPlaceOf<I, LayerTensor>>(inputs: T & SameShapeAs<T, I>): O;
}["call"];

/** Validation data of a model, all at once or in batches. */
export type AnyValidation<I extends TensorStructure, O extends TensorStructure> =
  | ValidationData<DataFor<I>, DataFor<O>>
  | Batches<DataFor<I>, DataFor<O>>;

const CallableModel = Callable as new <
  I extends TensorStructure,
  O extends TensorStructure,
>() => ModelFunction<I, O>;

/**
 * A network that can be trained, evaluated and used. Made by `sequential()` and `model()`; in
 * functional models it is called on tensors as a layer is. `I` and `O` say whether it has one input
 * and output or several, in an array or by name: data and predictions have the same form. `Names`
 * are what it reports, known to the types where `compile` says so.
 */
export class Model<
    I extends TensorStructure = LayerTensor,
    O extends TensorStructure = LayerTensor,
    Names extends string = string,
  >
  extends CallableModel<I, O>
  implements CallbackModel
{
  /** Set it to true in a callback to end training after the present batch. */
  stopTraining = false;
  readonly #state: ModelState;

  /** @internal */
  constructor(name: string, graph: LayerGraph, seed: Seed) {
    super();
    showAsText(Model.prototype as Model, (self) => summarize(self.name, self.graph));
    showInNotebooks(Model.prototype as Model, (self) => ({
      "text/plain": summarize(self.name, self.graph),
      "text/html": summarizeAsHtml(self.name, self.graph),
    }));
    this.#state = new ModelState(name, graph, seed);
    const { activity } = this.#state;
    for (const layer of graph.layers) (layer.state as LayerState).users.add(activity);
    bindWeights(graph, seed);
  }

  /** Its name. */
  override get name(): string {
    return this.#state.name;
  }

  /** The seed that fixes initial weights, shuffling and dropout; random unless one was given. */
  get seed(): number {
    return this.#state.seed.value;
  }

  /** Its layers in the order of first use, those of nested models among them. */
  get layers(): readonly Layer[] {
    return this.#state.graph.layers;
  }

  /** The shape of its input, or of each; `null` stands for the batch size. */
  get inputShape(): ShapeIn<I> {
    const { inputs } = this.#state.graph;
    return this.#forInputs(inputs.map(({ tensor }) => tensor.shape)) as never;
  }

  /** The shape of its output, or of each; `null` stands for the batch size. */
  get outputShape(): ShapeIn<O> {
    const { outputs } = this.#state.graph;
    return this.#forOutputs(outputs.map(({ dims }) => visibleShape(dims))) as never;
  }

  /** The names of its inputs: data by name, and errors, use them. */
  get inputNames(): readonly string[] {
    return this.#state.graph.inputs.map(({ name }) => name);
  }

  /**
   * The names of its outputs: those they were given, or of their layers. With several outputs,
   * losses and metrics are called after them: `digitLoss`, `digitAccuracy`.
   */
  get outputNames(): readonly string[] {
    return this.#state.graph.outputs.map(({ name }) => name);
  }

  /**
   * Updates the optimizer has made since `compile`: one for each batch, or with
   * `gradientAccumulationSteps` one for so many of them.
   */
  get iterations(): number {
    return this.#state.setup?.updates ?? 0;
  }

  /** The learning rate of the next step; can be set unless a schedule gives it. */
  get learningRate(): number {
    return this.#state.compiled("learningRate").learningRate;
  }

  set learningRate(value: number) {
    this.#state.compiled("learningRate").learningRate = value;
  }

  /** The layer of that name; one of a nested model has its name in front: `encoder/dense`. */
  getLayer(name: string): Layer {
    return this.#state.graph.layerNamed("getLayer", name);
  }

  /**
   * What a layer of the model, given itself or by name, makes of the inputs: with `inputs` the way
   * to take a model apart. Throws a `GradusError` for a layer that is called several times.
   * Source: `layer.output` of https://keras.io/guides/transfer_learning/
   *
   * @example
   * const features = trained.outputOf("dense_1");
   * const other = model({ inputs: trained.inputs, outputs: dense({ units: 2 })(features) });
   */
  outputOf(layer: Layer | string): LayerTensor {
    const where = "outputOf";
    const { graph } = this.#state;
    return graph.outputOf(where, graph.layerOf(where, layer));
  }

  /** The tensors it begins with, in the form they were given in. */
  get inputs(): I {
    return this.#forInputs(this.#state.graph.inputs.map(({ tensor }) => tensor)) as never;
  }

  /** The tensors it ends with, in the form they were given in. */
  get outputs(): O {
    const { outputs, tensors } = this.#state.graph;
    return this.#forOutputs(outputs.map(({ value }) => tensors[value])) as never;
  }

  /**
   * Whether any of its layers is trainable; setting it sets all of them, those of nested models
   * too. Counts from the next `compile`. Unlike in Keras a model has no flag of its own.
   * Source: https://keras.io/guides/transfer_learning/
   */
  get trainable(): boolean {
    return this.layers.some((layer) => layer.trainable);
  }

  /** Sets it for all layers; counts from the next `compile`. */
  set trainable(value: boolean) {
    checkBoolean(`model "${this.name}"`, "trainable", value);
    for (const layer of this.layers) layer.trainable = value;
  }

  /** @internal */
  get graph(): LayerGraph {
    return this.#state.graph;
  }

  /**
   * Decides how the model is trained: optimizer, loss, metrics, and which layers (those that are
   * `trainable` now). Weights stay; the optimizer starts anew. Returns the model, whose type then
   * knows the names of what it reports.
   * Source: https://keras.io/api/models/model_training_apis/#compile-method
   *
   * @example
   * const model = sequential({ inputShape: [784], layers }).compile({
   *   optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"],
   * });
   * const { accuracy } = (await model.fit(x, y)).history; // and no accurracy
   */
  compile<const M extends MetricsLike = [], const W extends MetricsLike = []>(
    options: CompileOptions<M, W>,
  ): Model<I, O, LogNames<O, M, W>> {
    const where = "compile";
    this.#state.activity.check(where, "replaces");
    const given = checkOptions(where, options, [
      "optimizer",
      "loss",
      "lossWeights",
      "metrics",
      "weightedMetrics",
    ]);
    const setup = new TrainingSetup(where, this.#state.graph, given);
    checkLoss(this.#state.graph, setup);
    warnOfModel(where, this.#state.graph, setup);
    this.#state.setup?.free();
    this.#state.setup = setup;
    return this as never;
  }

  /**
   * Trains for a number of epochs; returns loss and metrics of each.
   *
   * `x` holds rows of the model's input shape, `y` one target for each; both may be typed arrays
   * (flat, row by row), nested arrays or tensors. Typed arrays are not copied: they must not change
   * before the promise is settled. All arguments and data are checked before anything changes.
   *
   * In the place of `x` and `y` there may be batches that come one at a time, `[x, y]`,
   * `[x, y, sampleWeight]` or `{ x, y, sampleWeight }`, of any size, from an iterable, an async
   * iterable, or a function that makes one, which is called for each epoch. Each is asked for when
   * it is wanted and checked when it comes; the iterator's `return` is called when training ends
   * before the data. Where data run out before `stepsPerEpoch`, the epoch ends with a warning.
   * Source: https://keras.io/api/models/model_training_apis/#fit-method
   *
   * @example
   * const history = await model.fit(x, y, { epochs: 10, batchSize: 64, validationSplit: 0.1 });
   * await model.fit(async function* () { for await (const part of parts()) yield [part.x, part.y]; });
   */
  fit<V extends AnyValidation<I, O> | undefined = undefined>(
    batches: Batches<DataFor<I>, DataFor<O>>,
    options?: FitBatchesOptions<DataFor<I>, DataFor<O>, V>,
  ): Promise<HistoryOf<Names, V, undefined, AnyValidation<I, O>>>;
  fit<
    X extends DataFor<I>,
    Y extends DataFor<O>,
    V extends AnyValidation<I, O> | undefined = undefined,
    S extends number | undefined = undefined,
  >(
    x: X & InputComplaint<X, I>,
    y: Y & TargetComplaint<Y, O>,
    options?: FitOptions<DataFor<I>, DataFor<O>, V, S>,
  ): Promise<HistoryOf<Names, V, S, AnyValidation<I, O>>>;
  fit(x: unknown, y?: unknown, options?: object): Promise<never> {
    return fit(this.#state, this, x as AnyData, y as AnyData, options) as Promise<never>;
  }

  /**
   * Loss and metrics over labelled data, by name; the data are given as in `fit`.
   * Source: https://keras.io/api/models/model_training_apis/#evaluate-method
   */
  evaluate(
    batches: Batches<DataFor<I>, DataFor<O>>,
    options?: EvaluateBatchesOptions,
  ): Promise<LogsOf<Names>>;
  evaluate<X extends DataFor<I>, Y extends DataFor<O>>(
    x: X & InputComplaint<X, I>,
    y: Y & TargetComplaint<Y, O>,
    options?: EvaluateOptions,
  ): Promise<LogsOf<Names>>;
  evaluate(x: unknown, y?: unknown, options?: EvaluateOptions): Promise<never> {
    return evaluate(this.#state, this, x as AnyData, y as AnyData, options) as Promise<never>;
  }

  /**
   * The outputs for rows of input: a float32 tensor `[rows, ...output shape]`. The rows may come in
   * batches, too, one at a time, from an iterable, an async iterable or a function that makes one.
   * Source: https://keras.io/api/models/model_training_apis/#predict-method
   */
  predict(batches: BatchSource<DataFor<I>>, options?: PredictBatchesOptions): Promise<ResultOf<O>>;
  predict<X extends DataFor<I>>(
    x: X & InputComplaint<X, I>,
    options?: PredictOptions,
  ): Promise<ResultOf<O>>;
  async predict(
    x: unknown,
    options?: PredictOptions | PredictBatchesOptions,
  ): Promise<ResultOf<O>> {
    return this.#forOutputs(await predict(this.#state, this, x as AnyData, options)) as never;
  }

  /** One training step on one batch; returns its loss and metrics, before the step. */
  trainOnBatch<X extends DataFor<I>, Y extends DataFor<O>>(
    x: X & InputComplaint<X, I>,
    y: Y & TargetComplaint<Y, O>,
    options?: TrainOnBatchOptions,
  ): Promise<LogsOf<Names>> {
    return trainOnBatch(this.#state, x as AnyData, y as AnyData, options) as Promise<never>;
  }

  /** Loss and metrics of one batch. */
  testOnBatch<X extends DataFor<I>, Y extends DataFor<O>>(
    x: X & InputComplaint<X, I>,
    y: Y & TargetComplaint<Y, O>,
    options?: TestOnBatchOptions,
  ): Promise<LogsOf<Names>> {
    return testOnBatch(this.#state, x as AnyData, y as AnyData, options) as Promise<never>;
  }

  /** The outputs for one batch, whatever its size. */
  async predictOnBatch<X extends DataFor<I>>(x: X & InputComplaint<X, I>): Promise<ResultOf<O>> {
    return this.#forOutputs(await predictOnBatch(this.#state, x as AnyData)) as never;
  }

  /** Name, shape and trainability of each weight and statistic. */
  weights(): WeightInfo[] {
    return this.#state.graph.weights.map(({ name, layer, spec, variable }) => ({
      name,
      shape: [...variable.shape],
      trainable: layer.trainable && spec.trainable !== false,
    }));
  }

  /** Copies of all weights and statistics by name: `{ "dense/kernel": … }`. */
  getWeights(): Record<string, Tensor> {
    const core = this.#prepare("getWeights");
    return readWeights(core, this.#state.graph.weights);
  }

  /**
   * Writes weights by name; those left out stay. Each must have the shape of its weight, or be a
   * flat typed array of its size.
   */
  setWeights(weights: Readonly<Record<string, DataLike>>): void {
    const where = "setWeights";
    this.#state.activity.check(where, "changes");
    const checked = checkWeights(where, this.#state.graph.weights, weights);
    writeWeights(this.#prepare(where), checked);
    this.#state.remote?.changed();
  }

  /** Copies of all that training changes: weights, statistics, the optimizer's slots and counts. */
  saveState(): Record<string, Tensor> {
    return saveState(this.#prepare("saveState"), this.#state);
  }

  /** Writes back what `saveState` gave. */
  restoreState(state: Readonly<Record<string, Tensor>>): void {
    const where = "restoreState";
    this.#state.activity.check(where, "changes");
    restoreState(this.#prepare(where), where, this.#state, state);
    this.#state.remote?.changed();
  }

  /** How many numbers its weights and statistics are. */
  countParams(): number {
    return countNumbers(this.#state.graph.weights);
  }

  /** Prints a table of the layers, their output shapes and parameters, and returns it. */
  summary(options: SummaryOptions = {}): string {
    const { print = console.log } = checkOptions("summary", options, ["print"]);
    const table = summarize(this.name, this.#state.graph);
    print(table);
    return table;
  }

  /**
   * The compiled graph, one line for each operation as it runs: of the training step, of
   * evaluation or of prediction. That must have been used before. Default: `"train"`.
   */
  dump(program: "train" | "evaluate" | "predict" = "train"): string {
    const where = "dump";
    checkOneOf(where, program, ["train", "evaluate", "predict"] as const);
    const { predictions } = this.#state;
    const programs = program === "predict" ? predictions : this.#state.compiled(where).programs;
    return programs.dump(readyCore(where), where, program);
  }

  /**
   * Gives its memory back at once. Not needed: models that are out of use are found, some time
   * later. Layers that another model uses keep their weights.
   */
  dispose(): void {
    const { activity, graph, resources, setup } = this.#state;
    activity.check("dispose", "replaces");
    activity.dispose();
    setup?.free();
    resources.free();
    for (const layer of graph.layers) (layer.state as LayerState).release(activity);
  }

  /** Its name, shapes and size in one line; `console.log` shows the summary. */
  override toString(): string {
    return headline(this.name, this.#state.graph);
  }

  /** What it holds between calls, for the parts of gradus that train or look inside. @internal */
  get state(): ModelState {
    return this.#state;
  }

  /** @internal */
  connect(given: InPlaceOf<I, LayerTensor>): O {
    const { graph, activity } = this.#state;
    const place = `model "${this.name}"`;
    activity.check(place, "reads");
    const parts = partsOf(place, "inputs", graph.inputForm, graph.inputs, given);
    const tensors = layerTensors(
      place,
      parts.map(({ value }) => value),
    );
    return this.#forOutputs(graph.connect(this.name, tensors)) as never;
  }

  #forInputs<T>(values: readonly T[]) {
    return inForm(this.#state.graph.inputForm, this.inputNames, values);
  }

  #forOutputs<T>(values: readonly T[]) {
    return inForm(this.#state.graph.outputForm, this.outputNames, values);
  }

  #prepare(where: string) {
    this.#state.remote?.look(where);
    const core = readyCore(where);
    this.#state.createWeights(core, where);
    return core;
  }
}
