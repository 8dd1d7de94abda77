// The weights of a model: made and filled when first needed, read and written by name as copies.
import type { DataLike } from "../data/rows.js";
import { inShape } from "../data/shaped.js";
import { isTensor, type Tensor, tensor } from "../data/tensor.js";
import { describe, fail, GradusError, nearest } from "../errors.js";
import type { FillPlan } from "../initializers.js";
import type { LayerState, LayerWeight, WeightOrigin } from "../layers/layer.js";
import type { Core } from "../runtime/core.js";
import type { LayerGraph, ModelWeight } from "./layer-graph.js";
import { type Seed, split } from "./seed.js";

/** Room in the numbering of random streams for the weights of one layer. */
const weightsPerLayer = 256;

/** How many numbers the weights are. */
export function countNumbers(weights: readonly LayerWeight[]): number {
  return weights.reduce((sum, { variable }) => sum + variable.size, 0);
}

/**
 * Remembers with the layers of a model the seed that was given to it. A model without one that
 * makes their weights, being used first, draws from that.
 */
export function bindWeights(graph: LayerGraph, { low, high, given }: Seed): void {
  if (!given) return;
  for (const [layer, { state }] of graph.layers.entries()) {
    (state as LayerState).origin ??= { low, high, layer };
  }
}

/** Makes the weights that do not exist yet and fills them; when memory is out, none. */
export function createWeights(core: Core, where: string, graph: LayerGraph, seed: Seed): void {
  const states = graph.layers.map((layer) => layer.state as LayerState);
  const made: number[] = [];
  // Before anything is made: an initializer may refuse a shape.
  const plans = states.map((state) => state.weights.map(planOf));
  try {
    for (const [index, state] of states.entries()) {
      if (state.weights.every(({ variable }) => variable.exists)) continue;
      const variables = state.weights.map(({ variable }) => variable);
      state.resources.create(core, variables);
      made.push(index);
    }
  } catch (error) {
    for (const index of made) {
      const { resources, weights } = states[index] as LayerState;
      const variables = weights.map(({ variable }) => variable);
      resources.release(core, variables);
    }
    const count = countNumbers(graph.weights);
    throw sizeError(where, `${thousands(count)} weights`, count, error);
  }
  for (const index of made) {
    const state = states[index] as LayerState;
    const own = { low: seed.low, high: seed.high, layer: index };
    fillWeights(core, state, plans[index] ?? [], seed.given ? own : (state.origin ?? own));
  }
}

function planOf({ spec, variable }: LayerWeight): FillPlan {
  try {
    return spec.initializer.plan(spec.shape);
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    throw new GradusError(`${variable.name} (${error.where})`, error);
  }
}

function fillWeights(
  core: Core,
  state: LayerState,
  plans: readonly FillPlan[],
  origin: WeightOrigin,
): void {
  for (const [i, { spec, variable }] of state.weights.entries()) {
    const plan = plans[i] as FillPlan;
    if (plan.kind === "values") {
      variable.view(core).set(plan.values);
      continue;
    }
    const { kind, a, b } = plan;
    const own = spec.initializer.seed;
    const { low, high } = own === null ? origin : split(own);
    const stream = own === null ? origin.layer * weightsPerLayer + i : 0;
    core.call(variable.name, (engine) => {
      engine.fill(variable.id, kind, a, b, low, high, stream);
    });
  }
}

/**
 * An error about memory that names the size of the whole; other errors stay as they are.
 * `what` says what the numbers are: "1,000 weights".
 */
export function sizeError(where: string, what: string, numbers: number, error: unknown): unknown {
  if (!(error instanceof GradusError && error.expected.includes("memory"))) return error;
  return new GradusError(where, {
    expected: "a model that fits into memory",
    received: `${what}, ${((4 * numbers) / 1e6).toFixed(1)} MB (${error.where}: ${error.received})`,
    hint: "WebAssembly has 4 GB at most. Use smaller layers.",
  });
}

/** 1,000 */
export function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** Copies of all weights by name. */
export function readWeights(core: Core, weights: readonly ModelWeight[]): Record<string, Tensor> {
  const copies: Record<string, Tensor> = {};
  for (const { name, variable } of weights) {
    copies[name] = tensor(variable.view(core).slice(), variable.shape);
  }
  return copies;
}

/** New numbers for weights by name, checked, ready to be written. */
export function checkWeights(
  where: string,
  weights: readonly ModelWeight[],
  given: Readonly<Record<string, DataLike | number>>,
): [ModelWeight, ArrayLike<number>][] {
  if (typeof given !== "object" || given === null || isTensor(given) || Array.isArray(given)) {
    fail(where, {
      expected: 'an object of weights by name such as { "dense/kernel": … }',
      received: describe(given),
    });
  }
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  return Object.entries(given).map(([name, data]) => {
    const weight = byName.get(name);
    if (weight) return [weight, inShape(`${where}: ${name}`, data, weight.variable.shape)];
    const near = nearest(name, [...byName.keys()]);
    return fail(where, {
      expected: `names of weights: ${[...byName.keys()].join(", ")}`,
      received: `"${name}"`,
      ...(near ? { hint: `Did you mean "${near}"?` } : {}),
    });
  });
}

/** Writes numbers that `checkWeights` gave. */
export function writeWeights(core: Core, checked: [ModelWeight, ArrayLike<number>][]): void {
  for (const [{ variable }, numbers] of checked) variable.view(core).set(numbers);
}
