// Role: optimizers by name, and what `compile` takes as one.
import { checkOneOf, describe, fail } from "../errors.js";
import { adam, adamax, adamW, lamb, nadam } from "./adam.js";
import { adadelta, adagrad, rmsprop } from "./adaptive.js";
import { momentum, nesterov, sgd } from "./descent.js";
import { ftrl } from "./ftrl.js";
import { lion } from "./lion.js";
import { muon } from "./muon.js";
import type { Optimizer } from "./optimizer.js";

const byName = {
  sgd,
  momentum,
  nesterov,
  adam,
  adamW,
  adamax,
  nadam,
  adagrad,
  rmsprop,
  adadelta,
  lion,
  ftrl,
  lamb,
  muon,
} satisfies Record<string, () => Optimizer>;

/** The name of an optimizer with its defaults. */
export type OptimizerName = keyof typeof byName;

/** What `compile` takes as an optimizer. */
export type OptimizerLike = OptimizerName | Optimizer;

const names = Object.keys(byName) as OptimizerName[];

/** The optimizer behind what `compile` was given. */
export function resolveOptimizer(where: string, given: OptimizerLike): Optimizer {
  if (typeof given === "string") {
    return byName[checkOneOf(`${where}: optimizer`, given, names)]();
  }
  if (typeof given === "object" && given !== null && typeof given.decayOf === "function") {
    return given;
  }
  return fail(`${where}: optimizer`, {
    expected: "the name of an optimizer or one made by adam() and the like",
    received: describe(given),
    ...(typeof given === "function" ? { hint: "Call it: adam() instead of adam." } : {}),
  });
}
