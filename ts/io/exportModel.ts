// Writes a trained model for gradus/infer: the graph that predicts, and its weights.
import { describe, fail } from "../errors.js";
import type { GraphVariable, OpName, Sym } from "../graph.js";
import { lowering, predictionGraph } from "../models/lowering.js";
import { Model } from "../models/model.js";
import type { ModelState } from "../models/model-state.js";
import type { TensorStructure } from "../models/parts.js";
import { Program } from "../models/program.js";
import type { Core } from "../runtime/core.js";
import { loadedCore } from "../runtime/load.js";
import type { Variable } from "../runtime/resources.js";
import { type Evaluate, foldNormalisations, freezeConstants } from "./fold.js";
import { type FileDescription, fileFormat, fileVersion, graphName } from "./model-file.js";
import { type StoredTensor, writeSafetensors } from "./safetensors.js";

/** What gradus/infer has code for. */
export const operationsOfPrediction: readonly OpName[] = [
  ...(["input", "variable", "const", "extent", "matMul", "unary", "binary"] as const),
  ...(["reduce", "reshape", "permute", "concat", "slice", "stopGradient"] as const),
  ...(["softmax", "logSoftmax", "sparsemax", "argMax", "normalize", "layerNorm"] as const),
];

/** A weight or a constant on its way into a file: its number is its place there. */
class FileVariable implements GraphVariable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly read: () => Float32Array;
  readonly #all: FileVariable[];

  constructor(
    name: string,
    shape: readonly number[],
    read: () => Float32Array,
    all: FileVariable[],
  ) {
    this.name = name;
    this.shape = shape;
    this.read = read;
    this.#all = all;
  }

  /** Asked for when the graph is written, and only of those that it needs. */
  get id(): number {
    const known = this.#all.indexOf(this);
    return known >= 0 ? known : this.#all.push(this) - 1;
  }
}

/**
 * The file of a model for `loadModel` of `gradus/infer`: what it predicts with, and nothing of what
 * it was trained with. Batch normalisation becomes part of the dense layers beside it, dropout is
 * gone, and so are weights that predictions do not need; predictions stay the same up to rounding,
 * about 1e-6 of their size. The bytes are a safetensors file: any reader of these sees the weights.
 *
 * Throws a `GradusError` for weights that are not finite, and for custom layers that call losses.
 * Source: `model.export` of https://keras.io/api/models/model_saving_apis/export/
 *
 * @example
 * await writeFile("digits.gradus", await exportModel(model));
 */
export async function exportModel<I extends TensorStructure, O extends TensorStructure>(
  model: Model<I, O>,
): Promise<Uint8Array<ArrayBuffer>> {
  const where = "exportModel";
  if (!(model instanceof Model)) {
    fail(where, { expected: "a model", received: describe(model) });
  }
  const { state } = model;
  state.activity.check(where, "reads");
  return state.activity.run(where, "reads", async () => {
    await state.remote?.pull();
    const core = await loadedCore();
    state.createWeights(core, where);
    return fileOf(core, where, state);
  });
}

function fileOf(core: Core, where: string, state: ModelState): Uint8Array<ArrayBuffer> {
  const { graph: model } = state;
  const evaluate: Evaluate = (values) => numbersOf(core, where, state, values);
  const weights = new Map<GraphVariable, FileVariable>();
  const used: FileVariable[] = [];
  for (const { name, variable } of model.weights) {
    const read = () => finite(core, where, name, variable);
    weights.set(variable, new FileVariable(name, variable.shape, read, used));
  }
  const names = new Set(model.weights.map(({ name }) => name));
  const freeze = (shape: readonly number[], numbers: Float32Array) => {
    let name = "";
    for (let i = 0; name === "" || names.has(name); i++) name = `constant/${i}`;
    names.add(name);
    return new FileVariable(name, shape, () => numbers, used);
  };
  const variant = model.inputs.map(({ wire, rowShape }) => {
    return { name: wire, dtype: "float32", rowShape } as const;
  });
  const traced = predictionGraph(model, variant);
  const folded = foldNormalisations(traced, evaluate);
  const { graph, outputs } = freezeConstants(
    folded,
    evaluate,
    freeze,
    (weight) => weights.get(weight) as FileVariable,
    (op, origin) => checkOperation(where, op, origin),
  );
  const { wire } = graph.encode({ outputs, train: null, allInputs: true });
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape, read } of used) {
    const { buffer, byteOffset, byteLength } = read();
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    tensors.set(name, { dtype: "F32", shape, bytes });
  }
  tensors.set(graphName, { dtype: "U8", shape: [wire.length], bytes: wire });
  const description: FileDescription = {
    name: state.name,
    inputForm: model.inputForm,
    inputs: model.inputs.map(({ name, rowShape }) => ({ name, shape: rowShape })),
    outputForm: model.outputForm,
    outputs: model.outputs.map(({ name, rowShape }) => ({ name, shape: rowShape })),
    weights: used.map(({ name }) => name),
  };
  return writeSafetensors({
    tensors,
    metadata: {
      format: fileFormat,
      version: fileVersion,
      model: JSON.stringify(description),
    },
  });
}

/** Runs what depends on weights alone. */
function numbersOf(
  core: Core,
  where: string,
  { resources }: ModelState,
  values: readonly Sym[],
): readonly Float32Array[] {
  const [{ graph }] = values as [Sym];
  const outputs = Object.fromEntries(values.map((value, i) => [`${i}`, value]));
  const lowered = lowering(graph, { outputs, train: null }, []);
  const id = resources.compile(core, where, lowered.wire, 1);
  try {
    const program = new Program(core, where, id, 1, lowered);
    program.run(1, 0, { low: 0, high: 0 }, 0);
    return values.map(({ dims }, i) => {
      const size = dims.reduce((product, { factor }) => product * factor, 1);
      return program.output(`${i}`, size).slice();
    });
  } finally {
    resources.freeProgram(core, id);
  }
}

function finite(core: Core, where: string, name: string, variable: Variable): Float32Array {
  const bad = core.call(where, (engine) => engine.firstNonFinite(variable.id));
  const numbers = variable.view(core).slice();
  if (bad < 0) return numbers;
  return fail(where, {
    expected: "finite weights",
    received: `${numbers[bad]} in ${name}`,
    hint: "Training diverged: use a smaller learning rate, or gradient clipping.",
  });
}

function checkOperation(where: string, op: OpName, origin: string): void {
  if (operationsOfPrediction.includes(op)) return;
  fail(where, {
    expected: "operations that gradus/infer has",
    received: `${op}${origin ? ` in ${origin}` : ""}`,
    hint: "Losses and metrics belong to compile, not into layers.",
  });
}
