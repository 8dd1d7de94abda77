// A model that predicts and does no more: its weights and its program in the engine. It must not
// know files nor anything that trains.
import type { DataLike } from "../data/rows.js";
import { sizeOf, type Tensor } from "../data/tensor.js";
import { checkOptions, fail } from "../errors.js";
import type { ModelFile, PartDescription } from "../io/model-file.js";
import { Activity } from "../models/activity.js";
import { type AnyData, readInputs } from "../models/input-data.js";
import { inForm, programName } from "../models/parts.js";
import { emptyResults, predictBatch } from "../models/prediction.js";
import { type Lowering, type Program, ProgramCache } from "../models/program.js";
import { batchSizeOf, Pace } from "../models/run-options.js";
import type { Core } from "../runtime/core.js";
import { Resources, Variable } from "../runtime/resources.js";

/** Extents of an input or output; `null` stands for the batch size. */
export type RowShape = readonly (number | null)[];

/** `Value` in the place of each tensor or data of a structure: alone, in an array, or by name. */
export type InPlaceOfData<S, Value> = S extends DataLike
  ? Value
  : { readonly [K in keyof S]: Value };

/** Options of `predict`. */
export interface PredictOptions {
  /** Rows per batch, at least 1. Default: 32. */
  batchSize?: number;
  /** Ends the run with its reason when it aborts. Default: none. */
  signal?: AbortSignal;
  /** Milliseconds of work after which other work (painting, timers) gets a turn. Default: 12. */
  yieldEvery?: number;
}

interface Port extends PartDescription {
  /** Its name in the program. */
  readonly wire: string;
  readonly rowShape: readonly number[];
}

/** Nothing in it is random. */
const noSeed = { low: 0, high: 0 };

const ports = (kind: string, parts: readonly PartDescription[]): readonly Port[] =>
  parts.map(({ name, shape }) => {
    return { name, shape, rowShape: shape, wire: programName(kind, name, parts.length) };
  });

/**
 * A model from a file, made by `loadModel`. `X` and `Y` say whether it has one input and output or
 * several, in an array or by name, as the model had that was exported.
 */
export class LoadedModel<X = DataLike, Y = Tensor> {
  readonly #file: ModelFile;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];
  readonly #core: Core;
  readonly #activity = new Activity();
  readonly #resources = new Resources(this);
  readonly #programs = new ProgramCache(this.#resources);
  readonly #lowering: Lowering;
  #checked: Program | null = null;

  /** @internal */
  constructor(core: Core, where: string, file: ModelFile) {
    this.#core = core;
    this.#inputs = ports("x", file.inputs);
    this.#outputs = ports("output", file.outputs);
    const variables = file.weights.map(({ name, shape }) => new Variable(name, shape));
    this.#lowering = {
      wire: file.wire,
      variables,
      inputs: this.#inputs.map(({ wire, rowShape }) => {
        return { name: wire, dtype: "float32", rowLength: sizeOf(rowShape) };
      }),
      outputs: this.#outputs.map(({ wire }) => wire),
    };
    // The bytes of the weights go on to the engine alone.
    this.#file = { ...file, weights: [] };
    try {
      this.#resources.create(core, variables);
      for (const [i, variable] of variables.entries()) {
        const { buffer, byteOffset, byteLength } = variable.view(core);
        const bytes = file.weights[i]?.bytes ?? new Uint8Array();
        new Uint8Array(buffer, byteOffset, byteLength).set(bytes);
        this.#checkFinite(where, variable);
      }
      this.#program(where, 1);
    } catch (error) {
      this.#resources.free();
      throw error;
    }
  }

  /** Its name. */
  get name(): string {
    return this.#file.name;
  }

  /** The names of its inputs: data by name, and errors, use them. */
  get inputNames(): readonly string[] {
    return this.#inputs.map(({ name }) => name);
  }

  /** The names of its outputs. */
  get outputNames(): readonly string[] {
    return this.#outputs.map(({ name }) => name);
  }

  /** The shape of its input, or of each; `null` stands for the batch size. */
  get inputShape(): InPlaceOfData<X, RowShape> {
    const shapes = this.#inputs.map(({ rowShape }) => [null, ...rowShape]);
    return inForm(this.#file.inputForm, this.inputNames, shapes) as never;
  }

  /** The shape of its output, or of each; `null` stands for the batch size. */
  get outputShape(): InPlaceOfData<Y, RowShape> {
    const shapes = this.#outputs.map(({ rowShape }) => [null, ...rowShape]);
    return inForm(this.#file.outputForm, this.outputNames, shapes) as never;
  }

  /**
   * The outputs for rows of input: a float32 tensor `[rows, ...output shape]`, or one for each
   * output. Takes the data that `predict` of the whole library takes, with the same checks.
   *
   * @example
   * const { data } = await model.predict(pixels);
   */
  async predict(x: X, options: PredictOptions = {}): Promise<Y> {
    const where = "predict";
    const activity = this.#activity;
    activity.check(where, "reads");
    const given = checkOptions(where, options, ["batchSize", "signal", "yieldEvery"]);
    const batchSize = batchSizeOf(where, given.batchSize);
    const pace = new Pace(where, given);
    const { inputForm, outputForm } = this.#file;
    const data = readInputs(where, { inputs: this.#inputs, inputForm }, x as AnyData);
    const { outputs: wires } = this.#lowering;
    if (data.count <= batchSize) {
      const results = activity.runNow(where, "reads", () => {
        const program = this.#program(where, data.count);
        const empty = emptyResults(where, this.#outputs, data.count);
        predictBatch(program, noSeed, data, 0, data.count, wires, empty);
        return empty;
      });
      return inForm(outputForm, this.outputNames, await results) as never;
    }
    return activity.run(where, "reads", async () => {
      const program = this.#program(where, batchSize);
      const results = emptyResults(where, this.#outputs, data.count);
      for (let from = 0; from < data.count; from += batchSize) {
        const to = Math.min(from + batchSize, data.count);
        predictBatch(program, noSeed, data, from, to, wires, results);
        pace.check();
        if (pace.isDue) await pace.giveWay();
      }
      return inForm(outputForm, this.outputNames, results) as never;
    });
  }

  /** Gives its memory back at once. Not needed: models that are out of use are found. */
  dispose(): void {
    this.#activity.check("dispose", "replaces");
    this.#activity.dispose();
    this.#resources.free();
  }

  #checkFinite(where: string, variable: Variable): void {
    const core = this.#core;
    const bad = core.call(where, (engine) => engine.firstNonFinite(variable.id));
    if (bad < 0) return;
    fail(`${where}: "${variable.name}"`, {
      expected: "finite numbers",
      received: `${variable.view(core)[bad]} at place ${bad}`,
      hint: "The file is damaged.",
    });
  }

  /** The program for batches of up to `capacity` rows; what is read and written fits it. */
  #program(where: string, capacity: number): Program {
    const core = this.#core;
    const program = this.#programs.get(core, where, "predict", [], capacity, () => this.#lowering);
    if (program === this.#checked) return program;
    const check = (kind: string, ports: readonly Port[], dims: (i: number) => Uint32Array) => {
      for (const [i, { name, rowShape }] of ports.entries()) {
        const found = `[${dims(i)}]`;
        const wanted = `[${[program.capacity, ...rowShape]}]`;
        if (found !== wanted) failPort(`${where}: ${kind} "${name}"`, wanted, found);
      }
    };
    core.call(where, (engine) => {
      check("input", this.#inputs, (i) => engine.inputDims(program.id, i));
      check("output", this.#outputs, (i) => engine.outputDims(program.id, i));
    });
    this.#checked = program;
    return program;
  }
}

function failPort(where: string, wanted: string, found: string): never {
  return fail(where, {
    expected: `the graph to hold what the metadata say, ${wanted}`,
    received: `${found}`,
    hint: "The file is damaged.",
  });
}
