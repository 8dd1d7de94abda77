// Measures training steps for callbacks that ask for it: the training program with statistics of
// outputs and norms of gradients beside it, and a small one that compares weights before and after.
// What the figures mean is no matter of this file.
import type {
  InputFigures,
  OutputFigures,
  ProbedModel,
  StepFigures,
  StepProbe,
  WeightNorms,
} from "../callbacks/step-probe.js";
import { GraphBuilder, type Sym } from "../graph.js";
import type { Layer, LayerState } from "../layers/layer.js";
import {
  absolute,
  concatenate,
  equal,
  greaterEqual,
  max,
  mean,
  reduce,
  reshapeTo,
  square,
  squaredDifference,
  subtract,
} from "../ops.js";
import type { Core } from "../runtime/core.js";
import { Resources, Variable } from "../runtime/resources.js";
import { fixed } from "../shape.js";
import type { ModelData } from "./input-data.js";
import { lowering, lowerTraining, type Observer } from "./lowering.js";
import type { ModelState } from "./model-state.js";
import { type Program, ProgramCache } from "./program.js";
import type { RemoteProgram } from "./remote/protocol.js";
import { figuresName, type Measured, type MeasuredSizes, readMeasured } from "./step.js";
import type { TrainingSetup } from "./training-setup.js";

/**
 * Where an activation is saturated: at least `reach` away from `centre`. That is where its slope is
 * below 6 % of its largest (tanh beyond 0.97), for the hard ones where it is 0.
 */
const limits: Readonly<Record<string, { readonly centre: number; readonly reach: number }>> = {
  sigmoid: { centre: 0.5, reach: 0.485 },
  tanh: { centre: 0, reach: 0.97 },
  softsign: { centre: 0, reach: 0.757 },
  hardSigmoid: { centre: 0.5, reach: 0.5 },
  hardTanh: { centre: 0, reach: 1 },
};

/** Activations whose slope is 0 where they are 0. */
const canDie = new Set(["relu", "relu6", "hardSilu", "softShrink", "hardShrink"]);

/** Numbers that a program measures, in the order in which they were asked for. */
class Measurements {
  readonly #wanted: Sym[] = [];

  /** Has a scalar measured; returns what finds it among the results. */
  add(scalar: Sym): (results: ArrayLike<number>) => number {
    const at = this.#wanted.push(reshapeTo(scalar, [fixed(1)])) - 1;
    return (results) => results[at] as number;
  }

  get count(): number {
    return this.#wanted.length;
  }

  /** All of them as one output. */
  get outputs(): Readonly<Record<string, Sym>> {
    return { [figuresName]: concatenate(this.#wanted, { axis: 0 }) };
  }
}

type Reader<T> = (results: ArrayLike<number>) => T;

/** All axes but the last. */
function rowAxes(x: Sym): number[] {
  return x.dims.slice(1).map((_, i) => i);
}

function measureSpread(measure: Measurements, x: Sym): Reader<{ mean: number; deviation: number }> {
  const middle = mean(x);
  const mid = measure.add(middle);
  const variance = measure.add(mean(squaredDifference(x, middle)));
  return (results) => ({ mean: mid(results), deviation: Math.sqrt(variance(results)) });
}

function measureOutput(
  measure: Measurements,
  y: Sym,
  activation: string | null,
): Reader<OutputFigures> {
  const spread = measureSpread(measure, y);
  const limit = activation === null ? undefined : limits[activation];
  const saturated = limit
    ? measure.add(mean(greaterEqual(absolute(subtract(y, limit.centre)), limit.reach)))
    : () => null;
  const dies = activation !== null && canDie.has(activation) && y.dims.length > 1;
  const dead = dies
    ? measure.add(mean(equal(reduce("sumAbs", y, { axis: rowAxes(y) }), 0)))
    : () => null;
  return (results) => ({ ...spread(results), saturated: saturated(results), dead: dead(results) });
}

function measureInput(measure: Measurements, x: Sym): Reader<InputFigures> {
  const spread = measureSpread(measure, x);
  const squares = x.dims.length > 1 ? mean(square(x), { axis: rowAxes(x) }) : mean(square(x));
  const largest = measure.add(max(squares));
  return (results) => ({ ...spread(results), largest: Math.sqrt(largest(results)) });
}

/** The activation that made a value, as the engine's table calls it. */
function activationOf(y: Sym): string | null {
  const { op, kind } = y.graph.madeBy(y);
  if (op === "softmax" || op === "logSoftmax") return op;
  return op === "unary" ? kind : null;
}

/** Programs and variables that measure the steps of one `fit`, and whom they are measured for. */
export class StepWatch implements Observer {
  readonly core: Core;
  /** The training program that measures, where steps are made here. */
  #program: Program | null = null;
  /** The data it was compiled for. */
  #data: ModelData | null = null;
  /** The norms of gradients; null where nothing is trained. */
  readonly gradientNorms: Variable | null;
  readonly #where: string;
  readonly #setup: TrainingSetup;
  readonly #state: ModelState;
  readonly #programs: ProgramCache;
  readonly #probes: readonly StepProbe[];
  readonly #resources = new Resources(this);
  /** The trained weights as they were before the step. */
  readonly #before: readonly Variable[];
  #changes: Program | undefined;
  /** The same for a worker, in the order in which it compiles them. */
  readonly programs: readonly RemoteProgram[];
  readonly #activations: (string | null)[] = [];
  readonly #changed: Reader<Omit<WeightNorms, "gradient">>[] = [];
  #changeCount = 0;
  #figureCount = 0;
  #read: Reader<Pick<StepFigures, "loss" | "inputs" | "calls">>;
  #steps = 0;
  #due: StepProbe[] = [];

  /**
   * Compiles what is needed, or lowers it for a worker; when that fails, nothing has changed.
   */
  constructor(
    core: Core,
    where: string,
    state: ModelState,
    setup: TrainingSetup,
    data: ModelData,
    batchSize: number,
    probes: readonly StepProbe[],
    inWorker: boolean,
  ) {
    this.core = core;
    this.#where = where;
    this.#setup = setup;
    this.#state = state;
    this.#probes = probes;
    this.#read = () => ({ loss: 0, inputs: [], calls: [] });
    const { updated: trainables } = setup;
    this.#before = trainables.map(({ weight }) => {
      return new Variable(`before/${weight.name}`, weight.variable.shape);
    });
    const count = trainables.length;
    this.gradientNorms = count > 0 ? new Variable("gradient norms", [count]) : null;
    this.#programs = new ProgramCache(this.#resources);
    try {
      this.#resources.create(core, this.variables);
      const capacity = Math.min(batchSize, data.count);
      this.programs = inWorker ? this.#lower(data, capacity) : [];
      if (!inWorker) {
        this.#program = this.#programFor(data, capacity);
        if (count > 0) {
          const lower = () => this.#lowerChanges();
          this.#changes = this.#programs.get(core, where, "changes", [], 1, lower);
        }
      }
    } catch (error) {
      this.free();
      throw error;
    }
    for (const probe of probes) probe.begin(this.#describe());
  }

  /** The variables it uses beside those of training. */
  get variables(): readonly Variable[] {
    return [...this.#before, ...(this.gradientNorms ? [this.gradientNorms] : [])];
  }

  /** What is read of a measured step. */
  get measure(): MeasuredSizes & { readonly gradientNorms: number | null } {
    const gradientNorms = this.gradientNorms?.id ?? null;
    return { figures: this.#figureCount, changes: this.#changeCount, gradientNorms };
  }

  #lower({ variant }: ModelData, capacity: number): readonly RemoteProgram[] {
    const step = lowerTraining(this.#state.graph, this.#setup, variant, true, this);
    const measure = { name: "measure", capacity, ...step } as const;
    if (!this.gradientNorms) return [measure];
    return [measure, { name: "changes", capacity: 1, ...this.#lowerChanges() }];
  }

  /**
   * The step over these data that measures. Batches that only gather gradients run the plain
   * program; what is due waits for an update.
   */
  over(data: ModelData): { data: ModelData; program: Program; gather: null } {
    if (!this.#program || data !== this.#data) this.#program = this.#programFor(data, data.count);
    return { data, program: this.#program, gather: null };
  }

  #programFor(data: ModelData, capacity: number): Program {
    this.#data = data;
    const { variant } = data;
    return this.#programs.get(this.core, this.#where, "measure", variant, capacity, () =>
      lowerTraining(this.#state.graph, this.#setup, variant, true, this),
    );
  }

  /** Whether the step that comes next is measured. To be asked once before each step. */
  isDue(): boolean {
    const step = this.#steps++;
    for (const probe of this.#probes) {
      if (step % probe.every === 0 && !this.#due.includes(probe)) this.#due.push(probe);
    }
    return this.#due.length > 0 && this.#setup.updatesNow;
  }

  /** Tells what was measured at a step on so many rows, right after it. */
  report(rows: number): void {
    const gradients = this.gradientNorms?.view(this.core) ?? null;
    const program = this.#program as Program;
    const { seed } = this.#state;
    this.see(readMeasured(program, this.#changes, this.measure, gradients, seed), rows);
  }

  /** Tells what a step on so many rows was measured to be. */
  see({ figures: results, changes, gradients }: Measured, rows: number): void {
    const found = this.#read(results);
    const weights =
      changes && gradients
        ? this.#changed.map((read, i) => ({ ...read(changes), gradient: gradients[i] as number }))
        : [];
    const figures = { ...found, step: this.#setup.iterations - 1, rows, weights };
    for (const probe of this.#due) probe.see(figures);
    this.#due = [];
  }

  /** Gives all memory back. */
  free(): void {
    this.#resources.free();
  }

  /** Adds to the graph of a training step what is to be measured. */
  observe(graph: GraphBuilder, values: readonly Sym[], loss: Sym): Readonly<Record<string, Sym>> {
    const inputCount = this.#state.graph.inputs.length;
    this.#activations.length = 0;
    return graph.within("diagnosis", () => {
      this.#setup.updated.forEach(({ weight }, i) => {
        const before = graph.variable(this.#before[i] as Variable);
        graph.addEffect("assign", [before, graph.variable(weight.variable)]);
      });
      const measure = new Measurements();
      const lossAt = measure.add(loss);
      const inputs = values.slice(0, inputCount).map((x) => measureInput(measure, x));
      const calls = values.slice(inputCount).map((y) => {
        const activation = activationOf(y);
        this.#activations.push(activation);
        return measureOutput(measure, y, activation);
      });
      this.#figureCount = measure.count;
      this.#read = (results) => ({
        loss: lossAt(results),
        inputs: inputs.map((read) => read(results)),
        calls: calls.map((read) => read(results)),
      });
      return measure.outputs;
    });
  }

  #lowerChanges() {
    const graph = new GraphBuilder();
    const measure = new Measurements();
    this.#setup.updated.forEach(({ weight }, i) => {
      const before = graph.variable(this.#before[i] as Variable);
      const change = subtract(graph.variable(weight.variable), before);
      const norm = measure.add(reduce("sumSquares", before));
      const update = measure.add(reduce("sumSquares", change));
      this.#changed.push((results) => ({
        weight: Math.sqrt(norm(results)),
        update: Math.sqrt(update(results)),
      }));
    });
    this.#changeCount = measure.count;
    return lowering(graph, { outputs: measure.outputs, train: null }, []);
  }

  #describe(): ProbedModel {
    const { graph } = this.#state;
    const first = graph.inputs.length;
    const outputs = new Set(graph.outputs.map(({ value }) => value));
    const nameOf = (layer: Layer) => graph.nameOf(layer);
    return {
      inputs: graph.inputs.map(({ name }) => name),
      calls: graph.calls.map(({ layer, inputs: sources }, i) => ({
        layer: nameOf(layer),
        kind: layer.kind,
        activation: this.#activations[i] ?? null,
        hasWeights: (layer.state as LayerState).weights.length > 0,
        sources,
        isOutput: outputs.has(first + i),
      })),
      weights: this.#setup.updated.map(({ weight: { name, layer, variable } }) => ({
        name,
        layer: nameOf(layer),
        shape: variable.shape,
      })),
    };
  }
}
