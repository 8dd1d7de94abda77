// Rewrites a graph that predicts: normalisations with given statistics become part of the matrix
// products beside them, and what depends on weights alone is computed once. Graph in, graph out; it
// must not know layers.
import {
  GraphBuilder,
  type GraphVariable,
  type NodeCopy,
  type OpName,
  type Sym,
} from "../graph.js";
import {
  add,
  divide,
  matmul,
  multiply,
  negative,
  reshapeTo,
  sqrt,
  subtract,
  transpose,
} from "../ops.js";
import { fixed, sameDims } from "../shape.js";

/** The numbers of values that depend on weights alone. */
export type Evaluate = (values: readonly Sym[]) => readonly Float32Array[];

/** A graph and what is wanted of it. */
export interface Wanted {
  readonly graph: GraphBuilder;
  readonly outputs: Readonly<Record<string, Sym>>;
}

/**
 * A normalisation is moved behind a product only where the means are at most so many standard
 * deviations: what cancels in `x - mean` would cost the folded sum as many times a rounding error.
 */
const mostDeviations = 8;

/** `x kernel + bias`, not written down yet. */
interface Affine {
  readonly x: Sym;
  readonly kernel: Sym;
  readonly transposeB: boolean;
  readonly bias: Sym | null;
}

/** `x scale + shift` for each feature. */
interface Scaled {
  readonly x: Sym;
  readonly scale: Sym;
  readonly shift: Sym;
}

/** What is another thing in each call. */
const changing: readonly OpName[] = ["input", "extent", "random", "dropout"];

/** Whether values depend on nothing but weights and numbers. */
function constants(): (value: Sym) => boolean {
  const known = new Map<Sym, boolean>();
  const isConstant = (value: Sym): boolean => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const { op, inputs } = value.graph.madeBy(value);
    const free = !changing.includes(op) && inputs.every(isConstant);
    const found = free && value.dims.every(({ symbol }) => symbol === 0);
    known.set(value, found);
    return found;
  };
  return isConstant;
}

/** Folds normalisations into the products before them, else into those after them. */
export function foldNormalisations(wanted: Wanted, evaluate: Evaluate): Wanted {
  const isConstant = constants();
  const affine = new Map<Sym, Affine>();
  const scaled = new Map<Sym, Scaled>();
  const write = (value: Affine): readonly Sym[] => {
    const { x, kernel, transposeB, bias } = value;
    const product = matmul(x, kernel, { transposeB });
    const sum = bias ? add(product, bias) : product;
    affine.set(sum, value);
    return [sum];
  };

  const rules: Partial<Record<NodeCopy["op"], (node: NodeCopy) => readonly Sym[]>> = {
    matMul(node) {
      const [given, kernel] = node.inputs as [Sym, Sym];
      const [flags = 0] = node.attributes();
      const transposeB = (flags & 2) !== 0;
      // What only predicts has no code for a transposed first factor.
      const x = (flags & 1) === 0 ? given : transpose(given);
      if (x !== given) return [matmul(x, kernel, { transposeB })];
      if (!isConstant(kernel)) return node.copy();
      const before = node.isOnlyUseOf(0) ? scaled.get(x) : undefined;
      if (!before) return write({ x, kernel, transposeB, bias: null });
      const { scale, shift } = before;
      const [features] = scale.dims;
      const row = reshapeTo(shift, [fixed(1), ...shift.dims]);
      const moved = matmul(row, kernel, { transposeB });
      return write({
        x: before.x,
        kernel: multiply(
          kernel,
          transposeB || !features ? scale : reshapeTo(scale, [features, fixed(1)]),
        ),
        transposeB,
        bias: reshapeTo(moved, moved.dims.slice(1)),
      });
    },
    binary(node) {
      const [sum, bias] = node.inputs as [Sym, Sym];
      const before = node.isOnlyUseOf(0) ? affine.get(sum) : undefined;
      const isRow = sameDims(bias.dims, sum.dims.slice(-1));
      if (!before || !isRow || !isConstant(bias) || kindOf(node) !== "add") return node.copy();
      return write({ ...before, bias: before.bias ? add(before.bias, bias) : bias });
    },
    normalize(node) {
      const [x, mean, variance, ...rest] = node.inputs as [Sym, Sym, Sym, ...Sym[]];
      if (![mean, variance, ...rest].every(isConstant)) return node.copy();
      const attributes = node.attributes();
      const epsilon = new DataView(attributes.buffer).getFloat32(0, true);
      const [hasGamma, hasBeta] = [(attributes[4] as number) & 1, (attributes[4] as number) & 2];
      const gamma = hasGamma ? rest.shift() : undefined;
      const beta = hasBeta ? rest.shift() : undefined;
      const deviation = sqrt(add(variance, epsilon));
      const scale = divide(gamma ?? 1, deviation);
      const shifted = (centre: Sym) => {
        const product = multiply(centre, scale);
        return beta ? add(product, beta) : product;
      };
      const before = node.isOnlyUseOf(0) ? affine.get(x) : undefined;
      if (before) {
        const { kernel, transposeB, bias } = before;
        const [features] = scale.dims;
        const factor = transposeB && features ? reshapeTo(scale, [features, fixed(1)]) : scale;
        const centre = bias ? subtract(bias, mean) : negative(mean);
        return write({ ...before, kernel: multiply(kernel, factor), bias: shifted(centre) });
      }
      const [y] = node.copy() as [Sym];
      const [ratios] = evaluate([divide(mean, deviation)]) as [Float32Array];
      if (ratios.every((ratio) => Math.abs(ratio) <= mostDeviations)) {
        scaled.set(y, { x, scale, shift: shifted(negative(mean)) });
      }
      return [y];
    },
  };
  return rewritten(wanted, (node) => rules[node.op]?.(node) ?? node.copy());
}

/**
 * Puts a variable in the place of each value that depends on weights alone; `freeze` makes it of the
 * numbers, `replace` gives the one for a weight, and `check` may refuse operations that stay. Values
 * that are not finite stay as they are.
 */
export function freezeConstants(
  wanted: Wanted,
  evaluate: Evaluate,
  freeze: (shape: readonly number[], numbers: Float32Array) => GraphVariable,
  replace: (weight: GraphVariable) => GraphVariable,
  check: (op: OpName, origin: string) => void,
): Wanted {
  const isConstant = constants();
  const frozen = new Map<Sym, GraphVariable | null>();
  const frozenOf = (value: Sym): GraphVariable | null => {
    const { op } = value.graph.madeBy(value);
    if (op === "variable" || op === "const" || !isConstant(value)) return null;
    let found = frozen.get(value);
    if (found === undefined) {
      const [numbers] = evaluate([value]) as [Float32Array];
      const shape = value.dims.map(({ factor }) => factor);
      found = numbers.every(Number.isFinite) ? freeze(shape, numbers) : null;
      frozen.set(value, found);
    }
    return found;
  };
  return rewritten(wanted, (node, graph) => {
    if (node.variable) return [graph.variable(replace(node.variable))];
    const dependsOnData = !node.from.every(isConstant);
    if (dependsOnData || node.from.length === 0) check(node.op, node.origin);
    if (!dependsOnData) return node.copy();
    return node.copy(
      node.from.map((value, i) => {
        const variable = frozenOf(value);
        return variable ? graph.variable(variable) : (node.inputs[i] as Sym);
      }),
    );
  });
}

function rewritten(
  { graph, outputs }: Wanted,
  move: (node: NodeCopy, graph: GraphBuilder) => readonly Sym[],
): Wanted {
  const target = new GraphBuilder();
  const found = graph.copyTo(target, Object.values(outputs), (node) => move(node, target));
  const names = Object.keys(outputs);
  return {
    graph: target,
    outputs: Object.fromEntries(names.map((name, i) => [name, found[i] as Sym])),
  };
}

/** Which function of two operands a node is. */
function kindOf(node: NodeCopy): string {
  return new TextDecoder().decode(node.attributes().subarray(1));
}
