// How the layers of a model are connected. Sequential models are a chain of it; whatever has
// layers is built, lowered and summarised through this one form. It must not know training.
import { describe, fail, nearest } from "../errors.js";
import type { GraphBuilder, Sym } from "../graph.js";
import { callLayer, checkSameWeights, placeOf } from "../layers/connect.js";
import { Layer, LayerState, type LayerWeight } from "../layers/layer.js";
import type { LayerTensor, LayerUse } from "../layers/layer-tensor.js";
import { type Dim, printDims, sameDims } from "../shape.js";
import { free, nameLayers } from "./layer-names.js";
import { type Form, programName } from "./parts.js";

/** An input of a model. */
export interface GraphInput {
  readonly name: string;
  /** Its name in programs. */
  readonly wire: string;
  readonly tensor: LayerTensor;
  readonly rowShape: readonly number[];
}

/** An output of a model. */
export interface GraphOutput {
  readonly name: string;
  /** The number of its value. */
  readonly value: number;
  readonly dims: readonly Dim[];
  readonly rowShape: readonly number[];
}

/** Inputs or outputs; those without a name get one. */
export interface NamedTensors {
  readonly form: Form;
  readonly entries: readonly { readonly name: string | null; readonly tensor: LayerTensor }[];
}

/** One use of a layer: it reads values and makes the next one. */
export interface LayerCall {
  readonly layer: Layer;
  /** Numbers of values: inputs come first, then one for each call in order. */
  readonly inputs: readonly number[];
  /** The shape of the result. */
  readonly dims: readonly Dim[];
}

/** A weight with its name in a model. */
export interface ModelWeight extends LayerWeight {
  /** Layer and weight: `dense/kernel`; in a nested model `encoder/dense/kernel`. */
  readonly name: string;
  readonly layer: Layer;
}

/** What lowering found. */
export interface Lowered {
  readonly outputs: readonly Sym[];
  /** All values by their numbers: inputs, then the result of each call. */
  readonly values: readonly Sym[];
  /** Scalars that layers added to the loss. */
  readonly losses: readonly Sym[];
}

/** How layers are called. */
export interface LoweringMode {
  readonly training: boolean;
  /** Whether layers that draw random numbers do. */
  readonly random: boolean;
  /** Whether the weights of a layer are trained. */
  isTrainable(layer: Layer): boolean;
  /** Calls a layer on its inputs, or on others in their place. Default: on its inputs. */
  around?(inputs: readonly Sym[], call: (inputs: readonly Sym[]) => Sym): Sym;
}

/** Layers, each built, and how values run through them. */
export class LayerGraph {
  readonly inputs: readonly GraphInput[];
  readonly calls: readonly LayerCall[];
  readonly outputs: readonly GraphOutput[];
  /** All values by number: inputs, then what the calls make. */
  readonly tensors: readonly LayerTensor[];
  readonly inputForm: Form;
  readonly outputForm: Form;
  /** Each layer once, in the order of first use. */
  readonly layers: readonly Layer[];
  /** All weights and statistics in the order of the layers. */
  readonly weights: readonly ModelWeight[];
  readonly #names: ReadonlyMap<Layer, string>;

  /** Names and builds the layers; when that fails, no layer has changed. */
  constructor(
    where: string,
    { form: inputForm, entries: given }: NamedTensors,
    { form: outputForm, entries: wanted }: NamedTensors,
  ) {
    this.inputForm = inputForm;
    this.outputForm = outputForm;
    const inputs = named(given, ({ givenName }) => givenName ?? "input");
    const outputs = wanted.map(({ tensor }) => tensor);
    const made = madeBetween(where, inputs, outputs);
    this.tensors = [...inputs.map(({ tensor }) => tensor), ...made];
    const values = new Map(this.tensors.map((tensor, i) => [tensor, i]));
    const numbersOf = (tensors: readonly LayerTensor[]) =>
      tensors.map((tensor) => values.get(tensor) as number);
    const uses = made.map(({ use }) => use as LayerUse);
    const first = new Map<Layer, LayerUse>();
    for (const use of uses) if (!first.has(use.layer)) first.set(use.layer, use);
    this.#names = nameLayers(where, [...first.values()]);
    this.inputs = inputs.map(({ name, tensor }) => ({
      name,
      wire: programName("x", name, inputs.length),
      tensor,
      rowShape: rowShapeOf(tensor),
    }));
    this.calls = made.map(({ dims }, i) => {
      const { layer, inputs: from } = uses[i] as LayerUse;
      return { layer, inputs: numbersOf(from), dims };
    });
    const nameOf = ({ use, givenName }: LayerTensor) =>
      use ? this.nameOf(use.layer) : (givenName ?? "output");
    this.outputs = named(wanted, nameOf).map(({ name, tensor }) => ({
      name,
      value: values.get(tensor) as number,
      dims: tensor.dims,
      rowShape: rowShapeOf(tensor),
    }));
    this.layers = [...first.keys()];
    const states = this.#build(uses);
    for (const [layer, state] of states) layer.state = state;
    this.weights = this.layers.flatMap((layer) =>
      (layer.state as LayerState).weights.map(({ spec, variable }) => {
        return { name: `${this.nameOf(layer)}/${spec.name}`, layer, spec, variable };
      }),
    );
  }

  /** The name of a layer in this model. */
  nameOf(layer: Layer): string {
    return this.#names.get(layer) as string;
  }

  /** The layer of that name. */
  layerNamed(where: string, name: string): Layer {
    const found = this.layers.find((layer) => this.nameOf(layer) === name);
    if (found) return found;
    const names = this.layers.map((layer) => this.nameOf(layer));
    const near = typeof name === "string" ? nearest(name, names) : undefined;
    return fail(where, {
      expected: `the name of a layer: ${names.join(", ")}`,
      received: describe(name),
      ...(near ? { hint: `Did you mean "${near}"?` } : {}),
    });
  }

  /** The layer that is meant: one of this graph, or its name. */
  layerOf(where: string, given: unknown): Layer {
    if (!(given instanceof Layer)) return this.layerNamed(where, given as string);
    if (this.#names.has(given)) return given;
    return fail(where, {
      expected: "a layer of the model",
      received: `another, ${placeOf(given)}`,
    });
  }

  /** What the one call of a layer makes. */
  outputOf(where: string, layer: Layer): LayerTensor {
    const made = this.tensors.slice(this.inputs.length);
    const own = made.filter(({ use }) => use?.layer === layer);
    if (own.length === 1) return own[0] as LayerTensor;
    return fail(where, {
      expected: "a layer that is called once",
      received: `${this.#placeOf(layer)}, called ${own.length} times`,
      hint: "Keep the tensors when the layer is called, and give the one that is meant.",
    });
  }

  /** Calls the layers on symbolic inputs. */
  lower(graph: GraphBuilder, inputs: readonly Sym[], mode: LoweringMode): Lowered {
    const losses: Sym[] = [];
    const values = [...inputs];
    this.calls.forEach(({ layer, inputs: from, dims }, stream) => {
      const given = from.map((value) => values[value] as Sym);
      const { weights } = layer.state as LayerState;
      const trainable = mode.isTrainable(layer);
      const { training, random } = mode;
      const callMode = { training, random, trainable, stream, losses };
      const place = this.#placeOf(layer);
      const call = (inputs: readonly Sym[]) => {
        const value = callLayer(graph, place, layer, weights, inputs, callMode);
        const { factor } = graph.batch;
        const wanted = dims.map((dim) =>
          dim.symbol ? { ...dim, factor: factor * dim.factor } : dim,
        );
        if (!sameDims(value.dims, wanted)) {
          fail(place, {
            expected: `a result of shape ${printDims(wanted)} ${training ? "in training, too" : "again"}`,
            received: printDims(value.dims),
          });
        }
        return value;
      };
      values.push(mode.around ? mode.around(given, call) : call(given));
    });
    return { outputs: this.outputs.map(({ value }) => values[value] as Sym), values, losses };
  }

  /** Calls the layers on tensors between layers: this graph as a part of another. */
  connect(name: string, tensors: readonly LayerTensor[]): readonly LayerTensor[] {
    const place = `model "${name}"`;
    if (tensors.length !== this.inputs.length) {
      fail(place, {
        expected: this.inputs.length === 1 ? "one input" : `${this.inputs.length} inputs`,
        received: `${tensors.length}`,
      });
    }
    for (const [i, { name: input, tensor }] of this.inputs.entries()) {
      const { dims } = tensors[i] as LayerTensor;
      if (sameDims(dims, tensor.dims)) continue;
      fail(place, {
        expected: `${this.inputs.length === 1 ? "an input" : `the input "${input}"`} of shape ${printDims(tensor.dims)}`,
        received: printDims(dims),
      });
    }
    const scope = { key: this, name, pathOf: (layer: Layer) => this.nameOf(layer) };
    const values = [...tensors];
    for (const { layer, inputs } of this.calls) {
      const given = inputs.map((value) => values[value] as LayerTensor);
      const place = placeOf(layer, `${name}/${this.nameOf(layer)}`);
      values.push(layer.connect(given, { place, scope }));
    }
    return this.outputs.map(({ value }) => values[value] as LayerTensor);
  }

  #placeOf(layer: Layer): string {
    return placeOf(layer, this.nameOf(layer));
  }

  #build(uses: readonly LayerUse[]): Map<Layer, LayerState> {
    const states = new Map<Layer, LayerState>();
    for (const { layer, inputs, specs } of uses) {
      const known = states.get(layer) ?? layer.state;
      if (known) {
        checkSameWeights(this.#placeOf(layer), known, specs);
      } else {
        const shapes = inputs.map((tensor) => tensor.dims);
        states.set(layer, new LayerState(layer, this.nameOf(layer), shapes, specs));
      }
    }
    return states;
  }
}

function rowShapeOf({ dims }: LayerTensor): readonly number[] {
  return dims.slice(1).map((dim) => dim.factor);
}

/** The entries, each with a name of its own. */
function named(
  entries: NamedTensors["entries"],
  nameOf: (tensor: LayerTensor) => string,
): readonly { readonly name: string; readonly tensor: LayerTensor }[] {
  const taken = new Set<string>();
  return entries.map(({ name, tensor }) => {
    const own = name ?? free(taken, nameOf(tensor));
    taken.add(own);
    return { name: own, tensor };
  });
}

/** The tensors that lead from inputs to outputs, in the order in which they were made. */
function madeBetween(
  where: string,
  inputs: readonly { readonly name: string; readonly tensor: LayerTensor }[],
  outputs: readonly LayerTensor[],
): readonly LayerTensor[] {
  const given = new Set(inputs.map(({ tensor }) => tensor));
  const read = new Set<LayerTensor>();
  const made = new Set<LayerTensor>();
  const open = [...outputs];
  for (let tensor = open.pop(); tensor; tensor = open.pop()) {
    read.add(tensor);
    if (given.has(tensor) || made.has(tensor)) continue;
    if (!tensor.use) {
      fail(where, {
        expected: "outputs that are made from its inputs alone",
        received: `one that needs another input${tensor.givenName ? `, "${tensor.givenName}"` : ""} of shape ${printDims(tensor.dims)}`,
        hint: "Add that to inputs.",
      });
    }
    made.add(tensor);
    open.push(...tensor.use.inputs);
  }
  for (const { name, tensor } of inputs) {
    if (read.has(tensor)) continue;
    fail(where, {
      expected: "outputs that need every input",
      received: `none that needs "${name}"`,
    });
  }
  return [...made].sort((a, b) => a.order - b.order);
}
