// What normalising layers share: gamma, which scales the result, and beta, which shifts it.
import { type ConstraintLike, resolveConstraint } from "../constraints.js";
import { checkBoolean } from "../errors.js";
import type { Sym } from "../graph.js";
import { type InitializerLike, resolveInitializer } from "../initializers.js";
import { reshapeTo } from "../ops.js";
import { type RegularizerLike, resolveRegularizer } from "../regularizers.js";
import { type Dim, sameDims } from "../shape.js";
import type { CallContext, LayerOptions, WeightSpec } from "./layer.js";

/** Options of normalising layers that scale and shift their result. */
export interface ScaleAndShiftOptions extends LayerOptions {
  /** Added to the variance; above 0. Default: 0.001. */
  epsilon?: number;
  /** Whether `beta` is added. Default: true. */
  center?: boolean;
  /** Whether the result is multiplied by `gamma`. Default: true. */
  scale?: boolean;
  /** How `beta` starts. Default: `"zeros"`. */
  betaInitializer?: InitializerLike;
  /** How `gamma` starts. Default: `"ones"`. */
  gammaInitializer?: InitializerLike;
  /** A penalty on `beta`. Default: none. */
  betaRegularizer?: RegularizerLike | null;
  /** A penalty on `gamma`. Default: none. */
  gammaRegularizer?: RegularizerLike | null;
  /** What `beta` is projected to after each update. Default: nothing. */
  betaConstraint?: ConstraintLike | null;
  /** What `gamma` is projected to after each update. Default: nothing. */
  gammaConstraint?: ConstraintLike | null;
}

/** The names of these options. */
export const scaleAndShiftNames = [
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "betaRegularizer",
  "gammaRegularizer",
  "betaConstraint",
  "gammaConstraint",
];

/** The two weights, where they are wanted. */
export interface ScaleAndShift {
  /** What they are for parameters of this shape. */
  specs(shape: readonly number[]): WeightSpec[];
  /** Their values, in a shape that the operation wants; null where one is not wanted. */
  weights(context: CallContext, dims: readonly Dim[]): { gamma: Sym | null; beta: Sym | null };
}

/** Checks the options of gamma and beta. */
export function scaleAndShift(kind: string, given: ScaleAndShiftOptions): ScaleAndShift {
  const parts = (["gamma", "beta"] as const).map((name) => {
    const [option, start] = name === "gamma" ? ["scale", "ones"] : ["center", "zeros"];
    const [wanted, byDefault] = [option as "scale" | "center", start as InitializerLike];
    const where = (part: string) => `${kind}: ${name}${part}`;
    return {
      name,
      wanted: checkBoolean(kind, wanted, given[wanted] ?? true),
      initializer: resolveInitializer(
        where("Initializer"),
        given[`${name}Initializer`] ?? byDefault,
      ),
      regularizer: resolveRegularizer(where("Regularizer"), given[`${name}Regularizer`] ?? null),
      constraint: resolveConstraint(where("Constraint"), given[`${name}Constraint`] ?? null),
    };
  });
  const wanted = parts.filter((part) => part.wanted);
  return {
    specs: (shape) => wanted.map(({ wanted: _, ...spec }) => ({ ...spec, shape })),
    weights(context, dims) {
      const weight = (name: string) => {
        if (!wanted.some((part) => part.name === name)) return null;
        const value = context.weight(name);
        return sameDims(value.dims, dims) ? value : reshapeTo(value, dims);
      };
      return { gamma: weight("gamma"), beta: weight("beta") };
    },
  };
}
