// What layers that draw random numbers make of inputs in a draw, without training; and statistics.
import { GraphBuilder } from "../../ts/graph.js";
import { type Layer, type Model, sequential } from "../../ts/index.js";
import { loadedCore } from "../../ts/runtime/load.js";
import { Resources } from "../../ts/runtime/resources.js";
import { batchOf } from "../../ts/shape.js";

export interface DrawOptions {
  readonly seed?: number;
  readonly draw?: number;
  /** Rows that count as drawn before. */
  readonly row?: number;
}

/** The output of the layers for rows `x`, as in a training step, but in inference mode. */
export async function drawn(
  inputShape: readonly number[],
  layers: readonly Layer[],
  x: Float32Array,
  { seed = 1, draw = 0, row = 0 }: DrawOptions = {},
): Promise<Float32Array> {
  return drawnBy(sequential({ inputShape, layers, seed }), x, { seed, draw, row });
}

/** The output of a model for rows `x`, as in a training step, but in inference mode. */
export async function drawnBy(
  model: Model,
  x: Float32Array,
  { seed = 1, draw = 0, row = 0 }: DrawOptions = {},
): Promise<Float32Array> {
  const { state } = model;
  const core = await loadedCore();
  state.createWeights(core, "drawn");
  const graph = new GraphBuilder();
  const shape = model.inputShape.slice(1) as number[];
  const input = graph.input("x", batchOf(shape));
  const mode = { training: false, random: true, isTrainable: () => false };
  const [output] = state.graph.lower(graph, [input], mode).outputs;
  if (!output) throw new Error("no output");
  const { wire } = graph.encode({ outputs: { output }, train: null });
  const rows = x.length / shape.reduce((product, extent) => product * extent, 1);
  const resources = new Resources({});
  try {
    const program = resources.compile(core, "drawn", wire, rows);
    return core.change("drawn", (engine) => {
      core.floats(engine.inputPtr(program, 0), x.length).set(x);
      engine.run(program, rows, 0, seed, 0, draw, row);
      const [, ...extents] = model.outputShape as number[];
      const length = extents.reduce((product, extent) => product * extent, rows);
      return core.floats(engine.outputPtr(program, 0), length).slice();
    });
  } finally {
    resources.free();
  }
}

/** Mean and variance. */
export function moments(values: Float32Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / values.length };
}

/** The largest distance between the sample's and the true distribution function. */
export function ksDistance(sample: Float32Array, cdf: (value: number) => number): number {
  const n = sample.length;
  return sample.toSorted().reduce((worst, value, i) => {
    const p = cdf(value);
    return Math.max(worst, Math.abs(p - i / n), Math.abs(p - (i + 1) / n));
  }, 0);
}

/** The standard normal distribution function, by Simpson's rule on 0..z. */
export function normalCdf(z: number): number {
  const density = (t: number) => Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI);
  const h = z / 64;
  let sum = density(0) + density(z);
  for (let i = 1; i < 64; i++) sum += density(i * h) * (i % 2 === 1 ? 4 : 2);
  return 0.5 + (h / 3) * sum;
}
