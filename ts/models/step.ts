// One training step: the rows of a batch into the program, its rates, and the call. Shared by `fit`
// and by the worker that `fit` may run in; it must not know models, optimizers or callbacks.
import type { Program, ProgramData } from "./program.js";
import type { SeedHalves } from "./seed.js";

/** Names of the inputs of programs that are no data. */
export const rateNames = { learningRate: "learningRate", momentum: "momentum" } as const;

/** The programs of a training step, and the data they run over. */
export interface StepPrograms {
  readonly data: { readonly parts: readonly ProgramData[] };
  /** Makes an update. */
  readonly program: Program;
  /** Only adds up gradients, where several batches make an update; else null. */
  readonly gather: Program | null;
}

/** What a training step goes by, besides data and weights. */
export interface StepRates {
  readonly learningRate: number;
  /** Undefined where the optimizer's own counts. */
  readonly momentum: number | undefined;
}

/** How far training has come. */
export interface StepClock {
  /** Batches the optimizer has seen. */
  readonly iterations: number;
  /** Batches that make an update. */
  readonly accumulationSteps: number;
  /** Training steps ever made: keys the dropout masks. */
  readonly draws: number;
  readonly seed: SeedHalves;
}

/** One training step on the rows at these places in `order`. */
export function runStep(
  { data, program: update, gather }: StepPrograms,
  clock: StepClock,
  order: Uint32Array | null,
  from: number,
  to: number,
  { learningRate, momentum }: StepRates,
): void {
  const { iterations, accumulationSteps } = clock;
  const updatesNow = (iterations + 1) % accumulationSteps === 0;
  const program = gather && !updatesNow ? gather : update;
  program.writeAll(data.parts, order, from, to);
  program.set(rateNames.learningRate, learningRate);
  if (momentum !== undefined) program.set(rateNames.momentum, momentum);
  const updates = Math.floor(iterations / accumulationSteps);
  program.run(to - from, updates + 1, clock.seed, clock.draws);
}

/** The name of the measured numbers in programs that measure. */
export const figuresName = "figures";

/** How many numbers the programs give that measure a step, and compare weights after it. */
export interface MeasuredSizes {
  readonly figures: number;
  readonly changes: number;
}

/** What a measured step gave; what its figures mean, step-watch.ts knows. */
export interface Measured {
  readonly figures: Float32Array;
  /** Null where nothing is trained; so are gradients. */
  readonly changes: Float32Array | null;
  /** The norms of the gradients. */
  readonly gradients: Float32Array | null;
}

/** Copies of what the step that was just made gave. */
export function readMeasured(
  program: Program,
  compare: Program | undefined,
  sizes: MeasuredSizes,
  gradients: Float32Array | null,
  seed: SeedHalves,
): Measured {
  const figures = program.output(figuresName, sizes.figures).slice();
  if (!compare || !gradients) return { figures, changes: null, gradients: null };
  compare.run(1, 0, seed, 0);
  const changes = compare.output(figuresName, sizes.changes).slice();
  return { figures, changes, gradients: gradients.slice() };
}
