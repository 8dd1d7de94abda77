// Symbolic tensors and the graph they grow: what TypeScript hands to the Rust core.
// It records nodes and writes their bytes; what operations mean and check is in ops.ts.
import type { DType } from "./data/tensor.js";
import { fail } from "./errors.js";
import { showAsText } from "./inspect.js";
import { batch, type Dim, visibleShape, visibleText } from "./shape.js";
import { ByteWriter } from "./wire.js";

const dtypeCodes: Record<DType, number> = { float32: 0, int32: 1, uint8: 2 };

/** Numbers of the operations in the wire format; crates/core/src/wire.rs reads them. */
export const opCodes = {
  input: 1,
  variable: 2,
  const: 3,
  cast: 4,
  matMul: 5,
  unary: 6,
  binary: 7,
  reduce: 8,
  reshape: 9,
  permute: 10,
  softmax: 11,
  logSoftmax: 12,
  sparseCrossEntropy: 13,
  crossEntropy: 14,
  argMax: 15,
  inTopK: 16,
  batchNorm: 17,
  normalize: 18,
  dropout: 19,
  updateMoving: 20,
  accumulate: 21,
  extent: 22,
  stopGradient: 23,
  assign: 24,
  concat: 25,
  slice: 26,
  average: 27,
  sparsemax: 28,
  layerNorm: 29,
  random: 30,
} as const;

/** The name of an operation. */
export type OpName = keyof typeof opCodes;

/** A variable of the store, as the graph needs to know it. */
export interface GraphVariable {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its number in the engine; asked for when the graph is encoded. */
  readonly id: number;
}

/** Shape and element type of a result. */
export interface ResultType {
  readonly dims: readonly Dim[];
  readonly dtype: DType;
}

interface Node {
  readonly op: OpName;
  readonly origin: number;
  readonly inputs: readonly Sym[];
  readonly results: readonly ResultType[];
  readonly attributes: ((writer: ByteWriter) => void) | null;
  /** The function's name where one operation stands for many, for example "relu". */
  readonly kind: string | null;
}

/**
 * A tensor that has a shape and no numbers yet: what layers, losses and metrics are functions of.
 * Make new ones with `ops`; the gradient of everything made this way is automatic.
 */
export class Sym {
  /** Extents, outermost first; `null` where the extent depends on the batch size. */
  readonly shape: readonly (number | null)[];
  /** What its elements are. */
  readonly dtype: DType;
  /** @internal */
  readonly dims: readonly Dim[];
  /** @internal */
  readonly graph: GraphBuilder;
  /** @internal */
  readonly node: number;
  /** @internal */
  readonly port: number;

  /** @internal */
  constructor(graph: GraphBuilder, node: number, port: number, type: ResultType) {
    this.graph = graph;
    this.node = node;
    this.port = port;
    this.dims = type.dims;
    this.dtype = type.dtype;
    this.shape = visibleShape(type.dims);
    showAsText(Sym.prototype);
  }

  /** Its element type and shape: `symbolic float32 [null, 10]`. */
  toString(): string {
    return `symbolic ${this.dtype} ${visibleText(this.dims)}`;
  }
}

/** How a graph is trained, as the wire format says it. */
export interface TrainPart {
  /** A scalar. */
  readonly loss: Sym;
  /** A scalar input. */
  readonly learningRate: Sym;
  /** A scalar input that overrides the rule's momentum or beta1. */
  readonly momentum: Sym | null;
  readonly rule: string;
  readonly hyperparameters: readonly number[];
  readonly clip: {
    readonly kind: "none" | "value" | "norm" | "globalNorm";
    readonly limit: number;
  };
  /** Whether gradients of several calls make one update: what this program does with its own. */
  readonly accumulation: { readonly kind: keyof typeof accumulationCodes; readonly steps: number };
  /** A variable `[trainables]` that gets the norm of each gradient before clipping. Default: none. */
  readonly gradientNorms?: GraphVariable | null;
  readonly trainables: readonly TrainableEntry[];
}

/** A variable that training changes, and how. */
export interface TrainableEntry {
  readonly variable: GraphVariable;
  readonly learningRateMultiplier: number;
  readonly weightDecay: number;
  readonly slots: readonly GraphVariable[];
  /** Where its gradients gather; null where each call updates. */
  readonly accumulator: GraphVariable | null;
}

/** A node on its way from one graph to another. */
export interface NodeCopy {
  readonly op: OpName;
  /** Whom errors name. */
  readonly origin: string;
  /** The variable that it reads, if it does no more. */
  readonly variable: GraphVariable | undefined;
  /** Its inputs where it was. */
  readonly from: readonly Sym[];
  /** Its inputs where it goes to. */
  readonly inputs: readonly Sym[];
  /** Whether nothing else uses that input. */
  isOnlyUseOf(input: number): boolean;
  /** Its attributes in the wire format. */
  attributes(): Uint8Array;
  /** Puts it there, perhaps with other inputs; its results. */
  copy(inputs?: readonly Sym[]): readonly Sym[];
}

/** What is wanted of a graph. */
export interface GraphResult {
  readonly outputs: Readonly<Record<string, Sym>>;
  readonly train: TrainPart | null;
  /** Graphs of effects that run after it in the same call: these see what it wrote. */
  readonly after?: readonly GraphBuilder[];
  /** Whether inputs stay that nothing needs. Default: they do not. */
  readonly allInputs?: boolean;
}

/** A graph in wire format. */
export interface EncodedGraph {
  readonly wire: Uint8Array;
  /** The names of its inputs: their places here are their numbers in the engine. */
  readonly inputs: readonly string[];
  /** The names of its outputs, likewise. */
  readonly outputs: readonly string[];
}

const accumulationCodes = { none: 0, gather: 1, finish: 2 } as const;
const clipCodes = { none: 0, value: 1, norm: 2, globalNorm: 3 } as const;

/** A graph in the making. */
export class GraphBuilder {
  /** How many rows there are: what `null` in a shape stands for. */
  batch: Dim = batch;
  /** How many nodes draw random numbers. */
  draws = 0;
  readonly #nodes: Node[] = [];
  readonly #origins: string[] = [""];
  readonly #inputs = new Map<string, Sym>();
  readonly #variables = new Map<GraphVariable, Sym>();
  readonly #effects: number[] = [];
  #origin = 0;

  /** Runs `make`; the nodes it adds, and errors about them, carry the name `origin`. */
  within<T>(origin: string, make: () => T): T {
    const before = this.#origin;
    const known = this.#origins.indexOf(origin);
    this.#origin = known >= 0 ? known : this.#origins.push(origin) - 1;
    try {
      return make();
    } finally {
      this.#origin = before;
    }
  }

  /** Where an error about `name` happens: `loss "huber" (add)`. */
  place(name: string): string {
    const origin = this.#origins[this.#origin];
    return origin ? `${origin} (${name})` : name;
  }

  /** Adds a node and returns its results. */
  add(
    op: OpName,
    inputs: readonly Sym[],
    results: readonly ResultType[],
    attributes: ((writer: ByteWriter) => void) | null = null,
    kind: string | null = null,
  ): Sym[] {
    for (const { graph } of inputs) {
      if (graph === this) continue;
      fail(this.place(kind ?? op), {
        expected: "tensors of one call",
        received: "one of another call",
        hint: "Do not keep tensors from call to call: the function runs often.",
      });
    }
    const node = this.#nodes.length;
    this.#nodes.push({ op, origin: this.#origin, inputs, results, attributes, kind });
    if (op === "dropout" || op === "random") this.draws++;
    return results.map((type, port) => new Sym(this, node, port, type));
  }

  /** Whether anything is run because it changes a variable. */
  get hasEffects(): boolean {
    return this.#effects.length > 0;
  }

  /** Adds a node that is run because it changes the variable that is its first input. */
  addEffect(
    op: OpName,
    inputs: readonly Sym[],
    attributes: ((writer: ByteWriter) => void) | null = null,
  ): void {
    this.add(op, inputs, [], attributes);
    this.#effects.push(this.#nodes.length - 1);
  }

  /** The input of that name; the same one for the same name. */
  input(name: string, dims: readonly Dim[], dtype: DType = "float32"): Sym {
    const known = this.#inputs.get(name);
    if (known) return known;
    const [sym] = this.add("input", [], [{ dims, dtype }], (writer) =>
      writer.text(name).byte(dtypeCodes[dtype]).dims(dims),
    ) as [Sym];
    this.#inputs.set(name, sym);
    return sym;
  }

  /** The value of a variable; the same symbol for the same variable. */
  variable(variable: GraphVariable): Sym {
    const known = this.#variables.get(variable);
    if (known) return known;
    const dims = variable.shape.map((factor) => ({ factor, symbol: 0 }) as const);
    const [sym] = this.add("variable", [], [{ dims, dtype: "float32" }], (writer) =>
      writer.unsigned(variable.id),
    ) as [Sym];
    this.#variables.set(variable, sym);
    return sym;
  }

  /**
   * Builds another graph of the nodes that `wanted` need, one after the other; `move` gives what
   * stands there for the results of each. Inputs all stay. Returns what stands there for `wanted`.
   */
  copyTo(
    target: GraphBuilder,
    wanted: readonly Sym[],
    move: (node: NodeCopy) => readonly Sym[],
  ): readonly Sym[] {
    for (const [name, { dims, dtype }] of this.#inputs) target.input(name, dims, dtype);
    const nodes = [...this.#number(wanted.map(({ node }) => node)).keys()];
    const names = new Map([...this.#inputs].map(([name, { node }]) => [node, name]));
    const variables = new Map([...this.#variables].map(([each, { node }]) => [node, each]));
    const used = [...nodes.flatMap((id) => (this.#nodes[id] as Node).inputs), ...wanted];
    const results = new Map<number, readonly Sym[]>();
    const at = ({ node, port }: Sym) => results.get(node)?.[port] as Sym;
    for (const id of nodes) {
      const node = this.#nodes[id] as Node;
      const { op, inputs: from } = node;
      const origin = this.#origins[node.origin] as string;
      const inputs = from.map(at);
      const [name, variable] = [names.get(id), variables.get(id)];
      const copy = (given = inputs) => {
        if (variable) return [target.variable(variable)];
        if (name !== undefined) {
          const [{ dims, dtype }] = node.results as [ResultType];
          return [target.input(name, dims, dtype)];
        }
        return target.add(op, given, node.results, node.attributes, node.kind);
      };
      const isOnlyUseOf = (input: number) =>
        used.filter((sym) => sym.node === from[input]?.node).length === 1;
      const attributes = () => {
        const writer = new ByteWriter();
        node.attributes?.(writer);
        return writer.finish();
      };
      const copied = { op, origin, variable, from, inputs, isOnlyUseOf, attributes, copy };
      results.set(
        id,
        target.within(origin, () => move(copied)),
      );
    }
    return wanted.map(at);
  }

  /** Which operation made this value, from what. */
  madeBy(sym: Sym): { op: OpName; kind: string | null; inputs: readonly Sym[] } {
    return this.#nodes[sym.node] as Node;
  }

  /** The bytes of the graph: only the nodes that outputs, effects or training need. */
  encode({ outputs, train, after = [], allInputs = false }: GraphResult): EncodedGraph {
    const needed = train ? [train.loss.node, train.learningRate.node] : [];
    if (allInputs) needed.push(...Array.from(this.#inputs.values(), ({ node }) => node));
    if (train?.momentum) needed.push(train.momentum.node);
    const writer = new ByteWriter();
    writer.bytes(new TextEncoder().encode("GRA1"));
    const numbers = this.#write(writer, outputs, needed);
    if (train) encodeTrain(writer.byte(1), train, (node) => numbers.get(node) as number);
    else writer.byte(0);
    writer.unsigned(after.length);
    for (const graph of after) graph.#write(writer, {}, []);
    const used = [...this.#inputs].filter(([, sym]) => numbers.has(sym.node));
    const inputs = used.map(([name]) => name);
    return { wire: writer.finish(), inputs, outputs: Object.keys(outputs) };
  }

  /** Writes nodes, outputs and effects; returns the numbers of the nodes. */
  #write(
    writer: ByteWriter,
    outputs: GraphResult["outputs"],
    needed: readonly number[],
  ): ReadonlyMap<number, number> {
    const named = Object.entries(outputs);
    const wanted = [...named.map(([, sym]) => sym.node), ...this.#effects, ...needed];
    const numbers = this.#number(wanted);
    const at = (node: number) => numbers.get(node) as number;
    writer.unsigned(this.#origins.length);
    for (const origin of this.#origins) writer.text(origin);
    writer.unsigned(numbers.size);
    for (const id of numbers.keys()) {
      const { op, origin, inputs, attributes } = this.#nodes[id] as Node;
      writer.byte(opCodes[op]).unsigned(origin).unsigned(inputs.length);
      for (const input of inputs) writer.unsigned(at(input.node)).unsigned(input.port);
      attributes?.(writer);
    }
    writer.unsigned(named.length);
    for (const [name, sym] of named) writer.text(name).unsigned(at(sym.node)).unsigned(sym.port);
    writer.unsigned(this.#effects.length);
    for (const effect of this.#effects) writer.unsigned(at(effect));
    return numbers;
  }

  /** New numbers, in the old order, for the wanted nodes and what they need. */
  #number(wanted: readonly number[]): Map<number, number> {
    const needed = new Set<number>();
    const open = [...wanted];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (needed.has(node)) continue;
      needed.add(node);
      for (const input of (this.#nodes[node] as Node).inputs) open.push(input.node);
    }
    return new Map([...needed].sort((a, b) => a - b).map((node, index) => [node, index]));
  }
}

function encodeTrain(writer: ByteWriter, train: TrainPart, at: (node: number) => number): void {
  writer.unsigned(at(train.loss.node)).unsigned(train.loss.port);
  writer.unsigned(at(train.learningRate.node));
  if (train.momentum) writer.byte(1).unsigned(at(train.momentum.node));
  else writer.byte(0);
  writer.text(train.rule).floats(train.hyperparameters);
  writer.byte(clipCodes[train.clip.kind]).float(train.clip.limit);
  writer.byte(accumulationCodes[train.accumulation.kind]).unsigned(train.accumulation.steps);
  if (train.gradientNorms) writer.byte(1).unsigned(train.gradientNorms.id);
  else writer.byte(0);
  writer.unsigned(train.trainables.length);
  for (const trainable of train.trainables) {
    const { variable, learningRateMultiplier, weightDecay, slots, accumulator } = trainable;
    writer.unsigned(variable.id).float(learningRateMultiplier).float(weightDecay);
    writer.unsigned(slots.length);
    for (const slot of slots) writer.unsigned(slot.id);
    if (accumulator) writer.unsigned(accumulator.id);
  }
}
