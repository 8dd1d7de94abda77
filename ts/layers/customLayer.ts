// Layers of users' own: weights and a function of symbolic tensors. What the functions return is
// checked here, so that a mistake shows where it is written.
import { type ConstraintLike, resolveConstraint } from "../constraints.js";
import { checkBoolean, checkNumber, checkOptions, describe, fail, nearest } from "../errors.js";
import { type GraphBuilder, Sym } from "../graph.js";
import { type InitializerLike, resolveInitializer } from "../initializers.js";
import * as layerOps from "../layer-ops.js";
import { type RegularizerLike, resolveRegularizer } from "../regularizers.js";
import { type Dim, printDims, sameDim, sameDims } from "../shape.js";
import {
  type CallContext,
  checkLayerOptions,
  checkShape,
  Layer,
  type LayerOptions,
  type WeightSpec,
} from "./layer.js";

/** A weight that a layer of one's own asks for. */
export interface WeightDeclaration {
  /** Its extents, each at least 1; `[]` for a single number. */
  shape: readonly number[];
  /** How it starts. Default: `"glorotUniform"`, as in Keras. */
  initializer?: InitializerLike;
  /** A penalty on it. Default: none. */
  regularizer?: RegularizerLike | null;
  /** What it is projected to after each update. Default: nothing. */
  constraint?: ConstraintLike | null;
  /** False for state that `assign` changes and the optimizer does not. Default: true. */
  trainable?: boolean;
}

/** Weights by name. */
export type WeightDeclarations = Readonly<Record<string, WeightDeclaration>>;

/** What is known of an input when weights are declared. */
export interface LayerInput {
  /** The shape of one row, without the batch: `[784]`. */
  readonly rowShape: readonly number[];
  /** The last extent of it. Reading it throws a `GradusError` where rows are single numbers. */
  readonly features: number;
}

/** What the function of a layer may use besides its inputs. */
export interface LayerCall<W extends WeightDeclarations = WeightDeclarations> {
  /** The weights by name. */
  readonly weights: { readonly [Name in keyof W]: Sym };
  /** Whether this is a training step. */
  readonly training: boolean;
  /** Whether random numbers are wanted: in training steps by default. */
  readonly random: boolean;
  /** Whether the layer is trained, not frozen. */
  readonly trainable: boolean;
  /** `x` with a random share `rate` of it 0 and the rest divided by `1 - rate`, where `random`. */
  dropout(x: Sym, rate: number): Sym;
  /** Adds a scalar to the loss. */
  addLoss(value: Sym): void;
  /**
   * Gives a weight that was declared `trainable: false` another value after the training step, for
   * moving averages and the like; outside of training steps it does nothing.
   */
  assign(name: keyof W & string, value: Sym): void;
}

/** Arrays of inputs by their number. */
export interface InputsOf<T> {
  /** One. */
  1: readonly [T];
  /** Two. */
  2: readonly [T, T];
  /** Three. */
  3: readonly [T, T, T];
  /** Four. */
  4: readonly [T, T, T, T];
  /** One or more. */
  any: readonly T[];
}

/** Options of `customLayer`. */
export interface CustomLayerOptions<
  W extends WeightDeclarations,
  N extends keyof InputsOf<unknown> = 1,
> extends LayerOptions {
  /** What it is called in summaries, errors and, with a number, in weights. Default: `"customLayer"`. */
  kind?: string;
  /** How many inputs it takes: 1 to 4, or `"any"` for one or more. Default: 1. */
  inputs?: N;
  /** Its weights for inputs of these shapes, by name. Default: none. */
  weights?: (inputs: InputsOf<LayerInput>[N]) => W;
  /** What it makes of its inputs: a tensor `[batch, ...]`, made with `ops` and `activations`. */
  call: (inputs: InputsOf<Sym>[N], context: LayerCall<W>) => Sym;
}

/** Room between the random streams of one call. */
const streamStep = 2 ** 20;

/**
 * A layer of one's own: a function over symbolic tensors, and the weights it needs. Its gradient is
 * automatic; it takes part in `getWeights`, `cloneModel`, freezing, learning rates of layers and
 * functional models as every other. Both functions are called anew for every program, so they must
 * depend on their arguments only; wrap it in a function to have a factory with options.
 *
 * Throws a `GradusError` that names the place where `weights` or `call` return something else than
 * they should, when the layer is called.
 * Source: https://keras.io/guides/making_new_layers_and_models_via_subclassing/
 *
 * @example
 * const scale = (options = {}) => customLayer({
 *   kind: "scale",
 *   weights: ([x]) => ({ factor: { shape: [x.features], initializer: "ones" } }),
 *   call: ([x], { weights }) => ops.multiply(x, weights.factor),
 *   ...options,
 * });
 */
export function customLayer<
  W extends WeightDeclarations = Record<never, never>,
  N extends keyof InputsOf<unknown> = 1,
>(options: CustomLayerOptions<W, N>): Layer {
  const where = "customLayer";
  const given = checkLayerOptions(where, options, ["kind", "inputs", "weights", "call"]);
  const { kind = where, inputs: count = 1, weights, call } = given;
  checkName(where, "kind", kind);
  if (count !== "any") checkNumber(kind, "inputs", count, { integer: true, min: 1, max: 4 });
  for (const [name, value] of Object.entries({ call, weights })) {
    if (typeof value === "function" || (name === "weights" && value === undefined)) continue;
    fail(kind, { expected: `${name} to be a function`, received: describe(value) });
  }
  const checkCount = (place: string, inputs: readonly unknown[]) => {
    if (count === "any" || inputs.length === count) return;
    fail(place, {
      expected: count === 1 ? "one input" : `${count} inputs`,
      received: `${inputs.length}`,
      ...(count === 1 ? { hint: "Say how many with the option inputs." } : {}),
    });
  };
  const specsFor = (dims: readonly (readonly Dim[])[], place: string) => {
    checkCount(place, dims);
    if (!weights) return [];
    return specsOf(place, weights(dims.map((each) => inputOf(place, each)) as never));
  };
  return new Layer(
    {
      kind,
      weights: specsFor,
      call(context, inputs) {
        const { graph } = inputs[0] as Sym;
        const place = graph.place("call");
        const dims = inputs.map((x) => x.dims);
        const own = callOf<W>(place, graph, specsFor(dims, place), context);
        return checkOutput(place, call(inputs as never, own), inputs);
      },
    },
    given,
  );
}

function checkName(where: string, what: string, name: unknown): void {
  if (typeof name === "string" && /^[^/\s]+$/.test(name)) return;
  fail(where, {
    expected: `${what} to be a text without "/" and blanks`,
    received: describe(name),
  });
}

function inputOf(place: string, [, ...rest]: readonly Dim[]): LayerInput {
  if (rest.some(({ symbol }) => symbol !== 0)) {
    fail(place, {
      expected: "inputs with fixed extents behind the batch",
      received: printDims(rest),
    });
  }
  const rowShape = rest.map(({ factor }) => factor);
  return {
    rowShape,
    get features() {
      const last = rowShape.at(-1);
      if (last !== undefined) return last;
      return fail(place, { expected: "an input [batch, ..., features]", received: "[batch]" });
    },
  };
}

function specsOf(place: string, declared: unknown): readonly WeightSpec[] {
  if (typeof declared !== "object" || declared === null || Array.isArray(declared)) {
    return fail(place, {
      expected: "weights to return an object such as { kernel: { shape: [4, 2] } }",
      received: describe(declared),
    });
  }
  const names = ["shape", "initializer", "regularizer", "constraint", "trainable"];
  return Object.entries(declared as WeightDeclarations).map(([name, declaration]) => {
    checkName(place, "names of weights", name);
    const where = `${place}: weight "${name}"`;
    const given = checkOptions(where, declaration, names);
    const { initializer = "glorotUniform", regularizer = null, constraint = null } = given;
    return {
      name,
      shape: checkShape(where, "shape", given.shape),
      initializer: resolveInitializer(`${where}: initializer`, initializer),
      regularizer: resolveRegularizer(`${where}: regularizer`, regularizer),
      constraint: resolveConstraint(`${where}: constraint`, constraint),
      trainable: checkBoolean(where, "trainable", given.trainable ?? true),
    };
  });
}

function checkTensor(
  where: string,
  what: string,
  value: unknown,
  graph: GraphBuilder,
): asserts value is Sym {
  if (value instanceof Sym && value.graph === graph) return;
  const isSym = value instanceof Sym;
  fail(where, {
    expected: `${what} to be a tensor made with ops from the inputs and weights of this call`,
    received: isSym ? "one of another call" : describe(value),
    ...(value instanceof Promise ? { hint: "It must not be async." } : {}),
    ...(isSym ? { hint: "Do not keep tensors from call to call: the function runs often." } : {}),
  });
}

function checkOutput(place: string, output: unknown, inputs: readonly Sym[]): Sym {
  checkTensor(place, "what it returns", output, (inputs[0] as Sym).graph);
  if (output.dims[0] && sameDim(output.dims[0], output.graph.batch)) return output;
  return fail(place, {
    expected: "a result of shape [batch, ...]",
    received: printDims(output.dims),
    hint: `Keep the first axis of the inputs ${inputs.map(({ dims }) => printDims(dims)).join(" and ")}: reductions take { axis: -1 }.`,
  });
}

/** What the user's function gets. */
function callOf<W extends WeightDeclarations>(
  place: string,
  graph: GraphBuilder,
  specs: readonly WeightSpec[],
  context: CallContext,
): LayerCall<W> {
  const { training, random, trainable } = context;
  const specOf = (name: string): WeightSpec => {
    const found = specs.find((spec) => spec.name === name);
    if (found) return found;
    const names = specs.map((spec) => spec.name);
    const near = nearest(name, names);
    return fail(place, {
      expected: names.length > 0 ? `one of the weights ${names.join(", ")}` : "no weights",
      received: `"${name}"`,
      ...(near ? { hint: `Did you mean "${near}"?` } : {}),
    });
  };
  const target = Object.fromEntries(specs.map(({ name }) => [name, context.weight(name)]));
  const weights = new Proxy(target, {
    get: (known, name) =>
      typeof name === "symbol" || name in known ? known[name as string] : specOf(name),
  });
  const assigned = new Set<string>();
  let draws = 0;
  return {
    weights: weights as LayerCall<W>["weights"],
    training,
    random,
    trainable,
    dropout(x, rate) {
      checkNumber(place, "rate", rate, { min: 0, exclusiveMax: 1 });
      const stream = context.stream + streamStep * draws++;
      return random && rate > 0 ? layerOps.dropout(x, rate, stream) : x;
    },
    addLoss(value: unknown) {
      checkTensor(place, "addLoss", value, graph);
      if (value.dims.length > 0) {
        fail(place, {
          expected: "addLoss to get a scalar",
          received: `a tensor of shape ${printDims(value.dims)}`,
          hint: "End with ops.sum or ops.mean.",
        });
      }
      context.addLoss(value);
    },
    assign(name, value: unknown) {
      const spec = specOf(name);
      if (spec.trainable !== false || assigned.has(name)) {
        fail(place, {
          expected: spec.trainable
            ? "a weight with trainable: false to assign to"
            : "one assignment",
          received: spec.trainable ? `"${name}"` : `a second one to "${name}"`,
        });
      }
      assigned.add(name);
      checkTensor(place, `the value of "${name}"`, value, graph);
      const weight = target[name] as Sym;
      if (!sameDims(value.dims, weight.dims)) {
        fail(place, {
          expected: `a value of shape ${printDims(weight.dims)} for "${name}"`,
          received: printDims(value.dims),
        });
      }
      if (training) layerOps.assign(weight, value);
    },
  };
}
